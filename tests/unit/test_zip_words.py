"""A zip is refused by the rule that it breaks, with what made it and what to do."""

import io
import shutil
import struct
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pkgaction.errors import PackageError
from pkgaction.transforms import unarchive
from tests.unit.test_ziprecords import GOOD, both, central

TOP = "kelp-1.0.0"
FIX = "build the package again, by `elastic-package build` or `pkgaction build`"


def _zipped(folder: Path, *, method: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    del folder
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        archive.writestr(f"{TOP}/manifest.yml", b"name: kelp\n" * 99)
        archive.comment = comment
    return held.getvalue()


def _git_archive(folder: Path) -> bytes:
    (folder / "manifest.yml").write_text("name: kelp\n")
    who = ("-c", "user.name=x", "-c", "user.email=x@localhost")
    for command in (("init", "-q"), ("add", "."), (*who, "commit", "-qm", "x")):
        subprocess.run(["git", "-C", str(folder), *command], check=True)
    archive = ["git", "-C", str(folder), "archive", "--format=zip", f"--prefix={TOP}/", "HEAD"]
    return subprocess.run(archive, check=True, capture_output=True).stdout


def _info_zip(folder: Path) -> bytes:
    if not shutil.which("zip"):
        pytest.skip("zip is not installed")
    (folder / TOP).mkdir()
    (folder / TOP / "manifest.yml").write_text("name: kelp\n")
    command = ["zip", "-qrz", "x.zip", TOP]
    subprocess.run(command, cwd=folder, check=True, input=b"made by hand\n.\n", capture_output=True)
    return (folder / "x.zip").read_bytes()


def _needing(version: int) -> Callable[[Path], bytes]:
    """The second field of a directory's header raised."""

    def made(folder: Path) -> bytes:
        data = bytearray(_zipped(folder))
        at = data.index(b"PK\1\2")
        data[at + 6 : at + 8] = struct.pack("<H", version)
        return bytes(data)

    return made


KINDS: list[tuple[str, Callable[[Path], bytes], str]] = [
    ("git archive", _git_archive, "it has a comment that `git archive` writes, which makes no packages"),
    ("zip -z", _info_zip, "it has a comment of "),
    (
        "comment",
        lambda f: _zipped(f, comment=b"x" * 7),
        "it has a comment of 7 bytes, as `zip -z` writes it",
    ),
    (
        "an entry's comment",
        lambda _: central(GOOD, comment=b"x").written(),
        "it has a comment of its own",
    ),
    ("bzip2", lambda f: _zipped(f, method=zipfile.ZIP_BZIP2), "it is compressed by bzip2, and not all"),
    ("LZMA", lambda f: _zipped(f, method=zipfile.ZIP_LZMA), "it is compressed by LZMA, and not all"),
    ("method 99", lambda _: both(GOOD, method=77).written(), "it is compressed by method 77"),
    ("encrypted", lambda _: both(GOOD, flags=1).written(), "it is encrypted"),
    ("strongly", lambda _: both(GOOD, flags=1 << 6).written(), "it is encrypted"),
    ("patched", lambda _: both(GOOD, flags=1 << 5).written(), "it has the flags 0x0020, which not all"),
    ("newer", _needing(63), "it needs version 6.3 of the format"),
    ("text", lambda _: b"not a zip, " * 99, "it is not a zip, or is cut off"),
    ("cut off", lambda f: _zipped(f)[:-30], "it is not a zip, or is cut off"),
    ("behind", lambda f: _zipped(f) + b"x" * 30, "there are bytes behind its end"),
    ("empty", lambda _: b"", "it is too short to be a zip"),
]


@pytest.mark.parametrize(("made", "says"), [kind[1:] for kind in KINDS], ids=[kind[0] for kind in KINDS])
def test_a_zip_is_refused_by_the_rule_that_it_breaks(
    tmp_path: Path, made: Callable[[Path], bytes], says: str
) -> None:
    path = tmp_path / f"{TOP}.zip"
    folder = tmp_path / "work"
    folder.mkdir()
    path.write_bytes(made(folder))

    with pytest.raises(PackageError) as caught, unarchive.opened(path):
        pass

    assert says in caught.value.what
    assert caught.value.fix == FIX
    assert "encrypted" in says or "encrypted" not in caught.value.what
