"""Globs for folders and branches: `*` stops at `/`, `**` does not, a leading `!` takes away."""

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass

_NOT = "!"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageGlobs:
    """Which folders are looked at for packages."""

    patterns: tuple[str, ...]
    allow_empty: bool = False  # whether there may be no package at all

    @property
    def positive(self) -> tuple[str, ...]:
        """Those that name folders."""
        return tuple(pattern for pattern in self.patterns if not pattern.startswith(_NOT))

    @property
    def negative(self) -> tuple[str, ...]:
        """Those that take folders away."""
        return tuple(pattern for pattern in self.patterns if pattern.startswith(_NOT))

    @property
    def each(self) -> tuple["PackageGlobs", ...]:
        """Each glob that names folders, alone with those that take away."""
        return tuple(PackageGlobs(patterns=(pattern, *self.negative)) for pattern in self.positive)


def matches(text: str, patterns: Sequence[str]) -> bool:
    """Whether the text matches one of the patterns and none of those that take away."""
    from wcmatch import glob  # noqa: PLC0415 - slow to load, and building asks for none

    flags = glob.GLOBSTAR | glob.NEGATE | glob.DOTGLOB | glob.FORCEUNIX
    cleaned = [_cleaned(pattern) for pattern in patterns]
    return bool(cleaned) and glob.globmatch(text, cleaned, flags=flags, limit=0)


def _cleaned(pattern: str) -> str:
    """Without `./` at the start and slashes at the end; the repository's root itself is `.`."""
    path = pattern.removeprefix(_NOT)
    return pattern[: len(pattern) - len(path)] + posixpath.normpath(path)
