"""Mutations of the entries' data."""

import zlib
from dataclasses import replace
from random import Random

from tests.fakes.zip_mutations.table import (
    any_entry,
    any_file,
    changed,
    copied,
    kind,
    local_of,
    with_entry,
    with_local,
)
from tests.fakes.zip_records import LOCAL, Header, Zip

EVIL = b"evil: true\n"


def _with_data(
    zip_: Zip, at: int, data: bytes, *, plain: bytes | None = None, method: int | None = None
) -> Zip:
    """Other data, with the packed size told truly; with the plain bytes, all else as well."""
    where = local_of(zip_, at)
    zip_ = with_local(zip_, where, replace(zip_.locals[where], data=data))

    def change(header: Header) -> Header:
        header = replace(header, packed=len(data), method=header.method if method is None else method)
        return header if plain is None else replace(header, size=len(plain), crc=zlib.crc32(plain))

    return changed(zip_, at, "both", change)


def _deflated(data: bytes) -> bytes:
    """A block that is stored: the same bytes by every library."""
    size = len(data).to_bytes(2, "little")
    return b"\1" + size + bytes(byte ^ 255 for byte in size) + data


@kind
def deflate_cut(zip_: Zip, dice: Random) -> Zip:
    at = any_file(zip_, dice)
    data = copied(zip_, at)[0].data
    return _with_data(zip_, at, data[: -dice.choice((1, 2, 4))])


@kind
def deflate_behind(zip_: Zip, dice: Random) -> Zip:
    """Bytes behind the end of the deflated stream."""
    at = any_file(zip_, dice)
    data = copied(zip_, at)[0].data
    more = dice.choice((b"\0", b"x" * 9, _deflated(EVIL), b"PK\7\x08" + bytes(12), b"\3\0"))
    return _with_data(zip_, at, data + more)


@kind
def deflate_open(zip_: Zip, dice: Random) -> Zip:
    """A deflated stream whose last block is not marked as the last."""
    at = any_file(zip_, dice)
    block = b"\0" + _deflated(EVIL)[1:]
    more = dice.choice((b"", b"\3\0", b"\1\0\0\xff\xff", block))
    plain = EVIL * 2 if more == block else EVIL
    return _with_data(zip_, at, block + more, plain=plain, method=8)


@kind
def deflate_wrong(zip_: Zip, dice: Random) -> Zip:
    at = any_file(zip_, dice)
    data = dice.choice((b"", b"\3", b"\7", b"\1\5\0\xfa\xff", b"\1\1\0\0\0a", dice.randbytes(9)))
    return _with_data(zip_, at, data, plain=dice.choice((None, b"")), method=8)


@kind
def deflate_zlib(zip_: Zip, dice: Random) -> Zip:
    """With the head and the tail of zlib, or of gzip."""
    at = any_file(zip_, dice)
    zlib_stream = b"x\1" + _deflated(EVIL) + zlib.adler32(EVIL).to_bytes(4, "big")
    gzip_stream = b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + _deflated(EVIL)
    return _with_data(zip_, at, dice.choice((zlib_stream, gzip_stream)), plain=EVIL, method=8)


@kind
def replaced(zip_: Zip, dice: Random) -> Zip:
    """Other data, told truly but for one thing."""
    at = any_file(zip_, dice)
    stored = dice.random() < 0.5
    data = EVIL if stored else _deflated(EVIL)
    plain = dice.choice((EVIL, EVIL, EVIL[:-1], EVIL + b"x", b""))
    return _with_data(zip_, at, data, plain=plain, method=0 if stored else 8)


@kind
def empty(zip_: Zip, dice: Random) -> Zip:
    """A file of no bytes, in each of the ways to say so."""
    at = any_file(zip_, dice)
    data, number = dice.choice(
        ((b"", 0), (b"\3\0", 8), (b"", 8), (_deflated(b""), 8), (EVIL, 0), (_deflated(EVIL), 8))
    )
    return _with_data(zip_, at, data, plain=b"", method=number)


@kind
def folder_with_data(zip_: Zip, dice: Random) -> Zip:
    local, central = copied(zip_, any_file(zip_, dice))
    top = central.name.partition(b"/")[0]
    name = top + b"/" + dice.choice((b"docs/", b"data/", b"docs/../", b"manifest.yml/", b"a\\b/", b"/"))
    return with_entry(zip_, replace(local, name=name), replace(central, name=name))


@kind
def folder(zip_: Zip, dice: Random) -> Zip:
    """One more folder, some of them without files, or of a hostile name."""
    local, central = copied(zip_, any_file(zip_, dice))
    parts = central.name.split(b"/")
    above = b"/".join(parts[: max(1, dice.randrange(len(parts)))]) + b"/"
    names = (above, above + b"empty/", parts[0] + b"/../x/", parts[0] + b"/.git/", parts[0] + b"/CON/")
    name = dice.choice((*names, central.name + b"/", parts[0] + b"/do\\cs/", parts[0] + b"//"))
    method = dice.choice((0, 0, 8))
    data = b"\3\0" if method else b""
    head = replace(local, name=name, data=data, descriptor=None, packed=len(data), size=0, crc=0)
    tail = replace(central, name=name, packed=len(data), size=0, crc=0, method=method)
    attributes = dice.choice((0x10, 0o040755 << 16 | 0x10, 0, 0o100644 << 16, 0o120777 << 16))
    flags = central.flags & ~(1 << 3)
    return with_entry(
        zip_,
        replace(head, method=method, flags=flags),
        replace(tail, attributes=attributes, flags=flags),
    )


@kind
def nested(zip_: Zip, dice: Random) -> Zip:
    """An entry whose local header lies in the data of a stored file."""
    at, inner = any_file(zip_, dice), any_entry(zip_, dice)
    local, central = copied(zip_, inner)
    hidden = replace(local, signature=LOCAL, data=EVIL, method=0, gap=b"", descriptor=None)
    head = zip_.locals[local_of(zip_, at)]
    start = zip_.positions()[local_of(zip_, at)] + len(head.written()) - len(head.gap)
    start -= len(head.data) + (len(head.descriptor.written()) if head.descriptor else 0)
    data = hidden.written() if dice.random() < 0.5 else EVIL + hidden.written()
    where = start + len(data) - len(hidden.written())
    zip_ = _with_data(zip_, at, data, plain=data, method=0)
    changed_ = replace(central, offset=where, method=0, packed=len(EVIL), size=len(EVIL))
    changed_ = replace(changed_, crc=zlib.crc32(EVIL), flags=local.flags)
    extra = replace(changed_, name=central.name.partition(b"/")[0] + b"/more.yml")
    return replace(zip_, central=(*zip_.central, dice.choice((changed_, extra))))
