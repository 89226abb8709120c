"""A version's signature in the public bucket: whether it is whole, and of the very zip that is there."""

from dataclasses import dataclass
from pathlib import Path

from pkgaction import records
from pkgaction.errors import SigningKeyError, StorageError
from pkgaction.integrity import (
    damaged,
    is_proven,
    is_same,
    is_sealed,
    replaced,
    require_served,
    require_whole,
    way_out,
)
from pkgaction.model import layout
from pkgaction.model.armor import is_whole
from pkgaction.model.checksum import digests
from pkgaction.model.record import ZIP
from pkgaction.model.release import Built
from pkgaction.model.tree import Bytes
from pkgaction.objects import Warn
from pkgaction.ports import GenerationMismatchError, ObjectStore, Signer, StoredObject, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a signature is proven with where nothing that is kept beside it does."""

    signer: Signer | None
    scratch: Path
    warn: Warn  # of one that nothing proves
    note: Warn = lambda _: None  # of a wrong record beside one that is proven


@dataclass(frozen=True, slots=True, kw_only=True)
class ZipCopy:
    """The zip that a signature must be of."""

    sha256: str
    path: Path  # a file with its bytes
    crc32c: int | None = None  # of its bytes, where it is known


def proven(
    built: Built,
    of_zip: ZipCopy,
    store: ObjectStore,
    proof: Proof,
    *,
    ours: bytes = b"",
    strict: bool = False,
) -> StoredObject | None:
    """The version's signature, whole and of this very zip; None where there is none.

    One that this run did not make is verified, whatever its record says: a good one is whole. Without a
    key, its record counts: nothing is published by that.

    Args:
        built: the package version.
        of_zip: what it must be a signature of.
        store: where it lies.
        proof: what it is verified with.
        ours: the one that this run has made.
        strict: one of another key is refused. Else it is warned of: an older key may have made it.

    Raises:
        DamagedObjectError: it is not whole.
        StorageError: it is of another zip, or not a valid one.
    """
    stored = store.stat(layout.signature_name(built.id))
    if stored is None:
        return None
    said = stored.headers.metadata.get(ZIP)
    believed = proof.signer is None and said == of_zip.sha256 and is_proven(stored)
    if not believed and not (ours and is_same(stored, store, digests(Bytes(ours)))):
        stored, is_good = _verified(stored, of_zip, store, proof, strict=strict)
        if not is_good:
            return require_whole(stored, store)
    is_true = records.truth(built.content_digest, of_zip.sha256, of_zip.crc32c)
    records.tell([stored], store, proof.note, is_true)
    return require_served(stored, store)


def _verified(
    stored: StoredObject, of_zip: ZipCopy, store: ObjectStore, proof: Proof, *, strict: bool
) -> tuple[StoredObject, bool]:
    """The signature, and whether it is a good one of the zip. One of an unknown key is warned of."""
    armored, where = _read(stored, store), f"{store.url}/{stored.name}"
    verdict = _verifies(armored, of_zip.path, proof)
    if verdict:
        return stored, True
    stored = require_whole(stored, store, headers=False)
    said = stored.headers.metadata.get(ZIP)
    if said and said != of_zip.sha256 and is_sealed(stored):
        raise StorageError(
            what=f"it is the signature of another zip (sha256 {said}, not {of_zip.sha256})",
            where=where,
            fix="run `pkgaction audit`, and find out who else writes to the bucket",
        )
    if not is_whole(armored):
        raise damaged(store.url, stored, "it is damaged: it is not an armored signature")
    if verdict.is_of_unknown_key and not strict:
        proof.warn(
            f"{where}: nothing proves this signature: this run does not have the key that made it; "
            "check it by `pkgaction audit --deep`"
        )
        return stored, False
    raise StorageError(
        what=f"it is not a valid signature of this zip by the signing key: {verdict.problem}",
        where=where,
        fix=f"if another key made it, use that one here; else {way_out(store.url, stored)}",
    )


def _read(stored: StoredObject, store: ObjectStore) -> bytes:
    try:
        with store.open(stored.name, generation=stored.generation) as stream:
            return stream.read(layout.LARGEST_SIGNATURE)
    except GenerationMismatchError as error:
        raise replaced(store.url, stored) from error


def _verifies(armored: bytes, path: Path, proof: Proof) -> Verdict:
    if proof.signer is None:
        return Verdict(problem="no key is at hand", is_of_unknown_key=True)
    try:
        return proof.signer.verifies(path, armored)
    except SigningKeyError as error:  # told by those who sign
        return Verdict(problem=error.what, is_of_unknown_key=True)
