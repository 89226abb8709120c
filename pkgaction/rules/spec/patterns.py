"""The specification's regular expressions: RE2, as the official validator runs them.

Time is linear in the text, whatever a package calls its files. Source: https://github.com/google/re2.
"""

from functools import lru_cache
from typing import Protocol, cast

import re2


class _Pattern(Protocol):
    def search(self, text: str) -> object: ...


def found(pattern: str, text: str) -> bool:
    """Whether the pattern occurs in the text. One that is no RE2 pattern occurs in none."""
    compiled = _compiled(_encodable(pattern))
    return compiled is not None and compiled.search(_encodable(text)) is not None


def _encodable(text: str) -> str:
    """A text from a name that is no UTF-8 has bytes that can't be encoded."""
    return text if text.isascii() else text.encode(errors="replace").decode()


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> _Pattern | None:
    options = re2.Options()
    options.log_errors = False
    try:
        return cast("_Pattern", re2.compile(pattern, options))
    except re2.error:
        return None
