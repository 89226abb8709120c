"""A version's objects in the public bucket: their headers, what is there, and whether it is the same.

Every object carries as its record a digest of the package's content, digest and checksum of the zip that
it belongs to, and what shows accidents (`integrity`). Bytes first, then the record: where the bytes are
those of the package, a wrong record is warned of and changes nothing (`records`).
"""

import errno
import os
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pkgaction import records
from pkgaction.errors import ContentConflictError, NoRoomError, PackageError, of_machine
from pkgaction.integrity import (
    damaged,
    impossible,
    is_recorded,
    is_sealed,
    require_same,
    require_served,
    require_whole,
    sealed,
)
from pkgaction.model import layout
from pkgaction.model.checksum import Digests
from pkgaction.model.record import CONTENT
from pkgaction.model.release import Built, FileRecord
from pkgaction.model.sentences import first_of
from pkgaction.model.tree import Content, Tree
from pkgaction.ports import AlreadyExistsError, Headers, ObjectStore, StoredObject
from pkgaction.transforms import archive, unarchive

_CHUNK = 1 << 20
Warn = Callable[[str], None]  # of what is not as it should be, and stops nothing
_COMMON = 1 << 28  # bytes of a zip for which a runner must have room


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredZip:
    """A version's zip as it lies in the bucket."""

    object: StoredObject
    sha256: str  # of its bytes
    copy: Path | None = None  # its bytes in a file, where they were read
    tree: Tree | None = None  # what is in that


@contextmanager
def stored_zip(
    stored: StoredObject, built: Built, store: ObjectStore, scratch: Path, warn: Warn
) -> Iterator[StoredZip]:
    """A zip in the bucket that has the content of the package, whoever wrote it.

    The server's own checksums prove the very zip that was built. Any other one is read: what its record
    says is enough to refuse it, never to take it. The copy is there as long as the block.

    Args:
        stored: the zip.
        built: the package.
        store: where the zip lies.
        scratch: a folder for the copy.
        warn: told of a wrong record.

    Raises:
        ContentConflictError: it has other content, or says so.
        DamagedObjectError: it is not whole, or has wrong headers.
    """
    if not _has_measure(stored, built.digests):
        stored = require_whole(stored, store, headers=False)
    if _has_measure(stored, built.digests):
        same = StoredZip(object=require_same(stored, store, built.digests), sha256=built.sha256)
        _tell(same, built, store, warn)
        yield same
        return
    if is_recorded(stored) and is_sealed(stored):
        refuse_other(built, stored.headers.metadata.get(CONTENT, built.content_digest), stored.name)
    with downloaded(stored, built, store, scratch) as found:
        require_served(stored, store)
        _tell(found, built, store, warn)
        yield found


def _has_measure(stored: StoredObject, digests: Digests) -> bool:
    """Whether size and CRC32C are these; a folder's bucket has to read a file for the second."""
    return stored.size == digests.size and stored.crc32c == digests.crc32c


def _tell(found: StoredZip, built: Built, store: ObjectStore, warn: Warn) -> None:
    is_true = records.truth(built.content_digest, found.sha256, found.object.crc32c)
    records.tell([found.object], store, warn, is_true)


@contextmanager
def downloaded(
    stored: StoredObject, built: Built, store: ObjectStore, scratch: Path
) -> Iterator[StoredZip]:
    """A stored zip of the package's content, with its copy and files. Nothing is believed but its bytes.

    Raises:
        ContentConflictError: it has other content than the package.
        DamagedObjectError: it has other content and says that it has the package's, or can't be read.
    """
    path = download(stored, store, scratch)
    try:
        with opened(path, stored, store) as tree:
            made = archive.measured(path, tree)
            _require_content(made.content_digest, stored, built, store)
            yield StoredZip(object=stored, sha256=made.sha256, copy=path, tree=tree)
    finally:
        path.unlink()


def _require_content(content: str, stored: StoredObject, built: Built, store: ObjectStore) -> None:
    """Refuse other content; where its record says that it is ours, somebody has put it there."""
    said = stored.headers.metadata.get(CONTENT)
    if said == built.content_digest != content:
        what = f"the stored zip has the content sha256 {content}, its metadata says {said}"
        raise damaged(store.url, stored, what)
    refuse_other(built, content, stored.name)


def download(stored: StoredObject, store: ObjectStore, scratch: Path) -> Path:
    """An object's bytes in a file of the scratch folder, for the caller to remove.

    Raises:
        DamagedObjectError: it has more bytes than it may have.
        NoRoomError: the disk has no room for it, beside what lies there now.
    """
    if what := impossible(stored):
        raise damaged(store.url, stored, what)
    path = scratch / f"stored-{Path(stored.name).name}"
    with _in_room(stored, store, path):
        if shutil.disk_usage(scratch).free < stored.size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        with store.open(stored.name, generation=stored.generation) as source, path.open("wb") as target:
            shutil.copyfileobj(source, target, _CHUNK)
    return path


@contextmanager
def _in_room(stored: StoredObject, store: ObjectStore, path: Path) -> Iterator[None]:
    """The block downloads an object; where the disk has no room for it, the object is named."""
    try:
        yield
    except (OSError, NoRoomError) as error:
        known = error if isinstance(error, NoRoomError) else of_machine(error)
        if not isinstance(known, NoRoomError):
            raise
        path.unlink(missing_ok=True)
        what = f"no space left on the runner's disk for its {stored.size} bytes"
        raise NoRoomError(what=what, where=f"{store.url}/{stored.name}", fix=known.fix) from error


def download_alone(stored: StoredObject, store: ObjectStore, scratch: Path) -> Path:
    """The same while no other one lies there: who is large for a package is to blame for its size.

    Raises:
        DamagedObjectError: as `download`.
        PackageError: the disk has no room for it, and hardly any package has as much.
        NoRoomError: the disk has no room for it, and should.
    """
    try:
        return download(stored, store, scratch)
    except NoRoomError as error:
        if stored.size <= _COMMON:
            raise
        raise PackageError(what=error.what, where=error.where, fix=error.fix) from error


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
    built: Built,
    store: ObjectStore,
    warn: Warn,
    present: Mapping[str, StoredObject] | None = None,
) -> dict[str, FileRecord]:
    """The extracted files that are not in the bucket, by path.

    Args:
        built: the package version.
        store: the bucket.
        warn: told of wrong records, and of files that are not the package's.
        present: those that are there, where they were listed.

    Raises:
        DamagedObjectError: one that is there is not the one in the package.
    """
    if present is None:
        present = extracted(built, store)
    there = [(file, present[file.path]) for file in built.files if file.path in present]
    same = [require_same(found, store, file.digests) for file, found in there]
    records.tell(same, store, warn)
    others = sorted(present.keys() - {file.path for file in built.files})
    _tell_of_others([path for path in others if not layout.is_finders(path)], built, store, warn)
    return {file.path: file for file in built.files if file.path not in present}


def _tell_of_others(paths: Collection[str], built: Built, store: ObjectStore, warn: Warn) -> None:
    if paths:
        names = first_of([*paths], records.SHOWN, repr)
        folder = f"{store.url}/{layout.static_folder(built.id)}"
        what = f"{folder} has files that are not in the package: {names}"
        warn(f"{what} (find out who wrote them, and delete them)")


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
