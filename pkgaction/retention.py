"""Old generations of the index go, by age alone; never the current one, nor what a reader behind needs.

A reader that has just read the cursor loads that generation's list, and one that follows along applies
every generation after its own. So a generation's age counts from when the next one took its place: who
has looked at the cursor within that time finds all it needs.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from pkgaction import generations
from pkgaction.ports import Clock, GenerationMismatchError, ObjectStore, StoredObject

_MOST_AT_ONCE = 100  # generations; the next run goes on


def prune(store: ObjectStore, clock: Clock, *, days: int) -> tuple[str, ...]:
    """Delete the generations whose place was taken more than so many days ago; the cursors of those.

    The oldest go first, so a run that was killed leaves no gap.

    Raises:
        StorageError: the storage failed.
    """
    current = generations.pointed_at(store)
    folders = generations.by_folder(store)
    until = clock.now() - timedelta(days=days)
    gone = [cursor for cursor, replaced in _replaced(current, folders) if replaced < until]
    for cursor in gone[:_MOST_AT_ONCE]:
        for stored in reversed(folders[cursor]):  # what changed goes before the whole list
            _delete(store, stored)
    return tuple(gone[:_MOST_AT_ONCE])


def _replaced(
    current: str, folders: Mapping[str, Sequence[StoredObject]]
) -> Iterator[tuple[str, datetime]]:
    """Each generation below the current one, from the oldest, with the latest time that readers may have
    taken it for the current one.
    """
    were_current = sorted(once_current(current, folders))
    for cursor in sorted(folders):
        following = bisect_right(were_current, cursor)
        if following < len(were_current):
            yield cursor, max(stored.created for stored in folders[were_current[following]])


def once_current(current: str, folders: Mapping[str, Sequence[StoredObject]]) -> Iterator[str]:
    """The current generation and those before it, as far back as each names the one it replaced.

    A folder that a dead publisher has left is none of them.
    """
    cursor = current
    while cursor in folders:
        yield cursor
        named = {stored.headers.metadata.get(generations.REPLACES, "") for stored in folders[cursor]}
        cursor = min((name for name in named if "" < name < cursor), default="")


def _delete(store: ObjectStore, stored: StoredObject) -> None:
    try:
        store.delete(stored.name, generation=stored.generation)
    except GenerationMismatchError:
        return  # another run was faster
