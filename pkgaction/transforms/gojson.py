"""JSON as Go writes it: keys sorted, every number a double, `<`, `>` and `&` escaped.

Source: the behaviour of Go's encoding/json.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from functools import partial

from pkgaction.model import jsontext
from pkgaction.model.json import Json
from pkgaction.model.jsontext import JsonProblemError
from pkgaction.model.numbers import shortest

_PLAIN_EXPONENTS = range(-6, 21)  # of numbers that are written without one
_ESCAPED = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_TO_ESCAPE = re.compile('["\\\\\x00-\x1f<>&\u2028\u2029]')
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def load(data: bytes) -> Json:
    """Read JSON; every number is a double.

    Raises:
        JsonProblemError: it is not JSON, a number is beyond the doubles, or it is nested too deeply.
    """
    return jsontext.load(data, decoder=_DOUBLES)


def _double(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        message = f"the number {text[:40]} is too large"
        raise JsonProblemError(message)
    return number


def _refused(text: str) -> Json:
    message = f"{text} is not a number"
    raise JsonProblemError(message)


_DOUBLES = json.JSONDecoder(parse_int=_double, parse_float=_double, parse_constant=_refused)


def compact(value: Json) -> str:
    """Without any white space."""
    return "".join(_parts(value, None, 0))


def indented(value: Json) -> str:
    """Two blanks a level, no line break at the end."""
    return "".join(_parts(value, 2, 0))


def _parts(value: Json, step: int | None, depth: int) -> Iterator[str]:
    if isinstance(value, Mapping):
        inner = sorted(value.items(), key=lambda pair: pair[0].encode(errors="surrogatepass"))
        items = [(f"{_text(key)}:{'' if step is None else ' '}", item) for key, item in inner]
        yield from _collection("{}", items, step, depth)
    elif isinstance(value, list):
        yield from _collection("[]", [("", item) for item in value], step, depth)
    else:
        yield _scalar(value)


def _collection(
    brackets: str, items: list[tuple[str, Json]], step: int | None, depth: int
) -> Iterator[str]:
    line = partial(_line, step)
    yield brackets[0]
    for number, (key, item) in enumerate(items):
        yield f"{',' if number else ''}{line(depth + 1)}{key}"
        yield from _parts(item, step, depth + 1)
    yield (line(depth) if items else "") + brackets[1]


def _line(step: int | None, depth: int) -> str:
    return "" if step is None else "\n" + " " * (step * depth)


def _scalar(value: Json) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return shortest(value, exponents=_PLAIN_EXPONENTS, width=1)
        case _:
            return _text(str(value))


def _text(text: str) -> str:
    whole = _LONE_SURROGATE.sub("\ufffd", text)
    return f'"{_TO_ESCAPE.sub(_escape, whole)}"'


def _escape(found: re.Match[str]) -> str:
    return _ESCAPED.get(found[0]) or f"\\u{ord(found[0]):04x}"
