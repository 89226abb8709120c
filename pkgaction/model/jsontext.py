"""JSON as Go's decoder takes it, as far as packages show the difference. One reader for package files.

Halves of surrogate pairs become U+FFFD; NaN, Infinity and numbers beyond a float are refused. So are
bytes that are not UTF-8: Go would put U+FFFD in their place, which nobody wants to publish.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NoReturn

from pkgaction.model import jsonwords, plaintext
from pkgaction.model.json import Json

_HALF = re.compile(r"[\ud800-\udfff]")
_BLANK = " \t\r\n"
DEEPEST = 200  # levels of a value
_TOO_DEEP = f"the value has more than {DEEPEST} levels: nest it less deeply"


class JsonProblemError(plaintext.TextProblemError):
    """The text is not JSON. Line and column count from 1; 0 is unknown."""


def load(data: bytes, *, first: bool = False, decoder: json.JSONDecoder | None = None) -> Json:
    """Read the one value of a JSON text, or its first value, whatever follows.

    A decoder of one's own takes numbers otherwise; what it refuses as a JsonProblemError stays that.

    Raises:
        JsonProblemError: it is not JSON in UTF-8, or nested too deeply to be read.
    """
    text = decode(data)
    start = len(text) - len(text.lstrip(_BLANK))
    try:
        value, end = (decoder or _DECODER).raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise JsonProblemError(*jsonwords.explain(error)) from None
    except RecursionError:
        raise JsonProblemError(_TOO_DEEP) from None
    except JsonProblemError:
        raise
    except ValueError as error:
        raise JsonProblemError(f"this is not JSON: {error}") from None
    rest = text[end:].lstrip(_BLANK)
    if rest and not first:
        before = text[: len(text) - len(rest)]
        place = before.count("\n") + 1, plaintext.offset_in_line(before)
        message = "something follows the JSON value: remove it"
        raise JsonProblemError(message, *place)
    found: Json = value
    check_depth(found)
    return _whole(found) if "\\ud" in text or "\\uD" in text else found


def decode(data: bytes) -> str:
    """The text of a JSON file.

    Raises:
        JsonProblemError: it begins with a byte order mark, or is not UTF-8.
    """
    try:
        return plaintext.decode(data)
    except plaintext.TextProblemError as error:
        raise JsonProblemError(error.message, error.line, error.column) from None


def check_depth(value: Json) -> None:
    """Refuse a value of more levels than the readers of packages follow.

    Raises:
        JsonProblemError: it has more than 200.
    """
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in _inner(outer)]
        if not level:
            return
    raise JsonProblemError(_TOO_DEEP)


def _inner(value: Json) -> Iterable[Json]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, list) else ()


def _whole(value: Json) -> Json:
    """Without halves of surrogate pairs, which no encoding can write."""
    if isinstance(value, str):
        return _HALF.sub("�", value)
    if isinstance(value, Mapping):
        return {_HALF.sub("�", key): _whole(inner) for key, inner in value.items()}
    if isinstance(value, Sequence):
        return [_whole(inner) for inner in value]
    return value


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:80]} is larger than any number that readers have")
    return number


def _int(text: str) -> int:
    if len(text) >= _LONG:
        _float(text)
    return int(text)


_LONG = 309  # digits of the first integers that are no float, as all numbers are to Go
_DECODER = json.JSONDecoder(parse_constant=_refuse, parse_float=_float, parse_int=_int)
