"""Rules about the changelog: its versions, and where its entries link to."""

import re
from collections.abc import Iterator

from pkgaction.model.finding import Finding
from pkgaction.model.looseversion import loose
from pkgaction.model.yamltext import Scalar, Sequence
from pkgaction.rules.grammar import urls
from pkgaction.rules.package import MANIFEST, Package
from pkgaction.rules.semantic.reading import at, is_string, maps, scalar
from pkgaction.rules.told import found, quoted

_FILE = "changelog.yml"
_NUMBER = re.compile(r"\+?[0-9]+")
_LARGEST = 2**63 - 1


def integrity(package: Package) -> Iterator[Finding]:
    """The changelog begins with the manifest's version, which is above all others, each there once."""
    if not isinstance(package.yaml(_FILE), Sequence):
        return
    version = at(package.manifest(), "version")
    if version is not None and not is_string(version):
        message = f"the version {quoted(package.version)} is read as a number: put it in quotes"
        yield found(MANIFEST, message, version)
        return
    entries = [at(entry, "version") for entry in maps(package.yaml(_FILE))]
    versions = [entry for entry in entries if isinstance(entry, Scalar)]
    message, place = _changelog_problem(package.version, versions)
    if len(versions) != len(entries):
        message, place = "each entry of the changelog must have a version", None
    if message:
        yield found(_FILE, message, place)


def _changelog_problem(version: str, entries: list[Scalar]) -> tuple[str, Scalar | None]:
    seen: set[str] = set()
    for entry in entries:
        if not is_string(entry):
            return f"the version {quoted(entry.text)} is read as a number: put it in quotes", entry
        if entry.text in seen:
            return f"the version {quoted(entry.text)} is there twice: each version has one entry", entry
        seen.add(entry.text)
    if not entries:
        return "the changelog has no entries: add one for this version", None
    newest = entries[0]
    if newest.text != version and not (newest.text.endswith("-next") and version in seen):
        return (
            f"the first entry is {quoted(newest.text)}, the manifest's version is {quoted(version)}",
            newest,
        )
    for entry in entries[1:]:
        if not _above(newest.text, entry.text):
            return (
                f"the first entry, {quoted(newest.text)}, must be above {quoted(entry.text)}",
                entry,
            )
    return "", None


def _above(one: str, other: str) -> bool:
    first, second = loose(one), loose(other)
    return first is not None and second is not None and first > second


def links(package: Package) -> Iterator[Finding]:
    """A change's link is a reference; one to GitHub ends in the number of an issue or pull request."""
    for entry in maps(package.yaml(_FILE)):
        for change in maps(entry, "changes"):
            link = scalar(change, "link")
            if link and (problem := _link_problem(link.text)):
                yield found(_FILE, f"the link {quoted(link.text)} {problem}", link)


def _link_problem(link: str) -> str:
    url = urls.parse(link)
    if url is None:
        return "is no address"
    last = url.path.rstrip("/").rpartition("/")[2]
    numbered = _NUMBER.fullmatch(last) and len(last) <= len(str(_LARGEST)) and 0 < int(last) <= _LARGEST
    if "github.com" in url.host and not numbered:
        return "must end in the number of an issue or a pull request"
    return ""
