"""index: all that was published → a new generation of the search index.

A generation is a folder that is written once. cursor.json names the current one and moves by
compare-and-swap: whoever comes second reads the new index, merges again and tries once more, so two
publishers at the same moment lose nothing.
Source: how the Package Registry follows the cursor.
"""

import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from pkgaction.entry.catalog import Catalog, CatalogProblemError, Merge
from pkgaction.errors import IndexUnsafeError, StorageError
from pkgaction.model import layout
from pkgaction.model.json import text_at
from pkgaction.model.release import Indexed, Published
from pkgaction.model.tree import Bytes
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
_IMMUTABLE = Headers(content_type=layout.JSON_TYPE, cache_control=layout.IMMUTABLE)
_NEVER_CACHED = Headers(content_type=layout.JSON_TYPE, cache_control=layout.NEVER_CACHED)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Generation:
    """The index as it is, and the proof for the compare-and-swap."""

    cursor: str  # empty: there is no index yet
    generation: int  # of cursor.json; 0: there is none
    catalog: Catalog


def add(published: Sequence[Published], store: ObjectStore, clock: Clock) -> Indexed:
    """Make sure that every published version is in the index.

    Raises:
        IndexUnsafeError: the index there is broken or foreign; nothing was written.
        StorageError: the storage failed, or other publishers were faster a hundred times.
    """
    ids = {(p.built.id.name, p.built.id.version.text): p.built.id for p in published}
    for attempt in range(_MOST_TRIES):
        current = _read(store)
        if current is not None:
            merge = _merge(current, published, store)
            if not merge.changed:
                return Indexed(cursor=current.cursor, changed=frozenset())
            cursor = _write(current, merge, store, clock)
            if cursor:
                return Indexed(cursor=cursor, changed=frozenset(ids[k] for k in merge.changed))
        clock.sleep(random.uniform(0, min(_LONGEST_WAIT, 0.05 * 2**attempt)))  # noqa: S311
    what = f"the index moved {_MOST_TRIES} times while it was written"
    raise StorageError(what=what, where=store.url, fix="run the job again")


def _read(store: ObjectStore) -> _Generation | None:
    """The current generation; None where it moved while it was read."""
    pointer = store.stat(layout.CURSOR)
    if pointer is None:
        return _Generation(cursor="", generation=0, catalog=Catalog({}))
    try:
        cursor = _cursor(_bytes(store, pointer), store)
        listed = store.stat(layout.full_index_name(cursor))
        if listed is None:
            raise _unsafe(store, f"the cursor names {cursor}, which has no list")
        catalog = Catalog.parse(_bytes(store, listed))
    except GenerationMismatchError:
        return None
    except CatalogProblemError as error:
        raise _unsafe(store, str(error)) from error
    return _Generation(cursor=cursor, generation=pointer.generation, catalog=catalog)


def _cursor(data: bytes, store: ObjectStore) -> str:
    try:
        cursor = text_at(json.loads(data[:_LARGEST_CURSOR]), "current")
    except (ValueError, RecursionError):
        cursor = ""
    if not _CURSOR.fullmatch(cursor):
        raise _unsafe(store, "cursor.json does not name a generation of ten digits")
    return cursor


def _merge(current: _Generation, published: Sequence[Published], store: ObjectStore) -> Merge:
    try:
        merge = current.catalog.with_entries([p.built.entry for p in published])
        Catalog.parse(merge.catalog.as_bytes())  # what is to be written must read back
    except CatalogProblemError as error:
        raise _unsafe(store, str(error)) from error
    if not current.catalog.entries.keys() <= merge.catalog.entries.keys():
        raise _unsafe(store, "the new list would lose entries")
    return merge


def _write(current: _Generation, merge: Merge, store: ObjectStore, clock: Clock) -> str:
    """Write a new generation and move the cursor to it; empty where another publisher was faster."""
    folders = _folders(store)
    newest = max([current.cursor or "0", *folders])
    # the number after the newest one: no gap is left in which a slower publisher, which read an older
    # index, could still create a folder that readers would apply on their way
    first = int(clock.now().timestamp())
    cursor = f"{int(newest) + 1 if int(newest) else first:010d}"
    written: list[StoredObject] = []
    try:
        full = Bytes(merge.catalog.as_bytes())
        written.append(store.create(layout.full_index_name(cursor), full, _IMMUTABLE))
        if newest == (current.cursor or "0"):
            # with a foreign folder in between, a delta would not be relative to what readers have:
            # without one, they load the whole list
            delta = Bytes(merge.delta_bytes())
            written.append(store.create(layout.delta_index_name(cursor), delta, _IMMUTABLE))
        _move(current, cursor, store)
    except (AlreadyExistsError, GenerationMismatchError):
        for mine in reversed(written):
            store.delete(mine.name, generation=mine.generation)
        return ""
    return cursor


def _move(current: _Generation, cursor: str, store: ObjectStore) -> None:
    pointer = Bytes(json.dumps({"current": cursor}).encode())
    if current.generation:
        generation = current.generation
        store.replace(layout.CURSOR, pointer, _NEVER_CACHED, generation=generation)
    else:
        store.create(layout.CURSOR, pointer, _NEVER_CACHED)


def _folders(store: ObjectStore) -> set[str]:
    names = (found.name.removeprefix(layout.INDEX_ROOT) for found in store.list(layout.INDEX_ROOT))
    return {folder for name in names if _CURSOR.fullmatch(folder := name.split("/", 1)[0])}


def _bytes(store: ObjectStore, stored: StoredObject) -> bytes:
    with store.open(stored.name, generation=stored.generation) as stream:
        return stream.read()


def _unsafe(store: ObjectStore, what: str) -> IndexUnsafeError:
    return IndexUnsafeError(
        what=f"{what}; nothing was written to the index",
        where=f"{store.url}/{layout.INDEX_ROOT}",
        fix="point cursor.json at a whole list again, then run the job again",
    )
