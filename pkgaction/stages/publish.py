"""publish: a signed zip → all its objects in the public bucket, each created once and never changed.

Order: static files (manifest.yml first), signature, zip. The first object, the extracted manifest.yml,
is the claim: of two publishers with other content the one whose claim was there first goes on, the
other one stops before it has written a thing. The zip comes last, so whoever finds it finds everything;
from then on it alone says what the version is, and what is missing is completed from it.
"""

import contextlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from pkgaction import objects, records, signatures
from pkgaction.errors import ContentConflictError, StorageError
from pkgaction.integrity import is_same, is_sealed, require_same, require_whole, there
from pkgaction.model import layout
from pkgaction.model.checksum import crc32c, encoded
from pkgaction.model.disk import FileOnDisk
from pkgaction.model.manifest import FILE
from pkgaction.model.record import CONTENT, ZIP, ZIP_CRC32C
from pkgaction.model.release import Built, FileRecord, Published, Signature, Signed, Stored
from pkgaction.model.tree import Bytes, Tree
from pkgaction.objects import StoredZip, Warn
from pkgaction.ports import ObjectStore, Signer, StoredObject
from pkgaction.signatures import Proof, ZipCopy


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What publishing works with."""

    store: ObjectStore
    signer: Signer
    provenance: Mapping[str, str]  # metadata of every object: commit, pull request, run, tool
    scratch: Path
    uploads: int = 1  # at the same time
    on_zip: Callable[[Published], None] = lambda _: None  # told at once: from here on it is public
    warn: Callable[[str], None] = lambda _: (
        None
    )  # of what nothing proves, of wrong records, others' files

    @property
    def proof(self) -> Proof:
        """What signatures are proven with."""
        return Proof(signer=self.signer, scratch=self.scratch, warn=self.warn, note=self.warn)


def publish(signed: Signed, bench: Bench) -> Published:
    """Put a version into the public bucket, or complete it there.

    Raises:
        ContentConflictError: the version has other content there already.
        DamagedObjectError: one of its objects there is not whole, and can't be written again.
        StorageError: the storage failed.
    """
    built = signed.built
    created, found = False, bench.store.stat(layout.zip_name(built.id))
    if found is None:
        created, found = _create_all(signed, bench)
    with objects.stored_zip(found, built, bench.store, bench.scratch, bench.warn) as stored:
        if created:
            what = Stored.CREATED
            _require_ours(signed, stored, bench)
        elif _complete(signed, stored, bench):
            what = Stored.COMPLETED
            _read_back(signed, stored, bench)
        else:
            what = Stored.UNCHANGED
        return Published(built=built, stored=what, zip_sha256=stored.sha256, zip_size=found.size)


def _read_back(signed: Signed, stored: StoredZip, bench: Bench) -> None:
    """Nothing is called published that the bucket itself does not show: zip and signature, both whole.

    The extracted files are shown by the answers to their uploads, or by the listing.

    Raises:
        DamagedObjectError: one of them is not whole.
        StorageError: one of them is missing, or is of another zip.
    """
    found = there(bench.store, stored.object.name)
    if found != stored.object and require_whole(found, bench.store) != stored.object:
        raise _another_zip(found, bench)
    _require_signature(signed, stored, bench)


def _require_ours(signed: Signed, stored: StoredZip, bench: Bench) -> None:
    """The same after creating a version: the zip was looked at after it was written."""
    if stored.sha256 != signed.built.sha256:
        raise _another_zip(stored.object, bench)
    _require_signature(signed, stored, bench)


def _require_signature(signed: Signed, stored: StoredZip, bench: Bench) -> None:
    built, store, ours = signed.built, bench.store, signed.signature.armored
    if signatures.proven(built, _copy(built, stored), store, bench.proof, ours=ours) is None:
        there(store, layout.signature_name(built.id))


def _another_zip(found: StoredObject, bench: Bench) -> StorageError:
    return StorageError(
        what="read back, it is another zip than a moment ago",
        where=f"{bench.store.url}/{found.name}",
        fix="run `pkgaction audit`, and find out who else writes to the bucket",
    )


def _copy(built: Built, stored: StoredZip) -> ZipCopy:
    checksum = stored.object.crc32c
    return ZipCopy(sha256=stored.sha256, path=stored.copy or built.zip, crc32c=checksum)


def foresee(built: Built, store: ObjectStore, proof: Proof) -> Stored:
    """What publishing would do to the version's objects; nothing is written.

    It is CREATED where its zip is not there, COMPLETED where something is missing beside it.

    Raises:
        ContentConflictError: it is there, or claimed, with other content.
        DamagedObjectError: what is there of it is not whole.
        StorageError: its signature there is of another zip, or not a valid one.
    """
    if found := store.stat(layout.zip_name(built.id)):
        with objects.stored_zip(found, built, store, proof.scratch, proof.note) as stored:
            missing = objects.missing(built, store, proof.note)
            signature = signatures.proven(built, _copy(built, stored), store, proof)
        return Stored.COMPLETED if missing or signature is None else Stored.UNCHANGED
    _missing(built, store, proof, proof.note)
    return Stored.CREATED


def _missing(built: Built, store: ObjectStore, proof: Proof, note: Warn) -> dict[str, FileRecord]:
    """The extracted files that a version without a zip lacks. Nothing is written: what lies in the place
    of any of its objects must be its own first.
    """
    extracted = objects.extracted(built, store)
    if claim := extracted.get(FILE):
        objects.refuse_other(built, _claimed(built, claim, store), claim.name)
    missing = objects.missing(built, store, note, extracted)
    if signature := store.stat(layout.signature_name(built.id)):
        _require_own_signature(built, signature, store, proof)
    return missing


def _create_all(signed: Signed, bench: Bench) -> tuple[bool, StoredObject]:
    """Create every object. Whether the zip is ours, and the zip, which may be a faster publisher's."""
    built, store, content = signed.built, bench.store, FileOnDisk(signed.built.zip)
    checksum = crc32c(content)
    metadata = _metadata(built.content_digest, built.sha256, checksum, bench)
    missing = _missing(built, store, bench.proof, bench.warn)
    _claim(built, metadata, store)
    missing.pop(FILE, None)
    _create_static(built, built.tree, missing, metadata, bench)
    _create_signature(signed, metadata, bench)
    name = layout.zip_name(built.id)
    headers = objects.headers(name, layout.ZIP_TYPE, metadata, checksum)
    if not objects.created(store, name, content, headers):
        return False, there(store, name)
    bench.on_zip(_created(built))
    return True, there(store, name)


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
    """The content that a claim is for; one of another tool, or with a wrong record, claims nothing.

    `missing` looks at its headers, and tells of its record.
    """
    ours = next((file.digests for file in built.files if file.path == FILE), None)
    if ours is None or not is_same(claim, store, ours):
        claim = require_whole(claim, store, headers=False)
    is_said = not records.problem(claim)
    return claim.headers.metadata.get(CONTENT, built.content_digest) if is_said else built.content_digest


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
                require_same(there(bench.store, name), bench.store, record.digests)

    pool = ThreadPoolExecutor(bench.uploads)
    try:
        for created in [pool.submit(create, record) for record in files.values()]:
            created.result()
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def _create_signature(signed: Signed, metadata: Mapping[str, str], bench: Bench) -> None:
    name, store = layout.signature_name(signed.built.id), bench.store
    if not _signature_created(name, signed.signature, metadata, store):
        _require_own_signature(signed.built, there(store, name), store, bench.proof)


def _require_own_signature(built: Built, found: StoredObject, store: ObjectStore, proof: Proof) -> None:
    """A signature that is there without its zip must be a valid one of the very zip that was built."""
    said = found.headers.metadata if is_sealed(found) else {}
    objects.refuse_other(built, said.get(CONTENT, built.content_digest), found.name)
    if store.stat(layout.zip_name(built.id)):
        return  # a faster publisher's: the zip says what the version is
    other = said.get(ZIP, "")
    if other and other != built.sha256:
        raise ContentConflictError(
            what=f"a signature of another zip of the same content is there (zip sha256 {other}), "
            f"its zip is not (ours has {built.sha256})",
            where=f"{store.url}/{found.name}",
            fix="run the job again with the version of pkgaction that made it, or raise the version",
        )
    ours = ZipCopy(sha256=built.sha256, path=built.zip)
    # a preview has no key; publishing puts no zip beside what its own one does not prove
    signatures.proven(built, ours, store, proof, strict=proof.signer is not None)


def _signature_created(
    name: str, signature: Signature, metadata: Mapping[str, str], store: ObjectStore
) -> bool:
    content = Bytes(signature.armored)
    headers = objects.headers(name, layout.SIGNATURE_TYPE, metadata, crc32c(content))
    return objects.created(store, name, content, headers)


def _complete(signed: Signed, stored: StoredZip, bench: Bench) -> bool:
    """Create what is missing beside a zip that is there, out of that zip; whether anything was."""
    built, store = signed.built, bench.store
    missing = objects.missing(built, store, bench.warn)
    unsigned = signatures.proven(built, _copy(built, stored), store, bench.proof) is None
    if not missing and not unsigned:
        return False
    # nothing is extracted from, and nothing signed of, a zip that was not read
    reading = (
        contextlib.nullcontext(stored)
        if stored.copy
        else objects.downloaded(stored.object, built, store, bench.scratch)
    )
    with reading as read:
        metadata = _metadata(built.content_digest, read.sha256, read.object.crc32c, bench)
        _create_static(built, read.tree or built.tree, missing, metadata, bench)
        if unsigned:
            same = read.sha256 == built.sha256
            signature = signed.signature if same else bench.signer.sign(read.copy or built.zip)
            _signature_created(layout.signature_name(built.id), signature, metadata, store)
    return True


def _metadata(content_digest: str, zip_sha256: str, zip_checksum: int, bench: Bench) -> dict[str, str]:
    return {
        **bench.provenance,
        CONTENT: content_digest,
        ZIP: zip_sha256,
        ZIP_CRC32C: encoded(zip_checksum),
    }
