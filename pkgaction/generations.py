"""The search index as it lies in its bucket: read it, and move it on without losing anything.

A generation is a folder that is written once. cursor.json names the current one and moves by
compare-and-swap: whoever comes second reads the new index, merges again and tries once more, so two
publishers at the same moment lose nothing.
Source: how the Package Registry follows the cursor.
"""

import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from pkgaction import listfile
from pkgaction.entry.catalog import Catalog, CatalogProblemError, Merge
from pkgaction.errors import IndexUnsafeError, StorageError
from pkgaction.model import layout
from pkgaction.model.json import text_at
from pkgaction.model.tree import Bytes, Content
from pkgaction.ports import (
    AlreadyExistsError,
    Clock,
    GenerationMismatchError,
    Headers,
    ObjectStore,
    StoredObject,
)

_CURSOR = re.compile(r"[0-9]{10}")  # decimal seconds; another width would sort wrongly as text
_MOST_TRIES = 100
_LONGEST_WAIT = 5.0  # seconds
_LARGEST_CURSOR = 64 * 1024  # bytes
REPLACES = "replaces"  # metadata of a list: the cursor whose place it took
_NEVER_CACHED = Headers(content_type=layout.JSON_TYPE, cache_control=layout.NEVER_CACHED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """The index as it is, and the proof for the compare-and-swap."""

    cursor: str  # empty: there is no index yet, or what lies there names none
    generation: int  # of cursor.json; 0: there is none
    catalog: Catalog
    broken: str = ""  # why the list that lies there can't be read; the catalog is empty then


@dataclass(frozen=True, slots=True, kw_only=True)
class Swapped:
    """The generation that readers load now, and how it came out of the one before."""

    cursor: str
    merge: Merge


def folder_name(cursor: str) -> str:
    """Where a generation lies in the index bucket."""
    return f"{layout.INDEX_ROOT}{cursor}"


def by_folder(store: ObjectStore) -> dict[str, list[StoredObject]]:
    """The objects of every generation by its cursor, also of those that nobody points to."""
    found: dict[str, list[StoredObject]] = {}
    for stored in store.list(layout.INDEX_ROOT):
        cursor, slash, _ = stored.name.removeprefix(layout.INDEX_ROOT).partition("/")
        if slash and _CURSOR.fullmatch(cursor):
            found.setdefault(cursor, []).append(stored)
    return found


def pointed_at(store: ObjectStore) -> str:
    """The current cursor; empty where there is none, or it can't be read."""
    pointer = store.stat(layout.CURSOR)
    try:
        return _cursor(_bytes(store, pointer)) if pointer else ""
    except (CatalogProblemError, GenerationMismatchError):
        return ""


def current(store: ObjectStore, clock: Clock) -> Generation:
    """The current generation.

    Raises:
        IndexUnsafeError: the index there is broken or foreign.
        StorageError: as `look`.
    """
    return _whole(look(store, clock), store)


def look(store: ObjectStore, clock: Clock) -> Generation:
    """The current generation, also one that is broken.

    Raises:
        StorageError: the storage failed, or the index moved a hundred times while it was read.
    """
    for attempt in range(_MOST_TRIES):
        if found := _read(store):
            return found
        _wait(clock, attempt)
    raise _restless(store)


def listed(cursor: str, store: ObjectStore) -> Catalog:
    """The list of a generation, the current one or another.

    Raises:
        CatalogProblemError: there is none, or it can't be read.
        GenerationMismatchError: it was there a moment ago.
    """
    stored = store.stat(layout.full_index_name(cursor)) if _CURSOR.fullmatch(cursor) else None
    if stored is None:
        raise CatalogProblemError(f"generation {cursor[:80]!r} has no list")
    return Catalog.parse(listfile.read(stored, store))


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
    for attempt in range(_MOST_TRIES):
        found = _read(store)
        if found is not None:
            before = found if rebuilding else _whole(found, store)
            merge = _checked(before, make, store)
            if not merge.changed and not rebuilding:
                return Swapped(cursor=before.cursor, merge=merge)
            if cursor := _write(before, merge, store, clock, delta=not rebuilding):
                return Swapped(cursor=cursor, merge=merge)
        _wait(clock, attempt)
    raise _restless(store)


def _read(store: ObjectStore) -> Generation | None:
    """The current generation; None where it moved while it was read."""
    pointer = store.stat(layout.CURSOR)
    if pointer is None:
        return Generation(cursor="", generation=0, catalog=Catalog.empty())
    cursor, catalog, broken = "", Catalog.empty(), ""
    try:
        cursor = _cursor(_bytes(store, pointer))
        catalog = listed(cursor, store)
    except GenerationMismatchError:
        return None
    except CatalogProblemError as error:
        broken = str(error)
    generation = pointer.generation
    return Generation(cursor=cursor, generation=generation, catalog=catalog, broken=broken)


def _whole(found: Generation, store: ObjectStore) -> Generation:
    if found.broken:
        raise _unsafe(store, found.broken)
    return found


def _cursor(data: bytes) -> str:
    try:
        cursor = text_at(json.loads(data[:_LARGEST_CURSOR]), "current")
    except (ValueError, RecursionError):
        cursor = ""
    if not _CURSOR.fullmatch(cursor):
        message = "cursor.json does not name a generation of ten digits"
        raise CatalogProblemError(message)
    return cursor


def _checked(before: Generation, make: Callable[[Catalog], Merge], store: ObjectStore) -> Merge:
    try:
        merge = make(before.catalog)
    except CatalogProblemError as error:
        raise _unsafe(store, str(error)) from error
    if not before.catalog.texts.keys() - set(merge.removed) <= merge.catalog.texts.keys():
        raise _unsafe(store, "the new list would lose entries")
    return merge


def _write(before: Generation, merge: Merge, store: ObjectStore, clock: Clock, *, delta: bool) -> str:
    """Write a new generation and move the cursor to it; empty where another publisher was faster."""
    newest = max([before.cursor or "0", *by_folder(store)])
    # the number after the newest one: no gap is left in which a slower publisher, which read an older
    # index, could still create a folder that readers would apply on their way
    first = int(clock.now().timestamp())
    cursor = f"{int(newest) + 1 if int(newest) else first:010d}"
    if not _CURSOR.fullmatch(cursor):
        raise _unsafe(
            store, f"the folder {newest} leaves no number of ten digits for the next generation"
        )
    written: list[StoredObject] = []
    try:
        full, headers = _packed(merge, store)
        named = replace(headers, metadata={REPLACES: before.cursor} if before.cursor else {})
        written.append(store.create(layout.full_index_name(cursor), full, named))
        if delta and newest == (before.cursor or "0"):
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
        raise _unsafe(store, str(error)) from error


def _read_back(written: list[StoredObject], cursor: str, store: ObjectStore) -> None:
    """Nothing is called indexed that the bucket itself does not show: the lists, and the cursor.

    Raises:
        StorageError: a list is not as it was written, or the cursor is behind it.
    """
    changed = [mine.name for mine in written if store.stat(mine.name) != mine]
    pointer = store.stat(layout.CURSOR)
    try:
        behind = pointer is None or _cursor(_bytes(store, pointer)) < cursor
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
    if before.generation:
        generation = before.generation
        store.replace(layout.CURSOR, pointer, _NEVER_CACHED, generation=generation)
    else:
        store.create(layout.CURSOR, pointer, _NEVER_CACHED)


def _bytes(store: ObjectStore, stored: StoredObject) -> bytes:
    with store.open(stored.name, generation=stored.generation) as stream:
        return stream.read()


def _wait(clock: Clock, attempt: int) -> None:
    clock.sleep(random.uniform(0, min(_LONGEST_WAIT, 0.05 * 2**attempt)))  # noqa: S311


def _restless(store: ObjectStore) -> StorageError:
    what = f"the index moved {_MOST_TRIES} times while it was written"
    return StorageError(what=what, where=store.url, fix="run the job again")


def _unsafe(store: ObjectStore, what: str) -> IndexUnsafeError:
    return IndexUnsafeError(
        what=f"{what}; nothing was written to the index",
        where=f"{store.url}/{layout.INDEX_ROOT}",
        fix="point cursor.json at a whole list again, or rebuild the index by reindex, "
        "then run the job again",
    )
