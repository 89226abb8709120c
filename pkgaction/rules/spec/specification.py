"""One specification, and what it says of a package."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from pkgaction.model.finding import Finding
from pkgaction.model.limited import limited
from pkgaction.model.looseversion import LooseVersion
from pkgaction.rules import exclusions, rule
from pkgaction.rules.once import not_refused, once, without_effects
from pkgaction.rules.package import MANIFEST, Mode, Package
from pkgaction.rules.rule import Rule
from pkgaction.rules.semantic.registry import RULES
from pkgaction.rules.spec import items
from pkgaction.rules.spec.documents import Documents
from pkgaction.rules.spec.files import Files
from pkgaction.rules.spec.formats import Formats
from pkgaction.rules.spec.items import Item
from pkgaction.rules.spec.schemas import Schemas
from pkgaction.rules.spec.walk import Walk
from pkgaction.rules.told import found


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
        codes = exclusions.excluded(package.yaml(exclusions.FILE))
        unknown = package.is_unreadable(exclusions.FILE)
        findings, judged = self._all(package)
        counts: Counter[str] = Counter()
        told = limited(exclusions.kept(findings, None if unknown else codes, counts))
        shown = tuple(without_effects(told))
        unreadable = tuple(limited(exclusions.unread(package.unreadable())))  # after the rules have read
        yield from once([*not_refused(unreadable, shown), *shown])
        yield from exclusions.skipped(counts, codes)
        if judged and not unreadable and package.mode is not Mode.BUILD:
            other = {one.code for one in self.rules if one.code and package.mode not in one.modes}
            yield from limited(exclusions.useless(counts, codes, other))

    def _all(self, package: Package) -> tuple[Iterator[Finding], bool]:
        """The findings, and whether they are of all rules; some keep all else from being judged."""
        if package.tree.get(MANIFEST) and not package.can_read(MANIFEST):
            return iter(()), False
        if fatal := next(self._formats.fatal(package), None):
            return iter([fatal]), False
        root = self._root(package.type, package.format_version)
        if root is None:
            message = f"the type {package.type[:80]!r} is not supported"
            place = package.manifest().entries.get("type")
            return iter([found(MANIFEST, message, place, code="type-unsupported")]), False
        return self._judge(package, root), True

    def _judge(self, package: Package, root: Item) -> Iterator[Finding]:
        yield from self._formats.unreleased(package)
        yield from self._walk(package, root)
        yield from rule.check(self.rules, package)

    @property
    def _formats(self) -> Formats:
        return Formats(self._documents, self.link)

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
