"""The functions that templates call, as a table."""

from collections.abc import Callable, Mapping, Sequence

from pkgaction.errors import BuildRefusedError
from pkgaction.transforms.gotemplate_values import ArgumentError, Function, Value
from pkgaction.transforms.readme.assets import (
    alert_rule_templates,
    input_docs,
    slo_templates,
    transforms,
)
from pkgaction.transforms.readme.book import Book
from pkgaction.transforms.readme.event import event
from pkgaction.transforms.readme.fields import fields
from pkgaction.transforms.readme.ilm import ilm

LINKS = "links_table.yml"  # in the repository's root
_MANY = 1000  # data streams


def functions(book: Book) -> Mapping[str, Function]:
    """What a template may call, by name."""
    return {
        "alertRuleTemplates": _taking(0, lambda _: alert_rule_templates(book)),
        "event": _taking(1, lambda texts: _event(book, texts)),
        "fields": _taking(1, lambda texts: _fields(book, texts)),
        "generatedHeader": _taking(0, lambda _: book.phrases.say("generated_header")),
        "ilm": _taking(_MANY, lambda texts: _ilm(book, texts)),
        "inputDocs": _taking(0, lambda _: input_docs(book)),
        "sloTemplates": _taking(0, lambda _: slo_templates(book)),
        "transform": _taking(0, lambda _: transforms(book)),
        "url": _taking(2, lambda texts: _url(book, texts)),
    }


def _taking(most: int, function: Callable[[Sequence[str]], str]) -> Function:
    """A function of texts, at most so many."""

    def called(arguments: Sequence[Value]) -> Value:
        texts = [argument for argument in arguments if isinstance(argument, str)]
        if len(texts) != len(arguments) or len(texts) > most:
            raise ArgumentError(arguments)
        return function(texts)

    return called


def _event(book: Book, texts: Sequence[str]) -> str:
    return event(book, _stream(book, "".join(texts)))


def _fields(book: Book, texts: Sequence[str]) -> str:
    """Of a data stream, or of the package where none is named; an empty name is that of none."""
    above = [f"data_stream/{_stream(book, stream)}/" for stream in texts]
    return fields(book, f"{''.join(above)}fields/")


def _ilm(book: Book, texts: Sequence[str]) -> str:
    return ilm(book, [_stream(book, stream) for stream in texts])


def _stream(book: Book, name: str) -> str:
    """A name that leads to no other folder than a data stream's."""
    if "/" in name or name in {".", ".."}:
        raise book.refused("_dev/build/docs", f"{name[:80]!r} is no name of a data stream")
    return name


def _url(book: Book, texts: Sequence[str]) -> str:
    if not texts:
        raise ArgumentError(texts)
    key, *caption = texts
    if key not in book.links:
        what = f"a document shows the link {key[:80]!r}, which the repository's table does not have"
        raise BuildRefusedError(what=what, where=LINKS, fix="add it, or correct the template")
    return f"[{caption[0]}]({book.links[key]})" if caption and caption[0] else book.links[key]
