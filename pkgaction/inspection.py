"""A zip in the bucket, looked into: is it whole, is it what its name says, who signed it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pkgaction import entry, objects, records
from pkgaction.entry import bounds
from pkgaction.entry.catalog import dump
from pkgaction.entry.shape import UnreadableError
from pkgaction.errors import DamagedObjectError, PackageError
from pkgaction.integrity import replaced
from pkgaction.model import layout
from pkgaction.model.audit import Code, Drift
from pkgaction.model.checksum import Digests, crc32c
from pkgaction.model.disk import FileOnDisk
from pkgaction.model.json import JsonObject
from pkgaction.model.manifest import FILE, ManifestProblemError, PackageId, identify
from pkgaction.model.owners import Owners
from pkgaction.model.record import CONTENT, ZIP
from pkgaction.model.tree import Tree
from pkgaction.model.yamltext import MOST_BYTES
from pkgaction.ports import GenerationMismatchError, ObjectStore, StoredObject, Verdict, Verifier
from pkgaction.transforms import archive, unarchive
from pkgaction.zipwork import ZipWork

_NOBODY = Verdict(problem="no key is trusted here")
_RESTORE = "put the right bytes back from a backup or another copy; what is published never changes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """What a zip says of itself."""

    drifts: tuple[Drift, ...]
    files: Mapping[str, Digests] | None = None  # by path; None: the zip can't be read
    entry: JsonObject | None = None  # None: it gives none
    signed: bool = False  # the zip can be read, and its signature is a good one of a trusted key
    record: Mapping[str, str] = field(default_factory=dict)  # that is true; empty: it can't be read


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A zip of the bucket, on the disk."""

    package: PackageId
    object: StoredObject
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ByOwners:
    """The keys of those who submit packages, each of which proves what its owner may publish."""

    verifier: Verifier
    owners: Owners  # without any, each key proves every package

    def verify(self, package: PackageId, zip_: Path, signature: bytes) -> Verdict:
        """Whether the key of an owner of this package has signed exactly this zip."""
        verdict = self.verifier.verify(zip_, signature)
        if not verdict or not self.owners.names or self.owners.may(verdict.fingerprint, package.name):
            return verdict
        what = f"it is by the key {verdict.fingerprint}, which may not publish {package.name}"
        return Verdict(signer=verdict.signer, problem=what, fix="add the name to its owner's, if it may")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspector:
    """Looks into zips, one at a time."""

    store: ObjectStore
    scratch: Path
    verifier: Verifier | None  # of the keys that sign here; None: nobody does
    by_owners: ByOwners | None = None
    reading: ZipWork[Downloaded, Inspected] = field(default_factory=lambda: ZipWork(_read))

    def verdict(self, package: PackageId, zip_: Path, signature: bytes) -> Verdict:
        """What the signature of a stored zip proves: any key counts that could have published it."""
        verdicts = []
        if self.verifier:
            verdicts.append(self.verifier.verify(zip_, signature))
        if self.by_owners and not any(verdicts):
            verdicts.append(self.by_owners.verify(package, zip_, signature))
        known = [one for one in verdicts if one or one.signer]
        return (known or verdicts or [_NOBODY])[-1]

    def inspect(
        self, package: PackageId, zip_: StoredObject, signature: StoredObject | None
    ) -> Inspected:
        """Download a zip and read all of it.

        Raises:
            StorageError: the storage failed, or the zip was replaced while it was read.
        """
        try:
            path = objects.download_alone(zip_, self.store, self.scratch)
        except GenerationMismatchError as error:
            raise replaced(self.store.url, zip_) from error
        except DamagedObjectError as error:
            return Inspected(drifts=(Drift(Code.ZIP_DAMAGED, error.what, error.fix),))
        except PackageError as error:
            return _unreadable(error)
        try:
            found = self._found(Downloaded(package, zip_, path))
            signed = () if signature is None else tuple(self._signed(package, path, signature))
            good = found.files is not None and signature is not None and not signed
            # what is proven is held against its record elsewhere: not the zip is wrong then
            drifts = (one for one in found.drifts if not good or one.code is not Code.CONTENT_DIFFERS)
            return replace(found, drifts=(*drifts, *signed), signed=good)
        finally:
            path.unlink()

    def require_readable(self, package: PackageId, zip_: StoredObject, path: Path) -> None:
        """Refuse what can't be read within the limits, before it is read without any.

        Raises:
            PackageError: it can't.
        """
        self.reading.one(Downloaded(package, zip_, path))

    def _found(self, zip_: Downloaded) -> Inspected:
        try:
            return self.reading.one(zip_)
        except PackageError as error:
            return _unreadable(error)

    def _signed(self, package: PackageId, path: Path, signature: StoredObject) -> Iterator[Drift]:
        try:
            with self.store.open(signature.name, generation=signature.generation) as stream:
                armored = stream.read(layout.LARGEST_SIGNATURE)
        except GenerationMismatchError as error:
            raise replaced(self.store.url, signature) from error
        except DamagedObjectError as error:
            yield Drift(Code.SIGNATURE_DAMAGED, error.what, error.fix)
            return
        if not (verdict := self.verdict(package, path, armored)):
            fix = "check that the right key is trusted; else nothing proves this zip: ask who wrote it"
            what = f"the signature is not a valid one of a trusted key: {verdict.problem}"
            yield Drift(Code.SIGNATURE_INVALID, what, fix)


def entry_of(package: PackageId, path: Path, *, doubted: bool = False) -> JsonObject:
    """The index entry of a zip that must be this version's.

    Args:
        package: the version.
        path: the zip.
        doubted: something speaks against its bytes, so all of its files must be readable.

    Raises:
        PackageError: it is damaged, another version's, or gives no entry.
    """
    with unarchive.opened(path) as (top, tree):
        if doubted:
            archive.measured(path, tree)
        if other := _other(package, top, tree):
            raise PackageError(what=other, where=path.name, fix=_RESTORE)
        try:
            return _entry(tree)
        except entry.EntryProblemError as error:
            where = f"{path.name}: {error.file}"
            raise PackageError(what=error.message, where=where, fix=_RESTORE) from error


def _entry(tree: Tree) -> JsonObject:
    """The entry of a package, which one list of an index can hold.

    Raises:
        EntryProblemError: it gives none like that.
    """
    made = entry.make(tree)
    try:
        bounds.require_small(dump(made), "its entry")
    except UnreadableError as error:
        raise entry.EntryProblemError(str(error), FILE) from error
    return made


def _unreadable(error: PackageError) -> Inspected:
    what = f"the zip gives no index entry: {error.what}"
    return Inspected(drifts=(Drift(Code.ENTRY_REFUSED, what, error.fix),))


def _read(downloaded: Downloaded) -> Inspected:
    package, zip_, path = downloaded.package, downloaded.object, downloaded.path
    if (path.stat().st_size, crc32c(FileOnDisk(path))) != (zip_.size, zip_.crc32c):
        what = "the zip's bytes do not have the size and crc32c that it was stored with"
        return Inspected(drifts=(Drift(Code.ZIP_DAMAGED, what, _RESTORE),))
    try:
        with unarchive.opened(path) as (top, tree):
            made = archive.measured(path, tree)
            record = records.truth(made.content_digest, made.sha256, zip_.crc32c)
            drifts = [*_digests(zip_, record)]
            if other := _other(package, top, tree):
                drifts.append(Drift(Code.ZIP_OTHER, other, _RESTORE))
            found = None
            try:
                found = _entry(tree)
            except entry.EntryProblemError as error:
                what = f"the zip gives no index entry: {error.file}: {error.message}"
                drifts.append(Drift(Code.ENTRY_REFUSED, what, "publish a higher version"))
    except PackageError as error:
        return Inspected(drifts=(Drift(Code.ZIP_DAMAGED, error.what, _RESTORE),))
    files = {file.path: file.digests for file in made.files}
    return Inspected(drifts=tuple(drifts), files=files, entry=found, record=record)


def _other(package: PackageId, top: str, tree: Tree) -> str:
    """How the zip is another version's than its name says; empty where it isn't."""
    wanted = layout.base_name(package)
    if top != wanted:
        return f"the zip's top folder is {top}, not {wanted}"
    try:
        inside = identify(tree.read(FILE, limit=MOST_BYTES) or b"").id
    except ManifestProblemError as error:
        return f"the zip's manifest says of no version: {error.message}"
    same = layout.base_name(inside) == wanted
    return "" if same else f"the zip's manifest is that of {inside}, not of {package}"


def _digests(zip_: StoredObject, record: Mapping[str, str]) -> Iterator[Drift]:
    for key in (CONTENT, ZIP):
        is_, kept = record[key], zip_.headers.metadata.get(key, record[key])
        if kept != is_:
            what = f"the zip's {key} is {is_}, and {kept} is kept beside it"
            yield Drift(Code.CONTENT_DIFFERS, what, _RESTORE)
