"""The kinds of mutations by name, and what they share.

A mutation changes records of a zip by what its dice say, and may leave it as it is where there is
nothing to change. A recipe, `BASE SEED KIND+KIND`, always makes the same bytes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Literal

from tests.fakes.zip_records import Central, Extra, Header, Local, Zip, parsed

Side = Literal["both", "local", "central"]
Mutation = Callable[[Zip, Random], Zip]
KINDS: dict[str, Mutation] = {}


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a zip is made."""

    base: str
    seed: int
    kinds: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.base} {self.seed} {'+'.join(self.kinds)}"

    @classmethod
    def read(cls, text: str) -> "Recipe":
        """What was written by str."""
        base, seed, kinds = text.split()
        return cls(base, int(seed), tuple(kinds.split("+")))

    @classmethod
    def drawn(cls, base: str, seed: int, known: tuple[str, ...]) -> "Recipe":
        """One to three kinds, by the seed."""
        dice = Random(f"{base} {seed}")  # noqa: S311  # no secret
        return cls(base, seed, tuple(dice.choice(known) for _ in range(dice.choice((1, 1, 2, 2, 3)))))

    def made(self, bases: Mapping[str, bytes]) -> bytes:
        """The bytes of the zip."""
        zip_ = parsed(bases[self.base])
        for number, kind in enumerate(self.kinds):
            zip_ = KINDS[kind](zip_, Random(f"{self.seed} {number} {kind}"))  # noqa: S311
        return zip_.written()


def kind(mutation: Mutation) -> Mutation:
    """Add a mutation to the table, under its function's name."""
    KINDS[mutation.__name__.strip("_").replace("_", "-")] = mutation
    return mutation


def any_side(dice: Random) -> Side:
    """Which of an entry's two headers change."""
    return dice.choice(("both", "local", "central"))


def any_entry(zip_: Zip, dice: Random) -> int:
    """Index of an entry in the central directory."""
    return dice.randrange(len(zip_.central))


def any_file(zip_: Zip, dice: Random) -> int:
    """The same of one that is not a folder, where there is one."""
    files = [at for at, one in enumerate(zip_.central) if not one.name.endswith(b"/")]
    return dice.choice(files or list(range(len(zip_.central))))


def local_of(zip_: Zip, at: int) -> int:
    """Index of the local header of an entry."""
    return min(zip_.central[at].entry, len(zip_.locals) - 1)


def with_central(zip_: Zip, at: int, central: Central) -> Zip:
    """With another header in the central directory."""
    return replace(zip_, central=(*zip_.central[:at], central, *zip_.central[at + 1 :]))


def with_local(zip_: Zip, at: int, local: Local) -> Zip:
    """With another local header; the index is the one of the local headers."""
    return replace(zip_, locals=(*zip_.locals[:at], local, *zip_.locals[at + 1 :]))


def changed(zip_: Zip, at: int, side: Side, change: Callable[[Header], Header]) -> Zip:
    """With one of an entry's headers changed, or both."""
    if side != "central":
        where = local_of(zip_, at)
        local = change(zip_.locals[where])
        assert isinstance(local, Local)
        zip_ = with_local(zip_, where, local)
    if side != "local":
        central = change(zip_.central[at])
        assert isinstance(central, Central)
        zip_ = with_central(zip_, at, central)
    return zip_


def with_extra(zip_: Zip, at: int, side: Side, *extras: Extra, first: bool = False) -> Zip:
    """With more extra fields."""

    def change(header: Header) -> Header:
        old = header.extras
        return replace(header, extras=(*extras, *old) if first else (*old, *extras))

    return changed(zip_, at, side, change)


def with_entry(zip_: Zip, local: Local, central: Central) -> Zip:
    """With one more entry, at the end."""
    central = replace(central, entry=len(zip_.locals), offset=None)
    return replace(zip_, locals=(*zip_.locals, local), central=(*zip_.central, central))


def copied(zip_: Zip, at: int) -> tuple[Local, Central]:
    """The headers of an entry, and its data."""
    return zip_.locals[local_of(zip_, at)], zip_.central[at]
