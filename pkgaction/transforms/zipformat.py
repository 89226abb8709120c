"""The zip format: fixed times and modes, so the same files give the same bytes.

Source: PKWARE's APPNOTE.TXT 6.3.10; zip64 where a size, an offset or a count needs it.
"""

import struct
from dataclasses import dataclass, field
from typing import BinaryIO

from pkgaction.transforms.deflate import STORED

_MAX16, _MAX32 = 0xFFFF, 0xFFFFFFFF
_MAYBE_LARGE = 0xF0000000  # bytes; above, the local header keeps room for 64-bit sizes
_TIME, _DATE = 0, (1 << 5) | 1  # 1980-01-01 00:00, the format's first moment
_UTF8 = 1 << 11
_UNIX = 3 << 8
_FILE_MODE, _FOLDER_MODE = 0o100644 << 16, (0o040755 << 16) | 0x10


@dataclass(slots=True)
class _Member:
    name: bytes
    offset: int
    attributes: int
    method: int = STORED
    crc: int = 0
    packed: int = 0  # bytes
    size: int = 0  # bytes
    large: bool = False

    @property
    def flags(self) -> int:
        return 0 if self.name.isascii() else _UTF8


@dataclass(slots=True)
class ZipWriter:
    """Writes members one after another into a file that can seek."""

    stream: BinaryIO
    _members: list[_Member] = field(default_factory=list, init=False)

    def folder(self, name: str) -> None:
        """A folder's entry; the name ends in a slash."""
        member = _Member(name.encode(), self.stream.tell(), _FOLDER_MODE)
        self._members.append(member)
        self._local_header(member)

    def begin(self, name: str, method: int, size: int) -> None:
        """Start a file of so many bytes."""
        large = size >= _MAYBE_LARGE
        member = _Member(name.encode(), self.stream.tell(), _FILE_MODE, method, size=size, large=large)
        self._members.append(member)
        self._local_header(member)

    def data(self, packed: bytes) -> None:
        """The next bytes of the file that was begun, compressed as was said."""
        self.stream.write(packed)
        self._members[-1].packed += len(packed)

    def end(self, crc: int) -> None:
        """End the file that was begun: only now its header is complete."""
        member = self._members[-1]
        member.crc = crc
        end = self.stream.tell()
        self.stream.seek(member.offset)
        self._local_header(member)
        self.stream.seek(end)

    def finish(self) -> None:
        """Write the directory at the end."""
        start = self.stream.tell()
        for member in self._members:
            self._central_header(member)
        size = self.stream.tell() - start
        count = len(self._members)
        if count >= _MAX16 or start >= _MAX32 or size >= _MAX32:
            end = self.stream.tell()
            self.stream.write(
                struct.pack(
                    "<IQHHIIQQQQ", 0x06064B50, 44, _UNIX | 45, 45, 0, 0, count, count, size, start
                )
            )
            self.stream.write(struct.pack("<IIQI", 0x07064B50, 0, end, 1))
        counted = min(count, _MAX16)
        ends = (min(size, _MAX32), min(start, _MAX32), 0)
        self.stream.write(struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, counted, counted, *ends))

    def _local_header(self, member: _Member) -> None:
        extra = struct.pack("<HHQQ", 1, 16, member.size, member.packed) if member.large else b""
        sizes = (_MAX32, _MAX32) if member.large else (member.packed, member.size)
        self.stream.write(
            struct.pack(
                "<IHHHHHIIIHH",
                0x04034B50,
                45 if member.large else 20,
                member.flags,
                member.method,
                _TIME,
                _DATE,
                member.crc,
                *sizes,
                len(member.name),
                len(extra),
            )
        )
        self.stream.write(member.name + extra)

    def _central_header(self, member: _Member) -> None:
        needed = [n for n in (member.size, member.packed, member.offset) if n >= _MAX32]
        extra = struct.pack(f"<HH{len(needed)}Q", 1, 8 * len(needed), *needed) if needed else b""
        version = 45 if needed or member.large else 20
        self.stream.write(
            struct.pack(
                "<IHHHHHHIIIHHHHHII",
                0x02014B50,
                _UNIX | version,
                version,
                member.flags,
                member.method,
                _TIME,
                _DATE,
                member.crc,
                min(member.packed, _MAX32),
                min(member.size, _MAX32),
                len(member.name),
                len(extra),
                0,
                0,
                0,
                member.attributes,
                min(member.offset, _MAX32),
            )
        )
        self.stream.write(member.name + extra)
