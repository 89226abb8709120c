"""YAML → JSON as the ecosystem's Go tools make it of a document they read whole.

A time becomes a text as RFC 3339 writes it; infinity, what is no number, and keys that are no texts
(`1:`, `true:`, `2020-01-02:`) have no form in JSON. Source: yaml.v3 and encoding/json.
"""

import math
from collections.abc import Sequence as ListOf
from typing import TypeAlias, Union

from pkgaction.model.yamltext import Mapping, Node, Scalar, Sequence
from pkgaction.model.yamlvalues import Timestamp, resolve

# built of plain lists and dicts, because the libraries that take it tell those from other containers
Value: TypeAlias = Union[  # noqa: UP007 - `|` can't stand beside a name that comes later
    bool, int, float, str, list["Value"], dict[str, "Value"], None
]


class NoJsonError(ValueError):
    """A value or a key has no form in JSON. Line and column from 1."""

    def __init__(self, message: str, line: int, column: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


def value(node: Node | None) -> Value:
    """A document's value.

    Raises:
        NoJsonError: it has none.
    """
    match node:
        case None:
            return None
        case Scalar():
            return _scalar(node)
        case Sequence():
            return [value(item) for item in node.items]
        case Mapping():
            return {_key(node.keys[name]): value(inner) for name, inner in node.entries.items()}


def _key(key: Scalar) -> str:
    if not isinstance(resolve(key), str):
        message = f"the key {key.text[:80]!r} is no text: put it in quotes"
        raise NoJsonError(message, key.line, key.column)
    return key.text


def _scalar(node: Scalar) -> Value:
    found = resolve(node)
    if isinstance(found, Timestamp):
        return found.text
    if isinstance(found, float) and not math.isfinite(found):
        raise NoJsonError(f"{node.text} has no form in JSON", node.line, node.column)
    return found


class CollisionError(ValueError):
    """A dotted key means a map where something else stands."""


def expanded(found: Value) -> Value:
    """The same with each dotted key (`a.b: x`) written as maps in maps, everywhere.

    Raises:
        CollisionError: `a` is no map, and there is an `a.b`.
    """
    if isinstance(found, list):
        return [expanded(item) for item in found]
    if not isinstance(found, dict):
        return found
    whole: dict[str, Value] = {}
    for key, inner in found.items():
        _put(whole, key.split("."), expanded(inner), key)
    return whole


def _put(whole: dict[str, Value], parts: ListOf[str], inner: Value, key: str) -> None:
    *above, last = parts
    for part in above:
        below = whole.setdefault(part, {})
        if not isinstance(below, dict):
            raise CollisionError(f"{key[:80]!r} goes into {part[:80]!r}, which is no map")
        whole = below
    known = whole.get(last)
    if isinstance(known, dict) and isinstance(inner, dict):
        for name, value_ in inner.items():
            _put(known, [name], value_, key)
    elif last in whole:
        raise CollisionError(f"{key[:80]!r} is there twice, once dotted and once nested")
    else:
        whole[last] = inner


def at(node: Node | None, path: ListOf[str | int]) -> Node | None:
    """The node that a path of keys and list indices leads to, or the last one on the way that is there.

    Keys may be written dotted.
    """
    here, keys = node, list(path)
    while keys and here is not None:
        step, used = _step(here, keys)
        if step is None:
            break
        here, keys = step, keys[used:]
    return here


def _step(here: Node, keys: list[str | int]) -> tuple[Node | None, int]:
    first = keys[0]
    if isinstance(here, Sequence) and isinstance(first, int):
        return (here.items[first] if first < len(here.items) else None), 1
    if isinstance(here, Mapping):
        for count in range(1, len(keys) + 1):
            found = here.entries.get(".".join(map(str, keys[:count])))
            if found is not None:
                return found, count
    return None, 1
