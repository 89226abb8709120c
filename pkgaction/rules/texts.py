"""Files that building reads, or that readers take for text: what is not UTF-8 in them is lost."""

import codecs
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from pkgaction.model import plaintext
from pkgaction.model.excluded import is_excluded
from pkgaction.model.finding import Finding, Severity
from pkgaction.model.tree import Kind, TreeFile
from pkgaction.rules import linked
from pkgaction.rules.package import Mode, Package
from pkgaction.rules.reader import LARGEST_READ
from pkgaction.rules.told import UnreadableError, finding

_RENDERED = ("_dev/build/docs/*.md", "elasticsearch/transform/*/transform.yml")
_TEXT = (".md", ".hbs", ".yml", ".yaml", ".json", ".txt")
_TESTS = re.compile(r"(?:^|/)_dev/(?!build/)")
_SHOWN = (
    "docs/*.md",
    "docs/knowledge_base/*.md",
    "sample_event*.json",
    "data_stream/*/sample_event*.json",
    "agent/input/*.hbs",
    "data_stream/*/agent/stream/*.hbs",
)


def saved_objects(package: Package) -> Iterator[Finding]:
    """Each saved object of Kibana is a JSON object in UTF-8: building refuses any other."""
    for file in package.glob("kibana/*/*"):
        if not (package.is_folder(file) or is_excluded(file)):
            package.json_object(file)
    yield from ()  # what can't be read is told of once, whoever was to read it


def rendered(package: Package) -> Iterator[Finding]:
    """Each template that building renders is UTF-8: building refuses any other."""
    for pattern in _RENDERED if package.mode is not Mode.BUILD else ():
        for file in package.glob(pattern):
            if problem := _problem(package, file):
                package.refuse(problem)
    yield from ()


def templates_are_files(package: Package) -> Iterator[Finding]:
    """A template that is a link is not rendered: what is published is the document as it is, or none.
    A warning only.
    """
    for file in package.glob("_dev/build/docs/*.md.link") if package.mode is not Mode.BUILD else ():
        message = "building renders no template that is a link: put the template itself here"
        yield finding("template-not-rendered", file, message, severity=Severity.WARNING)


def encodings(package: Package) -> Iterator[Finding]:
    """Documents, sample events and agent templates are UTF-8 without a byte order mark: readers show
    something else for what is not. A warning only.
    """
    for pattern in _SHOWN:
        for file in package.glob(pattern):
            if problem := _problem(package, file, marks=False):
                yield replace(problem.finding("not-utf-8"), severity=Severity.WARNING)


def left_by_git(package: Package) -> Iterator[Finding]:
    """No text that is published, or that building reads, is a conflict that nobody resolved."""
    digests: dict[str, str] = {}  # of what links name
    for file in package.tree.files:
        whole = file.path.removesuffix(linked.SUFFIX)
        is_text = whole.endswith(_TEXT) and not _TESTS.search(whole)
        if is_text and file.kind is Kind.FILE and _can_be_read(package, file, digests):
            with suppress(UnreadableError):
                package.read(file.path)
    yield from ()


def _can_be_read(package: Package, file: TreeFile, digests: dict[str, str]) -> bool:
    """Whether it is no matter of another rule what is wrong with the file, or with the link."""
    if file.path.endswith(linked.SUFFIX):
        try:
            file = linked.target(file, package.source, digests)
        except linked.LinkProblemError:
            return False
    return file.content.size <= LARGEST_READ


def _problem(package: Package, file: str, *, marks: bool = True) -> UnreadableError | None:
    """Why a file is not UTF-8; with `marks`, it may begin with a byte order mark."""
    try:
        data = package.read(file)
        plaintext.decode(data.removeprefix(codecs.BOM_UTF8) if marks else data)
    except UnreadableError:
        return None  # told of already
    except plaintext.TextProblemError as error:
        return UnreadableError.of(file, error)
    return None
