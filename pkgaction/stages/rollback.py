"""rollback: an older list of the search index → a new generation, under a new, higher cursor.

Readers follow rising cursors, so going back is going on. No list of changes is written: every reader
loads the whole list. Publishers may be at work: who was faster is seen, and the cursor is tried again.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pkgaction import generations, swapping
from pkgaction.entry.catalog import Catalog, CatalogProblemError, Merge
from pkgaction.entry.shape import Key
from pkgaction.errors import UsageError
from pkgaction.model import layout
from pkgaction.model.json import JsonObject
from pkgaction.ports import Clock, GenerationMismatchError, ObjectStore

_SHOWN = 5  # generations in one sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class RolledBack:
    """What the index says now. Versions as NAME-VERSION."""

    to: str  # cursor of the older list
    cursor: str  # the new one; with a dry run the one that stays
    entries: int
    added: tuple[str, ...]  # the newer list did not have them
    updated: tuple[str, ...]
    warnings: tuple[str, ...]  # of what was left aside, as sentences
    removed: tuple[str, ...]  # they stay in the bucket, and are not found any more

    def as_json(self) -> JsonObject:
        """As `rollback --json` prints it."""
        return {
            "to": self.to,
            "cursor": self.cursor,
            "entries": self.entries,
            "added": list(self.added),
            "updated": list(self.updated),
            "removed": list(self.removed),
        }


def to(cursor: str, store: ObjectStore, clock: Clock, *, dry_run: bool = False) -> RolledBack:
    """Make the list of that generation the current one again; with `dry_run` only say what that changes.

    Raises:
        BucketMissingError: the bucket is not there, or may not be used (AccessDeniedError).
        UsageError: there is no such generation, its list can't be read, or it has entries that lead
            readers elsewhere and that the current one does not have.
        StorageError: the storage failed.
    """
    store.look(layout.INDEX_PROBE, create=not dry_run, there=True)
    old = _list_of(cursor, store, clock)

    strays = old.strays()

    def back(now: Catalog) -> Merge:
        known = now.strays() if strays else {}
        if new := {key: where for key, where in strays.items() if key not in known}:
            raise _astray(cursor, new, store)
        return now.rebuilt(old.items())

    if dry_run:
        found = generations.look(store, clock)
        done = swapping.Swapped(cursor=found.cursor, merge=back(found.catalog))
    else:
        done = swapping.swap(store, clock, back, rebuilding=True)
    return RolledBack(
        to=cursor,
        cursor=done.cursor,
        warnings=done.warnings,
        entries=len(done.merge.catalog.texts),
        added=done.merge.named(done.merge.added),
        updated=done.merge.named(done.merge.updated),
        removed=done.merge.named(done.merge.removed),
    )


def _astray(cursor: str, strays: Mapping[Key, str], store: ObjectStore) -> UsageError:
    return UsageError(
        what=f"its list has entries that lead readers elsewhere: {generations.named(strays)}",
        where=f"{store.url}/{layout.full_index_name(cursor)}",
        fix=f"name another generation, or {generations.MAKE_ANEW}",
    )


def _list_of(cursor: str, store: ObjectStore, clock: Clock) -> Catalog:
    try:
        return generations.listed(cursor, store)
    except (CatalogProblemError, GenerationMismatchError) as error:
        raise UsageError(
            what=f"its list can't be brought back: {error}",
            where=f"{store.url}/{generations.folder_name(cursor)}",
            fix=_others(cursor, store, clock),
        ) from error


def _others(cursor: str, store: ObjectStore, clock: Clock) -> str:
    """Which generations can be named in its place: those with a list, and none far in the future."""
    last = generations.latest(clock)
    listed = (
        other
        for other, objects in generations.by_folder(store).items()
        if other != cursor
        and int(other) <= last
        and any(stored.name == layout.full_index_name(other) for stored in objects)
    )
    newest = sorted(listed, reverse=True)[:_SHOWN]
    if not newest:
        return f"no other generation has a list: {generations.MAKE_ANEW}"
    return f"name a generation that has a list; the newest are {', '.join(newest)}"
