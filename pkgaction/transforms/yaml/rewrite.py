"""Nodes as bytes that are sure to mean the same."""

import re
from collections.abc import Iterator

from pkgaction.model.yamltext import Scalar as Written
from pkgaction.model.yamltext import YamlProblemError
from pkgaction.model.yamlvalues import resolve
from pkgaction.transforms.yaml import reader, writer
from pkgaction.transforms.yaml.nodes import Alias, Document, Mapping, Node, Scalar, Sequence, Style

_TOP = ""
_INDENTED = re.compile(r"\n[ \t]")


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
        problem = next(_fragile(document.root, _TOP), None)
        message = (
            f"line {error.line} would be written so that it cannot be read: write it in another way"
        )
        raise problem or YamlProblemError(message) from error
    if problem := next(_differences(document.root, again.root, _TOP), None):
        raise problem
    keep_rows(document, again)
    return again


def keep_rows(document: Document, again: Document) -> None:
    """Give a document that was written and read again the lines of the one that it was written of."""
    _keep_rows(document.root, again.root)


def _keep_rows(one: Node, other: Node) -> None:
    other.row = one.row
    for (inner, _), (other_inner, _) in zip(_inner(one, ""), _inner(other, ""), strict=True):
        _keep_rows(inner, other_inner)


def _fragile(node: Node, place: str) -> Iterator[YamlProblemError]:
    """Texts of several lines that begin with a blank or an empty line."""
    if isinstance(node, Scalar) and _begins_blank(node):
        yield _problem(node, place)
    for inner, its_place in _inner(node, place):
        yield from _fragile(inner, its_place)


def _begins_blank(node: Scalar) -> bool:
    return "\n" in node.text and node.text[0] in " \n"


def _problem(node: Node, place: str) -> YamlProblemError:
    """What to change so that a value can be written."""
    fix = "write it in another way"
    if isinstance(node, Scalar) and _begins_blank(node):
        begins = "an empty line" if node.text[0] == "\n" else "a blank"
        place = f"{place or 'the file'}, a text of several lines that begins with {begins},"
        fix = "let it begin with text"
    elif isinstance(node, Scalar) and node.style is Style.FOLDED and _INDENTED.search(node.text):
        place = f"{place or 'the file'}, a folded text (>) with an indented line,"
        fix = "write | in place of >, each line as it is to be read"
    elif isinstance(node, Scalar) and not node.text:
        fix = 'write null or ""'
    elif isinstance(node, Scalar) and node.text == "<<":
        fix = "use another text than <<"
    message = (
        f"the value of {place or 'the file'} cannot be written so that it reads back as it is: {fix}"
    )
    return YamlProblemError(message, node.row)


def _inner(node: Node, place: str) -> Iterator[tuple[Node, str]]:
    if isinstance(node, Sequence):
        below = f" of {place}" if place else ""
        yield from ((item, f"item {number}{below}") for number, item in enumerate(node.items, 1))
    elif isinstance(node, Mapping):
        for key, value in node.pairs:
            below = f" in {place}" if place else ""
            yield key, f"a key{below}"
            yield value, f"{key.text[:80]!r}{below}" if isinstance(key, Scalar) else f"a key{below}"


def _differences(one: Node, other: Node, place: str) -> Iterator[YamlProblemError]:
    mine, its = list(_inner(one, place)), list(_inner(other, place))
    if type(one) is not type(other) or len(mine) != len(its) or _meaning(one) != _meaning(other):
        yield _problem(one, place)
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
