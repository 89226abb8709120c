"""Where a zip's directory is, by its end records: one answer for every reader, or a refusal.

Readers differ in which record they believe: some follow a zip64 locator whenever there is one, some only
where the plain record says that it is too small. So what is taken here has no room between directory and
end, no comment, and records that agree.
Source: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.14 to 4.3.16
"""

import re
import struct
from dataclasses import dataclass
from typing import BinaryIO

_PLAIN = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_WIDE = struct.Struct("<4sQ2H2L4Q")
_END = b"PK\5\6"
_COMMIT = re.compile(rb"[0-9a-f]{40}|[0-9a-f]{64}")
_MOST_16, _MOST_32 = 0xFFFF, 0xFFFFFFFF
_MOST = (_MOST_16, _MOST_16, _MOST_32, _MOST_32)
_TAIL = _WIDE.size + _LOCATOR.size + _PLAIN.size


class AmbiguousZipError(ValueError):
    """Readers could see other files than each other."""


@dataclass(frozen=True, slots=True)
class Directory:
    """Where the list of a zip's entries is; it begins where the last entry ends."""

    count: int  # entries
    length: int  # bytes
    offset: int  # bytes


def directory(stream: BinaryIO, *, comment: bool = False) -> Directory:
    """The zip's one directory; a `comment` behind it is only taken where it is said.

    Raises:
        AmbiguousZipError: there are bytes after the end, between directory and end, or two directories.
    """
    size = stream.seek(0, 2)
    start = max(0, size - _TAIL - (_MOST_16 if comment else 0))
    stream.seek(start)
    tail = stream.read(size - start)
    at = _end(tail) if comment else len(tail) - _PLAIN.size
    if at < 0:
        short = size < _PLAIN.size
        raise AmbiguousZipError("it is too short to be a zip" if short else _unended(stream, size))
    plain = _PLAIN.unpack_from(tail, at)
    if plain[0] != _END or plain[1] or plain[2] or plain[7] != len(tail) - at - _PLAIN.size:
        raise AmbiguousZipError(_unended(stream, size))
    said, end = plain[3:7], start + at
    if tail[max(0, at - _LOCATOR.size) : at][:4] == b"PK\6\7":
        return _wide(tail[:at], end, said)
    here, count, length, offset = said
    if here != count or offset + length != end:
        raise AmbiguousZipError("there are bytes before it, or between its directory and its end")
    if any(p == m for p, m in zip(said, _MOST, strict=True)):
        raise AmbiguousZipError("its end record says that there is a zip64 one, which is not there")
    return Directory(count, length, offset)


def _unended(stream: BinaryIO, size: int) -> str:
    """Why a zip does not end with its end record."""
    stream.seek(max(0, size - _PLAIN.size - _MOST_16))
    tail = stream.read(_PLAIN.size + _MOST_16)
    at = _end(tail)
    if at < 0:
        return "there are bytes behind its end" if _END in tail else "it is not a zip, or is cut off"
    plain = _PLAIN.unpack_from(tail, at)
    if plain[1] or plain[2]:
        return "it is one of several parts"
    comment = tail[at + _PLAIN.size :]
    by = f"of {len(comment)} bytes, as `zip -z` writes it"
    if _COMMIT.fullmatch(comment):
        by = "that `git archive` writes, which makes no packages"
    return f"it has a comment {by}: not all readers pass over one"


def _end(tail: bytes) -> int:
    """Where the last end record is whose comment reaches to the end of the file; -1 for none."""
    at = tail.rfind(_END)
    while at >= 0:
        if tail[at + _PLAIN.size - 2 :][:2] == struct.pack("<H", len(tail) - at - _PLAIN.size & 0xFFFF):
            break
        at = tail.rfind(_END, 0, at)
    return at


def _wide(before: bytes, end: int, plain: tuple[int, int, int, int]) -> Directory:
    """The same by the zip64 record, which must be needed and agree with the plain one."""
    at = len(before) - _LOCATOR.size - _WIDE.size
    if at < 0:
        raise AmbiguousZipError("its zip64 record is cut off")
    wide = _WIDE.unpack_from(before, at)
    _, disk, where, disks = _LOCATOR.unpack_from(before, at + _WIDE.size)
    whole = wide[0] == b"PK\6\6" and wide[1] == _WIDE.size - 12
    here, count, length, offset = found = wide[6:10]
    one = (disk, disks, wide[4], wide[5]) == (0, 1, 0, 0) and here == count
    agree = all(p in {m, w} for p, m, w in zip(plain, _MOST, found, strict=True))
    needed = (
        plain[1] == _MOST[1] or plain[3] == _MOST[3]
    )  # by the directory's size alone, Go doesn't look
    behind = where == end - _LOCATOR.size - _WIDE.size == offset + length
    if not (whole and one and agree and needed and behind):
        raise AmbiguousZipError("its two end records name different directories")
    return Directory(count, length, offset)
