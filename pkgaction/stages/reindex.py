"""reindex: all zips in the public bucket → a new generation of the search index.

Every entry is made from its zip, in each run: what a killed run would leave in a bucket, anybody who may
write there could leave, too. The list of zips is taken after the index was read, each time that the
cursor is to be moved: a version that another publisher adds meanwhile is therefore in it.
"""

import contextlib
import os
import re
from collections import deque
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from pkgaction import generations, inspection, inventory, objects, swapping
from pkgaction.entry import catalog as catalogs
from pkgaction.entry import stray
from pkgaction.entry.catalog import Catalog, Merge, Text
from pkgaction.entry.shape import Key
from pkgaction.errors import DamagedObjectError, IndexUnsafeError, NoRoomError, PackageError
from pkgaction.integrity import damage, has_wrong_headers
from pkgaction.inventory import identify
from pkgaction.model import layout
from pkgaction.model.audit import Rebuilt
from pkgaction.model.json import text_at
from pkgaction.ports import (
    Clock,
    GenerationMismatchError,
    ObjectStore,
    StoredObject,
    Watch,
    is_placeholder,
)
from pkgaction.zipwork import ZipWork

# where versions before this one kept what they had made so far; nothing there is read
LEFT = f"{layout.INDEX_ROOT}reindex/"
_BATCH = re.compile(r"[0-9a-f]{2}\.json")
_KEPT = "the entry that the index has is kept, though nothing proves it"
_LEFT_OUT = "the index has no entry of its own for it"
_ENTRY_OF = "its entry is made of it: run audit with --deep, which tells whether the record is wrong"
_AHEAD = 8  # zips that are downloaded at the same time, and lie on the disk
_TOGETHER = 1 << 30  # bytes of them that are enough


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What rebuilding works with."""

    store: ObjectStore
    index: ObjectStore
    clock: Clock
    watch: Watch
    scratch: Path


def rebuild(bench: Bench, *, dry_run: bool = False) -> Rebuilt:
    """Make the index anew; with `dry_run` only say what that would change.

    Raises:
        BucketMissingError: one of the buckets is not there, or may not be used (AccessDeniedError).
        IndexUnsafeError: the bucket has no zip, or none gives an entry, so the index would be empty.
        StorageError: the storage failed; a rerun begins from the start.
    """
    bench.store.look(layout.ARTIFACT_PROBE, create=False, there=True)
    bench.index.look(layout.INDEX_PROBE, create=not dry_run, there=True)
    maker = _Maker(bench)
    warnings = tuple(_left_behind(bench.index))
    maker.make(inventory.packages(bench.store).zips)
    if dry_run:
        found = generations.look(bench.index, bench.clock)
        done = swapping.Swapped(cursor=found.cursor, merge=maker.merge(found.catalog))
    else:
        done = swapping.swap(bench.index, bench.clock, maker.merge, rebuilding=True)
        _forget(bench.index)
    return Rebuilt(
        cursor=done.cursor,
        entries=len(done.merge.catalog.texts),
        added=done.merge.named(done.merge.added),
        updated=done.merge.named(done.merge.updated),
        removed=done.merge.named(done.merge.removed),
        unreadable=maker.told(),
        warnings=(*done.warnings, *warnings, *(what for _, what in sorted(maker.doubted.items()))),
    )


@dataclass(frozen=True, slots=True)
class _Fetched:
    """A zip on the disk."""

    base: str
    object: StoredObject
    path: Path

    @property
    def doubt(self) -> str:
        """What speaks against its bytes: only they themselves can prove that it is not so."""
        return "" if has_wrong_headers(self.object) else damage(self.object)


@dataclass(slots=True)
class _Maker:
    """Makes entries, each once for a generation of its zip."""

    bench: Bench
    made: dict[tuple[str, int], Text] = field(default_factory=dict)  # by base, generation
    unreadable: dict[str, str] = field(default_factory=dict)  # by base
    doubted: dict[str, str] = field(default_factory=dict)  # by base: its record speaks against the zip
    large: dict[str, StoredObject] = field(default_factory=dict)  # by base: to be downloaded alone
    kept: set[str] = field(default_factory=set)  # of those, by base: the index's own entry stays

    def merge(self, catalog: Catalog) -> Merge:
        """The entries of all zips there are; called after the catalog was read, so they include those
        of every entry in it.
        """
        zips = inventory.packages(self.bench.store).zips
        if not zips:
            raise self._nothing("there is no zip", "check that it is the right bucket")
        self.make({b: z for b, z in zips.items() if (b, z.generation) not in self.made})
        made = {base: self.made.get((base, z.generation)) for base, z in zips.items()}
        self.kept = {base for base, entry in made.items() if entry is None and _is_own(base, catalog)}
        kept = [catalog.texts[_key(base)] for base in self.kept]
        entries = [*(entry for entry in made.values() if entry is not None), *kept]
        if not entries:
            first = next(iter(self.told()), "they were replaced while they were read")
            fix = "look at the zips by `pkgaction audit --all --deep`, then run it again"
            raise self._nothing(f"none of {len(zips)} zips gives an entry ({first})", fix)
        return catalog.rebuilt(entries)

    def _nothing(self, why: str, fix: str) -> IndexUnsafeError:
        what = f"{why}, so the index would be empty; nothing was written to it"
        return IndexUnsafeError(what=what, where=f"{self.bench.store.url}/{layout.PACKAGES}", fix=fix)

    def told(self) -> tuple[str, ...]:
        """Which zips give no entry, and whether the index goes on without one, as sentences."""
        return tuple(
            f"{what}; {_KEPT if base in self.kept else _LEFT_OUT}"
            for base, what in sorted(self.unreadable.items())
        )

    def make(self, zips: Mapping[str, StoredObject]) -> None:
        """Make the entries of these zips. Some are downloaded while those before are read."""
        todo = {base: zips[base] for base in sorted(zips.keys() - self.unreadable.keys())}
        if not todo:
            return
        work = ZipWork(_entry_text, max(2, len(os.sched_getaffinity(0))))
        work.open()
        try:
            with contextlib.closing(self._fetched(todo)) as fetched:
                self._make(work, fetched)
            while self.large:  # alone, when no other zip lies on the disk
                base, stored = self.large.popitem()
                self._make(work, self._fetched_alone(base, stored))
        finally:
            work.close()

    def _fetched(self, zips: Mapping[str, StoredObject]) -> Generator[_Fetched]:
        """The zips on the disk; those for which it has no room beside the others are left for later."""
        ahead = deque(zips)
        with _threads() as pool:
            coming: deque[Future[Path]] = deque()
            held = 0
            for base in self.bench.watch.each("Reindex", [*zips]):
                while ahead and len(coming) < _AHEAD and (not coming or held < _TOGETHER):
                    held += zips[ahead[0]].size
                    coming.append(pool.submit(self._download, zips[ahead.popleft()]))
                try:
                    with self._telling(base):
                        yield _Fetched(base, zips[base], coming.popleft().result())
                except NoRoomError:
                    self.large[base] = zips[base]
                held -= zips[base].size

    def _fetched_alone(self, base: str, stored: StoredObject) -> Iterator[_Fetched]:
        with self._telling(base):
            path = objects.download_alone(stored, self.bench.store, self.bench.scratch)
            yield _Fetched(base, stored, path)

    def _download(self, stored: StoredObject) -> Path:
        return objects.download(stored, self.bench.store, self.bench.scratch)

    def _make(self, work: ZipWork[_Fetched, bytes | None], zips: Iterator[_Fetched]) -> None:
        for zip_, result in work.each(zips):
            with self._telling(zip_.base, zip_.doubt):
                try:
                    if (text := result()) is not None:
                        self._made(zip_, text)
                finally:
                    zip_.path.unlink()

    def _made(self, zip_: _Fetched, text: bytes) -> None:
        self.made[zip_.base, zip_.object.generation] = text
        if zip_.doubt:
            all_read = f"all of the zip can be read, so {_ENTRY_OF}"
            self.doubted[zip_.base] = f"{zip_.base}: {zip_.doubt}; {all_read}"

    @contextlib.contextmanager
    def _telling(self, base: str, doubt: str = "") -> Iterator[None]:
        """The block works on a zip; where it gives no entry, that is told, and the others go on."""
        try:
            yield
        except GenerationMismatchError:
            return  # it was replaced: the next listing has the new one
        except (DamagedObjectError, PackageError) as error:
            what = f"{doubt}: {error.what}" if doubt else error.what
            self.unreadable[base] = f"{base}: {what}"
            self.bench.watch.say(f"{base} gives no entry: {what}")


def _entry_text(zip_: _Fetched) -> bytes | None:
    """The entry of a zip, as it is written; None where its name is that of no version.

    Raises:
        PackageError: it gives none.
    """
    package = identify(zip_.base)
    if package is None:
        return None
    return catalogs.dump(inspection.entry_of(package, zip_.path, doubted=bool(zip_.doubt)))


@contextlib.contextmanager
def _threads() -> Iterator[ThreadPoolExecutor]:
    """Threads to download in, for which a run that ends does not wait."""
    pool = ThreadPoolExecutor(_AHEAD)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def _is_own(base: str, catalog: Catalog) -> bool:
    """Whether the index has an entry that leads to this very version, and nowhere else.

    It is better than none, where the zip gives none. Nothing proves it.
    """
    name, version = key = _key(base)
    entry = catalog.entry(key)
    return (
        text_at(entry, "download") == f"/epr/{name}/{base}.zip"
        and text_at(entry, "path") == f"/package/{name}/{version}"
        and not stray.reason(catalog.texts[key])
    )


def _key(base: str) -> Key:
    name, _, version = base.partition("-")
    return name, version


def _left_behind(index: ObjectStore) -> Iterator[str]:
    """What lies where no run keeps anything any more, as sentences."""
    left = (stored for stored in index.list(LEFT) if not is_placeholder(stored))
    names = [stored.name.removeprefix(LEFT) for stored in left]
    batches = [name for name in names if _BATCH.fullmatch(name)]
    others = [name for name in names if not _BATCH.fullmatch(name)]
    where = f"{index.url}/{LEFT}"
    if batches:
        yield (
            f"{where} holds entries that a rebuild before has left ({len(batches)} objects, "
            f"{batches[0]} the first); they are not read, and are removed at the end"
        )
    if others:
        yield (
            f"{where} holds objects that no version of this tool has written ({len(others)}, "
            f"{(others[0] or LEFT)[:80]!r} the first); they are not read: find out who wrote them, "
            "and delete them"
        )


def _forget(index: ObjectStore) -> None:
    for left in list(index.list(LEFT)):
        if _BATCH.fullmatch(left.name.removeprefix(LEFT)):
            with contextlib.suppress(GenerationMismatchError):  # another rebuild was faster
                index.delete(left.name, generation=left.generation)
