"""Mutations of what ends a zip."""

from dataclasses import replace
from random import Random

from tests.fakes.zip_mutations.table import kind
from tests.fakes.zip_records import END, MOST_16, MOST_32, WIDE_END, Locator, PlainEnd, WideEnd, Zip


def _small_end(zip_: Zip, dice: Random) -> bytes:
    """An end record whose directory has other entries than the true one."""
    where = zip_.positions()[-1]
    first = len(zip_.central[0].written(0))
    ends = (
        PlainEnd(signature=END).written(0, 0, where),
        PlainEnd(signature=END).written(1, first, where),
        PlainEnd(signature=END).written(len(zip_.central), len(zip_.directory()), where),
    )
    return dice.choice(ends)


@kind
def end_count(zip_: Zip, dice: Random) -> Zip:
    count = len(zip_.central)
    number = dice.choice((count - 1, count + 1, 0, 1, MOST_16, count + 7)) & MOST_16
    which = dice.choice(("here", "count", "both"))
    here = zip_.end.here if which == "count" else number
    return replace(
        zip_, end=replace(zip_.end, here=here, count=zip_.end.count if which == "here" else number)
    )


@kind
def end_size(zip_: Zip, dice: Random) -> Zip:
    true = len(zip_.directory())
    last = len(zip_.central[-1].written(0))
    number = dice.choice((true - 1, true + 1, 0, true - last, true + last, MOST_32))
    return replace(zip_, end=replace(zip_.end, size=max(0, number)))


@kind
def end_offset(zip_: Zip, dice: Random) -> Zip:
    true = zip_.positions()[-1]
    first = len(zip_.central[0].written(0))
    number = dice.choice((true - 1, true + 1, 0, true + first, MOST_32, true - 30))
    return replace(zip_, end=replace(zip_.end, offset=max(0, number)))


@kind
def end_shorter(zip_: Zip, dice: Random) -> Zip:
    """The end leaves out the directory's first entries, or its last ones, in all its numbers."""
    first, last = (len(zip_.central[at].written(0)) for at in (0, -1))
    count, size, where = len(zip_.central) - 1, len(zip_.directory()), zip_.positions()[-1]
    end = replace(zip_.end, here=count, count=count)
    skip = replace(end, size=size - first, offset=where + first)
    return replace(zip_, end=dice.choice((skip, replace(end, size=size - last))))


@kind
def end_disks(zip_: Zip, dice: Random) -> Zip:
    numbers = dice.choice(((1, 0), (0, 1), (1, 1), (MOST_16, 0), (0, MOST_16), (MOST_16, MOST_16)))
    return replace(zip_, end=replace(zip_.end, disk=numbers[0], first_disk=numbers[1]))


@kind
def comment(zip_: Zip, dice: Random) -> Zip:
    texts = (b"x", b"\0", b"PK\5\6", _small_end(zip_, dice), b"x" + _small_end(zip_, dice) + b"x")
    return replace(zip_, end=replace(zip_.end, comment=dice.choice((*texts, zip_.written()))))


@kind
def comment_length(zip_: Zip, dice: Random) -> Zip:
    data = dice.choice((b"", b"", b"x", _small_end(zip_, dice)))
    length = dice.choice((0, 0, 1, 22, MOST_16))
    return replace(zip_, end=replace(zip_.end, comment=data, comment_length=length))


@kind
def suffix(zip_: Zip, dice: Random) -> Zip:
    return replace(
        zip_, suffix=dice.choice((b"\0", b"\n", bytes(1000), b"PK", bytes(70_000), b"x" * 22))
    )


@kind
def end_twice(zip_: Zip, dice: Random) -> Zip:
    small = _small_end(zip_, dice)
    where = dice.choice(("suffix", "before", "comment"))
    if where == "suffix":
        return replace(zip_, suffix=small)
    if where == "before":
        return replace(zip_, before_end=small)
    return replace(zip_, end=replace(zip_.end, comment=small))


@kind
def gap_before_end(zip_: Zip, dice: Random) -> Zip:
    signed = b"PK\5\5\4\0abcd"  # a digital signature of the directory
    rubbish = dice.choice((b"\0", b"x" * 20, signed, bytes(76)))
    if dice.random() < 0.5:
        return replace(zip_, before_end=rubbish)
    return replace(zip_, after_directory=rubbish)


def _wide(zip_: Zip) -> WideEnd:
    return zip_.wide_end or WideEnd(signature=WIDE_END)


@kind
def zip64_end(zip_: Zip, dice: Random) -> Zip:
    """A zip64 end record, true, where some, all or no number of the plain one asks for it."""
    choices: tuple[tuple[str, ...], ...] = (
        *((), ("here", "count"), ("size",), ("offset",)),
        ("here", "count", "offset"),
    )
    most = dice.choice(choices)
    end = replace(
        zip_.end,
        here=MOST_16 if "here" in most else zip_.end.here,
        count=MOST_16 if "count" in most else zip_.end.count,
        size=MOST_32 if "size" in most else zip_.end.size,
        offset=MOST_32 if "offset" in most else zip_.end.offset,
    )
    return replace(zip_, end=end, wide_end=_wide(zip_), locator=zip_.locator or Locator())


@kind
def zip64_end_other(zip_: Zip, dice: Random) -> Zip:
    """A zip64 end record that names another directory, or is odd in itself."""
    count, size, where = len(zip_.central), len(zip_.directory()), zip_.positions()[-1]
    first = len(zip_.central[0].written(0))
    wide = _wide(zip_)
    found = dice.choice(
        (
            replace(wide, here=count - 1, count=count - 1, size=size - first, offset=where + first),
            replace(wide, here=0, count=0, size=0),
            replace(wide, count=count + 1),
            replace(wide, offset=where + first),
            replace(wide, size=size + 1),
            replace(wide, disk=1),
            replace(wide, first_disk=1),
            replace(wide, length=45),
            replace(wide, length=0),
            replace(wide, extensible=bytes(8), length=52),
            replace(wide, extensible=bytes(8)),
            replace(wide, needed=63),
            replace(wide, made_by=0xFFFF),
            replace(wide, signature=b"PK\6\x08"),
        )
    )
    end = dice.choice((zip_.end, replace(zip_.end, here=MOST_16, count=MOST_16)))
    end = dice.choice((end, replace(zip_.end, size=MOST_32, offset=MOST_32)))
    return replace(zip_, end=end, wide_end=found, locator=zip_.locator or Locator())


@kind
def locator(zip_: Zip, dice: Random) -> Zip:
    """A locator that names no zip64 end record, or one somewhere else."""
    true = zip_.positions()[-1] + len(zip_.directory())
    found = dice.choice(
        (
            Locator(offset=true - 1),
            Locator(offset=0),
            Locator(offset=1 << 63),
            Locator(disk=1),
            Locator(disks=0),
            Locator(disks=2),
            Locator(signature=b"PK\6\x08"),
            Locator(),
        )
    )
    wide = dice.choice((None, _wide(zip_)))
    end = dice.choice((zip_.end, replace(zip_.end, offset=MOST_32)))
    return replace(zip_, wide_end=wide, locator=found, end=end)


@kind
def locator_gap(zip_: Zip, dice: Random) -> Zip:
    zip_ = zip64_end(zip_, dice)
    return replace(zip_, before_end=dice.choice((b"\0", b"x" * 20, bytes(56))))
