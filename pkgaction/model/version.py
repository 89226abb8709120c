"""Package versions: strict semantic versions, ordered by precedence."""

from dataclasses import dataclass
from functools import total_ordering

import semver

_LONGEST = 256  # characters; the reader's own library stops there, too
_LARGEST = 2**64 - 1  # of its three numbers, likewise


class InvalidVersionError(ValueError):
    """The text is no strict semantic version."""


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """A strict semantic version, compared by precedence (so build metadata does not count).

    Source: https://semver.org/spec/v2.0.0.html, items 2, 9 to 11.
    """

    text: str
    _parsed: semver.Version

    @classmethod
    def parse(cls, text: str) -> "Version":
        """Read a version.

        Raises:
            InvalidVersionError: not strict (`1.0`, `v1.0.0`, `01.0.0`), over 256 characters, or with a
                number of more than 64 bits.
        """
        if len(text) > _LONGEST or not text.isascii() or not text.isprintable():
            raise InvalidVersionError(text[:_LONGEST])
        try:
            parsed = semver.Version.parse(text)
        except (ValueError, TypeError) as error:
            raise InvalidVersionError(text) from error
        if max(parsed.major, parsed.minor, parsed.patch) > _LARGEST:
            raise InvalidVersionError(text)
        return cls(text, parsed)

    @property
    def experimental(self) -> bool:
        """Below 1.0.0, or with a prerelease tag."""
        return self._parsed.major == 0 or self._parsed.prerelease is not None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self._parsed.compare(other._parsed) == 0

    def __lt__(self, other: "Version") -> bool:
        return self._parsed.compare(other._parsed) < 0

    def __hash__(self) -> int:
        return hash(self._parsed.replace(build=None))

    def __str__(self) -> str:
        return self.text
