"""A version's signature in the public bucket: whether it is whole, and of the very zip that is there."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pkgaction.errors import SigningKeyError, StorageError
from pkgaction.integrity import damaged, is_proven, is_same, replaced, require_whole, way_out
from pkgaction.model import layout
from pkgaction.model.armor import is_whole
from pkgaction.model.checksum import digests
from pkgaction.model.release import Built
from pkgaction.model.tree import Bytes
from pkgaction.objects import ZIP
from pkgaction.ports import GenerationMismatchError, ObjectStore, Signer, StoredObject, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a signature is proven with where nothing that is kept beside it does."""

    signer: Signer | None
    scratch: Path
    warn: Callable[[str], None]  # of one that nothing proves


@dataclass(frozen=True, slots=True, kw_only=True)
class ZipCopy:
    """The zip that a signature must be of."""

    sha256: str
    path: Path  # a file with its bytes


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

    One that this run did not make is verified, whatever its metadata says. Without a key, what is kept
    with it counts: nothing is published by that.

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
    stored = require_whole(stored, store, headers=False)
    of = stored.headers.metadata.get(ZIP, "")
    if of and of != of_zip.sha256:
        raise StorageError(
            what=f"it is the signature of another zip (sha256 {of}, not {of_zip.sha256})",
            where=f"{store.url}/{stored.name}",
            fix="run `pkgaction audit`, and find out who else writes to the bucket",
        )
    believed = proof.signer is None and bool(of) and is_proven(stored)
    if not believed and not (ours and is_same(stored, store, digests(Bytes(ours)))):
        _require_valid(stored, of_zip.path, store, proof, strict=strict)
    return require_whole(stored, store)


def _require_valid(
    stored: StoredObject, path: Path, store: ObjectStore, proof: Proof, *, strict: bool
) -> None:
    try:
        with store.open(stored.name, generation=stored.generation) as stream:
            armored = stream.read(layout.LARGEST_SIGNATURE)
    except GenerationMismatchError as error:
        raise replaced(store.url, stored) from error
    verdict, where = _verifies(armored, path, proof), f"{store.url}/{stored.name}"
    if not verdict and not is_whole(armored):
        raise damaged(store.url, stored, "it is damaged: it is not an armored signature")
    if verdict.is_of_unknown_key and not strict:
        proof.warn(
            f"{where}: nothing proves this signature: this run does not have the key that made it; "
            "check it by `pkgaction audit --deep`"
        )
    elif not verdict:
        way = way_out(store.url, stored)
        raise StorageError(
            what=f"it is not a valid signature of this zip by the signing key: {verdict.problem}",
            where=where,
            fix=f"if another key made it, use that one here; else {way}",
        )


def _verifies(armored: bytes, path: Path, proof: Proof) -> Verdict:
    if proof.signer is None:
        return Verdict(problem="no key is at hand", is_of_unknown_key=True)
    try:
        return proof.signer.verifies(path, armored)
    except SigningKeyError as error:  # told by those who sign
        return Verdict(problem=error.what, is_of_unknown_key=True)
