"""audit: what lies in the buckets → how it differs from what was promised.

By listings alone: one of the zips, one of the extracted files, and the index. A listing has the checksum
of each object's bytes, and the one that its publisher kept beside it. Only with an inspector are bodies
read. Nothing is written.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pkgaction import damages, deltas, extracts, generations, inventory, manifests, reasons, unmatched
from pkgaction.entry.catalog import Catalog
from pkgaction.entry.shape import Key
from pkgaction.errors import IndexUnsafeError, UsageError
from pkgaction.generations import Generation
from pkgaction.inspection import Inspected, Inspector
from pkgaction.integrity import is_recorded, is_sealed
from pkgaction.inventory import Extracted, Packages
from pkgaction.model import layout, paths
from pkgaction.model.audit import REPAIR, Audit, Audited, Code, Drift, some
from pkgaction.model.globs import PackageGlobs
from pkgaction.model.json import JsonObject
from pkgaction.model.manifest import FILE, PackageId
from pkgaction.model.record import ZIP, ZIP_CRC32C
from pkgaction.model.version import Version
from pkgaction.ports import Clock, ObjectStore, Repository, StoredObject, Watch

_ARTIFACTS = "artifacts/"
_PUBLISH = "publish this version again from its commit: its zip is compared, and signed"
_NO_INDEX = "check its name; where it is the right one, make the index by reindex"
_LEFT = "wait for a publisher at work; else publish this version again, or delete what was left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What auditing works with."""

    store: ObjectStore
    index: ObjectStore | None  # None: no index is kept
    clock: Clock
    watch: Watch
    inspector: Inspector | None = None  # None: bodies are not read


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stock:
    """All that was listed."""

    packages: Packages
    static: Mapping[str, Extracted]
    entries: Catalog | None  # None: no index is kept
    indexed: bool = True  # whether there is one
    drifts: tuple[Drift, ...] = ()  # of the index beside its whole list
    misread: str = ""  # why readers can't read it
    strays: Mapping[Key, str] = field(default_factory=dict)  # entries that lead elsewhere, and where
    list_url: str = ""  # of the list that has them
    doubts: tuple[str, ...] = ()  # what is wrong with the index beside its whole list

    def entry(self, package: PackageId) -> JsonObject | None:
        return self.entries.entry(_key(package)) if self.entries else None


def of_commit(
    repository: Repository, commit: str, packages: PackageGlobs
) -> tuple[list[PackageId], list[str]]:
    """Each package's current version in a commit, and what can't be told, as sentences.

    Raises:
        UsageError: there is no package, or none that can be read.
    """
    told = unmatched.warnings(repository, commit, packages)
    if unmatched.root_is_left_out(repository, commit, packages.patterns):
        told.append(reasons.ROOT_IS_A_PACKAGE)
    side = manifests.read(
        repository, commit, manifests.all_folders(repository, commit, packages.patterns)
    )
    broken = [f"{paths.join(folder, FILE)}: {e.message}" for folder, e in sorted(side.broken.items())]
    if broken and not side.found:
        what = f"no package can be read: {some(broken)}"
        raise UsageError(what=what, where=unmatched.WHERE, fix="fix the manifests")
    told += [f"not audited: {one}" for one in broken]
    return [identity.id for identity in side.found.values()], told


def audit(wanted: Collection[PackageId], bench: Bench, *, everything: bool = False) -> Audit:
    """Look at these versions, or also at everything else that is in the buckets.

    Raises:
        BucketMissingError: one of the buckets is not there, or may not be listed (AccessDeniedError).
        IndexUnsafeError: the index is broken or foreign.
        StorageError: the storage failed.
    """
    bench.store.look(layout.ARTIFACT_PROBE, create=False, there=True)
    if bench.index is not None:
        bench.index.look(layout.INDEX_PROBE, create=False, there=True)
    bases = {layout.base_name(package) for package in wanted}
    stock = _take_stock(bench, None if everything else bases)
    if everything:
        bases |= {*stock.packages.zips, *stock.packages.signatures, *stock.static}
    known = {base: package for base in bases if (package := inventory.identify(base))}
    strange = (*stock.packages.foreign, *sorted(bases - known.keys())) if everything else ()
    if everything and stock.entries:
        known |= {base: p for base in _bases(stock.entries) if (p := inventory.identify(base))}
    looked = [
        Audited(package, tuple(_drifts(package, stock, bench, published=base in stock.packages.zips)))
        for base, package in bench.watch.each("Audit", _ordered(known))
    ]
    looked += _other_strays(looked, stock)
    warnings = [f"{name} belongs to no package version" for name in strange]
    warnings += [*inventory.non_objects(bench.store, _ARTIFACTS), *stock.doubts]
    if bench.index is not None:
        warnings += inventory.non_objects(bench.index, layout.INDEX_ROOT)
    if bench.index is not None and stock.entries is not None and not stock.indexed:
        warnings.append(f"{bench.index.url} has no index at all: {_NO_INDEX}")
    if bench.inspector is None:
        warnings += [*_unnamed(known, stock), *_unproven(known, stock)]
    return Audit(versions=tuple(looked), warnings=tuple(warnings), index=stock.drifts)


def _unnamed(known: Mapping[str, PackageId], stock: _Stock) -> list[str]:
    """Of which versions nothing that was listed names the extracted files."""
    zips = stock.packages.zips
    bases = sorted(b for b, package in known.items() if b in zips and stock.entry(package) is None)
    if not bases:
        return []
    told = f"looked for {FILE} alone among the extracted files of {some(bases)}"
    return [f"{told}: no entry of an index names the others; --deep reads the zips"]


def _unproven(known: Collection[str], stock: _Stock) -> list[str]:
    """Which versions the listings do not prove whole: no checksum of their own was kept with them."""
    bases = sorted(base for base in known if base in stock.packages.zips and _is_unproven(base, stock))
    if not bases:
        return []
    count = f"{len(bases)} version{'s' if len(bases) > 1 else ''}"
    return [f"{count} without checksums of their own, which only --deep proves whole: {some(bases)}"]


def _is_unproven(base: str, stock: _Stock) -> bool:
    stored, signature = stock.packages.zips[base], stock.packages.signatures.get(base)
    signed = signature is not None and is_recorded(signature)
    zipped = is_recorded(stored) or (
        signed and signature is not None and ZIP_CRC32C in signature.headers.metadata
    )
    extracted = stock.static.get(base, Extracted())
    return not zipped or not (signed or signature is None) or bool(extracted.unproven)


def _index_drifts(index: Generation | None, bench: Bench) -> tuple[Drift, ...]:
    """What is wrong with the list of changes: readers who follow along serve what it says."""
    if index is None or bench.index is None:
        return ()
    try:
        deltas.require_fitting(index.cursor, index.catalog, bench.index)
    except IndexUnsafeError as error:
        fix = f"{error.fix}, and find out who wrote it"
        return (Drift(Code.CHANGES_DIFFER, f"{error.where}: {error.what}", fix),)
    return ()


def _doubts(index: Generation | None, bench: Bench) -> tuple[str, ...]:
    """What is strange about the numbers of the generations."""
    if index is None or bench.index is None:
        return ()
    folders = generations.by_folder(bench.index)
    far = generations.far_ahead(bench.index, folders, bench.clock)
    return (*far, *generations.ahead(bench.index, folders, bench.clock, index.cursor))


def _take_stock(bench: Bench, only: Collection[str] | None) -> _Stock:
    """The index first: what it names must be there. It is read again where a zip has no entry: a
    publisher may have been at work.
    """
    index = _index(bench)
    entries = index.catalog if index else None
    drifts, doubts = _index_drifts(index, bench), _doubts(index, bench)
    packages = inventory.packages(bench.store)
    static = inventory.static(bench.store, only)
    if entries is not None:
        listed = {base for base in packages.zips if only is None or base in only}
        if not listed <= _bases(entries):
            index = _index(bench)
            entries = entries.and_those_of(index.catalog if index else Catalog.empty())
    indexed = index is not None and index.generation is not None
    name = layout.full_index_name(index.cursor) if index else ""
    return _Stock(
        packages=packages,
        static=static,
        entries=entries,
        indexed=indexed,
        doubts=doubts,
        drifts=drifts,
        misread=index.misread if index else "",
        strays=entries.strays() if entries else {},
        list_url=f"{bench.index.url}/{name}" if bench.index else "",
    )


def _bases(entries: Catalog) -> set[str]:
    """The versions of the index; an entry of another name is nobody's, whatever the two are together."""
    return {f"{name}-{version}" for name, version in entries.texts if layout.identity(name, version)}


def _index(bench: Bench) -> Generation | None:
    return None if bench.index is None else generations.current(bench.index, bench.clock)


def _ordered(known: Mapping[str, PackageId]) -> list[tuple[str, PackageId]]:
    return sorted(known.items(), key=lambda item: (item[1].name, item[1].version, item[0]))


def _other_strays(looked: Sequence[Audited], stock: _Stock) -> list[Audited]:
    """Entries of no version that was looked at: readers of the index are led astray by any."""
    seen = {_key(one.id) for one in looked}
    return [
        Audited(PackageId(name=name, version=Version.parse(version)), (_stray((name, version), stock),))
        for name, version in sorted(stock.strays.keys() - seen)
    ]


def _stray(key: Key, stock: _Stock) -> Drift:
    what = f"its entry in {stock.list_url} leads readers elsewhere: {stock.strays[key]}"
    fix = f"{generations.MAKE_ANEW}, and find out who wrote the entry"
    return Drift(Code.ENTRY_FOREIGN, what, fix)


def _key(package: PackageId) -> Key:
    return package.name, package.version.text


def _drifts(package: PackageId, stock: _Stock, bench: Bench, *, published: bool) -> Iterator[Drift]:
    if _key(package) in stock.strays:
        yield _stray(_key(package), stock)
    base = layout.base_name(package)
    if not published:
        yield from _without_zip(package, base, stock)
        return
    stored, signature = stock.packages.zips[base], stock.packages.signatures.get(base)
    extracted = stock.static.get(base, Extracted())
    found = bench.inspector.inspect(package, stored, signature) if bench.inspector else None
    proven = found.record if found and found.signed else None
    damaged = [*damages.of_zip(stored, signature, bench.store, deep=found is not None, proven=proven)]
    yield from damaged
    known = {drift.code for drift in damaged}
    yield from (drift for drift in (found.drifts if found else ()) if drift.code not in known)
    if not (found and found.signed):
        yield from _signature(stored, signature, found)
    wanted = extracts.expected(package, stock.entry(package), found.files if found else None)
    yield from extracts.drifts(extracted, wanted, bench.store)
    yield from _entry(package, stock, found)


def _without_zip(package: PackageId, base: str, stock: _Stock) -> Iterator[Drift]:
    fix = f"publish it: start the workflow with package: {package.name}"
    left = False
    if base in stock.static:
        what = f"{len(stock.static[base].files)} extracted files are there without a zip"
        left = True
        yield Drift(Code.STATIC_ALONE, what, _LEFT)
    if base in stock.packages.signatures:
        left = True
        yield Drift(Code.SIGNATURE_ALONE, "a signature is there without a zip", _LEFT)
    if stock.entry(package) is not None:
        left = True
        alone = "publish this version again; if it can't be had any more, rebuild the index by reindex"
        yield Drift(Code.ENTRY_ALONE, "the index names it, and there is no zip", alone)
    if not left:
        yield Drift(Code.ZIP_MISSING, "it is not in the bucket", fix)


def _signature(
    stored: StoredObject, signature: StoredObject | None, found: Inspected | None
) -> Iterator[Drift]:
    if signature is None:
        yield Drift(Code.SIGNATURE_MISSING, "the signature is not in the bucket", _PUBLISH)
        return
    if not (is_sealed(stored) and is_sealed(signature)):
        return  # a record that does not fit itself says nothing of the other one
    said = (found.record if found else {}).get(ZIP) or stored.headers.metadata.get(ZIP)
    of = signature.headers.metadata.get(ZIP)
    if said and of and said != of:
        what = f"the signature is that of another zip (sha256 {of}, the zip has {said})"
        first = "" if found else f"{damages.LOOK_DEEPER}; if not, "
        yield Drift(Code.SIGNATURE_OTHER, what, f"{first}delete the signature, then {_PUBLISH}")


def _entry(package: PackageId, stock: _Stock, found: Inspected | None) -> Iterator[Drift]:
    if stock.entries is None:
        return
    entry = stock.entry(package)
    if entry is not None and stock.misread:
        what = f"readers can't read the index: {stock.misread}"
        yield Drift(Code.ENTRY_UNREADABLE, what, f"publish any version, or {generations.MAKE_ANEW}")
    if entry is None:
        yield Drift(Code.ENTRY_MISSING, "the index has no entry for it", REPAIR)
    elif found and found.entry is not None and found.entry != entry:
        keys = [key for key in {**found.entry, **entry} if found.entry.get(key) != entry.get(key)]
        yield Drift(Code.ENTRY_DIFFERS, f"the index entry is not the zip's: {some(keys)}", REPAIR)
