"""publish: a signed zip → all its objects in the public bucket, each created once and never changed.

Order: static files (manifest.yml first), signature, zip. The first object, the extracted manifest.yml,
is the claim: of two publishers with other content the one whose claim was there first goes on, the
other one stops before it has written a thing. The zip comes last, so whoever finds it finds everything;
from then on it alone says what the version is, and what is missing is completed from it.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from pkgaction import objects, signatures
from pkgaction.errors import ContentConflictError, StorageError
from pkgaction.integrity import require_whole, there
from pkgaction.model import layout
from pkgaction.model.checksum import crc32c, encoded
from pkgaction.model.disk import FileOnDisk
from pkgaction.model.manifest import FILE
from pkgaction.model.release import Built, FileRecord, Published, Signature, Signed, Stored
from pkgaction.model.tree import Bytes, Tree
from pkgaction.objects import CONTENT, ZIP, ZIP_CRC32C, StoredZip
from pkgaction.ports import ObjectStore, Signer, StoredObject
from pkgaction.signatures import Proof


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What publishing works with."""

    store: ObjectStore
    signer: Signer
    provenance: Mapping[str, str]  # metadata of every object: commit, pull request, run, tool
    scratch: Path
    uploads: int = 1  # at the same time
    on_zip: Callable[[Published], None] = lambda _: None  # told at once: from here on it is public
    warn: Callable[[str], None] = lambda _: None  # of what nothing proves

    @property
    def proof(self) -> Proof:
        """What signatures are proven with."""
        return Proof(signer=self.signer, scratch=self.scratch, warn=self.warn)


def publish(signed: Signed, bench: Bench) -> Published:
    """Put a version into the public bucket, or complete it there.

    Raises:
        ContentConflictError: the version has other content there already.
        DamagedObjectError: one of its objects there is not whole, and can't be written again.
        StorageError: the storage failed.
    """
    built = signed.built
    found = bench.store.stat(layout.zip_name(built.id)) or _create_all(signed, bench)
    if found is None:
        return _published(built, Stored.CREATED, _read_back(built, built.sha256, bench))
    stored = objects.stored_zip(found, built, bench.store, bench.scratch)
    objects.refuse_other(built, stored.content_digest, found.name)
    if not _complete(signed, stored, bench):
        return _published(built, Stored.UNCHANGED, stored)
    return _published(built, Stored.COMPLETED, _read_back(built, stored.sha256, bench))


def _published(built: Built, what: Stored, stored: StoredZip) -> Published:
    return Published(built=built, stored=what, zip_sha256=stored.sha256, zip_size=stored.object.size)


def _read_back(built: Built, zip_sha256: str, bench: Bench) -> StoredZip:
    """Nothing is called published that the bucket itself does not show: zip and signature, both whole.

    The extracted files are shown by the answers to their uploads, or by the listing.

    Raises:
        DamagedObjectError: one of them is not whole.
        StorageError: one of them is missing, or is of another zip.
    """
    store = bench.store
    found = there(store, layout.zip_name(built.id))
    stored = objects.stored_zip(found, built, store, bench.scratch)
    if stored.sha256 != zip_sha256:
        raise StorageError(
            what=f"read back, it is another zip (sha256 {stored.sha256}, not {zip_sha256})",
            where=f"{store.url}/{found.name}",
            fix="run `pkgaction audit`, and find out who else writes to the bucket",
        )
    if signatures.proven(built, zip_sha256, store, bench.proof) is None:
        there(store, layout.signature_name(built.id))
    return stored


def foresee(built: Built, store: ObjectStore, proof: Proof) -> Stored:
    """What publishing would do to the version's objects; nothing is written.

    It is CREATED where its zip is not there, COMPLETED where something is missing beside it.

    Raises:
        ContentConflictError: it is there, or claimed, with other content.
        DamagedObjectError: what is there of it is not whole.
    """
    if found := store.stat(layout.zip_name(built.id)):
        stored = objects.stored_zip(found, built, store, proof.scratch)
        objects.refuse_other(built, stored.content_digest, found.name)
        missing = objects.missing(built, store)
        signature = signatures.proven(built, stored.sha256, store, proof)
        return Stored.COMPLETED if missing or signature is None else Stored.UNCHANGED
    if claim := store.stat(layout.static_name(built.id, FILE)):
        objects.refuse_other(built, _claimed(built, claim, store), claim.name)
        objects.missing(built, store)
    return Stored.CREATED


def _create_all(signed: Signed, bench: Bench) -> StoredObject | None:
    """Create every object; the zip of another publisher, where that one was faster."""
    built, store, content = signed.built, bench.store, FileOnDisk(signed.built.zip)
    checksum = crc32c(content)
    metadata = _metadata(built.content_digest, built.sha256, checksum, bench)
    _claim(built, metadata, store)
    _create_static(built, built.tree, objects.missing(built, store), metadata, bench)
    _create_signature(signed, metadata, store)
    name = layout.zip_name(built.id)
    headers = objects.headers(name, layout.ZIP_TYPE, metadata, checksum)
    if not objects.created(store, name, content, headers):
        return there(store, name)
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
    kind = layout.content_type(FILE, file.content)
    headers = objects.headers(name, kind, metadata, crc32c(file.content))
    if not objects.created(store, name, file.content, headers):
        objects.refuse_other(built, _claimed(built, there(store, name), store), name)


def _claimed(built: Built, claim: StoredObject, store: ObjectStore) -> str:
    """The content that a claim is for; one of another tool claims nothing."""
    claim = require_whole(claim, store)
    return claim.headers.metadata.get(CONTENT, built.content_digest)


def _create_static(
    built: Built,
    tree: Tree,
    files: Mapping[str, FileRecord],
    metadata: Mapping[str, str],
    bench: Bench,
) -> None:
    """Create the extracted files, several at the same time."""

    def create(record: FileRecord) -> None:
        if file := tree.get(record.path):
            name = layout.static_name(built.id, record.path)
            kind = layout.content_type(record.path, file.content)
            headers = objects.headers(name, kind, metadata, record.crc32c)
            if not objects.created(bench.store, name, file.content, headers):
                measure = (record.size, record.crc32c)
                require_whole(there(bench.store, name), bench.store, measure)

    pool = ThreadPoolExecutor(bench.uploads)
    try:
        for created in [pool.submit(create, record) for record in files.values()]:
            created.result()
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def _create_signature(signed: Signed, metadata: Mapping[str, str], store: ObjectStore) -> None:
    """Create the signature; one that is there must be whole, and of the very same zip."""
    built, name = signed.built, layout.signature_name(signed.built.id)
    if _signature_created(name, signed.signature, metadata, store):
        return
    other = require_whole(there(store, name), store).headers.metadata.get(ZIP, "")
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
    content = Bytes(signature.armored)
    headers = objects.headers(name, layout.SIGNATURE_TYPE, metadata, crc32c(content))
    return objects.created(store, name, content, headers)


def _complete(signed: Signed, stored: StoredZip, bench: Bench) -> bool:
    """Create what is missing beside a zip that is there, out of that zip; whether anything was."""
    built, store = signed.built, bench.store
    missing = objects.missing(built, store)
    unsigned = signatures.proven(built, stored.sha256, store, bench.proof) is None
    if not missing and not unsigned:
        return False
    path = objects.download(stored.object, store, bench.scratch)
    checksum = stored.object.crc32c
    metadata = _metadata(stored.content_digest, stored.sha256, checksum, bench)
    try:
        with objects.opened(path, stored.object, store) as tree:
            # nothing is extracted from, and nothing signed of, a zip that is not what it is said to be
            objects.measured(path, tree, stored.object, store)
            _create_static(built, tree, missing, metadata, bench)
        if unsigned:
            same = stored.sha256 == built.sha256
            signature = signed.signature if same else bench.signer.sign(path)
            _signature_created(layout.signature_name(built.id), signature, metadata, store)
    finally:
        path.unlink()
    return True


def _metadata(content_digest: str, zip_sha256: str, zip_checksum: int, bench: Bench) -> dict[str, str]:
    return {
        **bench.provenance,
        CONTENT: content_digest,
        ZIP: zip_sha256,
        ZIP_CRC32C: encoded(zip_checksum),
    }
