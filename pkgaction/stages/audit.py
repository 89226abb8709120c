"""audit: what lies in the buckets → how it differs from what was promised.

By listings alone: one of the zips, one of the extracted files, and the index. A listing has the checksum
of each object's bytes, and the one that its publisher kept beside it. Only with an inspector are bodies
read. Nothing is written.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pkgaction import damages, deltas, generations, inventory, manifests, reasons, unmatched
from pkgaction.entry.catalog import Catalog
from pkgaction.errors import IndexUnsafeError, UsageError
from pkgaction.generations import Generation
from pkgaction.inspection import Inspected, Inspector
from pkgaction.integrity import has_wrong_headers, is_recorded, is_same, is_sealed
from pkgaction.inventory import Extracted, Packages
from pkgaction.model import layout, paths
from pkgaction.model.audit import Audit, Audited, Code, Drift
from pkgaction.model.checksum import Digests
from pkgaction.model.globs import PackageGlobs
from pkgaction.model.json import Json, JsonObject, at
from pkgaction.model.manifest import FILE, PackageId
from pkgaction.objects import ZIP, ZIP_CRC32C
from pkgaction.ports import Clock, ObjectStore, Repository, StoredObject, Watch

_SHOWN = 3  # file names in one sentence
_ARTIFACTS = "artifacts/"
_REPAIR = "run audit with --repair, or publish this version again"
_OF_FINDER = ".DS_Store"  # made by looking at a folder: no reader asks for it
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
    doubts: tuple[str, ...] = ()  # what is wrong with the index beside its whole list

    def entry(self, package: PackageId) -> JsonObject | None:
        return self.entries.entry((package.name, package.version.text)) if self.entries else None


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
        what = f"no package can be read: {_some(broken)}"
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
        keys = _bases(stock.entries) if stock.entries else set()
        bases |= {*stock.packages.zips, *stock.packages.signatures, *stock.static, *keys}
    known = {base: package for base in bases if (package := inventory.identify(base))}
    strange = (*stock.packages.foreign, *sorted(bases - known.keys())) if everything else ()
    looked = [
        Audited(package, tuple(_drifts(package, stock, bench, published=base in stock.packages.zips)))
        for base, package in bench.watch.each("Audit", _ordered(known))
    ]
    warnings = [f"{name} belongs to no package version" for name in strange]
    warnings += [*inventory.non_objects(bench.store, _ARTIFACTS), *stock.doubts]
    if bench.index is not None:
        warnings += inventory.non_objects(bench.index, layout.INDEX_ROOT)
    if bench.index is not None and stock.entries is not None and not stock.indexed:
        warnings.append(f"{bench.index.url} has no index at all: {_NO_INDEX}")
    if bench.inspector is None:
        warnings += [*_unnamed(known, stock), *_unproven(known, stock)]
    return Audit(versions=tuple(looked), warnings=tuple(warnings))


def _unnamed(known: Mapping[str, PackageId], stock: _Stock) -> list[str]:
    """Of which versions nothing that was listed names the extracted files."""
    zips = stock.packages.zips
    bases = sorted(b for b, package in known.items() if b in zips and stock.entry(package) is None)
    if not bases:
        return []
    told = f"looked for {FILE} alone among the extracted files of {_some(bases)}"
    return [f"{told}: no entry of an index names the others; --deep reads the zips"]


def _unproven(known: Collection[str], stock: _Stock) -> list[str]:
    """Which versions the listings do not prove whole: no checksum of their own was kept with them."""
    bases = sorted(base for base in known if base in stock.packages.zips and _is_unproven(base, stock))
    if not bases:
        return []
    count = f"{len(bases)} version{'s' if len(bases) > 1 else ''}"
    return [f"{count} without checksums of their own, which only --deep proves whole: {_some(bases)}"]


def _is_unproven(base: str, stock: _Stock) -> bool:
    stored, signature = stock.packages.zips[base], stock.packages.signatures.get(base)
    signed = signature is not None and is_recorded(signature)
    zipped = is_recorded(stored) or (
        signed and signature is not None and ZIP_CRC32C in signature.headers.metadata
    )
    extracted = stock.static.get(base, Extracted())
    return not zipped or not (signed or signature is None) or bool(extracted.unproven)


def _doubts(index: Generation | None, bench: Bench) -> tuple[str, ...]:
    """What is wrong with the list of changes; readers who load the whole list are not concerned."""
    if index is None or bench.index is None:
        return ()
    try:
        deltas.require_fitting(index.cursor, index.catalog, bench.index)
    except IndexUnsafeError as error:
        return (str(error),)
    folders = generations.by_folder(bench.index)
    far = generations.far_ahead(bench.index, folders, bench.clock)
    return (*far, *generations.ahead(bench.index, folders, bench.clock, index.cursor))


def _take_stock(bench: Bench, only: Collection[str] | None) -> _Stock:
    """The index first: what it names must be there. It is read again where a zip has no entry: a
    publisher may have been at work.
    """
    index = _index(bench)
    entries = index.catalog if index else None
    doubts = _doubts(index, bench)
    packages = inventory.packages(bench.store)
    static = inventory.static(bench.store, only)
    if entries is not None:
        listed = {base for base in packages.zips if only is None or base in only}
        if not listed <= _bases(entries):
            index = _index(bench)
            entries = entries.and_those_of(index.catalog if index else Catalog.empty())
    indexed = bool(index and index.generation)
    return _Stock(packages=packages, static=static, entries=entries, indexed=indexed, doubts=doubts)


def _bases(entries: Catalog) -> set[str]:
    return {f"{name}-{version}" for name, version in entries.texts}


def _index(bench: Bench) -> Generation | None:
    return None if bench.index is None else generations.current(bench.index, bench.clock)


def _ordered(known: Mapping[str, PackageId]) -> list[tuple[str, PackageId]]:
    return sorted(known.items(), key=lambda item: (item[1].name, item[1].version, item[0]))


def _drifts(package: PackageId, stock: _Stock, bench: Bench, *, published: bool) -> Iterator[Drift]:
    base = layout.base_name(package)
    if not published:
        yield from _without_zip(package, base, stock)
        return
    stored, signature = stock.packages.zips[base], stock.packages.signatures.get(base)
    extracted = stock.static.get(base, Extracted())
    found = bench.inspector.inspect(package, stored, signature) if bench.inspector else None
    damaged = [*damages.of_zip(stored, signature, bench.store, signed=bool(found and found.signed))]
    yield from damaged
    known = {drift.code for drift in damaged}
    if Code.RECORD_DAMAGED in known and not is_sealed(stored):
        known.add(Code.CONTENT_DIFFERS)  # from a record that is known to be wrong
    yield from (drift for drift in (found.drifts if found else ()) if drift.code not in known)
    if not (found and found.signed):
        yield from _signature(stored, signature)
    yield from _static(extracted, _expected(package, stock, found), bench.store)
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


def _signature(stored: StoredObject, signature: StoredObject | None) -> Iterator[Drift]:
    if signature is None:
        yield Drift(Code.SIGNATURE_MISSING, "the signature is not in the bucket", _PUBLISH)
        return
    is_, of = stored.headers.metadata.get(ZIP), signature.headers.metadata.get(ZIP)
    if is_ and of and is_ != of:
        what = f"the signature is that of another zip (sha256 {of}, the zip has {is_})"
        yield Drift(Code.SIGNATURE_OTHER, what, f"delete the signature, then {_PUBLISH}")


def _expected(
    package: PackageId, stock: _Stock, found: Inspected | None
) -> Mapping[str, Digests | None]:
    """The extracted files that must be there: the zip's, else those that the index names."""
    if found and found.files is not None:
        return found.files
    assets = at(stock.entry(package), "assets")
    start = f"/package/{package.name}/{package.version.text}/"
    named: Iterable[Json] = assets if isinstance(assets, list) else ()
    paths = [path.removeprefix(start) for path in named if isinstance(path, str)]
    return dict.fromkeys(paths)


def _static(
    extracted: Extracted, expected: Mapping[str, Digests | None], store: ObjectStore
) -> Iterator[Drift]:
    there = extracted.files
    yield from damages.of_files(extracted, expected, store)
    missing = [path for path in expected or {FILE: None} if path not in there]
    if missing:
        yield Drift(Code.STATIC_MISSING, f"not in the bucket: {_some(missing)}", _REPAIR)
    other = [
        path
        for path, is_ in expected.items()
        if is_ and not _is_told(path, extracted) and _is_other(path, is_, extracted, store)
    ]
    if other:
        fix = "find out who wrote them; delete them, then run audit with --repair"
        yield Drift(Code.STATIC_DIFFERS, f"not as in the zip: {_some(other)}", fix)
    extra = [path for path in there if path not in expected and path.rpartition("/")[2] != _OF_FINDER]
    if extra and expected:
        fix = "find out who wrote them, and delete them"
        yield Drift(Code.STATIC_EXTRA, f"not in the package: {_some(extra)}", fix)


def _is_told(path: str, extracted: Extracted) -> bool:
    """Whether its bytes are known to be others; wrong headers say nothing of them."""
    damaged = extracted.damaged.get(path)
    return damaged is not None and not has_wrong_headers(damaged)


def _is_other(path: str, is_: Digests, extracted: Extracted, store: ObjectStore) -> bool:
    """Whether a file that is there is not the zip's; where the bucket keeps no MD5 of it, it is read."""
    if path not in extracted.files:
        return False
    if path in extracted.composed:
        return not is_same(extracted.composed[path], store, is_)
    return extracted.files[path] != (is_.size, is_.crc32c, is_.md5)


def _entry(package: PackageId, stock: _Stock, found: Inspected | None) -> Iterator[Drift]:
    if stock.entries is None:
        return
    entry = stock.entry(package)
    if entry is None:
        yield Drift(Code.ENTRY_MISSING, "the index has no entry for it", _REPAIR)
    elif found and found.entry is not None and found.entry != entry:
        keys = [key for key in {**found.entry, **entry} if found.entry.get(key) != entry.get(key)]
        yield Drift(Code.ENTRY_DIFFERS, f"the index entry is not the zip's: {_some(keys)}", _REPAIR)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(sorted(names)[:_SHOWN])}{more}"
