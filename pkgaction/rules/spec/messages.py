"""What an error of a schema says to people, and which ones have an official code.

Source of the codes: elastic/package-spec, pkg/specerrors.
"""

import difflib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from jsonschema import ValidationError

from pkgaction.model import yamljson, yamltext
from pkgaction.model.sentences import first_of
from pkgaction.model.yamljson import Value

_LONGEST = 120  # characters of a value that is shown
_MOST = 24  # values that are listed

_RENAME_ORIGINAL = "JSE00001"
_RENAME_ORIGINAL_FIX = (
    "a pipeline that renames message to event.original must do so only `if: ctx.event?.original == null`"
    ", and must remove message with `ignore_missing: true` and `if: ctx.event?.original != null`"
)
# in the list of processors alone, not in on_failure: place, keyword, what it asks for
_RENAMES = tuple(
    (re.compile(place), keyword, wanted)
    for place, keyword, wanted in (
        (r"processors\.[0-9]+\.rename", "required", "if"),
        (r"processors\.[0-9]+", "required", "remove"),
        (r"processors\.[0-9]+\.remove", "required", "if"),
        (r"processors\.[0-9]+\.remove", "required", "ignore_missing"),
        (r"processors\.[0-9]+\.remove\.field", "const", "message"),
        (r"processors\.[0-9]+\.remove\.if", "const", "ctx.event?.original != null"),
    )
)


@dataclass(frozen=True, slots=True)
class Text:
    """One error of a schema, in words."""

    message: str
    keyword: str  # of the schema
    path: tuple[str | int, ...]  # of the value
    key: str = ""  # of the value: the one that is too much
    official: str = ""


def of(error: ValidationError) -> Text:
    """An error in words."""
    keyword = str(error.validator or "not")
    path = tuple(error.absolute_path)
    where = ".".join(map(str, path))
    wanted = cast("Value", error.validator_value)
    if any(keyword == k and wanted == w and form.fullmatch(where) for form, k, w in _RENAMES):
        return Text(_field(where, _RENAME_ORIGINAL_FIX), keyword, path, official=_RENAME_ORIGINAL)
    if where == "format_version" and keyword in {"type", "pattern"}:
        instance = _shown(cast("Value", error.instance))
        words = f'{instance} must be a text of three numbers, as "3.1.0"'
        return Text(_field(where, words), keyword, path)
    words = _WORDS.get(keyword, _other)(wanted, cast("Value", error.instance), error)
    key = str(wanted) if keyword == "additionalProperties" else ""
    return Text(_field(where, words), keyword, path, key)


def place(document: yamltext.Node | None, text: Text) -> yamltext.Node | None:
    """Where in a document the error is."""
    found = yamljson.at(document, text.path)
    if text.key and isinstance(found, yamltext.Mapping):
        return found.keys.get(text.key, found)
    return found


def _field(where: str, words: str) -> str:
    return f"{where[:_LONGEST]}: {words}" if where else words


def _shown(value: Value) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _listed(values: Value) -> str:
    items = values if isinstance(values, list) else [values]
    return first_of(items, _MOST, _shown)


def _kind(value: Value) -> str:
    kinds: tuple[tuple[type, str], ...] = (
        (bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (list, "array"),
        (dict, "object"),
    )  # fmt: skip
    return next((name for kind, name in kinds if isinstance(value, kind)), "null")


def _type(wanted: Value, instance: Value, _: ValidationError) -> str:
    names = wanted if isinstance(wanted, list) else [wanted]
    return f"the value must be of type {' or '.join(map(str, names))}, it is of type {_kind(instance)}"


def _required(wanted: Value, *_: object) -> str:
    if wanted == "secret":
        return "this variable may be a secret: set secret to true or false"
    return f"{wanted} is missing"


def _unknown(wanted: Value, _: Value, error: ValidationError) -> str:
    schema = cast("Mapping[str, Value]", error.schema)
    known = cast("Mapping[str, Value]", schema.get("properties") or {})
    close = difflib.get_close_matches(str(wanted), list(known), n=1)
    hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(sorted(known)[:_MOST])}"
    return f"{str(wanted)[:_LONGEST]} is not known here ({hint if known else 'nothing is'})"


def _pattern(wanted: Value, instance: Value, _: ValidationError) -> str:
    return f"{_shown(instance)} must match the pattern {wanted}"


def _enum(wanted: Value, instance: Value, _: ValidationError) -> str:
    return f"{_shown(instance)} must be one of {_listed(wanted)}"


def _const(wanted: Value, instance: Value, _: ValidationError) -> str:
    return f"{_shown(instance)} must be {_shown(wanted)}"


def _not(*_: object) -> str:
    return "this must not be here"


def _unique(*_: object) -> str:
    return "an entry is there twice: remove one"


def _format(wanted: Value, instance: Value, _: ValidationError) -> str:
    if wanted == "data-stream-name":
        return f"{_shown(instance)} is no data stream of this package"
    return f"{_shown(instance)} leads to no file of this package, or to one that is too large"


def _count(words: str) -> "Callable[[Value, Value, ValidationError], str]":
    return lambda wanted, _instance, _error: words.format(wanted)


def _other(wanted: Value, instance: Value, error: ValidationError) -> str:
    return f"{_shown(instance)} does not meet {error.validator}: {_shown(wanted)}"


_WORDS: Mapping[str, Callable[[Value, Value, ValidationError], str]] = {
    "additionalProperties": _unknown,
    "const": _const,
    "enum": _enum,
    "format": _format,
    "maxItems": _count("there may be {} entries at most"),
    "maxProperties": _count("there may be {} keys at most"),
    "maximum": _count("the value may be {} at most"),
    "minItems": _count("there must be {} entries at least"),
    "minProperties": _count("there must be {} keys at least"),
    "minimum": _count("the value must be {} at least"),
    "not": _not,
    "pattern": _pattern,
    "required": _required,
    "type": _type,
    "uniqueItems": _unique,
}
