"""The index moves on: a new generation, and the cursor by compare-and-swap.

Whoever comes second reads the new index, merges again and tries once more, so two publishers at the
same moment lose nothing.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from pkgaction import deltas, generations, listfile
from pkgaction.entry.catalog import Catalog, CatalogProblemError, Merge
from pkgaction.errors import IndexUnsafeError, StorageError
from pkgaction.generations import REPLACES, Generation
from pkgaction.model import layout
from pkgaction.model.tree import Bytes, Content
from pkgaction.ports import (
    AlreadyExistsError,
    Clock,
    GenerationMismatchError,
    Headers,
    ObjectStore,
    StoredObject,
)

_NEVER_CACHED = Headers(content_type=layout.JSON_TYPE, cache_control=layout.NEVER_CACHED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Swapped:
    """The generation that readers load now, and how it came out of the one before."""

    cursor: str
    merge: Merge
    warnings: tuple[str, ...] = ()  # of what was left aside, as sentences


def swap(
    store: ObjectStore,
    clock: Clock,
    make: Callable[[Catalog], Merge],
    *,
    rebuilding: bool = False,
) -> Swapped:
    """Replace the index by what `make` makes of it; asked again whenever somebody else was faster.

    Args:
        store: the index bucket.
        clock: says the first cursor, and waits between two tries.
        make: given the current entries; what it leaves out it must name as removed.
        rebuilding: the list is made from scratch: one that can't be read is replaced, too, a new
            generation is written even where nothing changed, and without a list of changes, so every
            reader loads it whole.

    Raises:
        IndexUnsafeError: the index there is broken or foreign, or the new one would break readers;
            nothing was written.
        StorageError: the storage failed, or other publishers were faster a hundred times.
    """
    for attempt in range(generations.MOST_TRIES):
        found = generations.read(store, clock)
        if found is not None:
            before = found if rebuilding else generations.whole(found, store)
            merge = _checked(before, make, store)
            astray = None if rebuilding else _astray(before, store)
            anew = rebuilding or bool(before.misread)  # every reader loads the whole list
            if not merge.changed and not anew:
                strays = generations.strays(store, merge.catalog)
                told = [str(astray)] if astray else []
                return Swapped(cursor=before.cursor, merge=merge, warnings=(*told, *strays))
            folders = generations.by_folder(store)
            place = _next(before, folders, clock)
            if cursor := _write(before, merge, store, place, delta=not (anew or astray)):
                jump = [] if place.follows else generations.ahead(store, folders, clock, cursor)
                far = generations.far_ahead(store, folders, clock)
                stray = generations.strays(store, merge.catalog)
                warnings = (*_stay(before), *_all_anew(astray), *far, *jump, *stray)
                return Swapped(cursor=cursor, merge=merge, warnings=warnings)
        generations.wait(clock, attempt)
    raise generations.restless(store)


def _checked(before: Generation, make: Callable[[Catalog], Merge], store: ObjectStore) -> Merge:
    try:
        merge = make(before.catalog)
    except CatalogProblemError as error:
        raise generations.unsafe(store, str(error)) from error
    if not before.catalog.texts.keys() - set(merge.removed) <= merge.catalog.texts.keys():
        raise generations.unsafe(store, "the new list would lose entries")
    return merge


def _astray(before: Generation, store: ObjectStore) -> IndexUnsafeError | None:
    """How readers who follow along are led elsewhere, where they are."""
    try:
        deltas.require_fitting(before.cursor, before.catalog, store)
    except IndexUnsafeError as error:
        return error
    return None


def _all_anew(astray: IndexUnsafeError | None) -> list[str]:
    """What becomes of readers who were led elsewhere: without a list of changes, each loads all."""
    if astray is None:
        return []
    told = f"{astray.where}: {astray.what}"
    return [f"{told}; every reader loads the new whole list instead: find out who wrote this one"]


def _stay(before: Generation) -> list[str]:
    """What becomes of readers that have followed a cursor far into the future."""
    if not before.far:
        return []
    what = f"cursor.json named generation {before.far}, far in the future, and does not any more"
    return [f"{what}: start registries with incremental updates again, they would stay there"]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the next generation goes."""

    cursor: str
    follows: bool  # straight on the one that is replaced


def _next(before: Generation, folders: Mapping[str, object], clock: Clock) -> _Place:
    """The number after the newest one.

    No gap is left in which a slower publisher, which read an older index, could still create a folder
    that readers would apply on their way. Numbers far in the future do not count.
    """
    last = generations.latest(clock)
    newest = max([before.cursor or "0", *(cursor for cursor in folders if int(cursor) <= last)])
    number = int(newest) + 1 if int(newest) else int(clock.now().timestamp())
    return _Place(f"{number:010d}", newest == (before.cursor or "0"))


def _write(before: Generation, merge: Merge, store: ObjectStore, place: _Place, *, delta: bool) -> str:
    """Write a new generation and move the cursor to it; empty where another publisher was faster."""
    cursor = place.cursor
    written: list[StoredObject] = []
    try:
        full, headers = _packed(merge, store)
        named = replace(headers, metadata={REPLACES: before.cursor} if before.cursor else {})
        written.append(store.create(layout.full_index_name(cursor), full, named))
        if delta and place.follows:
            # with a foreign folder in between, a delta would not be relative to what readers have:
            # without one, they load the whole list
            changes = listfile.packed(merge.delta_chunks())
            written.append(store.create(layout.delta_index_name(cursor), *changes))
        _move(before, cursor, store)
    except (AlreadyExistsError, GenerationMismatchError):
        for mine in reversed(written):
            store.delete(mine.name, generation=mine.generation)
        return ""
    _read_back(written, cursor, store)
    return cursor


def _packed(merge: Merge, store: ObjectStore) -> tuple[Content, Headers]:
    try:
        return listfile.packed(merge.catalog.chunks())
    except CatalogProblemError as error:
        raise generations.unsafe(store, str(error)) from error


def _read_back(written: list[StoredObject], cursor: str, store: ObjectStore) -> None:
    """Nothing is called indexed that the bucket itself does not show: the lists, and the cursor.

    Raises:
        StorageError: a list is not as it was written, or the cursor is behind it.
    """
    changed = [mine.name for mine in written if store.stat(mine.name) != mine]
    pointer = store.stat(layout.CURSOR)
    try:
        behind = pointer is None or generations.cursor_in(generations.contents(store, pointer)) < cursor
    except GenerationMismatchError:
        behind = False  # somebody has moved it on, from here
    except CatalogProblemError:
        behind = True
    if changed or behind:
        what = f"read back, {', '.join(changed) or layout.CURSOR} is not as it was written"
        fix = "find out who else writes to the bucket, then run the job again"
        raise StorageError(what=what, where=store.url, fix=fix)


def _move(before: Generation, cursor: str, store: ObjectStore) -> None:
    pointer = Bytes(json.dumps({"current": cursor}).encode())
    if before.generation is None:
        store.create(layout.CURSOR, pointer, _NEVER_CACHED)
    else:
        store.replace(layout.CURSOR, pointer, _NEVER_CACHED, generation=before.generation)
