"""Rules about ingest pipelines: every processor can be told by its tag, every failure is kept."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from pkgaction.model.finding import Finding
from pkgaction.model.yamltext import Mapping, Node, Scalar
from pkgaction.rules.package import Package
from pkgaction.rules.semantic.reading import NOTHING, at, is_string, maps, scalar, text
from pkgaction.rules.told import found, quoted

_PLACES = ("elasticsearch/ingest_pipeline", "data_stream/*/elasticsearch/ingest_pipeline")
_FAILURE = (
    "_ingest.on_failure_processor_type",
    "_ingest.on_failure_processor_tag",
    "_ingest.on_failure_message",
    "_ingest.pipeline",
)


@dataclass(frozen=True, slots=True)
class _Processor:
    type: str
    key: Scalar  # the type, where it is written
    node: Mapping


_Check: TypeAlias = Callable[[str, Node | None], Iterator[Finding]]


def tags(package: Package) -> Iterator[Finding]:
    """Every processor has a tag of its own, by which its failure is told from others (SVR00006)."""
    yield from _each(package, _tags)


def failure_handlers(package: Package) -> Iterator[Finding]:
    """A pipeline that fails marks the event (SVR00008), and says what failed and where (SVR00009)."""
    yield from _each(package, _failure)


def _each(package: Package, check: _Check) -> Iterator[Finding]:
    """What is found in every pipeline that can be read."""
    for place in _PLACES:
        for folder in package.glob(place):
            for entry in package.entries(folder):
                if package.can_read(entry.path):
                    yield from check(entry.path, package.yaml(entry.path))


def _tags(file: str, document: Node | None) -> Iterator[Finding]:
    seen: set[str] = set()
    for processor in _tagged(document, "processors"):
        tag = scalar(processor.node, "tag")
        if tag is None or not is_string(tag):
            message = f"the {quoted(processor.type)} processor needs a tag: add one of its own"
            yield found(file, message, processor.key, official="SVR00006")
        elif tag.text in seen:
            yield found(
                file, f"the tag {quoted(tag.text)} is there twice: each processor has its own", tag
            )
        else:
            seen.add(tag.text)


def _tagged(node: Node | None, key: str) -> Iterator[_Processor]:
    """The processors of a list, those that handle one's failure before it."""
    for processor in _processors(node, key):
        yield from _tagged(processor.node, "on_failure")
        yield processor


def _processors(node: Node | None, key: str) -> Iterator[_Processor]:
    for item in maps(node, key):
        for kind, value in item.entries.items():
            yield _Processor(kind, item.keys[kind], value if isinstance(value, Mapping) else NOTHING)


def _failure(file: str, document: Node | None) -> Iterator[Finding]:
    handlers = list(_processors(document, "on_failure"))
    place = document.keys.get("on_failure") if isinstance(document, Mapping) else None
    kind = _setting(handlers, {"set"}, "event.kind")
    if kind is None or text(kind.node, "value") != "pipeline_error":
        message = "on_failure must set event.kind to pipeline_error"
        yield found(file, message, kind.key if kind else place, official="SVR00008")
    error = _setting(handlers, {"set", "append"}, "error.message")
    if error is None:
        message = "on_failure must set error.message, or append to it"
        yield found(file, message, place, official="SVR00009")
        return
    value = at(error.node, "value")
    written = value.text if isinstance(value, Scalar) else ""
    for needed in _FAILURE:
        if needed not in written:
            message = f"the error.message that on_failure sets must contain {{{{{{{needed}}}}}}}"
            yield found(file, message, error.key, official="SVR00009")


def _setting(handlers: list[_Processor], types: set[str], field: str) -> _Processor | None:
    """The first processor of one of these types that writes the field."""
    return next((p for p in handlers if p.type in types and text(p.node, "field") == field), None)
