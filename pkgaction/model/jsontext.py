"""JSON as Go's decoder takes it, as far as packages show the difference. One reader for package files.

Bytes that are no UTF-8 and halves of surrogate pairs become U+FFFD; NaN and Infinity are refused.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import NoReturn

from pkgaction.model.json import Json

_HALF = re.compile(r"[\ud800-\udfff]")
_BLANK = " \t\r\n"


class JsonProblemError(ValueError):
    """The text is no JSON. Line and column count from 1; 0 is unknown."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


def load(data: bytes, *, first: bool = False) -> Json:
    """Read the one value of a JSON text, or its first value, whatever follows.

    Raises:
        JsonProblemError: it is no JSON, or nested too deeply to be read.
    """
    text = data.decode(errors="replace")
    start = len(text) - len(text.lstrip(_BLANK))
    try:
        value, end = _DECODER.raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise JsonProblemError(f"no JSON: {error.msg}", error.lineno, error.colno) from None
    except RecursionError:
        raise JsonProblemError("it is nested too deeply") from None
    except ValueError as error:
        raise JsonProblemError(f"no JSON: {error}") from None
    if not first and text[end:].strip(_BLANK):
        line = text.count("\n", 0, end) + 1
        raise JsonProblemError("something follows the JSON value", line)
    found: Json = value
    return _whole(found) if "\\ud" in text or "\\uD" in text else found


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
    raise ValueError(f"{name} is no JSON number")


_DECODER = json.JSONDecoder(parse_constant=_refuse)
