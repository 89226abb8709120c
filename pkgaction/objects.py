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
from pkgaction.integrity import damaged, is_recorded, is_same, require_same, require_whole, sealed
from pkgaction.model import layout
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
    sha256: str  # of its bytes
    copy: Path | None = None  # its bytes in a file, where they were read
    tree: Tree | None = None  # what is in that


@contextmanager
def stored_zip(
    stored: StoredObject, built: Built, store: ObjectStore, scratch: Path
) -> Iterator[StoredZip]:
    """A zip in the bucket that has the content of the package, whoever wrote it.

    The server's own checksums prove the very zip that was built. Any other one is read: what its
    metadata says is enough to refuse it, never to take it. The copy is there as long as the block.

    Raises:
        ContentConflictError: it has other content, or says so.
        DamagedObjectError: it is not whole, not what its metadata says, or has wrong headers.
    """
    stored = require_whole(stored, store, headers=False)
    said = stored.headers.metadata
    if is_recorded(stored):
        refuse_other(built, said.get(CONTENT, built.content_digest), stored.name)
    if said.get(ZIP) == built.sha256:
        stored = require_same(stored, store, built.digests)
    elif not is_same(stored, store, built.digests):
        with downloaded(stored, built, store, scratch) as found:
            require_whole(stored, store)
            yield found
        return
    _require_said(stored, store, sha256=built.sha256, content=built.content_digest)
    require_whole(stored, store)
    yield StoredZip(object=stored, sha256=built.sha256)


@contextmanager
def downloaded(
    stored: StoredObject, built: Built, store: ObjectStore, scratch: Path
) -> Iterator[StoredZip]:
    """A stored zip of the package's content, with its copy and files. Nothing is believed but its bytes.

    Raises:
        ContentConflictError: it has other content than the package.
        DamagedObjectError: it is not what its metadata says, or can't be read.
    """
    path = download(stored, store, scratch)
    try:
        with opened(path, stored, store) as tree:
            made = archive.measured(path, tree)
            _require_said(stored, store, sha256=made.sha256, content=made.content_digest)
            refuse_other(built, made.content_digest, stored.name)
            yield StoredZip(object=stored, sha256=made.sha256, copy=path, tree=tree)
    finally:
        path.unlink()


def _require_said(stored: StoredObject, store: ObjectStore, *, sha256: str, content: str) -> None:
    """Refuse a zip whose metadata says other digests than its bytes have."""
    for key, kind, is_ in ((ZIP, "sha256", sha256), (CONTENT, "the content sha256", content)):
        said = stored.headers.metadata.get(key, is_)
        if said != is_:
            what = f"the stored zip has {kind} {is_}, its metadata says {said}"
            raise damaged(store.url, stored, what)


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


def extracted(built: Built, store: ObjectStore) -> dict[str, StoredObject]:
    """The version's extracted files in the bucket, by path, whosever they are; one listing for all."""
    folder = layout.static_folder(built.id)
    return {found.name.removeprefix(folder): found for found in store.list(folder)}


def missing(
    built: Built, store: ObjectStore, present: Mapping[str, StoredObject] | None = None
) -> dict[str, FileRecord]:
    """The extracted files that are not in the bucket, by path.

    Args:
        built: the package version.
        store: the bucket.
        present: those that are there, where they were listed.

    Raises:
        DamagedObjectError: one that is there is not the one in the package.
    """
    if present is None:
        present = extracted(built, store)
    for file in built.files:
        if found := present.get(file.path):
            require_same(found, store, file.digests)
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
