"""Where a zip's directory is, by its end records: one answer for every reader, or a refusal.

Readers differ in which record they believe: some follow a zip64 locator whenever there is one, some only
where the plain record says that it is too small. So what is taken here has no room between directory and
end, no comment, and records that agree.
Source: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.14 to 4.3.16
"""

import struct
from typing import BinaryIO

_PLAIN = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_WIDE = struct.Struct("<4sQ2H2L4Q")
_MOST_16, _MOST_32 = 0xFFFF, 0xFFFFFFFF
_TAIL = _WIDE.size + _LOCATOR.size + _PLAIN.size


class AmbiguousEndError(ValueError):
    """Readers could see other files than each other."""


def entries(stream: BinaryIO) -> int:
    """How many entries the zip's one directory has.

    Raises:
        AmbiguousEndError: there are bytes after the end, between directory and end, or two directories.
    """
    size = stream.seek(0, 2)
    stream.seek(max(0, size - _TAIL))
    tail = stream.read(_TAIL)
    if len(tail) < _PLAIN.size:
        raise AmbiguousEndError("it is too short to be a zip")
    plain = _PLAIN.unpack(tail[-_PLAIN.size :])
    if plain[0] != b"PK\5\6" or plain[7] or plain[1] or plain[2]:
        raise AmbiguousEndError("it has a comment, several parts, or bytes after its end")
    here, count, length, offset = plain[3:7]
    located = tail[-_PLAIN.size - _LOCATOR.size :][:4] == b"PK\6\7" and len(tail) > _PLAIN.size
    if located:
        return _wide(tail, size, (here, count, length, offset))
    if here != count or offset + length != size - _PLAIN.size:
        raise AmbiguousEndError("there are bytes before it, or between its directory and its end")
    return int(count)


def _wide(tail: bytes, size: int, plain: tuple[int, int, int, int]) -> int:
    """The same by the zip64 record, which must be needed and agree with the plain one."""
    if len(tail) < _TAIL:
        raise AmbiguousEndError("its zip64 record is cut off")
    wide = _WIDE.unpack(tail[: _WIDE.size])
    _, disk, where, disks = _LOCATOR.unpack(tail[_WIDE.size : _WIDE.size + _LOCATOR.size])
    found, most = wide[6:10], (_MOST_16, _MOST_16, _MOST_32, _MOST_32)
    whole = wide[0] == b"PK\6\6" and wide[1] == _WIDE.size - 12 and where == size - _TAIL
    one = (disk, disks, wide[4], wide[5]) == (0, 1, 0, 0)
    agree = all(p in {m, w} for p, m, w in zip(plain, most, found, strict=True))
    needed = any(p == m for p, m in zip(plain, most, strict=True))
    here, count, length, offset = found
    if not (whole and one and agree and needed and here == count and offset + length == where):
        raise AmbiguousEndError("its two end records name different directories")
    return int(count)
