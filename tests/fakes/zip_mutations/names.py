"""Mutations of names."""

import unicodedata
from dataclasses import replace
from random import Random

from tests.fakes.zip_mutations.table import (
    any_entry,
    any_file,
    any_side,
    changed,
    copied,
    kind,
    with_entry,
)
from tests.fakes.zip_records import UTF_8, Header, Zip

_PIECES = (
    *(b"\\", b"\0", b"\0.txt", b"..", b".", b"//", b":", b"<", b"*", b"?", b"\n", b"\r", b"\t", b"\x7f"),
    *(b"\x1b[0m", b" ", b"\x80", b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe9"),
    *("\u00e9".encode(), "e\u0301".encode(), "\u3164".encode(), "\u200b".encode(), "\u202e".encode()),
    *("\u2028".encode(), "\ufeff".encode(), "\uff0f".encode(), "\U0001f600".encode(), b"~1", b"%2e%2e"),
)
_PATHS = (
    *(b"../evil", b"./evil", b"/evil", b"//evil", b"docs/../evil", b"docs/./evil", b"docs//evil"),
    *(b"docs\\evil", b"..\\evil", b"C:evil", b"C:\\evil", b"CON", b"aux.txt", b"docs/ ", b"docs/."),
    *(b".git/hooks/evil", b"evil ", b"evil.", b"a" * 255, b"a" * 300, b"b/" * 200 + b"x", b"~", b"-rf"),
    *(b"\xe9", b"\x82", b"\x81\x5c", "\u00e9".encode(), b"[x]", b"*", b"manifest.yml ", b"MANIFEST.YML"),
)


def _renamed(zip_: Zip, at: int, dice: Random, name: bytes) -> Zip:
    return changed(zip_, at, any_side(dice), lambda header: replace(header, name=name))


def _top(zip_: Zip) -> bytes:
    return zip_.central[0].name.partition(b"/")[0]


@kind
def name_piece(zip_: Zip, dice: Random) -> Zip:
    """An odd character, or a piece of a path, somewhere in a name."""
    at = any_entry(zip_, dice)
    name, piece = zip_.central[at].name, dice.choice(_PIECES)
    cut = dice.choice((0, len(name), name.find(b"/") + 1, dice.randrange(len(name) + 1)))
    return _renamed(zip_, at, dice, name[:cut] + piece + name[cut:])


@kind
def name_piece_flagged(zip_: Zip, dice: Random) -> Zip:
    """The same in both headers, which say that the name is UTF-8."""
    at = any_entry(zip_, dice)
    name, piece = zip_.central[at].name, dice.choice(_PIECES)
    cut = dice.choice((len(name), name.find(b"/") + 1, dice.randrange(len(name) + 1)))
    name = name[:cut] + piece + name[cut:]

    def change(header: Header) -> Header:
        return replace(header, name=name, flags=header.flags | UTF_8)

    return changed(zip_, at, "both", change)


@kind
def name_path(zip_: Zip, dice: Random) -> Zip:
    at = any_file(zip_, dice)
    return _renamed(zip_, at, dice, _top(zip_) + b"/" + dice.choice(_PATHS))


@kind
def name_without_top(zip_: Zip, dice: Random) -> Zip:
    return _renamed(zip_, any_file(zip_, dice), dice, dice.choice(_PATHS))


@kind
def name_of_another(zip_: Zip, dice: Random) -> Zip:
    return _renamed(zip_, any_entry(zip_, dice), dice, zip_.central[any_entry(zip_, dice)].name)


@kind
def name_below_a_file(zip_: Zip, dice: Random) -> Zip:
    file = zip_.central[any_file(zip_, dice)].name
    return _renamed(zip_, any_entry(zip_, dice), dice, file + dice.choice((b"/", b"/x", b"//")))


@kind
def name_empty(zip_: Zip, dice: Random) -> Zip:
    name = dice.choice((b"", b"/", _top(zip_), _top(zip_) + b"/"))
    return _renamed(zip_, any_entry(zip_, dice), dice, name)


@kind
def name_slash(zip_: Zip, dice: Random) -> Zip:
    """A file that is named as a folder, or the other way round."""
    at = any_entry(zip_, dice)
    name = zip_.central[at].name
    return _renamed(zip_, at, dice, name[:-1] if name.endswith(b"/") else name + b"/")


@kind
def name_case(zip_: Zip, dice: Random) -> Zip:
    at = any_entry(zip_, dice)
    return _renamed(zip_, at, dice, zip_.central[at].name.swapcase())


@kind
def name_alike(zip_: Zip, dice: Random) -> Zip:
    """One more entry, whose name differs only by its case, its normal form or an invisible character."""
    local, central = copied(zip_, any_file(zip_, dice))
    text = central.name.decode("utf-8", "replace")
    alike = (text.upper(), unicodedata.normalize("NFD", text), text + "\u200b", text + ".", text + " ")
    name = dice.choice(alike).encode()
    flags = central.flags | (0 if name.isascii() else UTF_8)
    return with_entry(
        zip_, replace(local, name=name, flags=flags), replace(central, name=name, flags=flags)
    )


@kind
def name_length(zip_: Zip, dice: Random) -> Zip:
    at = any_entry(zip_, dice)
    length = max(0, len(zip_.central[at].name) + dice.choice((-2, -1, 1, 2, 7)))
    return changed(zip_, at, any_side(dice), lambda header: replace(header, name_length=length))


@kind
def name_flag(zip_: Zip, dice: Random) -> Zip:
    """Whether the name is UTF-8 is said differently."""

    def change(header: Header) -> Header:
        return replace(header, flags=header.flags ^ UTF_8)

    return changed(zip_, any_entry(zip_, dice), any_side(dice), change)


@kind
def extra_length(zip_: Zip, dice: Random) -> Zip:
    """Extra fields take bytes of what follows, or leave some to it."""
    at = any_entry(zip_, dice)

    def change(header: Header) -> Header:
        true = sum(len(extra.packed()) for extra in header.extras)
        return replace(header, extra_length=max(0, true + dice.choice((-4, -1, 1, 4, 9))))

    return changed(zip_, at, any_side(dice), change)
