"""No regular expression of the rules can split one text in more ways than its length.

Two repeats without an end that may follow one another must not take the same character, nor a repeat
in a repeat what begins the next round: then a run that ends in no match is tried in every division. A
possessive repeat (`*+`) never gives back, so it may. What a search tries anew from each place, and
patterns that are not kept in a module, are not looked at here.
"""

import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator
from re import _constants as ops
from re import _parser as parser
from types import ModuleType
from typing import Any, TypeAlias

import pytest

import pkgaction.model
import pkgaction.rules

# of the library's parser, which has no types
_Item: TypeAlias = tuple[object, Any]  # type: ignore[explicit-any]
_SAMPLE = [chr(code) for code in range(0x180)]


def _modules() -> Iterator[ModuleType]:
    for package in (pkgaction.rules, pkgaction.model):
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield importlib.import_module(info.name)


def _patterns(value: object) -> Iterator[re.Pattern[str] | re.Pattern[bytes]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, (tuple, list)):
        for one in value:
            yield from _patterns(one)
    elif isinstance(value, dict):
        yield from _patterns(list(value.values()))


_ALL = {
    f"{module.__name__}.{name}:{number}": pattern
    for module in _modules()
    for name, value in vars(module).items()
    for number, pattern in enumerate(_patterns(value))
}


class _Tree:
    """What a parsed expression may begin with, and whether it may be empty."""

    def __init__(self, flags: int) -> None:
        self._flags = flags & (re.DOTALL | re.IGNORECASE | re.ASCII)
        self.problems: list[str] = []

    def first(self, items: Iterable[_Item]) -> tuple[frozenset[str], bool]:
        """The characters that a sequence may begin with; whether it may match nothing."""
        taken: frozenset[str] = frozenset()
        for item in items:
            more, empty = self._first_of(item)
            taken |= more
            if not empty:
                return taken, False
        return taken, True

    def _first_of(self, item: _Item) -> tuple[frozenset[str], bool]:
        op, value = item
        if op in {ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT}:
            taken, empty = self.first(value[2])
            return taken, empty or value[0] == 0
        if op is ops.SUBPATTERN:
            return self.first(value[-1])
        if op is ops.ATOMIC_GROUP:
            return self.first(value)
        if op is ops.BRANCH:
            parts = [self.first(part) for part in value[1]]
            return frozenset().union(*(taken for taken, _ in parts)), any(empty for _, empty in parts)
        if op in {ops.AT, ops.ASSERT, ops.ASSERT_NOT}:
            return frozenset(), True
        return self._characters(item), False

    def _characters(self, item: _Item) -> frozenset[str]:
        op, value = item
        if op is ops.LITERAL:
            return frozenset({chr(value)})
        if op is ops.NOT_LITERAL:
            return frozenset(_SAMPLE) - {chr(value)}
        if op is ops.GROUPREF:
            return frozenset(_SAMPLE)
        if op is ops.ANY:
            return frozenset(_SAMPLE) - (frozenset() if self._flags & re.DOTALL else {"\n"})
        assert op is ops.IN, op
        return self._inside(value)

    def _inside(self, parts: Iterable[_Item]) -> frozenset[str]:
        listed = list(parts)
        inside: set[str] = set()
        for kind, part in listed:
            if kind is ops.LITERAL:
                inside.add(chr(part))
            elif kind is ops.RANGE:
                inside |= {one for one in _SAMPLE if part[0] <= ord(one) <= part[1]}
            elif kind is ops.CATEGORY:
                inside |= {one for one in _SAMPLE if _CATEGORIES[part].fullmatch(one)}
        negated = listed[0][0] is ops.NEGATE
        return frozenset(_SAMPLE) - inside if negated else frozenset(inside)

    def check(self, items: Iterable[_Item], behind: frozenset[str] = frozenset()) -> None:
        """Find repeats that what may follow them competes with; `behind`: what may follow it all."""
        sequence = list(items)
        for place, (op, value) in enumerate(sequence):
            rest = sequence[place + 1 :]
            follows = self._loops(rest) | (behind if self.first(rest)[1] else frozenset())
            if op in {ops.MAX_REPEAT, ops.MIN_REPEAT} and value[1] is ops.MAXREPEAT:
                taken, _ = self.first(value[2])
                if common := taken & follows:
                    self.problems.append(f"what is repeated and what follows take {min(common)!r}")
                follows = taken
            for part in _parts(op, value):
                self.check(part, frozenset() if op in _KEEPS else follows)

    def _loops(self, items: Iterable[_Item]) -> frozenset[str]:
        """The characters that a repeat without end takes, where one may come next."""
        taken: frozenset[str] = frozenset()
        for op, value in items:
            if op in {ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT}:
                endless = value[1] is ops.MAXREPEAT
                taken |= self.first(value[2])[0] if endless else self._loops(value[2])
            elif op is ops.SUBPATTERN:
                taken |= self._loops(value[-1])
            elif op is ops.ATOMIC_GROUP:
                taken |= self._loops(value)
            elif op is ops.BRANCH:
                taken = taken.union(*(self._loops(part) for part in value[1]))
            if not self._first_of((op, value))[1]:
                break
        return taken


def _parts(op: object, value: Any) -> list[Iterable[_Item]]:  # type: ignore[explicit-any]  # noqa: ANN401
    """The sequences in an item."""
    if op in {ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT}:
        return [value[2]]
    if op is ops.BRANCH:
        return list(value[1])
    return [value[-1]] if op is ops.SUBPATTERN else [value] if op is ops.ATOMIC_GROUP else []


_KEEPS = {ops.POSSESSIVE_REPEAT, ops.ATOMIC_GROUP}
_CATEGORIES = {
    ops.CATEGORY_DIGIT: re.compile(r"\d"),
    ops.CATEGORY_NOT_DIGIT: re.compile(r"\D"),
    ops.CATEGORY_SPACE: re.compile(r"\s"),
    ops.CATEGORY_NOT_SPACE: re.compile(r"\S"),
    ops.CATEGORY_WORD: re.compile(r"\w"),
    ops.CATEGORY_NOT_WORD: re.compile(r"\W"),
}


def _problems(pattern: "re.Pattern[str] | re.Pattern[bytes]") -> list[str]:
    tree = _Tree(pattern.flags)
    tree.check(parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE & ~re.DEBUG))
    return tree.problems


@pytest.mark.parametrize("name", sorted(_ALL))
def test_a_pattern_divides_a_text_in_one_way(name: str) -> None:
    assert _problems(_ALL[name]) == []


@pytest.mark.parametrize(
    ("pattern", "bad"),
    [
        (r"[0-9]+\.?[0-9]*x", True),
        (r"[0-9]++\.?[0-9]*+x", False),
        (r"(?:a+)+b", True),
        (r"(?:a|b)*a*c", True),
        (r"(?:a+b)+c", False),
        (r"\s*x?\s*$", True),
        (r"\s*x\s*$", False),
    ],
)
def test_a_pattern_that_divides_in_many_ways_is_found(pattern: str, *, bad: bool) -> None:
    assert bool(_problems(re.compile(pattern))) is bad
