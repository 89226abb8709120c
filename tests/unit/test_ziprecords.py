"""A zip's records say one thing in one way, as archivers write them, or the zip is refused."""

import io
import os
import shutil
import struct
import subprocess
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import pytest

from pkgaction.errors import PackageError
from pkgaction.transforms import unarchive
from tests.fakes.zip_records import DESCRIPTOR, MOST_32, Descriptor, Extra, Zip, parsed

if TYPE_CHECKING:
    from typing_extensions import Buffer

TOP = "kelp-1.0.0"
FILES = {"docs/README.md": b"# Kelp\n" * 99, "manifest.yml": b"name: kelp\n", "img/empty.png": b""}
TIMES = Extra(0x5455, struct.pack("<BLL", 3, 1, 2))
NTFS = Extra(0x000A, struct.pack("<L2H3Q", 0, 1, 24, 1, 2, 3))
OWNERS = Extra(0x7875, b"\1\4" + bytes(4) + b"\4" + bytes(4))


class Pipe(io.RawIOBase):
    """Where nobody can go back."""

    def __init__(self) -> None:
        self.bytes = b""

    def writable(self) -> bool:
        return True

    def write(self, data: "Buffer") -> int:
        self.bytes += bytes(data)
        return len(bytes(data))


def zipped(stream: Pipe | None = None, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(cast("BinaryIO", stream or held), "w", method) as archive:
        for name in ["docs/", *FILES]:
            archive.writestr(f"{TOP}/{name}", FILES.get(name, b""))
    return stream.bytes if stream else held.getvalue()


def taken(folder: Path, data: bytes) -> dict[str, bytes]:
    """What is read of a zip, byte for byte and in one go."""
    path = folder / f"{TOP}.zip"
    path.write_bytes(data)
    with unarchive.opened(path) as (top, tree):
        assert top == TOP
        for file in tree.files:
            with file.content.open() as stream:
                pieces = b""
                while piece := stream.read(7):
                    pieces += piece
            assert pieces == file.read(limit=1 << 20)
        return {file.path: file.read(limit=1 << 20) or b"" for file in tree.files}


def both(zip_: Zip, **changes: object) -> Zip:
    """The second entry, a file, with a change in both of its headers."""
    return central(local(zip_, **changes), **changes)


def local(zip_: Zip, **changes: object) -> Zip:
    entries = list(zip_.locals)
    entries[1] = replace(entries[1], **changes)  # type: ignore[arg-type]
    return replace(zip_, locals=tuple(entries))


def central(zip_: Zip, **changes: object) -> Zip:
    entries = list(zip_.central)
    entries[1] = replace(entries[1], **changes)  # type: ignore[arg-type]
    return replace(zip_, central=tuple(entries))


GOOD = parsed(zipped())
STREAMED = parsed(zipped(Pipe()))
FILE = GOOD.locals[1]
DONE = STREAMED.locals[1].descriptor
assert DONE is not None
WIDE = Extra(1, struct.pack("<QQ", FILE.size, FILE.packed))
WIDE_LOCAL = {"size": MOST_32, "packed": MOST_32, "extras": (WIDE,)}
GO = Extra(1, struct.pack("<QQQ", FILE.size, FILE.packed, GOOD.positions()[1]))


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(GOOD, id="python"),
        pytest.param(STREAMED, id="python into a pipe"),
        pytest.param(parsed(zipped(method=0)), id="python, stored"),
        pytest.param(parsed(zipped(Pipe(), 0)), id="python, stored into a pipe"),
        pytest.param(both(GOOD, extras=(TIMES, OWNERS)), id="info-zip"),
        pytest.param(
            both(GOOD, extras=(Extra(0x5855, bytes(8)), Extra(0x7855, b""))), id="old info-zip"
        ),
        pytest.param(
            # the times of NTFS in the directory only, attributes of Windows, version 6.3
            central(GOOD, extras=(NTFS,), attributes=0x2020, made_by=63),
            id="7-zip on windows",
        ),
        pytest.param(
            central(GOOD, extras=(NTFS,), attributes=0o100644 << 16 | 0x8020, made_by=3 << 8 | 63),
            id="7-zip on unix",
        ),
        pytest.param(
            both(STREAMED, extras=(Extra(0x5455, struct.pack("<BL", 1, 9)),)), id="go with times"
        ),
        pytest.param(
            central(GOOD, size=MOST_32, packed=MOST_32, extras=(GO,)), id="go, large at the start"
        ),
        pytest.param(local(GOOD, **WIDE_LOCAL), id="python, perhaps large"),
        pytest.param(
            central(local(GOOD, **WIDE_LOCAL), size=MOST_32, packed=MOST_32, extras=(WIDE,)), id="large"
        ),
        pytest.param(
            local(STREAMED, **WIDE_LOCAL, descriptor=replace(DONE, wide=True)), id="large into a pipe"
        ),
        pytest.param(local(STREAMED, descriptor=replace(DONE, signature=b"")), id="no signature"),
        pytest.param(local(STREAMED, crc=FILE.crc, size=FILE.size, packed=FILE.packed), id="said twice"),
    ],
)
def test_what_archivers_write_by_themselves_is_taken(tmp_path: Path, made: Zip) -> None:
    assert taken(tmp_path, made.written()) == FILES


@pytest.mark.skipif(not shutil.which("zip"), reason="zip is not installed")
def test_what_info_zip_writes_is_taken(tmp_path: Path) -> None:
    for name, data in FILES.items():
        path = tmp_path / TOP / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    for options in (["-r"], ["-rX"], ["-rD9"], ["-r0"], ["-rfd"]):
        for target in ("made.zip", "-"):
            command = ["zip", "-q", *options, target, TOP]
            done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
            made = done.stdout or (tmp_path / "made.zip").read_bytes()
            assert taken(tmp_path, made) == FILES
            tags = {extra.tag for entry in parsed(made).central for extra in entry.extras}
            assert tags == (set() if "X" in options[0] else {0x5455, 0x7875})
        (tmp_path / "made.zip").unlink()


def _twice(*extras: Extra) -> Zip:
    return both(GOOD, extras=extras)


HUGE = 2**64 - 1


def _huge(size: int, packed: int) -> Zip:
    """Sizes that no file has."""
    extras = (Extra(1, struct.pack("<QQ", size, packed)),)
    return both(STREAMED, size=MOST_32, packed=MOST_32, extras=extras)


NAME = FILE.name
UNICODE = Extra(0x7075, struct.pack("<BL", 1, zlib.crc32(NAME)) + b"kelp-1.0.0/other.yml")
THEIRS = Descriptor(size=FILE.size, packed=FILE.packed, crc=FILE.crc)


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(_huge(FILE.size, HUGE), id="packed without end"),
        pytest.param(both(GOOD, size=MOST_32 - 1), id="four gibibytes"),
        pytest.param(
            local(_huge(HUGE, FILE.packed), descriptor=replace(DONE, size=HUGE, wide=True)),
            id="without end",
        ),
        pytest.param(_twice(UNICODE), id="unicode path"),
        pytest.param(_twice(UNICODE, UNICODE), id="unicode path twice"),
        pytest.param(local(GOOD, extras=(UNICODE,)), id="unicode path, local only"),
        pytest.param(central(GOOD, extras=(UNICODE,)), id="unicode path, directory only"),
        pytest.param(_twice(Extra(0x6375, bytes(9))), id="unicode comment"),
        pytest.param(_twice(Extra(0x9901, bytes(7))), id="encryption"),
        pytest.param(_twice(Extra(0xCAFE, b"")), id="jar"),
        pytest.param(_twice(Extra(None, b"\0\0")), id="padding"),
        pytest.param(_twice(TIMES, TIMES), id="times twice"),
        pytest.param(_twice(Extra(0x5455, b"")), id="times of nothing"),
        pytest.param(_twice(Extra(0x5455, b"\x81" + bytes(8))), id="times of unknown kinds"),
        pytest.param(_twice(Extra(0x5455, b"\1" + bytes(5))), id="times too long"),
        pytest.param(_twice(Extra(0x5455, TIMES.data, 99)), id="longer than there is"),
        pytest.param(_twice(Extra(0x000A, NTFS.data + b"x")), id="ntfs too long"),
        pytest.param(_twice(Extra(0x000A, bytes(32))), id="ntfs of another kind"),
        pytest.param(_twice(Extra(0x7875, OWNERS.data + b"x")), id="owners too long"),
        pytest.param(_twice(Extra(0x7875, b"\1\4")), id="owners cut off"),
        pytest.param(_twice(Extra(0x7855, bytes(6))), id="old owners too long"),
        pytest.param(_twice(WIDE), id="zip64 that is not needed"),
        pytest.param(local(GOOD, size=MOST_32, packed=MOST_32), id="zip64 that is missing"),
        pytest.param(local(GOOD, size=MOST_32, extras=(WIDE,)), id="zip64 that is half needed"),
        pytest.param(
            central(GOOD, size=MOST_32, packed=MOST_32, extras=(Extra(1, WIDE.data[:8]),)), id="half"
        ),
        pytest.param(
            local(GOOD, **{**WIDE_LOCAL, "extras": (Extra(1, WIDE.data[:8]),)}), id="half, local"
        ),
        pytest.param(
            central(GOOD, size=MOST_32, packed=MOST_32, extras=(Extra(1, WIDE.data + b"x" * 8),)),
            id="zip64 with another offset",
        ),
        pytest.param(
            local(GOOD, **{**WIDE_LOCAL, "extras": (Extra(1, bytes(16)),)}), id="other sizes in zip64"
        ),
        pytest.param(local(GOOD, name=NAME[::-1]), id="another name"),
        pytest.param(local(GOOD, flags=2), id="other flags"),
        pytest.param(local(GOOD, method=0), id="another method"),
        pytest.param(local(GOOD, size=FILE.size + 1), id="another size"),
        pytest.param(local(GOOD, packed=FILE.packed + 1), id="another packed size"),
        pytest.param(local(GOOD, crc=0), id="another checksum"),
        pytest.param(local(GOOD, needed=63), id="a newer format, local"),
        pytest.param(both(GOOD, needed=63), id="a newer format"),
        pytest.param(both(GOOD, method=9), id="deflate64"),
        pytest.param(both(GOOD, method=93), id="zstd"),
        *(pytest.param(both(GOOD, flags=1 << bit), id=f"flag {bit}") for bit in (0, 4, 5, 6, 7, 13, 15)),
        pytest.param(both(GOOD, method=0), id="stored in another size"),
        pytest.param(both(GOOD, name=b"kelp-1.0.0/\xe4"), id="no utf-8"),
        pytest.param(both(GOOD, name=b"kelp-1.0.0/\xe4", flags=1 << 11), id="no utf-8, but said so"),
        pytest.param(both(GOOD, name="kelp-1.0.0/ä".encode()), id="utf-8 that is not said"),
        pytest.param(both(GOOD, name=b"kelp-1.0.0/a\0b"), id="null in a name"),
        pytest.param(local(GOOD, gap=b"x"), id="a byte between entries"),
        pytest.param(local(GOOD, data=FILE.data + b"x"), id="a byte behind the data"),
        pytest.param(
            both(local(GOOD, data=FILE.data + b"x"), packed=FILE.packed + 1), id="behind deflate"
        ),
        pytest.param(both(local(GOOD, data=FILE.data[:-1]), packed=FILE.packed - 1), id="cut off"),
        pytest.param(both(GOOD, size=FILE.size - 1), id="more than it says"),
        pytest.param(both(GOOD, size=FILE.size + 1), id="less than it says"),
        pytest.param(both(GOOD, crc=1), id="the wrong checksum"),
        pytest.param(replace(GOOD, prefix=b"x"), id="a byte at the start"),
        pytest.param(replace(GOOD, after_directory=b"x"), id="a byte behind the directory"),
        pytest.param(replace(GOOD, before_end=b"x"), id="a byte before the end"),
        pytest.param(replace(GOOD, suffix=b"x"), id="a byte behind the end"),
        pytest.param(replace(GOOD, end=replace(GOOD.end, comment=b"x")), id="a comment"),
        pytest.param(replace(GOOD, end=replace(GOOD.end, disk=1)), id="several parts"),
        pytest.param(replace(GOOD, end=replace(GOOD.end, here=3, count=3)), id="fewer entries"),
        pytest.param(replace(GOOD, end=replace(GOOD.end, here=5, count=5)), id="more entries"),
        pytest.param(replace(GOOD, end=replace(GOOD.end, here=0xFFFF, count=0xFFFF)), id="no zip64 end"),
        pytest.param(replace(GOOD, central=GOOD.central[:-1]), id="an entry that is not listed"),
        pytest.param(replace(GOOD, central=GOOD.central[::-1]), id="another order"),
        pytest.param(central(GOOD, entry=2), id="an entry of another"),
        pytest.param(central(GOOD, comment=b"x"), id="an entry's comment"),
        pytest.param(central(GOOD, disk=1), id="an entry on another part"),
        pytest.param(central(GOOD, made_by=2 << 8), id="made on vms"),
        pytest.param(central(GOOD, internal=2), id="records of vms"),
        pytest.param(local(STREAMED, descriptor=None), id="no descriptor"),
        pytest.param(local(STREAMED, descriptor=replace(DONE, crc=0)), id="descriptor: checksum"),
        pytest.param(local(STREAMED, descriptor=replace(DONE, size=9)), id="descriptor: size"),
        pytest.param(local(STREAMED, descriptor=replace(DONE, packed=9)), id="descriptor: packed"),
        pytest.param(local(STREAMED, descriptor=replace(DONE, wide=True)), id="descriptor: too wide"),
        pytest.param(local(STREAMED, size=9), id="streamed, with another size"),
        pytest.param(local(GOOD, descriptor=THEIRS), id="a descriptor that is not said"),
    ],
)
def test_what_readers_could_take_differently_is_refused(tmp_path: Path, made: Zip) -> None:
    with pytest.raises(PackageError) as caught:
        taken(tmp_path, made.written())

    assert caught.value.where == f"{TOP}.zip"


@pytest.mark.parametrize("version", [20, 25, 50])
@pytest.mark.parametrize("system", range(20))
def test_letters_beyond_ascii_are_taken_of_unix_and_macos_alone(
    tmp_path: Path, system: int, version: int
) -> None:
    made = both(GOOD, name=f"{TOP}/docs/bücher.md".encode(), flags=1 << 11)
    made = central(made, made_by=system << 8 | version, attributes=0)

    if system in {3, 19}:
        assert "docs/bücher.md" in taken(tmp_path, made.written())
    else:
        with pytest.raises(PackageError):
            taken(tmp_path, made.written())


def test_a_wide_descriptor_that_nothing_announces_is_told_as_that(tmp_path: Path) -> None:
    assert DONE
    made = local(STREAMED, descriptor=replace(DONE, wide=True))

    with pytest.raises(PackageError, match="eight bytes for a size, unannounced"):
        taken(tmp_path, made.written())


def test_a_checksum_that_looks_as_a_descriptors_signature_needs_one(tmp_path: Path) -> None:
    wanted = struct.unpack("<L", DESCRIPTOR)[0]
    data = _of_checksum(wanted)
    assert zlib.crc32(data) == wanted
    packed = zlib.compressobj(wbits=-15)
    deflated = packed.compress(data) + packed.flush()
    said = Descriptor(crc=wanted, packed=len(deflated), size=len(data))
    sizes = {"crc": wanted, "packed": len(deflated), "size": len(data)}
    made = central(local(STREAMED, data=deflated, descriptor=said), **sizes)

    assert taken(tmp_path, made.written())["docs/README.md"] == data
    with pytest.raises(PackageError):
        taken(tmp_path, local(made, descriptor=replace(said, signature=b"")).written())


def _of_checksum(wanted: int) -> bytes:
    """Four bytes with that CRC32, which is linear in them."""
    basis = [zlib.crc32(struct.pack("<L", 1 << bit)) ^ zlib.crc32(bytes(4)) for bit in range(32)]
    left, found = wanted ^ zlib.crc32(bytes(4)), 0
    rows = [(value, 1 << bit) for bit, value in enumerate(basis)]
    for bit in reversed(range(32)):
        pivot = next(row for row in rows if row[0] >> bit & 1)
        rows = [
            (v ^ pivot[0], c ^ pivot[1]) if v >> bit & 1 else (v, c) for v, c in rows if (v, c) != pivot
        ]
        if left >> bit & 1:
            left, found = left ^ pivot[0], found ^ pivot[1]
    return struct.pack("<L", found)


def test_a_zip_is_read_in_as_many_steps_as_it_has_entries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    real: Callable[[int, int, int], bytes] = os.pread

    def counted(descriptor: int, length: int, offset: int) -> bytes:
        read.append(length)
        return real(descriptor, length, offset)

    monkeypatch.setattr(os, "pread", counted)
    taken_by = {}
    for count in (100, 200):
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as archive:
            for number in range(count):
                archive.writestr(f"{TOP}/{number}", b"x")
        (tmp_path / "a.zip").write_bytes(target.getvalue())
        read.clear()
        with unarchive.opened(tmp_path / "a.zip"):
            taken_by[count] = len(read)

    assert taken_by == {100: 101, 200: 201}
