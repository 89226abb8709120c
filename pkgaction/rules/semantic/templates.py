"""Rules about agent templates: those that manifests name are there, and can be read as Handlebars."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import replace
from typing import TypeAlias

from pkgaction.model.finding import Finding
from pkgaction.model.yamltext import Mapping, Node
from pkgaction.rules.grammar import handlebars
from pkgaction.rules.grammar.handlebars_tokens import TemplateError
from pkgaction.rules.package import MANIFEST, Package
from pkgaction.rules.semantic.manifests import data_streams, inputs, templates
from pkgaction.rules.semantic.reading import at, scalar, text, texts
from pkgaction.rules.told import UnreadableError, found, quoted

_INPUTS = "agent/input"
_DEFAULT = "stream.yml.hbs"
LARGEST_TEMPLATE = 1024 * 1024  # bytes; real ones have less than 20,000
MOST_TEMPLATES = 8 * LARGEST_TEMPLATE  # bytes of all, each counted as often as a link names it

_Named: TypeAlias = list[tuple[str, Node | None]]  # paths, and where a manifest names them


class _Folder:
    """The names in a folder of templates, to be looked up by their ends."""

    def __init__(self, package: Package, path: str) -> None:
        self.path = path
        self._reversed = sorted(entry.name[::-1] for entry in package.entries(path))

    def lacks(self, named: str) -> bool:
        """Whether no name *ends* with the path, or with it and `.link`, as officially looked for."""
        return not any(self._has(end[::-1]) for end in (named, f"{named}.link"))

    def _has(self, start: str) -> bool:
        place = bisect_left(self._reversed, start)
        return place < len(self._reversed) and self._reversed[place].startswith(start)


def of_input_package(package: Package) -> Iterator[Finding]:
    """Each policy template of an input package names agent templates, and they are there."""
    folder = _Folder(package, _INPUTS)
    for template in templates(package):
        if not _named(template):
            message = (
                f"policy template {quoted(text(template, 'name'))} needs a template_path in {_INPUTS}"
            )
            yield found(MANIFEST, message, at(template, "name"))
        yield from _missing(MANIFEST, folder, _named(template))


def of_integration(package: Package) -> Iterator[Finding]:
    """The agent templates of an integration's streams and inputs are there."""
    for data_stream in data_streams(package):
        folder = _Folder(package, f"{data_stream.path}/agent/stream")
        for stream in data_stream.streams:
            if at(stream, "package") is None or _named(stream):
                named = _named(stream) or [(_DEFAULT, at(stream, "input"))]
                yield from _missing(data_stream.file, folder, named)
    folder = _Folder(package, _INPUTS)
    for template in templates(package):
        for each in inputs(template):
            yield from _missing(MANIFEST, folder, _named(each))


def _missing(file: str, folder: _Folder, named: _Named) -> Iterator[Finding]:
    for path, place in named:
        if folder.lacks(path):
            yield found(file, f"there is no {folder.path}/{path}: add it, or name another", place)


def _named(node: Mapping) -> _Named:
    """The templates that a manifest names here: `template_paths`, else `template_path`."""
    several: _Named = [(p.text, p) for p in texts(node, "template_paths")]
    one = scalar(node, "template_path")
    return several or ([(one.text, one)] if one else [])


def handlebars_syntax(package: Package) -> Iterator[Finding]:
    """Agent templates are Handlebars that Fleet can read: a broken one fails every policy."""
    total = 0
    for path in _agent_templates(package):
        try:
            template = package.read(path, limit=LARGEST_TEMPLATE)
        except UnreadableError:
            continue
        total += len(template)
        if total > MOST_TEMPLATES:
            message = f"the agent templates have more than {MOST_TEMPLATES} bytes: make them smaller"
            package.refuse(UnreadableError(path, message))
            return
        yield from _syntax(path, template.decode(errors="replace"))


def _agent_templates(package: Package) -> Iterator[str]:
    for place in (_INPUTS, "data_stream/*/agent/stream"):
        for folder in package.glob(place):
            for entry in package.entries(folder):
                if entry.name.endswith((".hbs", ".hbs.link")) and not entry.folder:
                    yield entry.path


def _syntax(path: str, template: str) -> Iterator[Finding]:
    try:
        handlebars.check(template)
    except TemplateError as error:
        before = template[: error.position]
        line, column = before.count("\n") + 1, error.position - before.rfind("\n")
        message = f"the template can't be read as Handlebars: {error.message}"
        yield replace(found(path, message), line=line, column=column)
