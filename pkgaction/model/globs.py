"""Globs for folders and branches: `*` stops at `/`, `**` does not, a leading `!` takes away."""

from collections.abc import Sequence


def matches(text: str, patterns: Sequence[str]) -> bool:
    """Whether the text matches one of the patterns and none of those that take away."""
    from wcmatch import glob  # noqa: PLC0415 - slow to load, and building asks for none

    flags = glob.GLOBSTAR | glob.NEGATE | glob.DOTGLOB | glob.FORCEUNIX
    cleaned = [pattern.removeprefix("./").rstrip("/") for pattern in patterns]
    return bool(cleaned) and glob.globmatch(text, cleaned, flags=flags, limit=0)
