"""What the buckets say of the versions that submissions are of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from pkgaction import generations, retention
from pkgaction.entry.catalog import Catalog, CatalogProblemError
from pkgaction.errors import DamagedObjectError
from pkgaction.generations import Generation
from pkgaction.inhand import ENDED_SURELY
from pkgaction.model import layout
from pkgaction.model.manifest import PackageId
from pkgaction.model.record import SUBMISSION
from pkgaction.model.submission import Received
from pkgaction.ports import Clock, GenerationMismatchError, ObjectStore, StoredObject

_MOST_LISTS = 10  # of earlier generations that are read for one submission


class Stand(Enum):
    """How a submission stands to its version, whose zip is public."""

    OPEN = "it may add to it: objects, or the index entry"
    INDEXED = "the index has the version, and it may add nothing"
    BEING_PUBLISHED = "another run may be at work that made the zip public, and is to index it"
    WITHDRAWN = "an index has had the version, or may have, and the current one does not"


@dataclass(slots=True)
class PublicVersions:
    """The versions in the public bucket and in the index."""

    artifacts: ObjectStore
    index: ObjectStore | None
    clock: Clock
    _found: Generation | None = None  # of the index, as it was when it was last needed

    def refresh(self) -> None:
        """From here on the index is read again where it is needed."""
        self._found = None

    def zip(self, package: PackageId) -> StoredObject | None:
        """The version's zip in the public bucket."""
        return self.artifacts.stat(layout.zip_name(package))

    def is_made_of(self, package: PackageId, source: str) -> bool:
        """Whether the public zip was made of that submission."""
        return _source(self.zip(package)) == source

    def stand(self, received: Received, package: PackageId, stored: StoredObject) -> Stand:
        """Whether a submission may add to its version, whose zip is public, and if not, why.

        Everybody can read the public bucket, so a copy of a zip and its signature proves nothing: only
        the owner's folder does that the zip came from. What the index has had is not brought back.

        Other runs index meanwhile. So that it was taken back is said only where an index has had it and
        one that was read later has not.
        """
        if not received.source:  # a person hands it over
            return Stand.OPEN
        is_very = received.source == _source(stored)
        may_add = is_very or _is_of_owner(received, stored)
        if not self.is_indexed(package):
            was_indexed = self._was_indexed(package, stored.created)
            if may_add and (not was_indexed if is_very else was_indexed is False):
                return Stand.OPEN
            self._catch_up()
            if not self.is_indexed(package):
                is_new = abs(self.clock.now() - stored.created) <= ENDED_SURELY
                return Stand.BEING_PUBLISHED if is_new and not was_indexed else Stand.WITHDRAWN
        return Stand.OPEN if may_add else Stand.INDEXED

    def is_indexed(self, package: PackageId) -> bool:
        """Whether the index has it; where there is no index, it needs none."""
        if self.index is None:
            return True
        if self._found is None:
            self._found = generations.current(self.index, self.clock)
        return _has(self._found.catalog, package)

    def _catch_up(self) -> None:
        """What is known of the index is what it is now."""
        pointer = self.index.stat(layout.CURSOR) if self.index else None
        if self._found and self._found.generation != (pointer.generation if pointer else None):
            self.refresh()

    def _was_indexed(self, package: PackageId, since: datetime) -> bool | None:
        """Whether an index since then has had it; None where that cannot be told any more.

        The earliest ones are read. That an index is kept which is older proves that none is missing.
        """
        if self.index is None:
            return False
        later, is_complete = _lists_since(since, self.index)
        for cursor in later[:_MOST_LISTS]:
            try:
                if _has(generations.listed(cursor, self.index), package):
                    return True
            except (CatalogProblemError, DamagedObjectError, GenerationMismatchError):
                is_complete = False
        return False if is_complete and len(later) <= _MOST_LISTS else None


def _lists_since(since: datetime, index: ObjectStore) -> tuple[Sequence[str], bool]:
    """The generations that were current since then, the earliest first; whether these are all."""
    current = generations.pointed_at(index)
    folders, later = generations.by_folder(index), list[str]()
    for cursor in retention.once_current(current, folders):
        if max(stored.created for stored in folders[cursor]) < since:
            return later[::-1], True
        later.append(cursor)
    return later[::-1], not current


def _has(catalog: Catalog, package: PackageId) -> bool:
    return (package.name, package.version.text) in catalog.texts


def _source(stored: StoredObject | None) -> str:
    return stored.headers.metadata.get(SUBMISSION, "") if stored else ""


def _is_of_owner(received: Received, stored: StoredObject) -> bool:
    """Whether the zip was made of what had the submission's name, in a folder that is its owner's."""
    name, made_of = (source.rpartition("#")[0] for source in (received.source, _source(stored)))
    return bool(received.folder) and name == made_of
