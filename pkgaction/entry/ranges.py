"""Version ranges, as `^8.1.0 || >=9.0.0 <10`: whether readers can read one.

One that they can't read makes them refuse the whole list. Source: Masterminds/semver v3, with which
the registry reads conditions.
"""

import re

_LONGEST = 512  # characters
_MOST_GROUPS = 32

_PART = r"(?:[0-9]{1,19}|[xX*])"
_PRERELEASE = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_BUILD = r"[0-9A-Za-z-]+"
_END = rf"(?:\+{_BUILD}(?:\.{_BUILD})*)?"
_VERSION = rf"v?{_PART}(?:\.{_PART}){{0,2}}(?:-{_PRERELEASE}(?:\.{_PRERELEASE})*)?{_END}"
# the library counts `|` as a digit there: `8||9 - 10` is cut in the wrong place, and refused
_ANY = r"[0-9|xX*]+"
_LOOSE = rf"v?{_ANY}(?:\.{_ANY}){{0,2}}(?:-{_BUILD}(?:\.{_BUILD})*)?{_END}"
_FROM_TO = re.compile(rf"\s*({_LOOSE})\s+-\s+({_LOOSE})\s*")
_FIRST = re.compile(rf"\s*(?:!=|>=|=>|<=|=<|~>|[=><~^])?\s*{_VERSION}(?=[\s,]|$)")
_NEXT = re.compile(rf"\s*,?{_FIRST.pattern}")


def is_range(text: str) -> bool:
    """Whether the text is a version range."""
    if len(text) > _LONGEST:
        return False
    # the blanks around it go, too: what stood before it then runs into it, and is no comparison
    groups = _FROM_TO.sub(r">= \1, <= \2 ", text).split("||")
    return len(groups) <= _MOST_GROUPS and all(map(_is_group, groups))


def _is_group(text: str) -> bool:
    """One or more comparisons, with blanks or a comma between them."""
    found = _FIRST.match(text)
    while found and text[found.end() :].strip():
        found = _NEXT.match(text, found.end())
    return found is not None
