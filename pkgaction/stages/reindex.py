"""reindex: all zips in the public bucket → a new generation of the search index.

Every entry is made from its zip. What was made is kept in batches beside the index until the end, so a
rerun reads these instead of the zips. The list of zips is taken after the index was read, each time
that the cursor is to be moved: a version that another publisher adds meanwhile is therefore in it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pkgaction import __version__, generations, inspection, inventory, objects, swapping
from pkgaction.entry import catalog as catalogs
from pkgaction.entry.catalog import Catalog, Merge, Text
from pkgaction.errors import DamagedObjectError, IndexUnsafeError, PackageError
from pkgaction.integrity import require_whole
from pkgaction.inventory import identify
from pkgaction.model import layout
from pkgaction.model.audit import Rebuilt
from pkgaction.model.json import Json, JsonObject, at, number_at
from pkgaction.model.tree import Bytes
from pkgaction.ports import (
    AlreadyExistsError,
    Clock,
    GenerationMismatchError,
    Headers,
    ObjectStore,
    StoredObject,
    Watch,
)

# below the one folder that a publisher may delete in; readers take ten digits for a generation only, and
# those that follow along only names up to the cursor, which are less than this one
BATCHES = f"{layout.INDEX_ROOT}reindex/"
_HEADERS = Headers(content_type=layout.JSON_TYPE, cache_control=layout.NEVER_CACHED)


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
        IndexUnsafeError: the bucket has no zip, so the index would be empty.
        StorageError: the storage failed; a rerun goes on where this one stopped.
    """
    bench.store.look(layout.ARTIFACT_PROBE, create=False, there=True)
    bench.index.look(layout.INDEX_PROBE, create=not dry_run, there=True)
    maker = _Maker(bench, keep=not dry_run)
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
        unreadable=tuple(maker.unreadable[base] for base in sorted(maker.unreadable)),
    )


@dataclass(slots=True)
class _Maker:
    """Makes entries, each once for a generation of its zip."""

    bench: Bench
    keep: bool  # batches, for a rerun
    made: dict[tuple[str, int], Text] = field(default_factory=dict)  # by base, generation
    unreadable: dict[str, str] = field(default_factory=dict)  # by base

    def merge(self, catalog: Catalog) -> Merge:
        """The entries of all zips there are; called after the catalog was read, so they include those
        of every entry in it.
        """
        zips = inventory.packages(self.bench.store).zips
        if not zips:
            raise IndexUnsafeError(
                what="there is no zip, so the index would be empty; nothing was written to it",
                where=f"{self.bench.store.url}/{inventory.PACKAGES}",
                fix="check that it is the right bucket",
            )
        self.make({b: z for b, z in zips.items() if (b, z.generation) not in self.made})
        found = [
            self.made.get((base, z.generation)) or _known(base, catalog) for base, z in zips.items()
        ]
        return catalog.rebuilt([entry for entry in found if entry is not None])

    def make(self, zips: Mapping[str, StoredObject]) -> None:
        """Make the entries of these zips, batch by batch."""
        batches: dict[str, dict[str, StoredObject]] = {}
        for base, stored in zips.items():
            if base not in self.unreadable:
                batches.setdefault(_batch(base), {})[base] = stored
        for name, members in self.bench.watch.each("Reindex", sorted(batches.items())):
            self._make_batch(name, members)

    def _make_batch(self, name: str, members: Mapping[str, StoredObject]) -> None:
        kept, content = self.bench.index.stat(name), _Batch({})
        if kept is not None:
            content = _Batch.load(self.bench.index, kept)
        new = False
        for base, stored in members.items():
            entry = content.entry(base, stored.generation)
            if entry is None:
                entry = self._make(base, stored)
                new = new or entry is not None
            if entry is not None:
                self.made[base, stored.generation] = catalogs.dump(entry)
                content.zips[base] = {"generation": stored.generation, "entry": entry}
        if new and self.keep:
            content.save(name, self.bench.index, kept)

    def _make(self, base: str, stored: StoredObject) -> JsonObject | None:
        package = identify(base)
        if package is None:
            return None
        try:
            whole = require_whole(stored, self.bench.store)
            path = objects.download(whole, self.bench.store, self.bench.scratch)
        except GenerationMismatchError:
            return None  # it was replaced: the next listing has the new one
        except DamagedObjectError as error:
            self._say_unreadable(base, error)
            return None
        try:
            return inspection.entry_of(package, path)
        except PackageError as error:
            self._say_unreadable(base, error)
            return None
        finally:
            path.unlink()

    def _say_unreadable(self, base: str, error: PackageError) -> None:
        self.unreadable[base] = f"{base}: {error.what}"
        self.bench.watch.say(f"{base} gives no entry: {error.what}")


@dataclass(frozen=True, slots=True)
class _Batch:
    """Entries with the generations of the zips they were made from."""

    zips: dict[str, Json]  # by NAME-VERSION

    @classmethod
    def load(cls, store: ObjectStore, kept: StoredObject) -> "_Batch":
        """What an earlier run kept; nothing where that is broken, or of another version of us."""
        try:
            with store.open(kept.name, generation=kept.generation) as stream:
                document: Json = json.loads(stream.read())
        except (ValueError, RecursionError, GenerationMismatchError):
            return cls({})
        zips = at(document, "zips")
        same = at(document, "tool") == __version__ and isinstance(zips, Mapping)
        return cls(dict(zips) if same and isinstance(zips, Mapping) else {})

    def entry(self, base: str, generation: int) -> JsonObject | None:
        """The entry that was made from this generation of the zip."""
        kept = self.zips.get(base)
        entry = at(kept, "entry")
        same = number_at(kept, "generation") == generation
        return entry if same and isinstance(entry, Mapping) else None

    def save(self, name: str, store: ObjectStore, kept: StoredObject | None) -> None:
        """Keep it for a rerun; another one that runs now may have been faster, which is fine."""
        content = Bytes(json.dumps({"tool": __version__, "zips": self.zips}).encode())
        try:
            if kept is None:
                store.create(name, content, _HEADERS)
            else:
                store.replace(name, content, _HEADERS, generation=kept.generation)
        except (AlreadyExistsError, GenerationMismatchError):
            return


def _known(base: str, catalog: Catalog) -> Text | None:
    """The entry that the index has: better than none, where the zip gives none."""
    name, _, version = base.partition("-")
    return catalog.texts.get((name, version))


def _batch(base: str) -> str:
    return f"{BATCHES}{hashlib.sha256(base.encode()).hexdigest()[:2]}.json"


def _forget(index: ObjectStore) -> None:
    for kept in list(index.list(BATCHES)):
        try:
            index.delete(kept.name, generation=kept.generation)
        except GenerationMismatchError:
            continue  # another rebuild keeps its own
