"""publish: a signed zip → all its objects in the public bucket, each created once and never changed.

Order: static files (manifest.yml first), signature, zip. Every object carries the content digest of
its version. The first object, the extracted manifest.yml, is the claim: of two publishers with other
content the one whose claim was there first goes on, the other one stops before it has written a thing.
The zip comes last, so whoever finds it finds everything; from then on it alone says what the version is,
and what is missing is completed from it.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pkgaction.errors import ContentConflictError, StorageError
from pkgaction.model import layout
from pkgaction.model.disk import FileOnDisk
from pkgaction.model.manifest import FILE, PackageId
from pkgaction.model.release import Built, FileRecord, Published, Signed, Stored
from pkgaction.model.tree import Bytes, Content, Tree
from pkgaction.ports import AlreadyExistsError, Headers, ObjectStore, Signer, StoredObject
from pkgaction.transforms import archive, unarchive

CONTENT = "content-sha256"  # metadata: over paths and file contents of the package
ZIP = "zip-sha256"  # metadata: of the zip the object belongs to
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What publishing works with."""

    store: ObjectStore
    signer: Signer
    provenance: Mapping[str, str]  # metadata of every object: commit, pull request, run, tool
    scratch: Path


def publish(signed: Signed, bench: Bench) -> Published:
    """Put a version into the public bucket, or complete it there.

    Raises:
        ContentConflictError: the version has other content there already.
        StorageError: the storage failed, or what lies there is damaged.
    """
    built = signed.built
    stored = bench.store.stat(layout.zip_name(built.id))
    if stored is None:
        stored = _create_all(signed, bench)
        if stored is None:
            return _published(built, Stored.CREATED, built.sha256, built.size)
    _same_content(built, stored, bench)
    created = _complete(signed, stored, bench)
    what = Stored.COMPLETED if created else Stored.UNCHANGED
    return _published(built, what, _zip_sha256(built, stored), stored.size)


def foresee(built: Built, store: ObjectStore) -> bool:
    """Whether the version is in the bucket already, with the same content; nothing is written.

    Raises:
        ContentConflictError: it is there with other content.
    """
    for name in (layout.zip_name(built.id), layout.static_name(built.id, FILE)):
        if stored := store.stat(name):
            _refuse_other(built, stored)
            return name == layout.zip_name(built.id)
    return False


def _create_all(signed: Signed, bench: Bench) -> StoredObject | None:
    """Create every object; the zip of another publisher, where that one was faster."""
    built = signed.built
    _claim(built, bench)
    _create_static(built.id, built.tree, _missing(built, bench.store), _metadata(built, bench), bench)
    _create_signature(signed, bench)
    try:
        headers = _headers(layout.ZIP_TYPE, _metadata(built, bench))
        bench.store.create(layout.zip_name(built.id), FileOnDisk(built.zip), headers)
    except AlreadyExistsError:
        return _there(bench.store, layout.zip_name(built.id))
    return None


def _claim(built: Built, bench: Bench) -> None:
    """Create the version's first object, or find that it is one of the same content.

    Two publishers of other content that start at the same moment meet here: one of them creates.
    """
    file = built.tree.get(FILE)
    name = layout.static_name(built.id, FILE)
    if file is None:
        raise StorageError(what="the package has no manifest.yml", where=str(built.id))
    headers = _headers(layout.content_type(FILE, file.content), _metadata(built, bench))
    try:
        bench.store.create(name, file.content, headers)
    except AlreadyExistsError:
        _refuse_other(built, _there(bench.store, name))


def _create_static(
    package: PackageId,
    tree: Tree,
    records: Mapping[str, FileRecord],
    metadata: Mapping[str, str],
    bench: Bench,
) -> int:
    """Create the extracted files; how many were not there."""
    created = 0
    for path in records:
        file = tree.get(path)
        if file is None:
            continue
        headers = _headers(layout.content_type(path, file.content), metadata)
        created += _created(bench.store, layout.static_name(package, path), file.content, headers)
    return created


def _create_signature(signed: Signed, bench: Bench) -> None:
    """Create the signature; one that is there must be of the very same zip."""
    built = signed.built
    name = layout.signature_name(built.id)
    headers = _headers(layout.SIGNATURE_TYPE, _metadata(built, bench))
    if _created(bench.store, name, Bytes(signed.signature.armored), headers):
        return
    other = _there(bench.store, name).headers.metadata.get(ZIP, "")
    if other != built.sha256 and bench.store.stat(layout.zip_name(built.id)) is None:
        raise ContentConflictError(
            what=f"a signature of another zip of the same content is there (zip sha256 {other}), "
            f"its zip is not (ours has {built.sha256})",
            where=f"{bench.store.url}/{name}",
            fix="run the job again with the version of pkgaction that made it, or raise the version",
        )


def _complete(signed: Signed, stored: StoredObject, bench: Bench) -> bool:
    """Create what is missing beside a zip that is there, out of that zip; whether anything was."""
    built = signed.built
    metadata = {
        **bench.provenance,
        CONTENT: built.content_digest,
        ZIP: _zip_sha256(built, stored),
    }
    missing = _missing(built, bench.store)
    unsigned = bench.store.stat(layout.signature_name(built.id)) is None
    if not missing and not unsigned:
        return False
    path = _download(stored, bench)
    try:
        if missing:
            with unarchive.opened(path) as (_, tree):
                _create_static(built.id, tree, missing, metadata, bench)
        if unsigned:
            same = metadata[ZIP] == built.sha256
            signature = signed.signature if same else bench.signer.sign(path)
            headers = _headers(layout.SIGNATURE_TYPE, metadata)
            name = layout.signature_name(built.id)
            _created(bench.store, name, Bytes(signature.armored), headers)
    finally:
        path.unlink()
    return True


def _missing(built: Built, store: ObjectStore) -> dict[str, FileRecord]:
    """The extracted files that are not in the bucket, by path; one listing for all.

    Raises:
        StorageError: one that is there has other bytes.
    """
    folder = layout.static_folder(built.id)
    there = {found.name.removeprefix(folder): found for found in store.list(folder)}
    for file in built.files:
        found = there.get(file.path)
        if found and (found.size, found.crc32c) != (file.size, file.crc32c):
            raise StorageError(
                what="this extracted file is not the one in the package",
                where=f"{store.url}/{found.name}",
                fix="find out who wrote it; delete it and run the job again",
            )
    return {file.path: file for file in built.files if file.path not in there}


def _same_content(built: Built, stored: StoredObject, bench: Bench) -> None:
    if CONTENT in stored.headers.metadata:
        _refuse_other(built, stored)
        return
    path = _download(stored, bench)  # made by another tool: look into it
    try:
        with unarchive.opened(path) as (_, tree):
            records = tuple(archive.measure(file) for file in tree.files)
    finally:
        path.unlink()
    _refuse_digest(built, archive.content_digest(records), stored.name)


def _refuse_other(built: Built, stored: StoredObject) -> None:
    digest = stored.headers.metadata.get(CONTENT)
    if digest is not None:
        _refuse_digest(built, digest, stored.name)


def _refuse_digest(built: Built, there: str, name: str) -> None:
    if there != built.content_digest:
        raise ContentConflictError(
            what=f"{built.id} is there with other content: content sha256 {there} there, "
            f"{built.content_digest} here",
            where=name,
            fix="raise the version: a published version never changes",
        )


def _download(stored: StoredObject, bench: Bench) -> Path:
    path = bench.scratch / f"stored-{Path(stored.name).name}"
    with (
        bench.store.open(stored.name, generation=stored.generation) as source,
        path.open("wb") as target,
    ):
        shutil.copyfileobj(source, target, _CHUNK)
    return path


def _created(store: ObjectStore, name: str, content: Content, headers: Headers) -> bool:
    try:
        store.create(name, content, headers)
    except AlreadyExistsError:
        return False
    return True


def _there(store: ObjectStore, name: str) -> StoredObject:
    found = store.stat(name)
    if found is None:
        what = "the object was there a moment ago and is gone"
        raise StorageError(what=what, where=f"{store.url}/{name}", fix="run the job again")
    return found


def _metadata(built: Built, bench: Bench) -> dict[str, str]:
    return {**bench.provenance, CONTENT: built.content_digest, ZIP: built.sha256}


def _headers(content_type: str, metadata: Mapping[str, str]) -> Headers:
    return Headers(content_type=content_type, cache_control=layout.IMMUTABLE, metadata=dict(metadata))


def _zip_sha256(built: Built, stored: StoredObject) -> str:
    return stored.headers.metadata.get(ZIP, built.sha256)


def _published(built: Built, stored: Stored, sha256: str, size: int) -> Published:
    return Published(built=built, stored=stored, zip_sha256=sha256, zip_size=size)
