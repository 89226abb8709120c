"""Nodes as bytes that are sure to mean the same."""

from collections.abc import Iterator

from pkgaction.model.yamltext import Scalar as Written
from pkgaction.model.yamltext import YamlProblemError
from pkgaction.model.yamlvalues import resolve
from pkgaction.transforms.yaml import reader, writer
from pkgaction.transforms.yaml.nodes import Alias, Document, Mapping, Node, Scalar, Sequence, Style

_TOP = "the top"


def written(document: Document, *indents: int) -> bytes:
    """A document written with each of the indents in turn, read again in between.

    The Go tools write some texts in a way that reads as another one. What would be published with
    another meaning is refused.

    Raises:
        YamlProblemError: a value would not read back as it is; it is named.
    """
    data = b""
    for indent in indents:
        data = writer.text(document, indent=indent).encode()
        document = _read_back(data, document)
    return data


def _read_back(data: bytes, document: Document) -> Document:
    try:
        again = reader.document(data)
    except YamlProblemError as error:
        place = next(_fragile(document.root, _TOP), f"line {error.line} or one above it")
    else:
        found = next(_differences(document.root, again.root, _TOP), None)
        if found is None:
            return again
        place = found
    message = f"the value of {place} can't be written so that it reads back as it is"
    raise YamlProblemError(message)


def _fragile(node: Node, place: str) -> Iterator[str]:
    """Texts of several lines that begin with a blank or an empty line."""
    if isinstance(node, Scalar) and "\n" in node.text and node.text[0] in " \n":
        yield place
    for inner, its_place in _inner(node, place):
        yield from _fragile(inner, its_place)


def _inner(node: Node, place: str) -> Iterator[tuple[Node, str]]:
    if isinstance(node, Sequence):
        yield from ((item, f"item {number} of {place}") for number, item in enumerate(node.items, 1))
    elif isinstance(node, Mapping):
        for key, value in node.pairs:
            yield key, f"a key in {place}"
            yield (
                value,
                f"{key.text[:80]!r} in {place}" if isinstance(key, Scalar) else f"a key in {place}",
            )


def _differences(one: Node, other: Node, place: str) -> Iterator[str]:
    mine, its = list(_inner(one, place)), list(_inner(other, place))
    if type(one) is not type(other) or len(mine) != len(its) or _meaning(one) != _meaning(other):
        yield place
        return
    for (inner, its_place), (other_inner, _) in zip(mine, its, strict=True):
        yield from _differences(inner, other_inner, its_place)


def _meaning(node: Node) -> tuple[str, ...]:
    """What a scalar is read as; texts that are written otherwise may be the same number."""
    if isinstance(node, Alias):
        return "alias", node.name
    if not isinstance(node, Scalar):
        return "", ""
    plain = node.style is Style.PLAIN and not node.tag
    value = resolve(Written(node.text, plain=plain, line=0, column=0, tag=node.tag))
    return type(value).__name__, repr(value), node.tag
