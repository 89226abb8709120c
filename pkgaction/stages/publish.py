"""publish: a signed zip → all its objects in the public bucket, each created once and never changed.

Order: static files (manifest.yml first), signature, zip. The first object, the extracted manifest.yml,
is the claim: of two publishers with other content the one whose claim was there first goes on, the
other one stops before it has written a thing. The zip comes last, so whoever finds it finds everything;
from then on it alone says what the version is, and what is missing is completed from it.
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from pkgaction import objects
from pkgaction.errors import ContentConflictError, StorageError
from pkgaction.model import layout
from pkgaction.model.disk import FileOnDisk
from pkgaction.model.manifest import FILE
from pkgaction.model.release import Built, Published, Signature, Signed, Stored
from pkgaction.model.tree import Bytes, Tree
from pkgaction.objects import CONTENT, ZIP, StoredZip
from pkgaction.ports import AlreadyExistsError, ObjectStore, Signer, StoredObject
from pkgaction.transforms import archive


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What publishing works with."""

    store: ObjectStore
    signer: Signer
    provenance: Mapping[str, str]  # metadata of every object: commit, pull request, run, tool
    scratch: Path
    uploads: int = 1  # at the same time
    on_zip: Callable[[Published], None] = lambda _: None  # told at once: from here on it is public


def publish(signed: Signed, bench: Bench) -> Published:
    """Put a version into the public bucket, or complete it there.

    Raises:
        ContentConflictError: the version has other content there already.
        StorageError: the storage failed, or what lies there is damaged.
    """
    built = signed.built
    found = bench.store.stat(layout.zip_name(built.id)) or _create_all(signed, bench)
    if found is None:
        _read_back(built, built.sha256, bench.store)
        return _created(built)
    stored = objects.stored_zip(found, bench.store, bench.scratch)
    objects.refuse_other(built, stored.content_digest, found.name)
    completed = _complete(signed, stored, bench)
    if completed:
        _read_back(built, stored.sha256, bench.store)
    what = Stored.COMPLETED if completed else Stored.UNCHANGED
    return Published(built=built, stored=what, zip_sha256=stored.sha256, zip_size=found.size)


def _read_back(built: Built, zip_sha256: str, store: ObjectStore) -> None:
    """Nothing is called published that the bucket itself does not show: zip and signature.

    Raises:
        StorageError: one of them is missing, or is of another zip.
    """
    for name in (layout.zip_name(built.id), layout.signature_name(built.id)):
        found = objects.there(store, name)
        there = found.headers.metadata.get(ZIP, zip_sha256)
        size = built.size if zip_sha256 == built.sha256 else found.size
        wrong_size = name == layout.zip_name(built.id) and found.size != size
        if there != zip_sha256 or wrong_size:
            raise StorageError(
                what=f"read back, it belongs to another zip (sha256 {there}, not {zip_sha256})",
                where=f"{store.url}/{name}",
                fix="run `pkgaction audit`, and find out who else writes to the bucket",
            )


def foresee(built: Built, store: ObjectStore, scratch: Path) -> bool:
    """Whether the version is in the bucket already, with the same content; nothing is written.

    Raises:
        ContentConflictError: it is there, or claimed, with other content.
    """
    if found := store.stat(layout.zip_name(built.id)):
        stored = objects.stored_zip(found, store, scratch)
        objects.refuse_other(built, stored.content_digest, found.name)
        return True
    if claim := store.stat(layout.static_name(built.id, FILE)):
        objects.refuse_other(built, _claimed(built, claim), claim.name)
    return False


def _create_all(signed: Signed, bench: Bench) -> StoredObject | None:
    """Create every object; the zip of another publisher, where that one was faster."""
    built, store = signed.built, bench.store
    metadata = _metadata(built.content_digest, built.sha256, bench)
    _claim(built, metadata, store)
    _create_static(built, built.tree, objects.missing(built, store), metadata, bench)
    _create_signature(signed, metadata, store)
    name = layout.zip_name(built.id)
    try:
        store.create(name, FileOnDisk(built.zip), objects.headers(layout.ZIP_TYPE, metadata))
    except AlreadyExistsError:
        return objects.there(store, name)
    bench.on_zip(_created(built))
    return None


def _created(built: Built) -> Published:
    return Published(built=built, stored=Stored.CREATED, zip_sha256=built.sha256, zip_size=built.size)


def _claim(built: Built, metadata: Mapping[str, str], store: ObjectStore) -> None:
    """Create the version's first object, or find that it is one of the same content.

    Two publishers of other content that start at the same moment meet here: one of them creates.
    """
    file = built.tree.get(FILE)
    if file is None:
        fix = "build the package again"
        raise StorageError(what="the package has no manifest.yml", where=str(built.id), fix=fix)
    name = layout.static_name(built.id, FILE)
    headers = objects.headers(layout.content_type(FILE, file.content), metadata)
    if not objects.created(store, name, file.content, headers):
        objects.refuse_other(built, _claimed(built, objects.there(store, name)), name)


def _claimed(built: Built, claim: StoredObject) -> str:
    """The content that a claim is for; one of another tool claims nothing."""
    return claim.headers.metadata.get(CONTENT, built.content_digest)


def _create_static(
    built: Built,
    tree: Tree,
    paths: Iterable[str],
    metadata: Mapping[str, str],
    bench: Bench,
) -> None:
    """Create the extracted files, several at the same time."""

    def create(path: str) -> None:
        if file := tree.get(path):
            headers = objects.headers(layout.content_type(path, file.content), metadata)
            name = layout.static_name(built.id, path)
            objects.created(bench.store, name, file.content, headers)

    pool = ThreadPoolExecutor(bench.uploads)
    try:
        for created in [pool.submit(create, path) for path in paths]:
            created.result()
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def _create_signature(signed: Signed, metadata: Mapping[str, str], store: ObjectStore) -> None:
    """Create the signature; one that is there must be of the very same zip."""
    built, name = signed.built, layout.signature_name(signed.built.id)
    if _signature_created(name, signed.signature, metadata, store):
        return
    other = objects.there(store, name).headers.metadata.get(ZIP, "")
    if other != built.sha256 and store.stat(layout.zip_name(built.id)) is None:
        raise ContentConflictError(
            what=f"a signature of another zip of the same content is there (zip sha256 {other}), "
            f"its zip is not (ours has {built.sha256})",
            where=f"{store.url}/{name}",
            fix="run the job again with the version of pkgaction that made it, or raise the version",
        )


def _signature_created(
    name: str, signature: Signature, metadata: Mapping[str, str], store: ObjectStore
) -> bool:
    headers = objects.headers(layout.SIGNATURE_TYPE, metadata)
    return objects.created(store, name, Bytes(signature.armored), headers)


def _complete(signed: Signed, stored: StoredZip, bench: Bench) -> bool:
    """Create what is missing beside a zip that is there, out of that zip; whether anything was."""
    built, store = signed.built, bench.store
    metadata = _metadata(stored.content_digest, stored.sha256, bench)
    missing = objects.missing(built, store)
    signature_name = layout.signature_name(built.id)
    unsigned = store.stat(signature_name) is None
    if not missing and not unsigned:
        return False
    path = objects.download(stored.object, store, bench.scratch)
    try:
        with objects.opened(path, stored.object, store) as tree:
            _same_as_said(path, tree, stored, store)
            _create_static(built, tree, missing, metadata, bench)
        if unsigned:
            same = stored.sha256 == built.sha256
            signature = signed.signature if same else bench.signer.sign(path)
            _signature_created(signature_name, signature, metadata, store)
    finally:
        path.unlink()
    return True


def _same_as_said(path: Path, tree: Tree, stored: StoredZip, store: ObjectStore) -> None:
    """Nothing is extracted from, and nothing signed of, a zip that is not what its metadata says.

    Raises:
        StorageError: its bytes, or the files in it, are other ones.
    """
    made = archive.measured(path, tree)
    if (made.sha256, made.content_digest) != (stored.sha256, stored.content_digest):
        bytes_differ = made.sha256 != stored.sha256
        kind = "sha256" if bytes_differ else "the content sha256"
        said = (
            (made.sha256, stored.sha256)
            if bytes_differ
            else (made.content_digest, stored.content_digest)
        )
        raise StorageError(
            what=f"the stored zip has {kind} {said[0]}, its metadata says {said[1]}",
            where=f"{store.url}/{stored.object.name}",
            fix="find out who wrote it: nothing was completed from it",
        )


def _metadata(content_digest: str, zip_sha256: str, bench: Bench) -> dict[str, str]:
    return {**bench.provenance, CONTENT: content_digest, ZIP: zip_sha256}
