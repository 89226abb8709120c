"""Reads a manifest key by key, each as the type that is wanted there.

Where the registry converts, so does this: a number where a text is wanted becomes text, a scalar
where a list is wanted a list of one. Where it refuses, this does. Null is the same as absent.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self, TypeAlias

from pkgaction.entry import nesting, values
from pkgaction.entry.problem import EntryProblemError
from pkgaction.model import yamltext
from pkgaction.model.json import Json, JsonObject
from pkgaction.model.manifest import FILE
from pkgaction.model.tree import Tree

Object: TypeAlias = dict[str, Json]  # a part of an entry

_FLAG_TEXTS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Fields:
    """A map in a manifest."""

    file: str
    mapping: yamltext.Mapping  # without dotted keys

    @classmethod
    def of_file(cls, tree: Tree, path: str) -> Self:
        """Read the first document of a YAML file; the package's manifest has no other one.

        Raises:
            EntryProblemError: it is missing, or can't be read.
        """
        data = tree.read(path, limit=yamltext.MOST_BYTES)
        if data is None:
            raise EntryProblemError(tree.unread(path, limit=yamltext.MOST_BYTES), path)
        try:
            mapping = yamltext.load_mapping(data, only=path == FILE)
        except yamltext.YamlProblemError as error:
            raise EntryProblemError(error.message, path, error.line) from error
        return cls(path, nesting.unfold(mapping, path))

    def text(self, key: str) -> str:
        """The text at a key; empty where there is none."""
        node = self._node(key)
        return "" if node is None else self._text(node, key)

    def required(self, key: str) -> str:
        """The text at a key that readers can't do without."""
        if text := self.text(key):
            return text
        message = f"{key} is missing"
        raise self.problem(message, key)

    def written(self, key: str) -> str:
        """A required text that no reader may take for another one, as 0123 would be 83."""
        text, scalar = self.required(key), self.mapping.scalar(key)
        if scalar is not None and scalar.text != text:
            message = f"{key} {scalar.text[:80]!r} is read as {text!r}: quote it"
            raise self.problem(message, key)
        return text

    def one_of(self, key: str, allowed: Sequence[str]) -> str:
        """The text at a key, one of those allowed; empty where there is none."""
        text = self.text(key)
        if text and text not in allowed:
            message = f"{key} {text[:80]!r} must be one of {', '.join(allowed)}"
            raise self.problem(message, key)
        return text

    def flag(self, key: str) -> bool | None:
        """The boolean at a key; the texts "true" and "false" will do."""
        node = self._node(key)
        if node is None:
            return None
        value = values.resolve(node) if isinstance(node, yamltext.Scalar) else None
        flag = _FLAG_TEXTS.get(value) if isinstance(value, str) else value
        if isinstance(flag, bool):
            return flag
        message = f"{key} must be true or false"
        raise self.problem(message, key)

    def texts(self, key: str) -> list[str]:
        """The list of texts at a key."""
        return [self._text(item, key) for item in self._items(key)]

    def child(self, key: str) -> "Fields | None":
        """The map at a key."""
        node = self._node(key)
        return None if node is None else self._map(node, key)

    def children(self, key: str) -> list["Fields"]:
        """The list of maps at a key."""
        return [self._map(item, key) for item in self._items(key)]

    def json(self, key: str) -> Json:
        """Whatever is at a key."""
        node = self._node(key)
        return None if node is None else self._json(node)

    def problem(self, message: str, key: str = "") -> EntryProblemError:
        """What is wrong at a key, to be raised."""
        at = self.mapping.keys.get(key)
        return EntryProblemError(message, self.file, at.line if at else self.mapping.line)

    def _node(self, key: str) -> yamltext.Node | None:
        node = self.mapping.entries.get(key)
        null = isinstance(node, yamltext.Scalar) and values.resolve(node) is None
        return None if null else node

    def _items(self, key: str) -> Sequence[yamltext.Node]:
        node = self._node(key)
        if node is None:
            return ()
        if isinstance(node, yamltext.Mapping):
            message = f"{key} must be a list"
            raise self.problem(message, key)
        return node.items if isinstance(node, yamltext.Sequence) else (node,)

    def _map(self, node: yamltext.Node, key: str) -> "Fields":
        if isinstance(node, yamltext.Mapping):
            return Fields(self.file, node)
        message = f"{key} must be made of keys and values"
        raise EntryProblemError(message, self.file, node.line)

    def _text(self, node: yamltext.Node, key: str) -> str:
        if isinstance(node, yamltext.Scalar):
            return values.as_text(self._value(node))
        message = f"{key} must be a text"
        raise EntryProblemError(message, self.file, node.line)

    def _json(self, node: yamltext.Node) -> Json:
        match node:
            case yamltext.Mapping():
                return {key: self._json(inner) for key, inner in node.entries.items()}
            case yamltext.Sequence():
                return [self._json(item) for item in node.items]
            case yamltext.Scalar():
                return values.as_json(self._value(node))

    def _value(self, scalar: yamltext.Scalar) -> values.Value:
        value = values.resolve(scalar)
        if isinstance(value, float) and not math.isfinite(value):
            message = f"{scalar.text} can't be written to JSON: quote it"
            raise EntryProblemError(message, self.file, scalar.line)
        return value


def kept(fields: JsonObject) -> Object:
    """Without what an entry leaves out: nothing, empty texts, false and empty lists.

    An object stays, even an empty one: its key is there in the manifest.
    """
    # no number comes here: 0 would be left out
    return {key: value for key, value in fields.items() if value or isinstance(value, Mapping)}


def if_written(key: str, value: Json) -> Object:
    """Left out only where it is not in the manifest: false, 0, "" and [] stay."""
    return {} if value is None else {key: value}
