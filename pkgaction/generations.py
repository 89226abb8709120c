"""The search index as it lies in its bucket, and how it is read.

A generation is a folder that is written once, and cursor.json names the current one. How that moves on
is in `swapping`. Source: how the Package Registry follows the cursor.
"""

import json
import random
import re
from dataclasses import dataclass

from pkgaction import listfile
from pkgaction.entry.catalog import Catalog, CatalogProblemError
from pkgaction.errors import DamagedObjectError, IndexUnsafeError, StorageError
from pkgaction.model import layout
from pkgaction.model.json import text_at
from pkgaction.ports import (
    Clock,
    GenerationMismatchError,
    ObjectStore,
    StoredObject,
)

CURSOR = re.compile(r"[0-9]{10}")  # decimal seconds; another width would sort wrongly as text
MOST_TRIES = 100
_LONGEST_WAIT = 5.0  # seconds
_LARGEST_CURSOR = 64 * 1024  # bytes
REPLACES = "replaces"  # metadata of a list: the cursor whose place it took


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """The index as it is, and the proof for the compare-and-swap."""

    cursor: str  # empty: there is no index yet, or what lies there names none
    generation: int  # of cursor.json; 0: there is none
    catalog: Catalog
    broken: str = ""  # why the list that lies there can't be read; the catalog is empty then


def folder_name(cursor: str) -> str:
    """Where a generation lies in the index bucket."""
    return f"{layout.INDEX_ROOT}{cursor}"


def by_folder(store: ObjectStore) -> dict[str, list[StoredObject]]:
    """The objects of every generation by its cursor, also of those that nobody points to."""
    found: dict[str, list[StoredObject]] = {}
    for stored in store.list(layout.INDEX_ROOT):
        cursor, slash, _ = stored.name.removeprefix(layout.INDEX_ROOT).partition("/")
        if slash and CURSOR.fullmatch(cursor):
            found.setdefault(cursor, []).append(stored)
    return found


def pointed_at(store: ObjectStore) -> str:
    """The current cursor; empty where there is none, or it can't be read."""
    pointer = store.stat(layout.CURSOR)
    try:
        return cursor_in(contents(store, pointer)) if pointer else ""
    except (CatalogProblemError, DamagedObjectError, GenerationMismatchError):
        return ""


def current(store: ObjectStore, clock: Clock) -> Generation:
    """The current generation.

    Raises:
        IndexUnsafeError: the index there is broken or foreign.
        StorageError: as `look`.
    """
    return whole(look(store, clock), store)


def look(store: ObjectStore, clock: Clock) -> Generation:
    """The current generation, also one that is broken.

    Raises:
        StorageError: the storage failed, or the index moved a hundred times while it was read.
    """
    for attempt in range(MOST_TRIES):
        if found := read(store):
            return found
        wait(clock, attempt)
    raise restless(store)


def listed(cursor: str, store: ObjectStore) -> Catalog:
    """The list of a generation, the current one or another.

    Raises:
        CatalogProblemError: there is none, or it can't be read.
        GenerationMismatchError: it was there a moment ago.
    """
    stored = store.stat(layout.full_index_name(cursor)) if CURSOR.fullmatch(cursor) else None
    if stored is None:
        raise CatalogProblemError(f"generation {cursor[:80]!r} has no list")
    return Catalog.parse(listfile.read(stored, store))


def read(store: ObjectStore) -> Generation | None:
    """The current generation; None where it moved while it was read."""
    pointer = store.stat(layout.CURSOR)
    if pointer is None:
        return Generation(cursor="", generation=0, catalog=Catalog.empty())
    cursor, catalog, broken = "", Catalog.empty(), ""
    try:
        cursor = cursor_in(contents(store, pointer))
        catalog = listed(cursor, store)
    except GenerationMismatchError:
        return None
    except CatalogProblemError as error:
        broken = str(error)
    except DamagedObjectError as error:
        broken = f"{error.where}: {error.what}"
    generation = pointer.generation
    return Generation(cursor=cursor, generation=generation, catalog=catalog, broken=broken)


def whole(found: Generation, store: ObjectStore) -> Generation:
    """The same generation, if its list can be read; else IndexUnsafeError is raised."""
    if found.broken:
        raise unsafe(store, found.broken)
    return found


def cursor_in(data: bytes) -> str:
    """The cursor that a cursor.json names.

    Raises:
        CatalogProblemError: it names none.
    """
    try:
        cursor = text_at(json.loads(data[:_LARGEST_CURSOR]), "current")
    except (ValueError, RecursionError):
        cursor = ""
    if not CURSOR.fullmatch(cursor):
        message = "cursor.json does not name a generation of ten digits"
        raise CatalogProblemError(message)
    return cursor


def contents(store: ObjectStore, stored: StoredObject) -> bytes:
    """All bytes of exactly this generation of a small object."""
    with store.open(stored.name, generation=stored.generation) as stream:
        return stream.read()


def wait(clock: Clock, attempt: int) -> None:
    """Let others go first, the longer the more often it was tried."""
    clock.sleep(random.uniform(0, min(_LONGEST_WAIT, 0.05 * 2**attempt)))  # noqa: S311


def restless(store: ObjectStore) -> StorageError:
    """Why it was given up, to be raised."""
    what = f"the index moved {MOST_TRIES} times while it was written"
    return StorageError(what=what, where=store.url, fix="run the job again")


def unsafe(store: ObjectStore, what: str) -> IndexUnsafeError:
    """What makes the index dangerous to touch, to be raised."""
    return IndexUnsafeError(
        what=f"{what}; nothing was written to the index",
        where=f"{store.url}/{layout.INDEX_ROOT}",
        fix="point cursor.json at a whole list again, or rebuild the index by reindex, "
        "then run the job again",
    )
