"""Large packages: published and audited in little memory, within the specification's limits and beyond.

The memory is that of the process and of all that it has started, looked at again and again. What
getrusage(2) says of processes that ended is of no use: from a fork to its exec it counts the parent's.
The emulator copies an upload at each of its chunks, so what is larger than the official specification
allows goes to a folder.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pkgaction.adapters import specification as official
from tests.fakes import emulator, keys, specification
from tests.fakes.workplace import PACKAGES, ROOT

_MEGABYTE = 1 << 20
_MOST_MEMORY = 200 * _MEGABYTE
_OFFICIAL = ROOT.parent / "shared" / "data" / "spec-3.6.6"
_OFFICIAL_LIMIT = 250  # megabytes of a package
_SIZE = int(os.environ.get("PKGACTION_SIZE_MB", "1500"))
_GENEROUS = {"2KB": "{total}MB", "1KB": "1GB", "700B": "5MB", "40": "65535"}  # in place of small limits
_IMAGES = "  - {type: folder, name: img, contents: [{type: file, pattern: '^.+[.]png$'}]}\n"
_MEASURED = """
import resource, runpy, sys
sys.argv = ["pkgaction", *sys.argv[1:]]
try:
    runpy.run_module("pkgaction", run_name="__main__")
finally:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, file=sys.stderr)
"""
_LAMPS = {
    "manifest.yml": (
        "format_version: 4.0.0\nname: lamps\ntitle: lamps\nversion: 1.0.0\ndescription: Lamps.\n"
        "type: integration\nowner:\n  github: deepwater\n  type: community\n"
    ),
    "changelog.yml": (
        "- version: 1.0.0\n  changes:\n    - description: Brighter.\n      type: enhancement\n"
        "      link: https://github.com/deepwater/packages/pull/3\n"
    ),
    "docs/README.md": "# Lamps\n",
}


def fill(package: Path, megabytes: int, *names: str) -> None:
    """Files that are half random, half the same, with so many megabytes in all."""
    block = os.urandom(_MEGABYTE)
    for name in names:
        (package / name).parent.mkdir(exist_ok=True)
        with (package / name).open("wb") as file:
            for number in range(megabytes // len(names)):
                file.write(os.urandom(_MEGABYTE) if number % 2 else block)


def run(key: keys.Key, *arguments: str, server: str = "") -> tuple[int, int, str]:
    """Status, peak memory in bytes, and what was said."""
    env = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "PKGACTION_GPG_PRIVATE_KEY": key.private,
        **({"STORAGE_EMULATOR_HOST": server} if server else {}),
    }
    command = [sys.executable, "-c", _MEASURED, *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        looks = 0
        most = 0
        while process.poll() is None:
            most = max(most, resident(process.pid))
            looks += 1
            time.sleep(0.02)
        assert process.stdout
        said = process.stdout.read()
    assert looks
    return process.returncode, max(most, int(said.split()[-1])), said


def resident(process: int) -> int:
    """Bytes in memory of a process and of all that it has started; 0 where it has ended."""
    folder = Path(f"/proc/{process}")
    try:
        children = [
            child for file in folder.glob("task/*/children") for child in file.read_text().split()
        ]
        found = re.search(r"VmRSS:\s+(\d+) kB", (folder / "status").read_text())
    except OSError:
        return 0
    return (int(found[1]) * 1024 if found else 0) + sum(resident(int(child)) for child in children)


def publish_and_audit(package: Path, spec: str, buckets: list[str], server: str = "") -> None:
    key = keys.make("")

    published, memory, said = run(
        key, "publish", str(package), f"--package-spec={spec}", *buckets, server=server
    )

    assert published == 0, said
    assert memory < _MOST_MEMORY

    audited, memory, said = run(key, "audit", "--all", "--deep", *buckets, server=server)

    assert audited == 0, said
    assert memory < _MOST_MEMORY


def is_refused(package: Path, spec: str, megabytes: int) -> None:
    status, memory, said = run(keys.make(""), "validate", str(package), f"--package-spec={spec}")

    assert status == 1, said
    assert f"{megabytes * _MEGABYTE} are allowed" in said
    assert memory < _MOST_MEMORY


def generous(folder: Path, megabytes: int) -> str:
    """A specification that allows packages of a size."""
    shutil.copytree(specification.FOLDER, folder)
    limits = folder / "spec" / "integration" / "spec.yml"
    text = limits.read_text()
    for old, new in _GENEROUS.items():
        assert f"Limit: {old}\n" in text
        text = text.replace(f"Limit: {old}\n", f"Limit: {new.format(total=megabytes)}\n")
    limits.write_text(text.replace("  contents:\n", f"  contents:\n{_IMAGES}", 1))
    return str(folder)


@pytest.mark.skipif(
    not _OFFICIAL.is_dir(), reason="the official specification is not here (its licence)"
)
def test_as_much_as_the_official_specification_allows_and_no_more(tmp_path: Path) -> None:
    package = Path(shutil.copytree(PACKAGES / "lanternfish", tmp_path / "lanternfish"))
    spec = f"{_OFFICIAL}#sha256={official.DIGEST}"
    fill(package, _OFFICIAL_LIMIT - 2, "LICENSE.txt", "NOTICE.txt")  # files that it counts
    with emulator.running() as server:
        made = [emulator.make_bucket(server), emulator.make_bucket(server)]
        publish_and_audit(package, spec, ["--bucket", made[0], "--index-bucket", made[1]], server)

    with (package / "NOTICE.txt").open("ab") as file:
        file.write(bytes(2 * _MEGABYTE))
    is_refused(package, spec, _OFFICIAL_LIMIT)


def test_a_gigabyte_and_a_half_where_the_specification_allows_it(tmp_path: Path) -> None:
    package = tmp_path / "lamps"
    for path, content in _LAMPS.items():
        (package / path).parent.mkdir(parents=True, exist_ok=True)
        (package / path).write_text(content)
    fill(package, _SIZE, *(f"img/large-{number}.png" for number in range(4)))
    folders = [tmp_path / "bucket", tmp_path / "index"]
    for folder in folders:
        folder.mkdir()

    buckets = ["--bucket", f"file://{folders[0]}", "--index-bucket", f"file://{folders[1]}"]
    publish_and_audit(package, generous(tmp_path / "more", _SIZE + 1), buckets)
    is_refused(package, generous(tmp_path / "less", _SIZE - 1), _SIZE - 1)

    archive = folders[0] / "artifacts/packages/lamps-1.0.0.zip"
    assert archive.stat().st_size > _SIZE * _MEGABYTE // 2
