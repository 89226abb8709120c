"""What the buckets say of the versions that submissions are of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pkgaction import generations, retention
from pkgaction.entry.catalog import Catalog, CatalogProblemError
from pkgaction.errors import DamagedObjectError
from pkgaction.model import layout
from pkgaction.model.manifest import PackageId
from pkgaction.model.submission import Received
from pkgaction.ports import Clock, GenerationMismatchError, ObjectStore, StoredObject

SUBMISSION = "submission"  # metadata of a version's objects: the queue's object that they were made of
_MOST_LISTS = 10  # of earlier generations that are read for one submission


@dataclass(slots=True)
class PublicVersions:
    """The versions in the public bucket and in the index."""

    artifacts: ObjectStore
    index: ObjectStore | None
    clock: Clock
    _catalog: Catalog | None = None  # as it was when it was last needed

    def refresh(self) -> None:
        """From here on the index is read again where it is needed."""
        self._catalog = None

    def zip(self, package: PackageId) -> StoredObject | None:
        """The version's zip in the public bucket."""
        return self.artifacts.stat(layout.zip_name(package))

    def source(self, package: PackageId) -> str:
        """Out of which submission the public zip was made; empty where that is not known."""
        return _source(self.zip(package))

    def may_complete(self, received: Received, package: PackageId, stored: StoredObject) -> bool:
        """Whether a submission may add to its version, whose zip is public: objects, or the index entry.

        Everybody can read the public bucket, so a copy of a zip and its signature proves nothing: only
        the owner's folder does that the zip came from. What the index has had is not brought back.
        """
        if not received.source:  # a person hands it over
            return True
        is_very = received.source == _source(stored)
        if not is_very and not _is_of_owner(received, stored):
            return False
        if self.is_indexed(package):
            return True
        was_indexed = self._was_indexed(package, stored.created)
        return not was_indexed if is_very else was_indexed is False

    def is_indexed(self, package: PackageId) -> bool:
        """Whether the index has it; where there is no index, it needs none."""
        if self.index is None:
            return True
        if self._catalog is None:
            self._catalog = generations.current(self.index, self.clock).catalog
        return _has(self._catalog, package)

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
