"""What a scalar means to the Go tools of the ecosystem: builder, validator and agent.

They read YAML 1.2 with a few words of 1.1: only `true` and `false` are booleans, `017` and `0o17` are
octal, `1e3` is a number, `1:30` is a text, `2020-1-2` is a time. Source: yaml.v3, resolve.go.
The registry reads otherwise: `entry.values`.
"""

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import TypeAlias

from pkgaction.model.yamltext import Scalar

INFINITY = frozenset({".inf", ".Inf", ".INF"})
NAN = frozenset({".nan", ".NaN", ".NAN"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_STRING = "tag:yaml.org,2002:str"

_INTEGER = re.compile(
    r"(?P<sign>[-+]?)"
    r"(?:0[bB](?P<binary>[01]+)|0[xX](?P<hex>[0-9a-fA-F]+)"
    r"|0[oO]?(?P<octal>[0-7]+)|(?P<decimal>0|[1-9][0-9]*))"
)
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9])_(?=[0-9])")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_BASES = {"binary": 2, "octal": 8, "decimal": 10, "hex": 16}
_LONGEST_INTEGER = 70  # digits, enough for 64 bits in base 2; int() of a long text is slow
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1
_TIME = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{1,2}-[0-9]{1,2})"
    r"(?:(?P<between>[Tt ])(?P<clock>[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2})"
    r"(?:\.(?P<fraction>[0-9]{1,9})[0-9]*)?"
    r"(?P<zone>Z|[-+][0-9]{2}:[0-9]{2})?)?"
)


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A point in time, as RFC 3339 writes it: `2020-01-02T00:00:00Z`."""

    text: str


Value: TypeAlias = bool | int | float | str | Timestamp | None


def resolve(scalar: Scalar) -> Value:
    """The value of a scalar: quoted ones are texts, plain ones what they look like."""
    text = scalar.text
    if not scalar.plain and (not scalar.tag or scalar.tag == _STRING):
        return text
    return plain(text)


def plain(text: str) -> Value:
    """The value of a text that is written without quotes."""
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    unsigned = text[1:] if text[0] in "+-" else text
    if unsigned in INFINITY:
        return -math.inf if text[0] == "-" else math.inf
    if text in NAN:
        return math.nan
    return _timestamp(text) or number(text)


def number(text: str) -> int | float | str:
    """The number that a text is; the text itself where it is none. Whole numbers have 64 bits."""
    if not (text[0].isdigit() or text[0] in "+-."):
        return text
    # underscores don't count where the text begins like a number; after a leading point, between digits
    bare = _BETWEEN_DIGITS.sub("", text) if text[0] == "." else text.replace("_", "")
    whole = _INTEGER.fullmatch(bare)
    if whole and len(bare) <= _LONGEST_INTEGER:
        value = _integer(whole)
        if _SMALLEST <= value <= _LARGEST:
            return value
    if _FLOAT.fullmatch(bare) and math.isfinite(fraction := float(bare)):
        return fraction  # also `08`, which is no octal number, and what has over 64 bits
    return text


def _integer(found: re.Match[str]) -> int:
    digits = {name: found[name] for name in _BASES if found[name]}
    (name, text), *_ = digits.items()
    number = int(text, _BASES[name])
    return -number if found["sign"] == "-" else number


def _timestamp(text: str) -> Timestamp | None:
    """The time that a text is: T and a zone, or a blank and none, or no clock at all."""
    found = _TIME.fullmatch(text)
    if not found or (found["clock"] and (found["between"] == " ") == bool(found["zone"])):
        return None
    year, month, day = map(int, found["date"].split("-"))
    hour, minute, second = map(int, (found["clock"] or "0:0:0").split(":"))
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=_zone(found["zone"] or "Z"))
    except ValueError:
        return None
    fraction = (found["fraction"] or "").rstrip("0")
    stamp, zone = moment.isoformat()[:19], moment.isoformat()[19:]
    return Timestamp(f"{stamp}{'.' if fraction else ''}{fraction}{'Z' if zone == '+00:00' else zone}")


def _zone(text: str) -> timezone:
    if text == "Z":
        return UTC
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[4:])))
