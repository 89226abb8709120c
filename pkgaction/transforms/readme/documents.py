"""Templates → documents."""

import re
from collections.abc import Iterator

from pkgaction.errors import BuildRefusedError
from pkgaction.model import yamltext
from pkgaction.model.finding import Finding, Severity
from pkgaction.model.paths import at_line
from pkgaction.model.tree import Bytes, PackageSource, Tree, TreeFile
from pkgaction.ports import Sources
from pkgaction.transforms.gotemplate import render
from pkgaction.transforms.gotokens import TemplateProblemError
from pkgaction.transforms.readme.book import MOST_BYTES, Book, below
from pkgaction.transforms.readme.field_files import FieldFiles
from pkgaction.transforms.readme.functions import LINKS, functions
from pkgaction.transforms.readme.phrases import Phrases

_TEMPLATES, _DOCUMENTS = "_dev/build/docs/", "docs/"
_SURROGATE = re.compile("[\ud800-\udfff]")
_STALE = "docs.stale"


def with_documents(tree: Tree, source: PackageSource, sources: Sources, phrases: Phrases) -> Tree:
    """The built files with every document that has a template rendered.

    Raises:
        BuildRefusedError: a template, or what it shows, can't be used.
        SourceMissingError: something from outside that it shows can't be had.
    """
    return tree.replacing(rendered(source, sources, phrases))


def rendered(source: PackageSource, sources: Sources, phrases: Phrases) -> Iterator[TreeFile]:
    """The documents of a package that have a template.

    Raises:
        BuildRefusedError, SourceMissingError: as `with_documents`.
    """
    book = opened(source, sources, phrases)
    known = functions(book)
    for path in book.below(_TEMPLATES, ".md"):
        try:
            text = render(book.text(path), known)
        except TemplateProblemError as error:
            raise book.refused(path, error.message, error.line) from error
        name = path.removeprefix(_TEMPLATES)
        yield TreeFile(path=_DOCUMENTS + name, content=Bytes(_SURROGATE.sub("\ufffd", text).encode()))


def look_up_links(source: PackageSource) -> None:
    """Ask for the repository's table of links, if there is a template that may show one.

    Raises:
        BuildRefusedError: the table can't be used.
    """
    if any(below(source.tree, _TEMPLATES, ".md")):
        _links(source)


def stale(source: PackageSource, built: Tree) -> Iterator[Finding]:
    """Documents of the source that are not what their templates render; they need not be there."""
    for template in below(source.tree, _TEMPLATES, ".md"):
        path = _DOCUMENTS + template.removeprefix(_TEMPLATES)
        if source.tree.get(path) is None:
            continue
        committed = source.tree.read(path, limit=MOST_BYTES)
        if committed != built.read(path, limit=MOST_BYTES):
            message = "the file is not what its template renders: what is rendered is published"
            yield Finding(code=_STALE, file=path, message=message, severity=Severity.WARNING)


def opened(source: PackageSource, sources: Sources, phrases: Phrases) -> Book:
    """What the documents of a package are made of; the outside is asked only for what they show."""
    return Book(
        source=source,
        phrases=phrases,
        links=_links(source),
        field_entries=FieldFiles(source, sources).entries,
        input_documentation=sources.input_documentation,
    )


def _links(source: PackageSource) -> dict[str, str]:
    """The addresses that the repository's table names."""
    file = source.repository.find(LINKS)
    if file is None:
        return {}
    fix = "make it a YAML file with a map under links"
    data = file.read(limit=yamltext.MOST_BYTES)
    if data is None:
        what = "the repository's table of links is no plain file, or too large"
        raise BuildRefusedError(what=what, where=LINKS, fix=fix)
    try:
        found = yamltext.load_mapping(data).get("links")
    except yamltext.YamlProblemError as error:
        raise BuildRefusedError(what=error.message, where=at_line(LINKS, error.line), fix=fix) from error
    entries = found.entries if isinstance(found, yamltext.Mapping) else {}
    return {key: node.text for key, node in entries.items() if isinstance(node, yamltext.Scalar)}
