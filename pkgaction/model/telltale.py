"""Whether a text may be shown: one that is, or holds, a secret may not."""

import base64
import binascii
import re
from collections.abc import Iterable

_LONGEST = 200  # characters of what is shown
_SHORTEST_PART = 8  # characters of a secret that are known again
_LOOKS_SECRET = re.compile(
    r"-{3,}\s*BEGIN|KEY BLOCK|PRIVATE KEY|\bgh[a-z]_|\bgithub_pat_|\bya29\."
    r"|\beyJ[\w-]{8}|[A-Za-z0-9+/_=-]{64}|://[^/\s]*:[^/\s]*@",
    re.IGNORECASE,
)


def shown(text: str, secrets: Iterable[str]) -> str:
    """The text in quotes; only its length where it may be a secret, or masks would not fit it.

    Args:
        text: foreign, whole.
        secrets: that are known; each is looked for in any case, without blanks, and in base64.
    """
    quoted = repr(text)
    as_it_is = quoted[1:-1] == text and len(text) <= _LONGEST
    if as_it_is and not _LOOKS_SECRET.search(text) and not is_told(text, secrets):
        return quoted
    return f"a text of {len(text)} characters"


def is_told(text: str, secrets: Iterable[str]) -> bool:
    """Whether a text says a secret, or a part of one."""
    forms = [_plain(form) for form in (text, _decoded(text))]
    for secret in filter(None, map(_plain, secrets)):
        if any(secret in form or (len(form) >= _SHORTEST_PART and form in secret) for form in forms):
            return True
    return False


def _plain(text: str) -> str:
    return "".join(text.split()).upper()


def _decoded(text: str) -> str:
    """What a text is the base64 of; empty where it is of nothing."""
    plain = "".join(text.split()).rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
