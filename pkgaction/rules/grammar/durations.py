"""Durations as Go writes them: `1h30m`, `-1.5s`, `0`. Source: https://pkg.go.dev/time#ParseDuration."""

import re

_NANOSECONDS = {
    "ns": 1,
    "us": 10**3,
    "\u00b5s": 10**3,
    "\u03bcs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
_PART = re.compile(r"([0-9]*)(?:\.([0-9]*))?(ns|us|\u00b5s|\u03bcs|ms|s|m|h)")
_LARGEST = 2**63 - 1
_LONGEST = 256  # characters; no duration of 64 bits needs more


def nanoseconds(text: str) -> int | None:
    """The duration; None where the text is none or it does not fit 64 bits."""
    bare = text[1:] if text[:1] in {"+", "-"} else text
    if bare == "0":
        return 0
    total, position = 0, 0
    while position < len(bare) and len(bare) <= _LONGEST:
        part = _PART.match(bare, position)
        if not part or not (part[1] or part[2]):
            return None
        unit = _NANOSECONDS[part[3]]
        fraction = part[2] or ""
        total += int(part[1] or 0) * unit + int(fraction or 0) * unit // 10 ** len(fraction)
        position = part.end()
    sign = -1 if text[:1] == "-" else 1
    return sign * total if 0 < position == len(bare) and total <= _LARGEST + (sign < 0) else None
