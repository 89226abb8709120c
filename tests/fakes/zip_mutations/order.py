"""Mutations of which entries there are, in what order, and what lies between them."""

import zlib
from dataclasses import replace
from random import Random

from tests.fakes.zip_mutations.data import EVIL
from tests.fakes.zip_mutations.table import (
    any_entry,
    any_file,
    copied,
    kind,
    local_of,
    with_central,
    with_entry,
    with_local,
)
from tests.fakes.zip_records import Central, Local, Zip


def _evil(local: Local) -> Local:
    plain = replace(local, data=EVIL, method=0, size=len(EVIL), packed=len(EVIL), crc=zlib.crc32(EVIL))
    return replace(plain, descriptor=None, flags=local.flags & ~(1 << 3), gap=b"")


def _rubbish(zip_: Zip, dice: Random) -> bytes:
    local, central = copied(zip_, any_file(zip_, dice))
    hidden, header = _evil(local).written(), central.written(0)
    magic = (b"PK\5\6" + bytes(18), b"PK\7\x08" + bytes(12), b"PK\6\x08" + bytes(4), b"PK\5\5\0\0")
    return dice.choice((b"\0", bytes(16), b"x", b"#!/bin/sh\n", hidden, header, *magic))


@kind
def gap(zip_: Zip, dice: Random) -> Zip:
    """Bytes behind an entry, which may be one of its own that the directory does not have."""
    at = local_of(zip_, any_entry(zip_, dice))
    return with_local(zip_, at, replace(zip_.locals[at], gap=_rubbish(zip_, dice)))


@kind
def prefix(zip_: Zip, dice: Random) -> Zip:
    return replace(zip_, prefix=_rubbish(zip_, dice))


@kind
def prefix_not_counted(zip_: Zip, dice: Random) -> Zip:
    """The same with offsets as if it were not there, in all records or some."""
    where = zip_.positions()
    offsets = [where[min(one.entry, len(where) - 1)] for one in zip_.central]
    pairs = zip(zip_.central, offsets, strict=True)
    central = tuple(replace(one, offset=at) for one, at in pairs)
    end = replace(zip_.end, offset=where[-1])
    rubbish = _rubbish(zip_, dice)
    return dice.choice(
        (
            replace(zip_, prefix=rubbish, central=central, end=end),
            replace(zip_, prefix=rubbish, end=end),
            replace(zip_, prefix=zip_.written()[: where[-1]], central=central, end=end),
        )
    )


@kind
def another_zip_before(zip_: Zip, dice: Random) -> Zip:
    return replace(zip_, prefix=_other(zip_, dice).written())


@kind
def another_zip_behind(zip_: Zip, dice: Random) -> Zip:
    other = _other(zip_, dice)
    if dice.random() < 0.5:
        return replace(zip_, suffix=other.written())
    return replace(other, prefix=zip_.written())


def _other(zip_: Zip, dice: Random) -> Zip:
    """A zip of one file."""
    local, central = copied(zip_, any_file(zip_, dice))
    return replace(zip_, locals=(_evil(local),), central=(_told(central, local),))


def _told(central: Central, local: Local) -> Central:
    evil = _evil(local)
    numbers = replace(central, method=0, size=evil.size, packed=evil.packed, crc=evil.crc)
    return replace(numbers, flags=evil.flags, entry=0, offset=None)


@kind
def hidden_directory(zip_: Zip, dice: Random) -> Zip:
    """A second directory, before the true one or behind it, which an end record may name."""
    where = zip_.positions()[-1]
    at = any_file(zip_, dice)
    evil = replace(zip_.central[at], name=zip_.central[at].name + b".evil", offset=0)
    directory = b"".join(one.written(0) for one in (*zip_.central[:at], evil, *zip_.central[at + 1 :]))
    last = len(zip_.locals) - 1
    if dice.random() < 0.5:
        zip_ = with_local(zip_, last, replace(zip_.locals[last], gap=directory))
        return replace(zip_, end=replace(zip_.end, offset=dice.choice((None, where))))
    zip_ = replace(zip_, after_directory=directory)
    true = where + len(zip_.directory())
    return replace(zip_, end=replace(zip_.end, offset=dice.choice((None, true))))


@kind
def directory_shuffled(zip_: Zip, dice: Random) -> Zip:
    central = list(zip_.central)
    dice.shuffle(central)
    return replace(zip_, central=tuple(central))


@kind
def locals_turned(zip_: Zip, dice: Random) -> Zip:
    last = len(zip_.locals) - 1
    central = tuple(replace(one, entry=last - min(one.entry, last)) for one in zip_.central)
    return replace(zip_, locals=zip_.locals[::-1], central=central)


@kind
def entry_hidden(zip_: Zip, dice: Random) -> Zip:
    """An entry that the directory does not have."""
    at = any_entry(zip_, dice)
    if len(zip_.central) == 1:
        return zip_
    return replace(zip_, central=(*zip_.central[:at], *zip_.central[at + 1 :]))


@kind
def entry_named_twice(zip_: Zip, dice: Random) -> Zip:
    """The directory has an entry twice, or its data under a second name."""
    central = zip_.central[any_entry(zip_, dice)]
    other = replace(central, name=central.name.rstrip(b"/") + b".copy")
    return replace(zip_, central=(*zip_.central, dice.choice((central, other))))


@kind
def entry_twice(zip_: Zip, dice: Random) -> Zip:
    """Two entries of one name, with other bytes."""
    local, central = copied(zip_, any_file(zip_, dice))
    zip_ = with_entry(zip_, _evil(local), _told(central, local))
    if dice.random() < 0.3:
        return replace(zip_, central=zip_.central[::-1])
    return zip_


@kind
def offset_of_another(zip_: Zip, dice: Random) -> Zip:
    at = any_entry(zip_, dice)
    return with_central(
        zip_, at, replace(zip_.central[at], entry=zip_.central[any_entry(zip_, dice)].entry)
    )


@kind
def offset(zip_: Zip, dice: Random) -> Zip:
    at = any_entry(zip_, dice)
    true = zip_.positions()[local_of(zip_, at)]
    number = max(0, true + dice.choice((-4, -1, 1, 4, 30)))
    return with_central(zip_, at, replace(zip_.central[at], offset=dice.choice((number, 0, 0xFFFFFFFF))))
