"""A version's objects in the public bucket: their headers, what is there, and whether it is the same.

Every object carries two digests as metadata: of the package's content, and of the zip it belongs to.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pkgaction.errors import ContentConflictError, PackageError, StorageError
from pkgaction.model import layout
from pkgaction.model.release import Built, FileRecord
from pkgaction.model.tree import Content, Tree
from pkgaction.ports import AlreadyExistsError, Headers, ObjectStore, StoredObject
from pkgaction.transforms import archive, unarchive

CONTENT = "content-sha256"  # metadata: over paths and file contents of the package
ZIP = "zip-sha256"  # metadata: of the zip the object belongs to
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredZip:
    """A version's zip as it lies in the bucket."""

    object: StoredObject
    content_digest: str
    sha256: str  # of its bytes


def stored_zip(stored: StoredObject, store: ObjectStore, scratch: Path) -> StoredZip:
    """What a zip in the bucket is: by its metadata, or, where another tool made it, by its bytes."""
    metadata = stored.headers.metadata
    if CONTENT in metadata and ZIP in metadata:
        return StoredZip(object=stored, content_digest=metadata[CONTENT], sha256=metadata[ZIP])
    path = download(stored, store, scratch)
    try:
        with opened(path, stored, store) as tree:
            made = archive.measured(path, tree)
    finally:
        path.unlink()
    return StoredZip(object=stored, content_digest=made.content_digest, sha256=made.sha256)


def download(stored: StoredObject, store: ObjectStore, scratch: Path) -> Path:
    """An object's bytes in a file of the scratch folder, for the caller to remove."""
    path = scratch / f"stored-{Path(stored.name).name}"
    with store.open(stored.name, generation=stored.generation) as source, path.open("wb") as target:
        shutil.copyfileobj(source, target, _CHUNK)
    return path


@contextmanager
def opened(path: Path, stored: StoredObject, store: ObjectStore) -> Iterator[Tree]:
    """The files in a downloaded zip.

    Raises:
        StorageError: what lies there is no zip, or a damaged one.
    """
    try:
        with unarchive.opened(path) as (_, tree):
            yield tree
    except PackageError as error:
        if error.where != path.name:
            raise
        fix = "find out who wrote it: nothing was completed from it"
        raise StorageError(what=error.what, where=f"{store.url}/{stored.name}", fix=fix) from error


def headers(content_type: str, metadata: Mapping[str, str]) -> Headers:
    """The headers of an object that never changes."""
    return Headers(content_type=content_type, cache_control=layout.IMMUTABLE, metadata=dict(metadata))


def created(store: ObjectStore, name: str, content: Content, with_headers: Headers) -> bool:
    """Create an object; False where there is one."""
    try:
        store.create(name, content, with_headers)
    except AlreadyExistsError:
        return False
    return True


def there(store: ObjectStore, name: str) -> StoredObject:
    """An object that must be there.

    Raises:
        StorageError: it isn't.
    """
    found = store.stat(name)
    if found is None:
        what = "the object was there a moment ago and is gone"
        raise StorageError(what=what, where=f"{store.url}/{name}", fix="run the job again")
    return found


def missing(built: Built, store: ObjectStore) -> dict[str, FileRecord]:
    """The extracted files that are not in the bucket, by path; one listing for all.

    Raises:
        StorageError: one that is there has other bytes.
    """
    folder = layout.static_folder(built.id)
    present = {found.name.removeprefix(folder): found for found in store.list(folder)}
    for file in built.files:
        found = present.get(file.path)
        if found and (found.size, found.crc32c) != (file.size, file.crc32c):
            raise StorageError(
                what="this extracted file is not the one in the package",
                where=f"{store.url}/{found.name}",
                fix="find out who wrote it; delete it and run the job again",
            )
    return {file.path: file for file in built.files if file.path not in present}


def refuse_other(built: Built, content_digest: str, name: str) -> None:
    """Stop where a version is taken by other content.

    Raises:
        ContentConflictError: it is.
    """
    if content_digest != built.content_digest:
        raise ContentConflictError(
            what=f"{built.id} is there with other content: content sha256 {content_digest} there, "
            f"{built.content_digest} here",
            where=name,
            fix="raise the version: a published version never changes",
        )
