"""Globs for folders and branches: `*` stops at `/`, `**` does not, a leading `!` takes away."""

from collections.abc import Sequence

from wcmatch import glob

_FLAGS = glob.GLOBSTAR | glob.NEGATE | glob.DOTGLOB | glob.FORCEUNIX


def matches(text: str, patterns: Sequence[str]) -> bool:
    """Whether the text matches one of the patterns and none of those that take away."""
    cleaned = [pattern.removeprefix("./").rstrip("/") for pattern in patterns]
    return bool(cleaned) and glob.globmatch(text, cleaned, flags=_FLAGS, limit=0)
