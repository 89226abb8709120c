"""A version's objects in the public bucket: their headers, what is there, and whether it is the same.

Every object carries as metadata a digest of the package's content, digest and checksum of the zip that
it belongs to, and what proves it whole (`integrity`).
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pkgaction.errors import ContentConflictError, PackageError
from pkgaction.integrity import damaged, is_recorded, require_whole, sealed
from pkgaction.model import layout
from pkgaction.model.checksum import crc32c
from pkgaction.model.disk import FileOnDisk
from pkgaction.model.release import Built, FileRecord
from pkgaction.model.tree import Content, Tree
from pkgaction.ports import AlreadyExistsError, Headers, ObjectStore, StoredObject
from pkgaction.transforms import archive, unarchive

CONTENT = "content-sha256"  # metadata: over paths and file contents of the package
ZIP = "zip-sha256"  # metadata: of the zip the object belongs to
ZIP_CRC32C = "zip-crc32c"  # metadata: of the same zip
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredZip:
    """A version's zip as it lies in the bucket."""

    object: StoredObject
    content_digest: str
    sha256: str  # of its bytes


def stored_zip(stored: StoredObject, built: Built, store: ObjectStore, scratch: Path) -> StoredZip:
    """What a zip in the bucket is, and proof that it is whole.

    Our own zip proves the same one; the recorded checksum proves one of another compressor. Where there
    is neither, its bytes are read.

    Raises:
        DamagedObjectError: it is not whole.
    """
    stored = require_whole(stored, store)
    metadata = stored.headers.metadata
    if CONTENT in metadata and ZIP in metadata:
        found = StoredZip(object=stored, content_digest=metadata[CONTENT], sha256=metadata[ZIP])
        if found.sha256 == built.sha256:
            require_whole(stored, store, (built.size, crc32c(FileOnDisk(built.zip))))
            return found
        if is_recorded(stored):
            return found
    path = download(stored, store, scratch)
    try:
        with opened(path, stored, store) as tree:
            return measured(path, tree, stored, store)
    finally:
        path.unlink()


def measured(path: Path, tree: Tree, stored: StoredObject, store: ObjectStore) -> StoredZip:
    """What a downloaded zip is by its bytes.

    Raises:
        DamagedObjectError: it is not what its metadata says.
    """
    made = archive.measured(path, tree)
    for key, kind, is_ in (
        (ZIP, "sha256", made.sha256),
        (CONTENT, "the content sha256", made.content_digest),
    ):
        said = stored.headers.metadata.get(key, is_)
        if said != is_:
            what = f"the stored zip has {kind} {is_}, its metadata says {said}"
            raise damaged(store.url, stored, what)
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
        DamagedObjectError: what lies there is no zip, or a damaged one.
    """
    try:
        with unarchive.opened(path) as (_, tree):
            yield tree
    except PackageError as error:
        if error.where != path.name:
            raise
        raise damaged(store.url, stored, error.what) from error


def headers(name: str, content_type: str, metadata: Mapping[str, str], checksum: int) -> Headers:
    """The headers of an object with these bytes, which never changes."""
    plain = Headers(content_type=content_type, cache_control=layout.IMMUTABLE, metadata=dict(metadata))
    return sealed(name, plain, checksum)


def created(store: ObjectStore, name: str, content: Content, with_headers: Headers) -> bool:
    """Create an object; False where there is one.

    Raises:
        DamagedObjectError: the bucket keeps other bytes than it was sent.
    """
    try:
        require_whole(store.create(name, content, with_headers), store)
    except AlreadyExistsError:
        return False
    return True


def missing(built: Built, store: ObjectStore) -> dict[str, FileRecord]:
    """The extracted files that are not in the bucket, by path; one listing for all.

    Raises:
        DamagedObjectError: one that is there is not the one in the package.
    """
    folder = layout.static_folder(built.id)
    present = {found.name.removeprefix(folder): found for found in store.list(folder)}
    for file in built.files:
        if found := present.get(file.path):
            require_whole(found, store, (file.size, file.crc32c))
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
