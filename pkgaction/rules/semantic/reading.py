"""What rules ask of YAML nodes. A value of the wrong kind counts as missing: the schema refuses it."""

from collections.abc import Iterator

from pkgaction.model import yamlvalues
from pkgaction.model.yamltext import Mapping, Node, Scalar, Sequence

NOTHING = Mapping({}, {}, 0)
# what yaml.v3 takes for true where a structure wants a boolean: the words of YAML 1.1, too
_TRUE = frozenset({"true", "yes", "on"})
_FALSE = frozenset({"false", "no", "off"})


def at(node: Node | None, *keys: str) -> Node | None:
    """What lies at these keys, written nested or dotted."""
    return node.get(*keys) if isinstance(node, Mapping) else None


def scalar(node: Node | None, *keys: str) -> Scalar | None:
    """The scalar at these keys; None where it is missing or null."""
    found = at(node, *keys)
    return found if isinstance(found, Scalar) and not found.empty else None


def text(node: Node | None, *keys: str) -> str:
    """The source text of the scalar at these keys; empty where it is missing."""
    found = scalar(node, *keys)
    return found.text if found else ""


def mapping(node: Node | None, *keys: str) -> Mapping:
    """The map at these keys; an empty one where it is missing."""
    found = at(node, *keys)
    return found if isinstance(found, Mapping) else NOTHING


def items(node: Node | None, *keys: str) -> tuple[Node, ...]:
    """The list at these keys, nulls left out; empty where it is missing."""
    found = at(node, *keys) if keys else node
    if not isinstance(found, Sequence):
        return ()
    return tuple(i for i in found.items if not (isinstance(i, Scalar) and i.plain and i.empty))


def maps(node: Node | None, *keys: str) -> tuple[Mapping, ...]:
    """The maps of the list at these keys."""
    return tuple(item for item in items(node, *keys) if isinstance(item, Mapping))


def texts(node: Node | None, *keys: str) -> Iterator[Scalar]:
    """The scalars of the list at these keys."""
    for item in items(node, *keys):
        if isinstance(item, Scalar):
            yield item


def flag(node: Node | None, *keys: str) -> bool | None:
    """The boolean at these keys; None where it is missing or none."""
    found = scalar(node, *keys)
    if found is None or not found.plain or found.text not in _spellings(found.text):
        return None
    word = found.text.lower()
    return True if word in _TRUE else False if word in _FALSE else None


def is_string(node: Node | None) -> bool:
    """Whether a value is a text to a reader, not a number, a boolean or a null."""
    return isinstance(node, Scalar) and isinstance(yamlvalues.resolve(node), str)


def _spellings(word: str) -> tuple[str, str, str]:
    return word.lower(), word.capitalize(), word.upper()
