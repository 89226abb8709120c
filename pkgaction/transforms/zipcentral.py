"""The directory of a zip: one header for each entry, one directly behind another, and no bytes beside.

Source: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.12 and 4.4
"""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from pkgaction.transforms import zipextra
from pkgaction.transforms.zipend import AmbiguousZipError

_CENTRAL = struct.Struct("<4s6H3L5H2L")


class Central(NamedTuple):
    """An entry's header in the directory."""

    made_by: int
    needs: int
    flags: int
    method: int
    crc: int
    name: bytes
    attributes: tuple[int, int]
    numbers: tuple[int, ...]  # size, packed, offset


@contextmanager
def in_entry(name: bytes) -> Iterator[None]:
    """What is refused in here is so because of the entry of that name."""
    try:
        yield
    except AmbiguousZipError as error:
        shown = name[:200].decode(errors="replace")
        raise AmbiguousZipError(f"the entry {shown!r}: {error}") from error


def headers(data: bytes, count: int) -> Iterator[Central]:
    """The headers in the directory's bytes.

    Raises:
        AmbiguousZipError: there are more or fewer than were said, or a part of one is of no known kind.
    """
    at = 0
    for _ in range(count):
        if at + _CENTRAL.size > len(data):
            raise AmbiguousZipError(
                f"its directory has fewer entries than the {count} that its end says"
            )
        fixed = _CENTRAL.unpack_from(data, at)
        magic, made_by, needs, flags, method, _, _, crc, packed, size = fixed[:10]
        named, more, comment, disk, internal, external, offset = fixed[10:]
        at += _CENTRAL.size + named + more
        if magic != b"PK\1\2" or at + comment > len(data):
            raise AmbiguousZipError("its directory is damaged")
        name = data[at - more - named : at - more]
        with in_entry(name):
            if comment or disk:
                what = "it has a comment of its own" if comment else "it is on another part"
                raise AmbiguousZipError(f"{what}, and not all readers take that")
            numbers = zipextra.wide(zipextra.fields(data[at - more : at]), (size, packed, offset))
        yield Central(made_by, needs, flags, method, crc, name, (internal, external), numbers)
    if at != len(data):
        raise AmbiguousZipError(f"its directory goes on behind the {count} entries that its end says")
