"""YAML nodes as the values that documents show."""

from collections.abc import Callable

from pkgaction.model import yamltext
from pkgaction.model.json import Json
from pkgaction.model.yamlvalues import Timestamp, resolve


def as_written(node: yamltext.Node) -> Json:
    """Every scalar as its text, nulls left out."""
    match node:
        case yamltext.Mapping():
            return {key: as_written(value) for key, value in node.entries.items()}
        case yamltext.Sequence():
            return [as_written(item) for item in node.items]
        case yamltext.Scalar():
            return None if node.empty and node.plain else node.text


def as_read(node: yamltext.Node, time: Callable[[Timestamp], str] = lambda time: time.text) -> Json:
    """Every scalar as its value, so `1.10` is 1.1."""
    match node:
        case yamltext.Mapping():
            return {key: as_read(value, time) for key, value in node.entries.items()}
        case yamltext.Sequence():
            return [as_read(item, time) for item in node.items]
        case yamltext.Scalar():
            value = resolve(node)
            return time(value) if isinstance(value, Timestamp) else value


def go_time(value: Timestamp) -> str:
    """`2020-01-02T00:00:00Z` → `2020-01-02 00:00:00 +0000 UTC`, as Go prints a time."""
    date, _, rest = value.text.partition("T")
    if rest.endswith("Z"):
        return f"{date} {rest[:-1]} +0000 UTC"
    clock, zone = rest[:-6], rest[-6:].replace(":", "")
    return f"{date} {clock} {zone} {zone}"
