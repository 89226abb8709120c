"""Who the package is: name, version, type, format, owner, and a changelog that agrees."""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from pkgaction.model import yamltext
from pkgaction.model.finding import Finding, Severity
from pkgaction.model.layout import PACKAGE_NAME
from pkgaction.model.manifest import EMPTY, FILE, TYPES
from pkgaction.model.version import InvalidVersionError, Version
from pkgaction.rules.package import Package
from pkgaction.rules.told import UnreadableError, finding

_CHANGELOG = "changelog.yml"
_README = "docs/README.md"
_LONGEST_NAME = 200  # characters; leaves room in object names and file names
_OWNER = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9._-]+)?")


def manifest_readable(package: Package) -> Iterator[Finding]:
    """manifest.yml is there, is YAML that is read here, and holds a map."""
    if package.tree.get(FILE) is None:
        yield finding("manifest-missing", FILE, "a package needs a manifest.yml at its top")
    elif package.can_read(FILE):
        if not isinstance(package.yaml(FILE), yamltext.Mapping):
            empty = package.yaml(FILE) is None
            message = EMPTY if empty else "the manifest must be a map of keys and values"
            yield finding("manifest-unreadable", FILE, message)
        else:
            yield from _alone(package)


def _alone(package: Package) -> Iterator[Finding]:
    """A second document could say that this is another package."""
    try:
        yamltext.load(package.read(FILE), only=True, doubled=[])
    except yamltext.YamlProblemError as error:
        yield UnreadableError.of(FILE, error).finding("manifest-unreadable")


def name(package: Package) -> Iterator[Finding]:
    """The name can stand in object names and addresses. Source: package-registry's routes."""
    found = _text(package, "name")
    if isinstance(found, Finding):
        yield found
    elif not PACKAGE_NAME.fullmatch(found.text) or len(found.text) > _LONGEST_NAME:
        message = f"the name {found.text[:80]!r} must be made of a-z, 0-9 and _"
        yield finding("name-invalid", FILE, message, found)


def name_is_the_folders(package: Package) -> Iterator[Finding]:
    """The folder is called as the package, so that people find it; a warning only."""
    found = package.manifest().scalar("name")
    folder = PurePosixPath(package.source.folder).name
    good = {found.text, package.version, f"{found.text}-{package.version}"} if found else set()
    if found and folder and folder not in good:
        message = f"the folder is called {folder}, the package {found.text}"
        yield finding("name-not-the-folders", FILE, message, found, Severity.WARNING)


def version(package: Package) -> Iterator[Finding]:
    """The version is a strict semantic version, without blanks around it."""
    found = _text(package, "version")
    if isinstance(found, Finding):
        yield found
        return
    try:
        Version.parse(found.text)
    except InvalidVersionError:
        message = f"the version {found.text[:80]!r} is no semantic version, as 1.2.0 or 1.2.0-beta.1"
        yield finding("version-invalid", FILE, message, found)


def package_type(package: Package) -> Iterator[Finding]:
    """The type is one that the format knows."""
    found = _text(package, "type")
    if isinstance(found, Finding):
        yield found
    elif found.text not in TYPES:
        message = f"the type {found.text[:80]!r} must be one of {', '.join(TYPES)}"
        yield finding("type-unknown", FILE, message, found)


def format_version(package: Package) -> Iterator[Finding]:
    """format_version is a full version; readers refuse the whole index otherwise."""
    found = _text(package, "format_version")
    if isinstance(found, Finding):
        yield found
        return
    try:
        Version.parse(found.text)
    except InvalidVersionError:
        message = f"format_version {found.text[:80]!r} must have three parts, as 3.1.0"
        yield finding("format-version-invalid", FILE, message, found)


def title(package: Package) -> Iterator[Finding]:
    """The title is there: every reader shows it."""
    found = _text(package, "title")
    if isinstance(found, Finding):
        yield found


def owner(package: Package) -> Iterator[Finding]:
    """owner.github says whom to ask."""
    found = package.manifest().scalar("owner", "github")
    if found is None or found.empty:
        message = "owner.github is missing: name the team or user that keeps the package"
        yield finding("owner-missing", FILE, message)
    elif not _OWNER.fullmatch(found.text):
        message = f"owner.github {found.text[:80]!r} must be a GitHub user, or organization/team"
        yield finding("owner-invalid", FILE, message, found)


def changelog(package: Package) -> Iterator[Finding]:
    """The changelog's newest entry, the first one, is the manifest's version; an entry that ends in
    `-next` may stand before it.
    """
    if package.tree.get(_CHANGELOG) is None:
        yield finding("changelog-missing", _CHANGELOG, "a package needs a changelog.yml at its top")
        return
    if not package.can_read(_CHANGELOG):
        return
    entries = package.yaml(_CHANGELOG)
    items = entries.items if isinstance(entries, yamltext.Sequence) else ()
    versions = [item.scalar("version") if isinstance(item, yamltext.Mapping) else None for item in items]
    found = versions[0] if versions else None
    if found is None:
        message = "a list of entries is expected, the newest first, each with its version"
        yield finding("changelog-unreadable", _CHANGELOG, message, entries)
    elif package.version and package.version not in _current(found, versions):
        message = (
            f"the newest entry is for {found.text[:80]!r}, the manifest says "
            f"{package.version!r}: add an entry for this version at the top"
        )
        yield finding("changelog-not-current", _CHANGELOG, message, found)


def _current(newest: yamltext.Scalar, versions: Sequence[yamltext.Scalar | None]) -> Iterator[str]:
    """The versions that the package may have."""
    yield newest.text
    if newest.text.endswith("-next"):
        yield from (version.text for version in versions if version)


def readme(package: Package) -> Iterator[Finding]:
    """docs/README.md is there, or is rendered from a template; readers refuse a package without."""
    there = any(package.tree.get(place) for place in (_README, f"{_README}.link"))
    if not there and _README not in package.rendered:
        message = "a package needs a docs/README.md, or a template for it at _dev/build/docs/README.md"
        yield finding("readme-missing", _README, message)


def _text(package: Package, key: str) -> yamltext.Scalar | Finding:
    found = package.manifest().entries.get(key)
    if isinstance(found, yamltext.Scalar) and not found.empty:
        return found
    wrong = "must be a text" if found else "is missing"
    return finding(f"{key.replace('_', '-')}-missing", FILE, f"{key} {wrong}", found)
