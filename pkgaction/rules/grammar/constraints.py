"""Version constraints: `^8.10.0 || >=9.1, <10`.

Source: https://github.com/Masterminds/semver, "Checking Version Constraints". Python's libraries read
npm's or pip's constraints, which differ: here a comma is "and", `1.2` alone is `~1.2`, and a prerelease
fits only a group that names one.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pkgaction.model.looseversion import LooseVersion, loose

_LONGEST = 512  # bytes
_MOST_GROUPS = 32
_BLANK = r"[\t\n\f\r ]"
_TAG = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_PART = r"[0-9xX*|]+"  # a bar is no part of a version, but makes `||1 - 2` no range
_PATTERN = rf"v?{_PART}(?:\.{_PART})?(?:\.{_PART})?(?:-{_TAG})?(?:\+{_TAG})?"
_RANGE = re.compile(rf"{_BLANK}*({_PATTERN}){_BLANK}+-{_BLANK}+({_PATTERN}){_BLANK}*")
_ONE = re.compile(rf"(?P<operator>[=!<>~^]*+){_BLANK}*(?P<version>[^\t\n\f\r ,]+)")
_BETWEEN = re.compile(rf"{_BLANK}*,{_BLANK}*|{_BLANK}+")
_PARTS = re.compile(
    rf"v?(?P<major>{_PART})(?:\.(?P<minor>{_PART}))?(?:\.(?P<patch>{_PART}))?"
    rf"(?P<pre>-{_TAG})?(?:\+{_TAG})?"
)
_WHOLE = 3  # major, minor and patch are given
_ANY = frozenset({None, "x", "X", "*"})


@dataclass(frozen=True, slots=True)
class _Limit:
    """One comparison. `given` says how many parts of its version are given: `1.x` gives one."""

    operator: str
    version: LooseVersion
    given: int

    def holds(self, other: LooseVersion) -> bool:
        return _OPERATORS[self.operator](other, self)


@dataclass(frozen=True, slots=True)
class Constraint:
    """Groups of comparisons: all of one group must hold."""

    groups: tuple[tuple[_Limit, ...], ...]

    def allows(self, version: LooseVersion) -> bool:
        """Whether a version satisfies the constraint."""
        return any(
            (not version.prerelease or any(limit.version.prerelease for limit in group))
            and all(limit.holds(version) for limit in group)
            for group in self.groups
        )


def parse(text: str) -> Constraint | None:
    """The constraint that a text stands for; None where it is none."""
    if len(text.encode(errors="replace")) > _LONGEST:
        return None
    # `A - B` takes the blanks before it along, so it stands only where a group or an item begins
    groups = _RANGE.sub(r">= \1, <= \2 ", text).split("||")
    if len(groups) > _MOST_GROUPS:
        return None
    found = [_group(group) for group in groups]
    whole = tuple(group for group in found if group)
    return Constraint(whole) if len(whole) == len(found) else None


def _group(text: str) -> tuple[_Limit, ...] | None:
    text = text.strip("\t\n\f\r ")
    limits: list[_Limit] = []
    position = 0
    while one := _ONE.match(text, position):
        limit = _limit(one["operator"], one["version"])
        if limit is None:
            return None
        limits.append(limit)
        if one.end() == len(text):
            return tuple(limits)
        between = _BETWEEN.match(text, one.end())
        position = between.end() if between else len(text)
    return None


def _limit(operator: str, text: str) -> _Limit | None:
    found = _PARTS.fullmatch(text)
    if not found or operator not in _OPERATORS:
        return None
    parts = [found["major"], found["minor"], found["patch"]]
    given = next((n for n, part in enumerate(parts) if part in _ANY), _WHOLE)
    if given < _WHOLE:
        numbers = [*(part for part in parts[:given] if part), *["0"] * (_WHOLE - given)]
        text = ".".join(numbers) + (found["pre"] or "")
    version = loose(text)
    return _Limit(operator, version, given) if version else None


def _equal(other: LooseVersion, limit: _Limit) -> bool:
    return other == limit.version if limit.given == _WHOLE else _tilde(other, limit)


def _not_equal(other: LooseVersion, limit: _Limit) -> bool:
    if limit.given in {0, _WHOLE}:
        return other != limit.version
    if other.numbers[: limit.given] != limit.version.numbers[: limit.given]:
        return True
    return limit.given > 1 and other.prerelease != limit.version.prerelease


def _greater(other: LooseVersion, limit: _Limit) -> bool:
    if limit.given in {0, _WHOLE}:
        return other > limit.version
    return other.numbers[: limit.given] > limit.version.numbers[: limit.given]


def _at_most(other: LooseVersion, limit: _Limit) -> bool:
    if limit.given == _WHOLE:
        return other <= limit.version
    given = limit.given or 2  # `<= *` is read as `<= 0.0`
    return other.numbers[:given] <= limit.version.numbers[:given]


def _tilde(other: LooseVersion, limit: _Limit) -> bool:
    if other < limit.version:
        return False
    if limit.given in {0, _WHOLE} and limit.version.numbers == (0, 0, 0):
        return True
    same = 1 if limit.given == 1 else 2
    return other.numbers[:same] == limit.version.numbers[:same]


def _caret(other: LooseVersion, limit: _Limit) -> bool:
    major, minor, _ = limit.version.numbers
    first = 1 if major else 2 if minor else 3  # the number that may not change: the first that is not 0
    same = min(first, limit.given or 3)
    return other >= limit.version and other.numbers[:same] == limit.version.numbers[:same]


_OPERATORS: Mapping[str, Callable[[LooseVersion, _Limit], bool]] = {
    "": _equal,
    "=": _equal,
    "!=": _not_equal,
    ">": _greater,
    "<": lambda other, limit: other < limit.version,
    ">=": lambda other, limit: other >= limit.version,
    "=>": lambda other, limit: other >= limit.version,
    "<=": _at_most,
    "=<": _at_most,
    "~": _tilde,
    "~>": _tilde,
    "^": _caret,
}
