"""The extra fields of a zip's headers: those that archivers write by themselves, and no other.

A field can give an entry a second name or comment, which some readers believe (0x7075, 0x6375). So what
is not known to be harmless is refused, by whatever number it comes.
Sources: APPNOTE.TXT 4.5 and 4.6; Info-ZIP's proginfo/extrafld.txt.
"""

import struct
from collections.abc import Callable, Mapping

from pkgaction.transforms.zipend import AmbiguousZipError

_ZIP64 = 0x0001
_MOST_32 = 0xFFFFFFFF
_BOTH = (_MOST_32, _MOST_32)
_HEAD = struct.Struct("<HH")
_NTFS = struct.Struct("<4s2H3Q")
_LONGEST_OWNER = 8  # bytes of a user's or group's number


def fields(extra: bytes) -> Mapping[int, bytes]:
    """The fields of one header by their numbers.

    Raises:
        AmbiguousZipError: one is of no known kind, not as its kind is, or there twice.
    """
    if not extra:
        return {}
    found: dict[int, bytes] = {}
    at = 0
    while at < len(extra):
        if at + _HEAD.size > len(extra):
            raise AmbiguousZipError("its extra fields are cut off")
        number, length = _HEAD.unpack_from(extra, at)
        at += _HEAD.size + length
        data = extra[at - length : at]
        known = _KNOWN.get(number)
        if known is None or number in found:
            what = "twice" if known else "which is for other than sizes, times and Unix owners"
            raise AmbiguousZipError(f"it has the extra field 0x{number:04x}, {what}")
        if len(data) != length or not known(data):
            raise AmbiguousZipError(f"its extra field 0x{number:04x} is not as one of that kind is")
        found[number] = data
    return found


def wide(extra: Mapping[int, bytes], said: tuple[int, ...]) -> tuple[int, ...]:
    """The numbers of a header, with those that are too large for it from its zip64 field.

    Args:
        extra: the header's fields.
        said: bytes of the file, of what is stored, and, in the directory, where the entry begins.

    Raises:
        AmbiguousZipError: the field is missing, not needed, or has other numbers than are needed.
    """
    data = extra.get(_ZIP64)
    missing = said.count(_MOST_32)
    if data is None and not missing:
        return said
    if data is None or not missing:
        raise AmbiguousZipError("its zip64 field is missing, or not needed")
    numbers = struct.unpack(f"<{len(data) // 8}Q", data)
    exact = len(numbers) == missing
    if said[:2] == _BOTH:
        exact = exact or (len(numbers) == len(said) and numbers[2:] == said[2:])  # Go gives all three
    elif len(said) == len(_BOTH):
        exact = False  # the format has a local header give both
    if not exact:
        raise AmbiguousZipError("its zip64 field has more or fewer numbers than are needed")
    left = iter(numbers)
    return tuple(next(left) if number == _MOST_32 else number for number in said)


def is_wide(extra: Mapping[int, bytes]) -> bool:
    """Whether there is a zip64 field."""
    return _ZIP64 in extra


def _times(data: bytes) -> bool:
    """Flags for up to three times; the directory's header may leave out all but the first."""
    flags = data[0] if data else 0xFF
    times = flags.bit_count()
    return flags < 1 << 3 and len(data) in {1 + 4 * times, 1 + 4 * (flags & 1)}


def _ntfs(data: bytes) -> bool:
    """Four bytes of nothing, then one attribute: three times."""
    return len(data) == _NTFS.size and _NTFS.unpack(data)[:3] == (b"\0\0\0\0", 1, 24)


def _owners(data: bytes) -> bool:
    """A version, then the numbers of user and group, each behind its length."""
    version, rest = data[:1], data[1:]
    for _ in ("user", "group"):
        if not rest or not 0 < rest[0] <= min(_LONGEST_OWNER, len(rest) - 1):
            return False
        rest = rest[1 + rest[0] :]
    return version == b"\1" and not rest


_KNOWN: Mapping[int, Callable[[bytes], bool]] = {
    _ZIP64: lambda data: len(data) in {8, 16, 24},
    0x000A: _ntfs,
    0x5455: _times,
    0x5855: lambda data: len(data) in {8, 12},  # two times, and the owners in the local header
    0x7855: lambda data: len(data) in {0, 4},  # the owners, in the local header only
    0x7875: _owners,
}
