"""changes: a built package and the bucket → which files differ from the last published version.

Two listings a package, of sizes and checksums: nothing is downloaded.
"""

from collections.abc import Iterator, Mapping
from itertools import islice

from pkgaction import inventory
from pkgaction.integrity import Measure
from pkgaction.model import layout
from pkgaction.model.changes import Changes, FileChange
from pkgaction.model.manifest import PackageId
from pkgaction.model.release import Built
from pkgaction.ports import ObjectStore, StoredObject, is_placeholder

_MOST_OBJECTS = 20_000  # of a listing; a package with more is not compared
_ENDING = ".zip"


def since_last(built: Built, store: ObjectStore) -> Changes | None:
    """What differs from the highest published version below this one; None where it can't be told.

    Raises:
        StorageError: the storage failed.
    """
    after = {file.path: (file.size, file.crc32c) for file in built.files}
    published = list(islice(_below(built.id, store), _MOST_OBJECTS))
    if not published:
        return Changes(since="", size=0, files=_different({}, after))
    last, zip_ = max(published, key=lambda found: found[0].version)
    folder = layout.static_folder(last)
    listed = (found for found in store.list(folder) if not is_placeholder(found))
    there = list(islice(listed, _MOST_OBJECTS + 1))
    if not there or len(there) > _MOST_OBJECTS:
        return None
    named = ((found.name.removeprefix(folder), found) for found in there)
    before = {path: _measure(found, after.get(path)) for path, found in named}
    return Changes(since=last.version.text, size=zip_.size, files=_different(before, after))


def _measure(found: StoredObject, after: Measure | None) -> Measure:
    """What is held against a file: where the sizes differ, or nothing is there now, the size will do."""
    same_size = after is not None and after[0] == found.size
    return found.size, found.crc32c if same_size else 0


def _different(before: Mapping[str, Measure], after: Mapping[str, Measure]) -> tuple[FileChange, ...]:
    return tuple(
        FileChange(
            path=path,
            before=before[path][0] if path in before else None,
            after=after[path][0] if path in after else None,
        )
        for path in sorted({*before, *after})
        if before.get(path) != after.get(path)
    )


def _below(package: PackageId, store: ObjectStore) -> Iterator[tuple[PackageId, StoredObject]]:
    """The published versions of the package that are lower than this one."""
    prefix = f"{layout.PACKAGES}{package.name}-"  # a name has no dash: no other package's
    for found in store.list(prefix):
        file = found.name.removeprefix(layout.PACKAGES)
        known = inventory.identify(file.removesuffix(_ENDING)) if file.endswith(_ENDING) else None
        if known and known.version < package.version:
            yield known, found
