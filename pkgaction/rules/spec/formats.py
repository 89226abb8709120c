"""Whether a package can be judged at all: its identity, and a format that the specification knows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pkgaction.model.finding import Finding
from pkgaction.model.looseversion import LooseVersion, loose
from pkgaction.model.manifest import EMPTY
from pkgaction.model.yamltext import Mapping, Node, Scalar
from pkgaction.rules.package import MANIFEST, Package
from pkgaction.rules.spec.documents import Documents
from pkgaction.rules.told import found, quoted

_CHANGELOG = "changelog.yml"
_UNRELEASED = "PSR00001"
_UNRELEASED_SINCE = "3.0.1"


@dataclass(frozen=True, slots=True)
class Formats:
    """The formats that a specification has."""

    documents: Documents
    link: Callable[[str], str]  # where a file of the specification can be read up

    def fatal(self, package: Package) -> Iterator[Finding]:
        """What makes all else meaningless; the first one counts."""
        if package.tree.get(MANIFEST) is None:
            yield found(MANIFEST, "a package needs a manifest.yml at its top", code="manifest-missing")
            return
        if not isinstance(package.yaml(MANIFEST), Mapping):
            empty = package.yaml(MANIFEST) is None
            message = EMPTY if empty else "the manifest must be a map of keys and values"
            yield found(MANIFEST, message, code="manifest-unreadable")
            return
        for key, text in (("type", package.type), ("version", package.version)):
            if not text:
                yield found(MANIFEST, f"{key} is missing", _at(package, key), code=f"{key}-missing")
        for key in ("version", "format_version"):
            if loose(package.text(key)) is None:
                code = f"{key.replace('_', '-')}-invalid"
                yield found(MANIFEST, _not_a_version(package, key), _at(package, key), code=code)
        if self._entry(package.format_version) is None:
            message = self._unknown(package)
            yield self._found(package, message, "format-version-unknown")

    def unreleased(self, package: Package) -> Iterator[Finding]:
        """A released package is written in a released format."""
        entry = self._entry(package.format_version)
        if entry and self._is_too_new(entry, package):
            message = (
                f"format_version {package.format_version} is not released yet: use an older one, or "
                "give the package a prerelease version"
            )
            yield self._found(package, message, "format-version-unreleased", _UNRELEASED)

    def _is_too_new(self, entry: LooseVersion, package: Package) -> bool:
        """Whether a released package may not be written in the format of an entry."""
        return bool(entry.prerelease) and package.ga and package.at_least(_UNRELEASED_SINCE)

    def _entry(self, version: LooseVersion) -> LooseVersion | None:
        """The entry of the specification's changelog for a format version."""
        for entry in self.documents.versions:
            if LooseVersion("", entry.numbers) == version:
                return entry
        return None

    def _unknown(self, package: Package) -> str:
        """Why there is nothing to judge a format by, and which formats there are."""
        version = package.format_version
        bare = LooseVersion(".".join(map(str, version.numbers)), version.numbers)
        entry = self._entry(bare)
        if version.prerelease and entry and not self._is_too_new(entry, package):
            return f"format_version {version} has a prerelease tag: write {bare}"
        known = sorted(entry for entry in self.documents.versions if not entry.prerelease)
        below = [entry for entry in known if entry < version]
        above = [entry for entry in known if entry > version]
        unknown = f"format_version {quoted(version.text)} is not known"
        if not above:
            newest = f"the specification used here goes to {known[-1] if known else 'nothing'}"
            return f"{unknown}: {newest}: raise package-spec, or use an older format_version"
        if not below:
            oldest = f"the specification used here begins at {above[0]}"
            return f"{unknown}: {oldest}: use a newer format_version"
        return f"{unknown}: use {above[0]}, or {below[-1]}"

    def _found(self, package: Package, message: str, code: str, official: str = "") -> Finding:
        place, link = _at(package, "format_version"), self.link(_CHANGELOG)
        return found(MANIFEST, message, place, code=code, official=official, link=link)


def _not_a_version(package: Package, key: str) -> str:
    """What to write in the place of a text that is not a version."""
    example = "3.1.0" if key == "format_version" else "1.2.0"
    written = _at(package, key)
    if written is None or (isinstance(written, Scalar) and written.empty):
        return f"{key} is missing: add one, as {example}"
    if not isinstance(written, Scalar):
        return f"{key} must be a text: write one, as {example}"
    return f"{key} {quoted(package.text(key))} is not a version: write one, as {example}"


def _at(package: Package, key: str) -> Node | None:
    return package.manifest().entries.get(key)
