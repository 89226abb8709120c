"""Values as nodes, written anew: keys sorted, strings in quotes only where they must be.

Source: the behaviour of yaml.v3 when it writes Go values.
"""

import math
from collections.abc import Iterable
from functools import cmp_to_key
from typing import TypeAlias

from pkgaction.model import yamltext
from pkgaction.model.numbers import PLAIN, shortest
from pkgaction.model.yamlvalues import Timestamp, Value, resolve
from pkgaction.transforms.yaml.nodes import Mapping, Node, Scalar, Sequence, Style
from pkgaction.transforms.yaml.scalars import reads_as_text

_Entry: TypeAlias = tuple[Value, yamltext.Node]


def node(value: yamltext.Node) -> Node:
    """The node that a value is written as."""
    match value:
        case yamltext.Scalar():
            made = scalar(resolve(value))
            made.row = value.line
            return made
        case yamltext.Sequence():
            return Sequence([node(item) for item in value.items])
        case yamltext.Mapping():
            return _mapping((resolve(value.keys[key]), inner) for key, inner in value.entries.items())


def entry(value: yamltext.Mapping) -> Mapping:
    """The same for a map whose keys are texts whatever they look like, as the entries of field files."""
    return _mapping(value.entries.items())


def scalar(value: Value) -> Scalar:
    """The scalar that a value is written as."""
    match value:
        case str() if "\n" in value:
            return Scalar(value, Style.LITERAL)
        case str():
            return Scalar(value, Style.PLAIN if reads_as_text(value) else Style.DOUBLE)
        case Timestamp():
            return Scalar(value.text)
        case None:
            return Scalar("null")
        case bool():
            return Scalar("true" if value else "false")
        case int():
            return Scalar(str(value))
        case float():
            return Scalar(_float(value))


def _float(value: float) -> str:
    if math.isnan(value):
        return ".nan"
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    return shortest(value, exponents=PLAIN, width=2)


def _mapping(entries: Iterable[_Entry]) -> Mapping:
    ordered = sorted(entries, key=cmp_to_key(_compared))
    return Mapping([(scalar(key), node(value)) for key, value in ordered])


def _compared(pair: _Entry, next_: _Entry) -> int:
    """Negative, if one key comes before the other: numbers first, then texts, word by word."""
    one, other = pair[0], next_[0]
    if isinstance(one, str) and isinstance(other, str):
        return _compared_texts(one, other)
    first, second = _rank(one), _rank(other)
    return (first > second) - (first < second)


def _rank(key: Value) -> tuple[int, float]:
    if isinstance(key, bool | int | float):
        return 1, float(key)
    return (0 if key is None else 3 if isinstance(key, str) else 2), 0


def _compared_texts(one: str, other: str) -> int:
    """Negative, if one text comes before the other: `a2` before `a10`, and `a_b` before `aB`."""
    for place, (mine, its) in enumerate(zip(one, other, strict=False)):
        if mine != its:
            return _compared_rests(one, other, place)
    return len(one) - len(other)


def _compared_rests(one: str, other: str, place: int) -> int:
    mine, its = one[place], other[place]
    if mine.isalpha() and its.isalpha():
        return ord(mine) - ord(its)
    if mine.isalpha() or its.isalpha():
        after_digit = place > 0 and one[place - 1].isdecimal()
        return -1 if mine.isalpha() == after_digit else 1
    first, second = _digits(one, place), _digits(other, place)
    before = _digits(one[:place][::-1], 0) if "0" in {mine, its} else ""
    lead = "1" if before.strip("0") else ""  # so that 100 comes behind 11
    return (
        int(lead + first or "0") - int(lead + second or "0")
        or len(first) - len(second)
        or ord(mine) - ord(its)
    )


def _digits(text: str, place: int) -> str:
    end = place
    while end < len(text) and text[end].isdecimal():
        end += 1
    return text[place:end]
