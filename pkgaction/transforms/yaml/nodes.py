"""A YAML text as nodes that keep comments and styles. They are changed in place."""

from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias


class Style(Enum):
    """How a scalar is written."""

    PLAIN = ""
    SINGLE = "'"
    DOUBLE = '"'
    LITERAL = "|"
    FOLDED = ">"


@dataclass(slots=True, eq=False, kw_only=True)
class Base:
    """What every node has. Comments are lines with their `#`, joined by line feeds."""

    head: str = ""  # above it
    line: str = ""  # behind it, on its line
    foot: str = ""  # below it
    anchor: str = ""
    tag: str = ""  # an explicit one, as it is written: `!!str`
    row: int = 0  # the line of the file that it was read from, from 1; 0: it was made here


@dataclass(slots=True, eq=False)
class Scalar(Base):
    """A text and how it is written."""

    text: str
    style: Style = Style.PLAIN


@dataclass(slots=True, eq=False)
class Alias(Base):
    """A place where an anchored node stands again."""

    name: str


@dataclass(slots=True, eq=False)
class Sequence(Base):
    """A list; in brackets, if `flow`."""

    items: list["Node"] = field(default_factory=list)
    flow: bool = False


@dataclass(slots=True, eq=False)
class Mapping(Base):
    """Keys and values in their order; in braces, if `flow`."""

    pairs: list[tuple["Node", "Node"]] = field(default_factory=list)
    flow: bool = False

    def get(self, key: str) -> "Node | None":
        """The value of a key; None where it is missing."""
        return next((value for known, value in self.pairs if _is(known, key)), None)

    def set(self, key: str, value: "Node") -> None:
        """Put a value in the place of the key's old one, or with the key at the end."""
        for place, (known, _) in enumerate(self.pairs):
            if _is(known, key):
                self.pairs[place] = (known, value)
                return
        self.pairs.append((Scalar(key), value))

    def remove(self, key: str) -> None:
        """Take a key with its value and their comments out."""
        self.pairs = [pair for pair in self.pairs if not _is(pair[0], key)]


def _is(node: "Node", key: str) -> bool:
    return isinstance(node, Scalar) and node.text == key


Node: TypeAlias = Scalar | Alias | Sequence | Mapping


@dataclass(slots=True, eq=False)
class Document:
    """The one document of a file."""

    root: Node
    head: str = ""
    foot: str = ""
