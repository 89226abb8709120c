"""One specification, and what it says of a package."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from pkgaction.model.finding import Finding
from pkgaction.model.looseversion import LooseVersion, loose
from pkgaction.model.yamltext import Node
from pkgaction.rules import exclusions, rule
from pkgaction.rules.package import MANIFEST, Package
from pkgaction.rules.rule import Rule
from pkgaction.rules.semantic.registry import RULES
from pkgaction.rules.spec import items
from pkgaction.rules.spec.documents import Documents
from pkgaction.rules.spec.files import Files
from pkgaction.rules.spec.items import Item
from pkgaction.rules.spec.schemas import Schemas
from pkgaction.rules.spec.walk import Walk
from pkgaction.rules.told import found

_UNRELEASED = "PSR00001"
_UNRELEASED_SINCE = "3.0.1"


@dataclass(frozen=True, slots=True)
class Specification:
    """The official specification, read as far as it was needed; one value for a whole run."""

    files: Mapping[str, bytes] = field(repr=False)  # by path below `spec/`
    name: str  # for reports
    address: str  # of the folder `spec`, where people can read it; empty: there is none
    rules: Sequence[Rule] = field(default=RULES, repr=False)  # what no schema can say
    _documents: Documents = field(init=False, repr=False)
    _schemas: dict[LooseVersion, Schemas] = field(default_factory=dict, repr=False)
    _roots: dict[tuple[str, LooseVersion], Item | None] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_documents", Documents(self.files))

    def check(self, package: Package) -> Iterator[Finding]:
        """All that is wrong with a package, less what its own validation.yml excludes.

        Raises:
            SpecificationError: the specification is broken.
        """
        yield from exclusions.kept(self._all(package), package.yaml(exclusions.FILE))

    def _all(self, package: Package) -> Iterator[Finding]:
        fatal = next(self._fatal(package), None)
        if fatal:
            yield fatal
            return
        root = self._root(package.type, package.format_version)
        if root is None:
            message = f"the type {package.type[:80]!r} is not supported"
            yield found(MANIFEST, message, _at(package, "type"), code="type-unsupported")
            return
        yield from self._released(package)
        yield from self._walk(package, root)
        yield from rule.check(self.rules, package)

    def link(self, path: str) -> str:
        """Where a file of the specification can be read."""
        return f"{self.address}/{quote(path)}" if self.address and path else ""

    def _walk(self, package: Package, root: Item) -> Iterator[Finding]:
        version = package.format_version
        schemas = self._schemas.setdefault(version, Schemas(self._documents, version))
        files = Files(package, schemas, self.link)
        yield from Walk(package, lambda item: self.link(item.defined), files.check).folder("", root)

    def _root(self, package_type: str, version: LooseVersion) -> Item | None:
        key = package_type, version
        if key not in self._roots:
            self._roots[key] = items.root(self._documents, package_type, version)
        return self._roots[key]

    def _fatal(self, package: Package) -> Iterator[Finding]:
        """What makes all else meaningless."""
        if package.tree.get(MANIFEST) is None:
            yield found(MANIFEST, "a package needs a manifest.yml at its top", code="manifest-missing")
            return
        if problem := package.yaml_problem(MANIFEST):
            yield problem.finding("manifest-unreadable")
            return
        for key, text in (("type", package.type), ("version", package.version)):
            if not text:
                yield found(MANIFEST, f"{key} is missing", _at(package, key), code=f"{key}-missing")
        for key in ("version", "format_version"):
            if loose(package.text(key)) is None:
                code, message = f"{key.replace('_', '-')}-invalid", f"{key} must be a version, as 1.2.0"
                yield found(MANIFEST, message, _at(package, key), code=code)
        if self._release(package.format_version) is None:
            message = f"there is no format_version {package.format_version}"
            yield found(
                MANIFEST, message, _at(package, "format_version"), code="format-version-unknown",
                link=self.link("changelog.yml"),
            )  # fmt: skip

    def _release(self, version: LooseVersion) -> LooseVersion | None:
        """The entry of the specification's changelog for a format version."""
        for entry in self._documents.versions:
            if LooseVersion("", entry.numbers) == version:
                return entry
        return None

    def _released(self, package: Package) -> Iterator[Finding]:
        entry = self._release(package.format_version)
        if entry and entry.prerelease and package.ga and package.at_least(_UNRELEASED_SINCE):
            message = (
                f"format_version {package.format_version} is not released yet: use an older one, or "
                "give the package a prerelease version"
            )
            yield found(
                MANIFEST, message, _at(package, "format_version"), code="format-version-unreleased",
                official=_UNRELEASED, link=self.link("changelog.yml"),
            )  # fmt: skip


def _at(package: Package, key: str) -> Node | None:
    return package.manifest().entries.get(key)
