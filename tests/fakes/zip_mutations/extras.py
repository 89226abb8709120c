"""Mutations of extra fields."""

import struct
import zlib
from dataclasses import replace
from random import Random

from tests.fakes.zip_mutations.table import (
    any_entry,
    any_file,
    any_side,
    changed,
    copied,
    kind,
    with_extra,
)
from tests.fakes.zip_records import MOST_32, Extra, Header, Zip

_TAGS = (
    *(0x0001, 0x5455, 0x000A, 0x5855, 0x7855, 0x7875),  # zip64, times, owners
    *(0x7075, 0x6375, 0x9901, 0x0017, 0x0065, 0x0008, 0x000C, 0x000D, 0x756E, 0x334D, 0xA220, 0xFB4A),
    *(0x0000, 0xCAFE, 0xFFFF, 0x4B50),
)


def _other_name(zip_: Zip, at: int, dice: Random) -> bytes:
    top = zip_.central[at].name.partition(b"/")[0]
    others = [one.name for one in zip_.central if not one.name.endswith(b"/")]
    return dice.choice([*others, top + b"/evil.yml", top + b"/docs/", b"../evil", zip_.central[at].name])


def _unicode(tag: int, of: bytes, text: bytes, *, version: int = 1, wrong: int = 0) -> Extra:
    return Extra(tag, struct.pack("<BL", version, zlib.crc32(of) ^ wrong) + text)


@kind
def unicode_path(zip_: Zip, dice: Random) -> Zip:
    at = any_entry(zip_, dice)
    extra = _unicode(0x7075, zip_.central[at].name, _other_name(zip_, at, dice))
    return with_extra(zip_, at, any_side(dice), extra, first=dice.random() < 0.5)


@kind
def unicode_path_twice(zip_: Zip, dice: Random) -> Zip:
    at = any_file(zip_, dice)
    name = zip_.central[at].name
    extras = [_unicode(0x7075, name, _other_name(zip_, at, dice)), _unicode(0x7075, name, name)]
    dice.shuffle(extras)
    return with_extra(zip_, at, any_side(dice), *extras)


@kind
def unicode_path_odd(zip_: Zip, dice: Random) -> Zip:
    at = any_entry(zip_, dice)
    name, other = zip_.central[at].name, _other_name(zip_, at, dice)
    extra = dice.choice(
        (
            _unicode(0x7075, name, other, wrong=1),
            _unicode(0x7075, name, other, version=2),
            _unicode(0x7075, name, b"\xff" + other),
            _unicode(0x7075, name, other + b"\0x"),
            Extra(0x7075, b"\1"),
        )
    )
    return with_extra(zip_, at, any_side(dice), extra)


@kind
def unicode_comment(zip_: Zip, dice: Random) -> Zip:
    at = any_entry(zip_, dice)
    return with_extra(zip_, at, any_side(dice), _unicode(0x6375, b"", b"comment"))


@kind
def unknown_field(zip_: Zip, dice: Random) -> Zip:
    at = any_entry(zip_, dice)
    extra = Extra(dice.choice(_TAGS), dice.randbytes(dice.choice((0, 1, 2, 4, 5, 8, 11, 16, 24, 28))))
    return with_extra(zip_, at, any_side(dice), extra, first=dice.random() < 0.5)


@kind
def field_twice(zip_: Zip, dice: Random) -> Zip:
    at = any_entry(zip_, dice)

    def change(header: Header) -> Header:
        return replace(header, extras=header.extras * 2)

    return changed(zip_, at, any_side(dice), change)


@kind
def fields_gone(zip_: Zip, dice: Random) -> Zip:
    return changed(
        zip_, any_entry(zip_, dice), any_side(dice), lambda header: replace(header, extras=())
    )


@kind
def fields_turned(zip_: Zip, dice: Random) -> Zip:
    def change(header: Header) -> Header:
        return replace(header, extras=header.extras[::-1])

    return changed(zip_, any_entry(zip_, dice), any_side(dice), change)


@kind
def field_length(zip_: Zip, dice: Random) -> Zip:
    at = any_entry(zip_, dice)
    data = dice.randbytes(dice.choice((0, 4, 5)))
    length = dice.choice((0, 1, 4, 5, 6, 9, 0xFFFF))
    return with_extra(zip_, at, any_side(dice), Extra(dice.choice(_TAGS), data, length))


@kind
def field_cut(zip_: Zip, dice: Random) -> Zip:
    at = any_entry(zip_, dice)
    return with_extra(zip_, at, any_side(dice), Extra(None, dice.randbytes(dice.randrange(1, 4))))


@kind
def field_zeros(zip_: Zip, dice: Random) -> Zip:
    at = any_entry(zip_, dice)
    return with_extra(zip_, at, any_side(dice), Extra(None, bytes(dice.choice((1, 2, 3, 4, 6, 8)))))


@kind
def times(zip_: Zip, dice: Random) -> Zip:
    at = any_entry(zip_, dice)
    data = bytes([dice.choice((0, 1, 2, 3, 7, 8, 255))]) + dice.randbytes(4 * dice.randrange(4))
    return with_extra(zip_, at, any_side(dice), Extra(0x5455, data))


@kind
def owners(zip_: Zip, dice: Random) -> Zip:
    at = any_entry(zip_, dice)
    tag, data = dice.choice(
        (
            (0x7875, b"\1\4" + bytes(4) + b"\4" + bytes(4)),
            (0x7875, b"\1\0\0"),
            (0x7875, b"\2\4" + bytes(4) + b"\x08" + bytes(4)),
            (0x7855, bytes(4)),
            (0x7855, b""),
            (0x5855, bytes(8)),
            (0x5855, bytes(12)),
            (0x000A, bytes(4) + struct.pack("<2H3Q", 1, 24, 0, 0, 0)),
            (0x000A, bytes(4) + struct.pack("<2H", 2, 40)),
        )
    )
    return with_extra(zip_, at, any_side(dice), Extra(tag, data))


@kind
def zip64_true(zip_: Zip, dice: Random) -> Zip:
    """Sizes that would fit are in a zip64 field."""
    at = any_file(zip_, dice)
    size, packed = zip_.central[at].size, zip_.central[at].packed
    if MOST_32 in {size, packed}:
        return zip_
    extra = Extra(1, struct.pack("<2Q", size, packed))
    most = lambda header: replace(header, size=MOST_32, packed=MOST_32)  # noqa: E731
    side = any_side(dice)
    return changed(with_extra(zip_, at, side, extra, first=True), at, side, most)


@kind
def zip64_false(zip_: Zip, dice: Random) -> Zip:
    """The same with wrong sizes, some fields missing, or more than one zip64 field."""
    at = any_file(zip_, dice)
    _, central = copied(zip_, at)
    true = struct.pack("<2Q", central.size, central.packed)
    wrong = struct.pack("<2Q", max(central.size - 1, 0), central.packed)
    huge = struct.pack("<2Q", 1 << 63, central.packed)
    extras = dice.choice(
        (
            (Extra(1, wrong),),
            (Extra(1, true), Extra(1, wrong)),
            (Extra(1, wrong), Extra(1, true)),
            (Extra(1, true[:8]),),
            (Extra(1, true[:12]),),
            (Extra(1, true + bytes(8)),),
            (Extra(1, true + bytes(12)),),
            (Extra(1, huge),),
            (Extra(1, b""),),
        )
    )
    side = any_side(dice)
    zip_ = with_extra(zip_, at, side, *extras)
    which = dice.choice(("size", "packed", "both", "none"))

    def most(header: Header) -> Header:
        size = MOST_32 if which in {"size", "both"} else header.size
        return replace(
            header, size=size, packed=MOST_32 if which in {"packed", "both"} else header.packed
        )

    return changed(zip_, at, side, most)


@kind
def zip64_offset(zip_: Zip, dice: Random) -> Zip:
    """The offset of an entry, or of another one, is in a zip64 field."""
    at = any_entry(zip_, dice)
    other = dice.choice((at, any_entry(zip_, dice)))
    where = zip_.positions()[zip_.central[other].entry]
    extra = Extra(1, struct.pack("<Q", where) + bytes(dice.choice((0, 0, 4))))
    zip_ = with_extra(zip_, at, "central", extra)
    if dice.random() < 0.2:
        return zip_
    central = replace(zip_.central[at], offset=MOST_32)
    return replace(zip_, central=(*zip_.central[:at], central, *zip_.central[at + 1 :]))
