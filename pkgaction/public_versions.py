"""What the buckets say of the versions that submissions are of."""

from dataclasses import dataclass

from pkgaction import generations
from pkgaction.entry.catalog import Catalog
from pkgaction.model import layout
from pkgaction.model.manifest import PackageId
from pkgaction.ports import Clock, ObjectStore

SUBMISSION = "submission"  # metadata of a version's objects: the queue's object that they were made of


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

    def source(self, package: PackageId) -> str:
        """Out of which submission the public zip was made; empty where that is not known."""
        zip_object = self.artifacts.stat(layout.zip_name(package))
        return zip_object.headers.metadata.get(SUBMISSION, "") if zip_object else ""

    def is_indexed(self, package: PackageId) -> bool:
        """Whether the index has it; where there is no index, it needs none."""
        if self.index is None:
            return True
        if self._catalog is None:
            self._catalog = generations.current(self.index, self.clock).catalog
        return (package.name, package.version.text) in self._catalog.texts
