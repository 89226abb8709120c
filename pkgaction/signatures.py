"""A version's signature in the public bucket: whether it is whole, and of the very zip that is there."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pkgaction import objects
from pkgaction.errors import SigningKeyError, StorageError
from pkgaction.integrity import damaged, is_proven, require_whole, there, way_out
from pkgaction.model import layout
from pkgaction.model.armor import is_whole
from pkgaction.model.release import Built
from pkgaction.objects import ZIP
from pkgaction.ports import ObjectStore, Signer, StoredObject

_LARGEST = 1 << 20  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a signature is proven with where nothing that is kept beside it does."""

    signer: Signer | None
    scratch: Path
    warn: Callable[[str], None]  # of one that nothing proves


def proven(built: Built, zip_sha256: str, store: ObjectStore, proof: Proof) -> StoredObject | None:
    """The version's signature, whole and of this very zip; None where there is none.

    One of another tool has no checksum, or does not say of which zip it is: it is verified.

    Raises:
        DamagedObjectError: it is not whole.
        StorageError: it is of another zip.
    """
    stored = store.stat(layout.signature_name(built.id))
    if stored is None:
        return None
    stored = require_whole(stored, store)
    of = stored.headers.metadata.get(ZIP, "")
    if of and of != zip_sha256:
        raise StorageError(
            what=f"it is the signature of another zip (sha256 {of}, not {zip_sha256})",
            where=f"{store.url}/{stored.name}",
            fix="run `pkgaction audit`, and find out who else writes to the bucket",
        )
    if not of or not is_proven(stored):
        _require_valid(stored, built, zip_sha256, store, proof)
    return stored


def _require_valid(
    stored: StoredObject, built: Built, zip_sha256: str, store: ObjectStore, proof: Proof
) -> None:
    with store.open(stored.name, generation=stored.generation) as stream:
        armored = stream.read(_LARGEST)
    good, where = _verifies(armored, built, zip_sha256, store, proof), f"{store.url}/{stored.name}"
    if not good and not is_whole(armored):
        raise damaged(store.url, stored, "it is damaged: it is not an armored signature")
    if good is None:
        proof.warn(
            f"{where}: nothing proves this signature: no checksum is kept with it, and this run has no "
            "key to verify it by; check it by `pkgaction audit --deep`"
        )
    elif not good:
        way = way_out(store.url, stored)
        raise StorageError(
            what="it is not a valid signature of this zip by the signing key, "
            "and no checksum is kept with it",
            where=where,
            fix=f"if another key made it, use that one here; else {way}",
        )


def _verifies(
    armored: bytes, built: Built, zip_sha256: str, store: ObjectStore, proof: Proof
) -> bool | None:
    if proof.signer is None:
        return None
    ours = zip_sha256 == built.sha256
    path = built.zip
    if not ours:
        path = objects.download(there(store, layout.zip_name(built.id)), store, proof.scratch)
    try:
        return proof.signer.verifies(path, armored)
    except SigningKeyError:
        return None  # told by those who sign
    finally:
        if not ours:
            path.unlink()
