"""Whether an object in a bucket is the one that was written there, told without its bytes.

Each object that is published carries a record as metadata, with two checksums: of its bytes, as its
publisher had them, and of its name and this record. The bucket's own checksum of the bytes is in every
listing: if it is the recorded one, no accident has changed the object. Objects of other tools, and of
older versions, have none. Headers, and metadata of others, are no part of it: see `served`.

That finds accidents, and proves nothing against a person: whoever wrote an object wrote its metadata,
too, and can give any bytes any CRC32C. `require_same` proves that an object is the one that we have,
whatever is recorded; what is wrong with the record then is told by `records`.
"""

import hashlib
import json
import shlex
from dataclasses import replace

from pkgaction import served
from pkgaction.errors import DamagedObjectError, StorageError
from pkgaction.model import layout
from pkgaction.model.checksum import Digests, crc32c, decoded, encoded
from pkgaction.model.record import CRC32C, OURS, SEAL
from pkgaction.model.tree import Bytes
from pkgaction.ports import GenerationMismatchError, Headers, ObjectStore, StoredObject

_BLOCK = 1 << 20  # bytes
_EMPTY_ZIPS = {0, 22}  # bytes: nothing, or the end of a zip alone
Measure = tuple[int, int]  # of bytes: how many, crc32c


def sealed(name: str, headers: Headers, checksum: int) -> Headers:
    """The headers of an object with these bytes, with both checksums in its record."""
    known = replace(headers, metadata={**headers.metadata, CRC32C: encoded(checksum)})
    return replace(known, metadata={**known.metadata, SEAL: _seal(name, known)})


def is_recorded(stored: StoredObject) -> bool:
    """Whether an object carries what it takes to prove it."""
    return {CRC32C, SEAL} <= stored.headers.metadata.keys()


def is_proven(stored: StoredObject) -> bool:
    """Whether what an object carries proves it whole."""
    return is_recorded(stored) and not damage(stored)


def is_sealed(stored: StoredObject) -> bool:
    """Whether its record is the one that it was written with; none is none that was changed.

    Where it is not, the checksum in it proves nothing: the bytes may well be whole.
    """
    metadata = stored.headers.metadata
    if SEAL not in metadata:
        return CRC32C not in metadata
    return CRC32C in metadata and metadata[SEAL] == _seal(stored.name, stored.headers)


def loss(stored: StoredObject, expected: Measure | None = None) -> str:
    """How an object does not have the bytes that were written, as a sentence; empty where that is not
    known.

    Args:
        stored: as a listing shows it.
        expected: its size and checksum, where they are known from elsewhere too.
    """
    if what := impossible(stored):  # first: a folder's bucket reads a file for its checksum
        return what
    if expected and expected[0] != stored.size:
        return f"it is damaged: {stored.size} bytes, instead of {expected[0]} bytes"
    if expected and expected[1] != stored.crc32c:
        return (
            f"it is damaged: {stored.size} bytes with crc32c {encoded(stored.crc32c)}, "
            f"instead of {expected[0]} bytes with crc32c {encoded(expected[1])}"
        )
    return _unlike_recorded(stored) if is_sealed(stored) else ""


def damage(stored: StoredObject, expected: Measure | None = None) -> str:
    """How an object differs from the one that was written, or may differ: its record does not fit
    itself. A sentence; empty where nothing speaks against it.

    That includes headers by which readers would get something else (`served`). Where the bytes are at
    hand, they decide, not this.
    """
    return (
        loss(stored, expected)
        or _unlike_recorded(stored)
        or served.problem(stored)
        or (
            ""
            if is_sealed(stored)
            else "it may be damaged: its record is not the one that it was written with"
        )
    )


def _unlike_recorded(stored: StoredObject) -> str:
    recorded = stored.headers.metadata.get(CRC32C)
    if recorded is None or decoded(recorded) == stored.crc32c:
        return ""
    return (
        f"it is damaged: its bytes have crc32c {encoded(stored.crc32c)}, "
        f"it was written with {recorded[:16]}"
    )


def has_wrong_headers(stored: StoredObject) -> bool:
    """Whether `damage` is that of its headers alone, which can be set right."""
    what = served.problem(stored)
    return bool(what) and damage(stored) == what


def impossible(stored: StoredObject) -> str:
    """Why an object of this size cannot be what its name says; empty if it can."""
    if stored.name.startswith(layout.STATIC) and stored.size > layout.LARGEST_ZIP:
        return f"it is damaged: no file of a package has {stored.size} bytes"
    if not stored.name.startswith(layout.PACKAGES):
        return ""
    if stored.name.endswith(".sig") and not 0 < stored.size <= layout.LARGEST_SIGNATURE:
        return f"it is damaged: a signature does not have {stored.size} bytes"
    if stored.name.endswith(".zip") and stored.size in _EMPTY_ZIPS:
        return f"it is damaged: its {stored.size} bytes are an empty zip"
    if stored.name.endswith(".zip") and stored.size > layout.LARGEST_ZIP:
        return f"it is damaged: no zip of a package has {stored.size} bytes"
    return ""


def require_whole(stored: StoredObject, store: ObjectStore, *, headers: bool = True) -> StoredObject:
    """The same object, unless its bytes are known to be others than those that were written, or readers
    would not get them. What one answer says is asked for a second time.

    Whoever compares its bytes next does so first (without `headers`): what has other bytes is not to be
    kept under better headers.

    Raises:
        DamagedObjectError: they are.
        StorageError: it is gone.
    """
    if not _trouble(stored, headers=headers):
        return stored
    again = there(store, stored.name)
    if what := _trouble(again, headers=headers):
        raise damaged(store.url, again, what)
    return again


def _trouble(stored: StoredObject, *, headers: bool) -> str:
    return loss(stored) or (served.problem(stored) if headers else "")


def require_served(stored: StoredObject, store: ObjectStore) -> StoredObject:
    """An object whose bytes are proven, unless readers would get something else (`served`).

    What one answer says is asked for a second time.

    Raises:
        DamagedObjectError: they would.
        StorageError: it is gone.
    """
    if not served.problem(stored):
        return stored
    again = there(store, stored.name)
    if what := served.problem(again):
        raise damaged(store.url, again, what)
    return again


def require_same(stored: StoredObject, store: ObjectStore, wanted: Digests) -> StoredObject:
    """The same object, if its bytes are the wanted ones, whoever wrote it and whatever it says.

    What one answer says is asked for a second time.

    Raises:
        DamagedObjectError: they are not, or readers would get something else.
        StorageError: it is gone, or was replaced meanwhile.
    """
    if not is_same(stored, store, wanted):
        stored = there(store, stored.name)
        if what := loss(stored, (wanted.size, wanted.crc32c)) or _difference(stored, store, wanted):
            raise damaged(store.url, stored, what)
    return require_served(stored, store)


def is_same(stored: StoredObject, store: ObjectStore, wanted: Digests) -> bool:
    """Whether an object's bytes are the wanted ones.

    Raises:
        StorageError: it was replaced while it was read.
    """
    if wanted.size != stored.size or wanted.crc32c != stored.crc32c:
        return False
    return not _difference(stored, store, wanted)


def _difference(stored: StoredObject, store: ObjectStore, wanted: Digests) -> str:
    """How an object of the wanted size and CRC32C differs, as a sentence; empty where it does not.

    The server's own MD5 tells: nobody finds other bytes for the MD5 of bytes that somebody else has
    made. Where the server keeps none, the object is read.
    """
    if stored.md5 is not None:
        same, kind = stored.md5 == wanted.md5, "MD5"
    else:
        same, kind = sha256(stored, store) == wanted.sha256, "sha256"
    return "" if same else f"it has the right size and crc32c, but its {kind} is that of other bytes"


def sha256(stored: StoredObject, store: ObjectStore) -> str:
    """The digest of an object's bytes, which are read for it; lower-case hex.

    Raises:
        StorageError: it was replaced while it was read.
    """
    digest = hashlib.sha256()
    try:
        with store.open(stored.name, generation=stored.generation) as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
    except GenerationMismatchError as error:
        raise replaced(store.url, stored) from error
    return digest.hexdigest()


def replaced(url: str, stored: StoredObject) -> StorageError:
    """The error for an object that is another one by now."""
    what = "the object was replaced while it was read"
    fix = "find out who writes there, then run the job again"
    return StorageError(what=what, where=f"{url}/{stored.name}", fix=fix)


def certain(stored: StoredObject, store: ObjectStore) -> StoredObject:
    """The same object; one that looks damaged is asked for a second time, as the answer may be."""
    return (store.stat(stored.name) or stored) if damage(stored) else stored


def damaged(url: str, stored: StoredObject, what: str) -> DamagedObjectError:
    """The error for a damaged object, which says how an administrator removes exactly this one, or
    sets its headers right.
    """
    keep = what == served.problem(stored)
    fix = with_right_headers(url, stored) if keep else way_out(url, stored)
    return DamagedObjectError(what=what, where=f"{url}/{stored.name}", fix=fix)


def with_right_headers(url: str, stored: StoredObject) -> str:
    """What to do about an object that is kept with wrong headers."""
    return served.way_out(url, stored, _sidecar(url, stored))


def way_out(url: str, stored: StoredObject) -> str:
    """What to do about a damaged object."""
    where = f"{url}/{stored.name}"
    command = (
        f"gcloud storage rm {shlex.quote(f'{where}#{stored.generation}')}"
        if url.startswith("gs://")
        else f"rm {shlex.quote(where.removeprefix('file://'))}"
    )
    return f"let an administrator delete it by `{command}`, then publish again"


def without_record(url: str, stored: StoredObject) -> str:
    """What to do about a whole object whose record is wrong."""
    if url.startswith("gs://"):
        where = shlex.quote(f"{url}/{stored.name}")
        command = f"gcloud storage objects update {where} --clear-custom-metadata"
    else:
        command = f"rm {shlex.quote(_sidecar(url, stored))}"
    return f"keep the object; let an administrator remove its record by `{command}`"


def _sidecar(url: str, stored: StoredObject) -> str:
    """Where a folder keeps the record of an object."""
    folder = url.removeprefix("file://")
    return f"{folder}/{layout.RESERVED}/headers/{stored.name}/{stored.generation}.json"


def there(store: ObjectStore, name: str) -> StoredObject:
    """An object that must be there.

    Raises:
        StorageError: it is not.
    """
    stored = store.stat(name)
    if stored is None:
        what = "the object was there a moment ago and is gone"
        raise StorageError(what=what, where=f"{store.url}/{name}", fix="run the job again")
    return stored


def _seal(name: str, headers: Headers) -> str:
    record = {key: text for key, text in headers.metadata.items() if key in OURS}
    return encoded(crc32c(Bytes(json.dumps([name, record], sort_keys=True).encode())))
