"""What a scalar means: the types of plain YAML scalars as the registry reads them.

It reads YAML 1.1 with a few words of 1.2: `y` and `n` are booleans, `017` and `0o17` are octal,
`1e3` is a number; dates and `1:30` stay texts. Source: go-yaml v2, resolve.go.
"""

import math
from decimal import Decimal
from typing import TypeAlias

from pkgaction.model.numbers import PLAIN, shortest
from pkgaction.model.yamltext import Scalar
from pkgaction.model.yamlvalues import INFINITY, NAN, number

Value: TypeAlias = bool | int | float | str | None


def _spellings(*words: str) -> frozenset[str]:
    """Each word in lower case, capitalised and in upper case."""
    return frozenset(form for w in words for form in (w, w.capitalize(), w.upper()))


_TRUE = _spellings("y", "yes", "true", "on")
_FALSE = _spellings("n", "no", "false", "off")
_NULL = _spellings("", "~", "null")
_EXPONENT_FROM = 1e21  # from here on Go writes a float to JSON with an exponent; source: encoding/json


def resolve(scalar: Scalar) -> Value:
    """The value of a scalar: quoted ones are texts, plain ones what they look like."""
    text = scalar.text
    if not scalar.plain:
        return text
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    unsigned = text[1:] if text[0] in "+-" else text
    if unsigned in INFINITY:
        return -math.inf if text[0] == "-" else math.inf
    return math.nan if text in NAN else number(text)


def as_text(value: Value) -> str:
    """The text that stands for a value where a text is wanted; null is the empty one."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            return _float_text(value)
        case _:
            return str(value)


def as_json(value: Value) -> Value:
    """The value as it is written to JSON: 1.0 becomes 1, with as few digits as tell it from others."""
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXPONENT_FROM:
        return int(Decimal(repr(value)))
    return value


def _float_text(value: float) -> str:
    """As Go writes a float where a text is wanted: 1000000.0 becomes 1e+06."""
    if not math.isfinite(value):
        return str(value)
    return shortest(value, exponents=PLAIN, width=2)
