"""A large package: published and audited in little memory.

PKGACTION_SIZE_MB=1536 takes the emulator, which copies an upload at each of its chunks, many minutes.
"""

import os
import subprocess
import sys
from pathlib import Path

from tests.fakes import emulator, keys
from tests.fakes.workplace import PACKAGES, ROOT

_MEGABYTE = 1 << 20
_SIZE = int(os.environ.get("PKGACTION_SIZE_MB", "200")) * _MEGABYTE
_FILES = 4  # the emulator copies an upload at each of its chunks: larger files would take it very long
_MOST_MEMORY = 200 * _MEGABYTE
_MEASURED = """
import resource, runpy, sys
sys.argv = ["pkgaction", *sys.argv[1:]]
try:
    runpy.run_module("pkgaction", run_name="__main__")
finally:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, file=sys.stderr)
"""


def large_package(folder: Path) -> Path:
    """The example package with files that are half random, half the same."""
    package = folder / "harbour_board"
    subprocess.run(["cp", "-r", PACKAGES / "harbour_board", package], check=True)
    (package / "img").mkdir()
    block = os.urandom(_MEGABYTE)
    for part in range(_FILES):
        with (package / "img" / f"large-{part}.bin").open("wb") as file:
            for number in range(_SIZE // _FILES // _MEGABYTE):
                file.write(os.urandom(_MEGABYTE) if number % 2 else block)
    return package


def run(server: str, key: keys.Key, *arguments: str) -> tuple[int, int, str]:
    """Status, peak memory in bytes, and what was said."""
    env = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "STORAGE_EMULATOR_HOST": server,
        "PKGACTION_GPG_PRIVATE_KEY": key.private,
    }
    command = [sys.executable, "-c", _MEASURED, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    said = done.stderr.strip().splitlines()
    return done.returncode, int(said[-1]), "\n".join(said)


def test_a_large_package_needs_little_memory(tmp_path: Path) -> None:
    package, key = large_package(tmp_path), keys.make("")
    with emulator.running() as server:
        buckets = [
            "--bucket",
            emulator.make_bucket(server),
            "--index-bucket",
            emulator.make_bucket(server),
        ]

        published, publish_memory, said = run(
            server, key, "publish", str(package), "--package-spec=none", *buckets
        )

        assert published == 0, said
        assert publish_memory < _MOST_MEMORY

        audited, audit_memory, said = run(server, key, "audit", "--all", "--deep", *buckets)

        assert audited == 0, said
        assert audit_memory < _MOST_MEMORY
