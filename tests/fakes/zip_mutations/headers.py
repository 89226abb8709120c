"""Mutations of the other fields of headers."""

from dataclasses import replace
from random import Random

from tests.fakes.zip_mutations.table import (
    any_entry,
    any_file,
    any_side,
    changed,
    kind,
    local_of,
    with_central,
    with_local,
)
from tests.fakes.zip_records import DESCRIPTOR, MOST_32, STREAMED, Descriptor, Header, Zip

_MODES = (
    *(0o120777, 0o040755, 0o100644, 0o100755, 0o104755, 0o060644, 0o010644, 0o140644, 0o644, 0),
    *(0o160644, 0o170000, 0o020644),
)


def _number(true: int, dice: Random) -> int:
    nearby = (true - 1, true + 1, true + 2, true - 2)
    return dice.choice((*nearby, 0, 1, MOST_32, MOST_32 - 1, 1 << 31)) & MOST_32


@kind
def flags(zip_: Zip, dice: Random) -> Zip:
    bit = 1 << dice.randrange(16)
    at = any_entry(zip_, dice)
    return changed(zip_, at, any_side(dice), lambda header: replace(header, flags=header.flags ^ bit))


@kind
def flag_streamed(zip_: Zip, dice: Random) -> Zip:
    at = any_file(zip_, dice)
    return changed(
        zip_, at, any_side(dice), lambda header: replace(header, flags=header.flags ^ STREAMED)
    )


@kind
def method(zip_: Zip, dice: Random) -> Zip:
    number = dice.choice((0, 0, 8, 8, 1, 6, 9, 12, 14, 93, 95, 97, 98, 99, 0x108, 0xFFFF))
    at = any_entry(zip_, dice)
    return changed(zip_, at, any_side(dice), lambda header: replace(header, method=number))


@kind
def crc(zip_: Zip, dice: Random) -> Zip:
    at = any_file(zip_, dice)
    return changed(
        zip_, at, any_side(dice), lambda header: replace(header, crc=_number(header.crc, dice))
    )


@kind
def size(zip_: Zip, dice: Random) -> Zip:
    at = any_file(zip_, dice)
    return changed(
        zip_, at, any_side(dice), lambda header: replace(header, size=_number(header.size, dice))
    )


@kind
def packed_size(zip_: Zip, dice: Random) -> Zip:
    at = any_file(zip_, dice)

    def change(header: Header) -> Header:
        return replace(header, packed=_number(header.packed, dice))

    return changed(zip_, at, any_side(dice), change)


@kind
def sizes_alike(zip_: Zip, dice: Random) -> Zip:
    """Both sizes are wrong by the same: of a stored file, they agree."""
    at, by = any_file(zip_, dice), dice.choice((-3, -1, 1, 5))

    def change(header: Header) -> Header:
        return replace(header, packed=max(0, header.packed + by), size=max(0, header.size + by))

    return changed(zip_, at, any_side(dice), change)


@kind
def local_empty(zip_: Zip, dice: Random) -> Zip:
    """The local header says nothing of the data, though no descriptor follows."""
    at = local_of(zip_, any_file(zip_, dice))
    local = replace(zip_.locals[at], crc=0, packed=0, size=0)
    return with_local(zip_, at, dice.choice((local, replace(local, flags=local.flags | STREAMED))))


@kind
def attributes(zip_: Zip, dice: Random) -> Zip:
    at = any_entry(zip_, dice)
    low = dice.choice((0, 0, 0x10, 0x20, 0x01, 0x08, 0x400, 0x8000))
    central = replace(zip_.central[at], attributes=(dice.choice(_MODES) << 16) | low)
    return with_central(zip_, at, central)


@kind
def directory_bit(zip_: Zip, dice: Random) -> Zip:
    at = any_entry(zip_, dice)
    central = zip_.central[at]
    return with_central(zip_, at, replace(central, attributes=central.attributes ^ 0x10))


@kind
def internal_attributes(zip_: Zip, dice: Random) -> Zip:
    at = any_entry(zip_, dice)
    return with_central(
        zip_, at, replace(zip_.central[at], internal=dice.choice((1, 2, 4, 0x8000, 0xFFFF)))
    )


@kind
def host(zip_: Zip, dice: Random) -> Zip:
    at = any_entry(zip_, dice)
    system = dice.choice((0, 1, 2, 3, 4, 6, 7, 10, 11, 14, 16, 19, 30, 255))
    version = dice.choice((0, 10, 20, 25, 30, 45, 63, 255))
    return with_central(zip_, at, replace(zip_.central[at], made_by=(system << 8) | version))


@kind
def code_page(zip_: Zip, dice: Random) -> Zip:
    """The systems and versions by which Info-ZIP takes a name for one of DOS, or does not."""
    at = any_entry(zip_, dice)
    made_by = dice.choice((0, 3, 6, 11)) << 8 | dice.choice((20, 25, 26, 40, 50))
    return with_central(zip_, at, replace(zip_.central[at], made_by=made_by))


@kind
def needed(zip_: Zip, dice: Random) -> Zip:
    version = dice.choice((0, 10, 11, 20, 21, 25, 27, 45, 46, 50, 51, 62, 63, 64, 255, 0xFFFF))
    at = any_entry(zip_, dice)
    return changed(zip_, at, any_side(dice), lambda header: replace(header, needed=version))


@kind
def when(zip_: Zip, dice: Random) -> Zip:
    time = dice.choice((0, 0xFFFF, 0xBF7D, dice.randrange(1 << 16)))
    date = dice.choice((0, 0xFFFF, 0x21, dice.randrange(1 << 16)))
    at = any_entry(zip_, dice)
    return changed(zip_, at, any_side(dice), lambda header: replace(header, time=time, date=date))


@kind
def header_signature(zip_: Zip, dice: Random) -> Zip:
    signature = dice.choice((b"PK\3\4", b"PK\1\2", b"PK\7\x08", b"PK00", b"PK\5\5", b"pk\3\4", bytes(4)))
    at = any_entry(zip_, dice)
    return changed(zip_, at, any_side(dice), lambda header: replace(header, signature=signature))


@kind
def disk(zip_: Zip, dice: Random) -> Zip:
    at = any_entry(zip_, dice)
    return with_central(zip_, at, replace(zip_.central[at], disk=dice.choice((1, 2, 0xFFFF))))


@kind
def entry_comment(zip_: Zip, dice: Random) -> Zip:
    at = any_entry(zip_, dice)
    comment = dice.choice((b"x", b"PK\1\2" + bytes(42), b"PK\5\6" + bytes(18), b"\xff\0", b"c" * 300))
    return with_central(zip_, at, replace(zip_.central[at], comment=comment))


@kind
def descriptor(zip_: Zip, dice: Random) -> Zip:
    """A descriptor of another form, with other values, or where none belongs."""
    at = any_file(zip_, dice)
    central, where = zip_.central[at], local_of(zip_, at)
    local = zip_.locals[where]
    true = Descriptor(crc=central.crc, packed=central.packed, size=central.size)
    found = dice.choice(
        (
            None,
            replace(true, signature=b""),
            replace(true, wide=True),
            replace(true, signature=b"", wide=True),
            replace(true, crc=central.crc ^ 1),
            replace(true, crc=0, packed=0, size=0),
            replace(true, size=_number(central.size, dice)),
            replace(true, packed=_number(central.packed, dice)),
            replace(true, signature=DESCRIPTOR * 2),
            replace(true, signature=b"PK\3\4"),
        )
    )
    return with_local(zip_, where, replace(local, descriptor=found))


@kind
def streamed(zip_: Zip, dice: Random) -> Zip:
    """A file becomes one that was streamed, with a descriptor of some form."""
    at = any_file(zip_, dice)
    where = local_of(zip_, at)
    flag = lambda header: replace(header, flags=header.flags | STREAMED)  # noqa: E731
    zip_ = changed(zip_, at, "both", flag)
    local = zip_.locals[where]
    if dice.random() < 0.5:
        local = replace(local, crc=0, packed=0, size=0)
    return descriptor(with_local(zip_, where, local), dice)
