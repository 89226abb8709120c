"""A zip means the same files to every reader, or it is refused."""

import io
import struct
import zipfile
from pathlib import Path

import pytest

from pkgaction.errors import PackageError
from pkgaction.transforms import unarchive
from pkgaction.transforms.zipend import AmbiguousZipError, directory

TOP = "kelp-1.0.0"


def zipped(text: str = "good", extra: str = "", comment: bytes = b"") -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(f"{TOP}/manifest.yml", text)
        if extra:
            archive.writestr(f"{TOP}/{extra}", "more")
        archive.comment = comment
    return target.getvalue()


def parts(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Entries, directory and end."""
    length, offset = struct.unpack("<2L", data[-10:-2])
    return data[:offset], data[offset : offset + length], data[-22:]


def wide(count: int, length: int, offset: int, where: int) -> bytes:
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, length, offset)
    return record + struct.pack("<4sLQL", b"PK\6\7", 0, where, 1)


def two_directories() -> bytes:
    """Plain readers see one directory, those that follow every zip64 locator the other one."""
    evil_body, evil, _ = parts(zipped("evil", "extra.txt"))
    good_body, good, _ = parts(zipped("good"))
    good = good[:42] + struct.pack("<L", len(evil_body)) + good[46:]
    at = len(evil_body) + len(good_body)
    ends = wide(1, len(good), at + len(evil), at + len(evil) + len(good))
    plain = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 2, 2, len(evil), at, 0)
    return evil_body + good_body + evil + good + ends + plain


def saturated(offset: int = 0) -> bytes:
    """As a large zip ends: the plain record says that it is too small."""
    body, directory, _ = parts(zipped())
    ends = wide(1, len(directory), len(body) + offset, len(body) + len(directory))
    plain = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(directory), 0xFFFFFFFF, 0)
    return body + directory + ends + plain


@pytest.mark.parametrize("data", [zipped(), saturated()], ids=["plain", "zip64"])
def test_what_all_readers_agree_on_is_read(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / f"{TOP}.zip"
    path.write_bytes(data)

    with unarchive.opened(path) as (top, tree):
        assert top == TOP
        assert tree.read("manifest.yml", limit=9) == b"good"
    assert directory(io.BytesIO(data)).count == 1


@pytest.mark.parametrize(
    "data",
    [
        two_directories(),
        zipped(comment=b"a comment"),
        zipped() + b"x",
        b"x" + zipped(),
        saturated(1),
        saturated()[1:],
        b"",
        b"PK\5\6",
    ],
    ids=["two directories", "comment", "after", "before", "other offset", "cut", "empty", "short"],
)
def test_what_readers_could_see_differently_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / f"{TOP}.zip"
    path.write_bytes(data)

    with pytest.raises(PackageError), unarchive.opened(path):
        pass
    with pytest.raises(AmbiguousZipError):
        directory(io.BytesIO(data))


def test_the_two_directories_are_a_trap_for_python(tmp_path: Path) -> None:
    path = tmp_path / "trap.zip"
    path.write_bytes(two_directories())

    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == [f"{TOP}/manifest.yml"]  # others see extra.txt beside it
