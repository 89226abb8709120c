"""Small steps of changing manifests."""

import re
from copy import deepcopy

from pkgaction.model.yamlvalues import plain
from pkgaction.transforms.yaml.nodes import Mapping, Node, Scalar, Sequence, Style
from pkgaction.transforms.yaml.scalars import OLD_BOOLEANS

_NULLS = frozenset({"~", "Null", "NULL"})
_CLOCK = re.compile("([01]?[0-9]|2[0-3]):[0-5][0-9]")
_QUOTED_FIRST = tuple("*&[{}],!|>%'\"@` ")
_QUOTED_LAST = (":", " ")
_QUOTED_IN = ("#", "\\", ": ", "- ")


def maps(node: Node | None) -> list[Mapping]:
    """The maps in a list; none where there is no list."""
    items = node.items if isinstance(node, Sequence) else []
    return [item for item in items if isinstance(item, Mapping)]


def texts(node: Node | None) -> list[str]:
    """The texts in a list; none where there is no list."""
    items = node.items if isinstance(node, Sequence) else []
    return [item.text for item in items if isinstance(item, Scalar)]


def text_of(node: Mapping, key: str) -> str:
    """The text of a key; empty where it is missing, null or no scalar."""
    found = node.get(key)
    if not isinstance(found, Scalar) or (found.style is Style.PLAIN and plain(found.text) is None):
        return ""
    return found.text


def inserted(text: str) -> Scalar:
    """A text as the reference writes it when it puts it into a manifest."""
    quoted = (
        not isinstance(plain(text), str)
        or text in OLD_BOOLEANS
        or bool(_CLOCK.fullmatch(text))
        or text.startswith(_QUOTED_FIRST)
        or text.endswith(_QUOTED_LAST)
        or any(part in text for part in _QUOTED_IN)
        or text == "-"
    )
    return Scalar(text, Style.DOUBLE if quoted else Style.PLAIN)


def bare(node: Mapping) -> Mapping:
    """A copy without any comment, with nulls as the reference writes them."""
    made = deepcopy(node)
    normalize(made)
    for inner in all_below(made):
        inner.head = inner.line = inner.foot = ""
        inner.row = 0  # it was read from another file
    return made


def merged(base: Mapping, override: Mapping) -> Mapping:
    """A variable with its keys set to those of another one, but for the name."""
    made = deepcopy(base)
    for key, value in bare(override).pairs:
        if isinstance(key, Scalar) and key.text != "name":
            made.set(key.text, value)
    return made


def normalize(node: Node) -> None:
    """Write every null in the one way in which the reference writes it."""
    for inner in all_below(node):
        if isinstance(inner, Scalar) and inner.style is Style.PLAIN and inner.text in _NULLS:
            inner.text = "null"


def all_below(node: Node) -> list[Node]:
    """The node and all below it."""
    found = [node]
    for inner in found:
        if isinstance(inner, Sequence):
            found += inner.items
        elif isinstance(inner, Mapping):
            found += [part for pair in inner.pairs for part in pair]
    return found
