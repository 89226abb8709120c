"""Nodes as bytes that are sure to mean the same."""

from collections.abc import Iterator

from pkgaction.model.yamltext import Scalar as Written
from pkgaction.model.yamltext import YamlProblemError
from pkgaction.model.yamlvalues import resolve
from pkgaction.transforms.yaml import reader, writer
from pkgaction.transforms.yaml.nodes import Alias, Document, Mapping, Node, Scalar, Sequence, Style


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
        again = reader.document(data)
        for place in _differences(document.root, again.root, "the top"):
            message = f"the value of {place} can't be written so that it reads back as it is"
            raise YamlProblemError(message)
        document = again
    return data


def _differences(one: Node, other: Node, place: str) -> Iterator[str]:
    match one, other:
        case Scalar(), Scalar() if _meaning(one) == _meaning(other):
            return
        case Alias(), Alias() if one.name == other.name:
            return
        case Sequence(), Sequence() if len(one.items) == len(other.items):
            for number, (mine, its) in enumerate(zip(one.items, other.items, strict=True), 1):
                yield from _differences(mine, its, f"{place}, item {number}")
        case Mapping(), Mapping() if len(one.pairs) == len(other.pairs):
            for (key, mine), (its_key, its) in zip(one.pairs, other.pairs, strict=True):
                name = key.text[:80] if isinstance(key, Scalar) else "a key"
                yield from _differences(key, its_key, f"a key in {place}")
                yield from _differences(mine, its, f"{name!r} in {place}")
        case _:
            yield place


def _meaning(scalar: Scalar) -> tuple[str, str]:
    """What a scalar is read as; texts that are written otherwise may be the same number."""
    found = Written(scalar.text, scalar.style is Style.PLAIN and not scalar.tag, 0, 0, scalar.tag)
    value = resolve(found)
    return type(value).__name__, repr(value)
