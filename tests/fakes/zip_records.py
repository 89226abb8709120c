"""A zip as its records, each of which can be changed by itself: what a hostile writer would do.

A number that a record says of another one (an offset, a size or a count of the directory) is None as
long as it is true, and computed when the zip is written; any other value is written as it is.
Source: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3
"""

import struct
from dataclasses import dataclass, replace

LOCAL, CENTRAL, DESCRIPTOR = b"PK\3\4", b"PK\1\2", b"PK\7\x08"
END, WIDE_END, LOCATOR = b"PK\5\6", b"PK\6\6", b"PK\6\7"
MOST_16, MOST_32 = 0xFFFF, 0xFFFFFFFF
STREAMED, UTF_8 = 1 << 3, 1 << 11  # flags: a data descriptor follows; the name is UTF-8
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_WIDE_END = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")


@dataclass(frozen=True, slots=True)
class Extra:
    """An extra field; what is too short to be one has no tag."""

    tag: int | None
    data: bytes
    length: int | None = None  # the one it claims, where that is not true

    def packed(self) -> bytes:
        """Its bytes."""
        if self.tag is None:
            return self.data
        length = len(self.data) if self.length is None else self.length
        return struct.pack("<2H", self.tag, length) + self.data


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a local header and a central one both say of an entry."""

    needed: int  # version of the format, times ten
    flags: int
    method: int
    time: int
    date: int
    crc: int
    packed: int  # bytes
    size: int  # bytes
    name: bytes
    extras: tuple[Extra, ...]
    signature: bytes
    name_length: int | None = None
    extra_length: int | None = None

    @property
    def lengths(self) -> tuple[int, int]:
        """Of the name and of the extra fields."""
        name = len(self.name) if self.name_length is None else self.name_length
        extra = len(packed(self.extras)) if self.extra_length is None else self.extra_length
        return name & MOST_16, extra & MOST_16

    @property
    def said(self) -> tuple[int, int, int, int, int, int, int, int]:
        """The fields that both have, in their order."""
        sizes = (self.crc & MOST_32, self.packed & MOST_32, self.size & MOST_32)
        return (self.needed, self.flags, self.method, self.time, self.date, *sizes)

    def field(self, tag: int) -> bytes | None:
        """The data of the first extra field of this kind."""
        return next((extra.data for extra in self.extras if extra.tag == tag), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptor:
    """What follows the data of an entry that was streamed."""

    crc: int
    packed: int  # bytes
    size: int  # bytes
    signature: bytes = DESCRIPTOR  # empty where there is none
    wide: bool = False  # sizes of 8 bytes, not 4

    def written(self) -> bytes:
        """Its bytes."""
        sizes = struct.pack("<2Q" if self.wide else "<2L", self.packed, self.size)
        return self.signature + struct.pack("<L", self.crc & MOST_32) + sizes


@dataclass(frozen=True, slots=True, kw_only=True)
class Local(Header):
    """A local header, and all bytes from there to the next one."""

    data: bytes
    descriptor: Descriptor | None = None
    gap: bytes = b""  # behind it

    def written(self) -> bytes:
        """Its bytes."""
        head = _LOCAL.pack(self.signature, *self.said, *self.lengths)
        tail = self.descriptor.written() if self.descriptor else b""
        return head + self.name + packed(self.extras) + self.data + tail + self.gap


@dataclass(frozen=True, slots=True, kw_only=True)
class Central(Header):
    """An entry of the central directory."""

    made_by: int  # host times 256, and the version of the format
    disk: int
    internal: int
    attributes: int
    entry: int  # index of its local header
    comment: bytes = b""
    offset: int | None = None

    def written(self, position: int) -> bytes:
        """Its bytes, with the local header at the position."""
        offset = position if self.offset is None else self.offset
        where = (len(self.comment), self.disk, self.internal, self.attributes, offset & MOST_32)
        head = _CENTRAL.pack(self.signature, self.made_by, *self.said, *self.lengths, *where)
        return head + self.name + packed(self.extras) + self.comment


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The end record, or the zip64 one."""

    disk: int = 0
    first_disk: int = 0
    here: int | None = None  # entries on this disk
    count: int | None = None
    size: int | None = None  # bytes of the directory
    offset: int | None = None  # of the directory
    signature: bytes

    def said(self, count: int, size: int, offset: int) -> tuple[int, int, int, int, int, int]:
        """Its numbers, where these are the true ones."""
        true = (count, count, size, offset)
        given = (self.here, self.count, self.size, self.offset)
        here, number, length, where = (t if g is None else g for t, g in zip(true, given, strict=True))
        return self.disk, self.first_disk, here, number, length, where


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainEnd(End):
    """The end record, with the comment of the zip."""

    comment: bytes = b""
    comment_length: int | None = None

    def written(self, count: int, size: int, offset: int) -> bytes:
        """Its bytes."""
        *small, length, where = self.said(count, size, offset)
        comment = len(self.comment) if self.comment_length is None else self.comment_length
        numbers = (*(n & MOST_16 for n in small), length & MOST_32, where & MOST_32)
        return _END.pack(self.signature, *numbers, comment & MOST_16) + self.comment


@dataclass(frozen=True, slots=True, kw_only=True)
class WideEnd(End):
    """The zip64 end record."""

    length: int = _WIDE_END.size - 12  # bytes that follow
    made_by: int = 45
    needed: int = 45
    extensible: bytes = b""

    def written(self, count: int, size: int, offset: int) -> bytes:
        """Its bytes."""
        versions = (self.length, self.made_by, self.needed)
        return (
            _WIDE_END.pack(self.signature, *versions, *self.said(count, size, offset)) + self.extensible
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Locator:
    """What says where the zip64 end record is."""

    disk: int = 0
    offset: int | None = None
    disks: int = 1
    signature: bytes = LOCATOR

    def written(self, position: int) -> bytes:
        """Its bytes, with the zip64 end record at the position."""
        offset = position if self.offset is None else self.offset
        return _LOCATOR.pack(self.signature, self.disk, offset, self.disks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Zip:
    """All records, in the order of the file."""

    prefix: bytes = b""
    locals: tuple[Local, ...]
    central: tuple[Central, ...]
    after_directory: bytes = b""
    wide_end: WideEnd | None = None
    locator: Locator | None = None
    before_end: bytes = b""
    end: PlainEnd
    suffix: bytes = b""

    def positions(self) -> list[int]:
        """Where each local header begins, and the directory behind them."""
        found = [len(self.prefix)]
        for local in self.locals:
            found.append(found[-1] + len(local.written()))
        return found

    def directory(self) -> bytes:
        """The bytes of the central directory."""
        where = self.positions()
        return b"".join(one.written(where[min(one.entry, len(where) - 1)]) for one in self.central)

    def written(self) -> bytes:
        """The bytes of the zip."""
        body = self.prefix + b"".join(local.written() for local in self.locals)
        directory = self.directory()
        true = (len(self.central), len(directory), len(body))
        zip64 = self.wide_end.written(*true) if self.wide_end else b""
        after = body + directory + self.after_directory
        locator = self.locator.written(len(after)) if self.locator else b""
        return after + zip64 + locator + self.before_end + self.end.written(*true) + self.suffix


def packed(extras: tuple[Extra, ...]) -> bytes:
    """The bytes of extra fields."""
    return b"".join(extra.packed() for extra in extras)


def unpacked(data: bytes) -> tuple[Extra, ...]:
    """Extra fields of their bytes."""
    found: list[Extra] = []
    while len(data) >= 4:
        tag, length = struct.unpack_from("<2H", data)
        if len(data) < 4 + length:
            break
        found.append(Extra(tag, data[4 : 4 + length]))
        data = data[4 + length :]
    return (*found, Extra(None, data)) if data else tuple(found)


def parsed(data: bytes) -> Zip:
    """The records of a good zip without a comment; it is written back as the same bytes.

    Raises:
        ValueError: it is not written back so.
    """
    _, _, _, here, count, size, offset, _ = _END.unpack(data[-_END.size :])
    end = PlainEnd(signature=END)
    wide_end, locator = None, None
    before = len(data) - _END.size - _LOCATOR.size
    if data[before:].startswith(LOCATOR):
        at = _LOCATOR.unpack_from(data, before)[2]
        made_by, needed, *_ = _WIDE_END.unpack_from(data, at)[2:]
        wide_end, locator = WideEnd(signature=WIDE_END, made_by=made_by, needed=needed), Locator()
        end = replace(
            end,
            here=here if here == MOST_16 else None,
            count=count if count == MOST_16 else None,
            size=size if size == MOST_32 else None,
            offset=offset if offset == MOST_32 else None,
        )
        count, size, offset = _WIDE_END.unpack_from(data, at)[7:10]
    central = _parsed_central(data, offset, count)
    starts = sorted(_offset(one) for one in central)
    following = zip(starts, [*starts[1:], offset], strict=True)
    by_start = {_offset(one): one for one in central}
    found = Zip(
        prefix=data[: starts[0]],
        locals=tuple(_parsed_local(data[start:to], by_start[start]) for start, to in following),
        central=tuple(_linked(one, starts.index(_offset(one))) for one in central),
        wide_end=wide_end,
        locator=locator,
        end=end,
    )
    if found.written() != data:
        raise ValueError("it is not written back as the same bytes")
    return found


def _parsed_central(data: bytes, at: int, count: int) -> list[Central]:
    found = []
    for _ in range(count):
        (signature, made_by, needed, flags, method, time, date, crc, packed_, size, *more) = (
            _CENTRAL.unpack_from(data, at)
        )
        name, extra, comment, disk, internal, attributes, offset = more
        at += _CENTRAL.size
        found.append(
            Central(
                signature=signature,
                made_by=made_by,
                needed=needed,
                flags=flags,
                method=method,
                time=time,
                date=date,
                crc=crc,
                packed=packed_,
                size=size,
                name=data[at : at + name],
                extras=unpacked(data[at + name : at + name + extra]),
                comment=data[at + name + extra : at + name + extra + comment],
                disk=disk,
                internal=internal,
                attributes=attributes,
                entry=0,
                offset=offset,
            )
        )
        at += name + extra + comment
    return found


def _wide(central: Central) -> tuple[int, int, int]:
    """Size, packed size and offset, as the zip64 field says them where it must."""
    numbers = [central.size, central.packed, central.offset or 0]
    data = central.field(1) or b""
    for at, number in enumerate(numbers):
        if number == MOST_32:
            numbers[at] = int.from_bytes(data[:8], "little")
            data = data[8:]
    return numbers[0], numbers[1], numbers[2]


def _offset(central: Central) -> int:
    return _wide(central)[2]


def _linked(central: Central, entry: int) -> Central:
    offset = central.offset if central.offset == MOST_32 else None
    return replace(central, entry=entry, offset=offset)


def _parsed_local(data: bytes, central: Central) -> Local:
    (signature, needed, flags, method, time, date, crc, packed_, size, name, extra) = _LOCAL.unpack_from(
        data
    )
    at = _LOCAL.size + name + extra
    to = at + _wide(central)[1]
    local = Local(
        signature=signature,
        needed=needed,
        flags=flags,
        method=method,
        time=time,
        date=date,
        crc=crc,
        packed=packed_,
        size=size,
        name=data[_LOCAL.size : _LOCAL.size + name],
        extras=unpacked(data[_LOCAL.size + name : at]),
        data=data[at:to],
    )
    if not flags & STREAMED:
        return replace(local, gap=data[to:])
    return replace(local, descriptor=_parsed_descriptor(data[to:], central))


def _parsed_descriptor(data: bytes, central: Central) -> Descriptor:
    size, packed_, _ = _wide(central)
    return Descriptor(
        crc=central.crc,
        packed=packed_,
        size=size,
        signature=DESCRIPTOR if data.startswith(DESCRIPTOR) else b"",
        wide=len(data) >= 20,
    )
