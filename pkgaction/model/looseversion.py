"""Versions as the ecosystem's Go tools read them where they need not be strict: `v1`, `3.6`, `01.2`.

Source: github.com/Masterminds/semver, version 3, `NewVersion`.
"""

import re
from dataclasses import dataclass
from functools import total_ordering

_LONGEST = 256  # bytes
_LARGEST = 2**64 - 1
_FORM = re.compile(
    r"v?(?P<major>[0-9]+)(?:\.(?P<minor>[0-9]+))?(?:\.(?P<patch>[0-9]+))?"
    r"(?:-(?P<pre>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
    r"(?:\+(?P<meta>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
)


class InvalidLooseVersionError(ValueError):
    """The text is no version, not even a loose one."""


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class LooseVersion:
    """Compared by precedence; build metadata does not count. Missing parts are 0."""

    text: str
    numbers: tuple[int, int, int]
    prerelease: str = ""

    @classmethod
    def parse(cls, text: str) -> "LooseVersion":
        """Read a version.

        Raises:
            InvalidLooseVersionError: it has another form, over 256 bytes or a number over 64 bits.
        """
        found = _FORM.fullmatch(text) if len(text) <= _LONGEST else None
        if found is None:
            raise InvalidLooseVersionError(text[:_LONGEST])
        major, minor, patch = (int(found[name] or 0) for name in ("major", "minor", "patch"))
        pre = found["pre"] or ""
        zeros = any(part.isdigit() and part != "0" and part[0] == "0" for part in pre.split("."))
        if max(major, minor, patch) > _LARGEST or zeros:
            raise InvalidLooseVersionError(text[:_LONGEST])
        return cls(text, (major, minor, patch), pre)

    @property
    def ga(self) -> bool:
        """Generally available: 1.0.0 or above, and no prerelease."""
        return self.numbers[0] > 0 and not self.prerelease

    @property
    def _order(self) -> tuple[tuple[int, int, int], bool, tuple[tuple[bool, int, str], ...]]:
        parts = self.prerelease.split(".") if self.prerelease else []
        ordered = tuple((not p.isdigit(), int(p) if p.isdigit() else 0, p) for p in parts)
        return self.numbers, not self.prerelease, ordered

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LooseVersion) and self._order == other._order

    def __lt__(self, other: "LooseVersion") -> bool:
        return self._order < other._order

    def __hash__(self) -> int:
        return hash(self._order)

    def __str__(self) -> str:
        return self.text


def loose(written: str) -> LooseVersion | None:
    """The loose version that a text stands for; None where it is none."""
    try:
        return LooseVersion.parse(written)
    except InvalidLooseVersionError:
        return None
