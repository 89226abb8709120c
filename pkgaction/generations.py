"""The search index as it lies in its bucket, and how it is read.

A generation is a folder that is written once, and cursor.json names the current one. How that moves on
is in `swapping`. Source: how the Package Registry follows the cursor.
"""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pkgaction import listfile
from pkgaction.entry import shape
from pkgaction.entry.catalog import Catalog, CatalogProblemError
from pkgaction.entry.shape import Key, UnreadableError
from pkgaction.errors import DamagedObjectError, IndexUnsafeError, StorageError
from pkgaction.model import layout
from pkgaction.model.json import text_at
from pkgaction.model.sentences import first_of
from pkgaction.ports import (
    Clock,
    GenerationMismatchError,
    ObjectStore,
    StoredObject,
    is_placeholder,
)

CURSOR = re.compile(r"[0-9]{10}")  # decimal seconds; another width would sort wrongly as text
_LAST = 10**10 - 2  # leaves a number of ten digits for the next one
MOST_TRIES = 100
_SHOWN = 3  # objects in one sentence
_MOST_NAMED = 10  # entries in one sentence
MAKE_ANEW = "make the index anew by reindex"
_LONGEST_WAIT = 5.0  # seconds
_LARGEST_CURSOR = 64 * 1024  # bytes
_ERROR = timedelta(days=1)  # that a clock may be off
_FAR = timedelta(days=366)  # no clock is that wrong unnoticed, and no index moves on that fast
REPLACES = "replaces"  # metadata of a list: the cursor whose place it took


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """The index as it is, and the proof for the compare-and-swap."""

    cursor: str  # empty: there is no index yet, or what lies there names none
    generation: int | None  # of cursor.json; None: there is none
    catalog: Catalog
    broken: str = ""  # why nothing may be built on it; the catalog is empty if it can't be read
    misread: str = ""  # why readers over HTTP can't read it, whatever it says; a sentence
    far: str = ""  # the cursor that is named, where it is none of ours: it is far in the future


def folder_name(cursor: str) -> str:
    """Where a generation lies in the index bucket."""
    return f"{layout.INDEX_ROOT}{cursor}"


def by_folder(store: ObjectStore) -> dict[str, list[StoredObject]]:
    """The objects of every generation by its cursor, also of those that nobody points to."""
    found: dict[str, list[StoredObject]] = {}
    for stored in store.list(layout.INDEX_ROOT):
        cursor, slash, _ = stored.name.removeprefix(layout.INDEX_ROOT).partition("/")
        if slash and CURSOR.fullmatch(cursor) and not is_placeholder(stored):
            found.setdefault(cursor, []).append(stored)
    return found


def latest(clock: Clock) -> int:
    """The highest cursor that is believed: a year ahead of our clock or the storage's, the later one.

    Numbers grow by one from the time of the first generation, so one that is further ahead is not of a
    publisher. To go on from it could leave no number for the next one.
    """
    return min(int((_latest_time(clock) + _FAR).timestamp()), _LAST)


def _latest_time(clock: Clock) -> datetime:
    here, nearest = clock.now(), clock.skew.nearest
    there = here - nearest.ahead if nearest else here
    return max(here, there)


def far_ahead(store: ObjectStore, folders: Mapping[str, list[StoredObject]], clock: Clock) -> list[str]:
    """Which generations are numbered far in the future, and so left aside; as one sentence or none."""
    last = latest(clock)
    far = sorted(cursor for cursor in folders if int(cursor) > last)
    if not far:
        return []
    numbered = "numbered more than a year ahead of the clock"
    if len(far) == 1:
        told = f"{store.url}/{folder_name(far[0])}/ is {numbered}, and is left aside"
        return [f"{told}: find out who wrote it, and delete {_some(folders[far[0]])}"]
    told = f"{len(far)} generations in {store.url} are {numbered}, and are left aside"
    below = first_of([f"{folder_name(cursor)}/" for cursor in far], _SHOWN)
    return [f"{told}: find out who wrote them, and delete what is below {below}"]


def ahead(
    store: ObjectStore, folders: Mapping[str, list[StoredObject]], clock: Clock, current: str
) -> list[str]:
    """Which generation is numbered ahead of the clock, yet not so far that it is left aside; as one
    sentence or none.

    Args:
        store: the index bucket.
        folders: its generations.
        clock: says what is ahead.
        current: the cursor.
    """
    now, last = _latest_time(clock), latest(clock)
    first = min((c for c in folders if (now + _ERROR).timestamp() < int(c) <= last), default="")
    if not first:
        return []
    days = (int(first) - int(now.timestamp())) // 86_400
    told = f"{store.url}/{folder_name(first)}/ is numbered {days} days ahead of the clock"
    if first > current:
        objects = _some(folders[first])
        return [f"{told}, and the next number will follow it: find out who wrote it; delete {objects}"]
    return [f"{told}, and the numbers go on from there: find out who wrote it; readers need nothing"]


def strays(store: ObjectStore, catalog: Catalog) -> list[str]:
    """What of a list leads readers elsewhere than to a version of its own, as one sentence or none."""
    if not (found := catalog.strays()):
        return []
    told = f"{store.url} has entries that lead readers elsewhere: {named(found)}"
    return [f"{told}; {MAKE_ANEW}, and find out who wrote them"]


def named(strays: Mapping[Key, str]) -> str:
    """Entries that lead readers elsewhere, and where."""
    return first_of(sorted(strays.items()), _MOST_NAMED, _named)


def _named(entry: tuple[Key, str]) -> str:
    (name, version), where = entry
    return f"{name[:80]!r} {version[:80]} ({where})"


def _some(objects: list[StoredObject]) -> str:
    return first_of([one.name for one in objects], _SHOWN)


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
        if found := read(store, clock):
            return found
        wait(clock, attempt)
    raise restless(store)


def listed(cursor: str, store: ObjectStore) -> Catalog:
    """The list of a generation, the current one or another.

    Raises:
        CatalogProblemError: there is none, or it can't be read.
        GenerationMismatchError: it was there a moment ago.
    """
    return _listed(cursor, store)[0]


def _listed(cursor: str, store: ObjectStore) -> tuple[Catalog, str]:
    """The list of a generation, and why readers over HTTP can't read it."""
    stored = store.stat(layout.full_index_name(cursor)) if CURSOR.fullmatch(cursor) else None
    if stored is None:
        raise CatalogProblemError(f"generation {cursor[:80]!r} has no list")
    data = listfile.read(stored, store)
    return Catalog.parse(data), listfile.problem(stored, data)


def read(store: ObjectStore, clock: Clock) -> Generation | None:
    """The current generation; None where it moved while it was read."""
    pointer = store.stat(layout.CURSOR)
    if pointer is None:
        return Generation(cursor="", generation=None, catalog=Catalog.empty())
    cursor, catalog, broken, far, misread = "", Catalog.empty(), "", "", ""
    try:
        data = contents(store, pointer)
        cursor = cursor_in(data)
        catalog, misread = _listed(cursor, store)
        misread = listfile.problem(pointer, data) or misread
    except GenerationMismatchError:
        return None
    except CatalogProblemError as error:
        broken = str(error)
    except DamagedObjectError as error:
        broken = f"{error.where}: {error.what}"
    if cursor and int(cursor) > latest(clock):
        broken = f"cursor.json names generation {cursor}, which is more than a year ahead of the clock"
        cursor, far = "", cursor
    generation = pointer.generation
    return Generation(
        cursor=cursor, generation=generation, catalog=catalog, broken=broken, misread=misread, far=far
    )


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
        cursor = text_at(shape.load(data), "current") if len(data) <= _LARGEST_CURSOR else ""
    except UnreadableError:
        cursor = ""
    if not CURSOR.fullmatch(cursor):
        message = "cursor.json does not name a generation of ten digits"
        raise CatalogProblemError(message)
    return cursor


def contents(store: ObjectStore, stored: StoredObject) -> bytes:
    """All bytes of exactly this generation of a small object; of a larger one, more than it may have."""
    with store.open(stored.name, generation=stored.generation) as stream:
        return stream.read(_LARGEST_CURSOR + 1)


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
        fix=f"{MAKE_ANEW}, then run the job again",
    )
