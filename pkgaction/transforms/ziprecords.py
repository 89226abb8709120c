"""A zip's entries by both of their headers, in the directory and local, which must say the same.

Readers differ in which of the two they believe, and in what they pass over. So entries lie one directly
behind another from the first byte to the directory, and all in them is of a kind that is known here.
Source: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.7 to 4.3.12 and 4.4
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from pkgaction.model.names import misread
from pkgaction.model.tree import Kind
from pkgaction.transforms import zipattributes, zipextra
from pkgaction.transforms.zipcentral import Central, headers, in_entry
from pkgaction.transforms.zipend import AmbiguousZipError, Directory

STORED, DEFLATED = 0, 8
_LOCAL = struct.Struct("<4s5H3L2H")
_MOST_NAMED = 1024  # bytes of a header's name and extra fields that are read at once
_LATER, _UTF_8 = 1 << 3, 1 << 11  # flags: sizes stand behind the data; the name is UTF-8
_UNIX = {3, 19}  # systems: Unix, macOS
_FLAGS = _LATER | _UTF_8 | 0b110  # and how hard it was compressed
_ENCRYPTED = 1 | 1 << 6 | 1 << 13  # the entry, strongly, and its header
# Source: APPNOTE.TXT 4.4.5
_METHODS = {1: "shrinking", 6: "imploding", 9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard"}
_METHODS |= {95: "XZ", 98: "PPMd"}
_NEWEST = 45  # version of the format: with zip64, and no later feature
_SIGNED = b"PK\7\x08"  # before a descriptor, if its writer likes
_EMPTY = frozenset({b"", b"\3\0"})  # what a folder has: nothing, or Python's deflated nothing


class At(Protocol):
    """Reads from any place of a file."""

    def __call__(self, length: int, offset: int, /) -> bytes:
        """So many bytes from there, or fewer at the end of the file."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file or folder of a zip, as all readers see it."""

    name: str  # a folder's ends in a slash
    kind: Kind
    method: int  # STORED or DEFLATED
    crc: int
    packed: int  # bytes, as they are stored
    size: int  # bytes of the file
    data: int  # where the packed bytes begin

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.name.endswith("/")


def entries(read: At, where: Directory) -> Iterator[Entry]:
    """The entries, in order.

    Raises:
        AmbiguousZipError: two readers could see other files than each other.
    """
    at = 0
    for central in headers(read(where.length, where.offset), where.count):
        with in_entry(central.name):
            entry, at = _entry(read, central, at, where.offset)
        yield entry
    if at != where.offset:
        raise AmbiguousZipError("there are bytes between its last entry and its directory")


def _entry(read: At, central: Central, at: int, limit: int) -> tuple[Entry, int]:
    """The entry that begins there, and where it ends: at the limit or before."""
    size, packed, offset = central.numbers
    if offset != at:
        raise AmbiguousZipError("it does not begin where the one before it ends")
    name = _name(central)
    if central.method == STORED and size != packed:
        raise AmbiguousZipError("it is stored, and its two sizes differ")
    if central.method == DEFLATED and not packed:
        raise AmbiguousZipError("it is deflated and has no bytes, which not all readers take")
    begin, local = _local(read, central, at)
    if begin + packed > limit:
        raise AmbiguousZipError("it goes on where the directory is")
    entry = Entry(
        name=name,
        kind=zipattributes.kind(central.made_by, *central.attributes, folder=name.endswith("/")),
        method=central.method,
        crc=central.crc,
        packed=packed,
        size=size,
        data=begin,
    )
    if entry.is_folder and (size or central.crc or _bytes(read, entry) not in _EMPTY):
        raise AmbiguousZipError("it is a folder and has bytes itself")
    end = begin + packed
    if central.flags & _LATER:
        wide = zipextra.is_wide(local) or max(size, packed) >= (1 << 32) - 1
        end += _descriptor(read(24, end), central, wide=wide)
    return entry, end


def _bytes(read: At, folder: Entry) -> bytes:
    return read(min(folder.packed, _MOST_NAMED), folder.data)


def _name(central: Central) -> str:
    if problem := _of_another_kind(central):
        raise AmbiguousZipError(problem)
    # of other systems, Info-ZIP takes them for letters of DOS, also where they are said to be UTF-8
    if central.made_by >> 8 not in _UNIX and not central.name.isascii():
        raise AmbiguousZipError(
            "its name has letters that readers take for others, as it is not made on Unix or macOS"
        )
    if not central.flags & _UTF_8 and not central.name.isascii():
        raise AmbiguousZipError("its name is neither ASCII nor said to be UTF-8")
    try:
        name = central.name.decode()
    except UnicodeDecodeError as error:
        raise AmbiguousZipError("its name is no UTF-8") from error
    if problem := misread(name):
        raise AmbiguousZipError(f"its name {problem}")
    return name


def _of_another_kind(central: Central) -> str:
    """What an entry needs of a reader beyond what all have; empty: nothing."""
    if central.flags & _ENCRYPTED:
        return "it is encrypted"
    if central.method not in {STORED, DEFLATED}:
        named = _METHODS.get(central.method, f"method {central.method}")
        return f"it is compressed by {named}, and not all readers take other than deflated or stored"
    if more := central.flags & ~_FLAGS:
        return f"it has the flags 0x{more:04x}, which not all readers know"
    if central.needs > _NEWEST:
        return (
            f"it needs version {central.needs / 10} of the format, and zip64's 4.5 is the newest taken"
        )
    return ""


def _local(read: At, central: Central, at: int) -> tuple[int, Mapping[int, bytes]]:
    """Where the data begins behind the local header, and the extra fields of that."""
    most = _LOCAL.size + _MOST_NAMED
    head = read(most, at)
    if len(head) < _LOCAL.size:
        raise AmbiguousZipError("its local header is missing")
    magic, needs, flags, method, _, _, crc, packed, size, named, more = _LOCAL.unpack_from(head)
    length = _LOCAL.size + named + more
    if length > most:
        head = read(length, at)
    name, extra = head[_LOCAL.size : _LOCAL.size + named], head[_LOCAL.size + named : length]
    same = (flags, method, name) == (central.flags, central.method, central.name)
    if magic != b"PK\3\4" or len(head) < length or not same or needs > _NEWEST:
        raise AmbiguousZipError("its local header is another than that of the directory")
    fields = zipextra.fields(extra)
    numbers = (crc, *zipextra.wide(fields, (size, packed)))
    wanted = (central.crc, *central.numbers[:2])
    if numbers != wanted and not (flags & _LATER and _later(numbers, wanted)):
        raise AmbiguousZipError("its local header has other sizes, or another checksum")
    return at + length, fields


def _later(numbers: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Whether a local header leaves to the data's descriptor whatever it does not say."""
    return all(number in {0, known} for number, known in zip(numbers, wanted, strict=True))


def _descriptor(found: bytes, central: Central, *, wide: bool) -> int:
    """How many bytes the descriptor behind the data has; it must say what the directory says."""
    size, packed, _ = central.numbers
    same = struct.pack("<LQQ" if wide else "<LLL", central.crc, packed, size)
    if found.startswith(_SIGNED + same):
        return len(_SIGNED + same)
    if found.startswith(same) and not same.startswith(_SIGNED):
        return len(same)
    if not wide and found.startswith(_SIGNED + struct.pack("<LQQ", central.crc, packed, size)):
        raise AmbiguousZipError("what stands behind its data has eight bytes for a size, unannounced")
    raise AmbiguousZipError("what stands behind its data has other sizes, or another checksum")
