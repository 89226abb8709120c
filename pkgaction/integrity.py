"""Whether an object in a bucket is the one that was written there, told without its bytes.

Each object that is published carries two checksums as metadata: of its bytes, as its publisher had
them, and of its name, headers and metadata. The bucket's own checksum of the bytes is in every listing:
if it is the recorded one, no accident has changed the object. Objects of other tools, and of older
versions, have none.

That finds accidents, and proves nothing against a person: whoever wrote an object wrote its metadata,
too, and can give any bytes any CRC32C. `require_same` proves that an object is the one that we have.
"""

import hashlib
import json
import shlex
from dataclasses import replace

from pkgaction import served
from pkgaction.errors import DamagedObjectError, StorageError
from pkgaction.model import layout
from pkgaction.model.checksum import Digests, crc32c, decoded, encoded
from pkgaction.model.tree import Bytes
from pkgaction.ports import GenerationMismatchError, Headers, ObjectStore, StoredObject

CRC32C = "crc32c"  # metadata: of the object's bytes
SEAL = "headers-crc32c"  # metadata: of its name, its headers and the metadata beside this one
_OTHERS = "goog-"  # metadata that Google's own tools add
_BLOCK = 1 << 20  # bytes
_EMPTY_ZIPS = {0, 22}  # bytes: nothing, or the end of a zip alone
Measure = tuple[int, int]  # of bytes: how many, crc32c


def sealed(name: str, headers: Headers, checksum: int) -> Headers:
    """The headers of an object with these bytes, with both checksums in its metadata."""
    known = replace(headers, metadata={**headers.metadata, CRC32C: encoded(checksum)})
    return replace(known, metadata={**known.metadata, SEAL: _seal(name, known)})


def is_recorded(stored: StoredObject) -> bool:
    """Whether an object carries what it takes to prove it."""
    return {CRC32C, SEAL} <= stored.headers.metadata.keys()


def is_proven(stored: StoredObject) -> bool:
    """Whether what an object carries proves it whole."""
    return is_recorded(stored) and not damage(stored)


def is_sealed(stored: StoredObject) -> bool:
    """Whether its headers and metadata are those that it was written with, as far as that was recorded.

    Where they are not, the checksum in them proves nothing: the bytes may well be whole.
    """
    metadata = stored.headers.metadata
    if SEAL not in metadata:
        return CRC32C not in metadata
    return CRC32C in metadata and metadata[SEAL] == _seal(stored.name, stored.headers)


def damage(stored: StoredObject, expected: Measure | None = None, *, headers: bool = True) -> str:
    """How an object differs from the one that was written, as a sentence; empty where it does not.

    That includes headers by which readers would get something else (`served`).

    Args:
        stored: as a listing shows it.
        expected: its size and checksum, where they are known from elsewhere too.
        headers: without, what is wrong with its headers alone does not count.
    """
    metadata = stored.headers.metadata
    if expected and expected != (stored.size, stored.crc32c):
        return (
            f"it is damaged: {stored.size} bytes with crc32c {encoded(stored.crc32c)}, "
            f"instead of {expected[0]} bytes with crc32c {encoded(expected[1])}"
        )
    if CRC32C in metadata and decoded(metadata[CRC32C]) != stored.crc32c:
        return (
            f"it is damaged: its bytes have crc32c {encoded(stored.crc32c)}, "
            f"it was written with {metadata[CRC32C][:16]}"
        )
    if what := _impossible(stored):
        return what
    if what := served.problem(stored):
        return what if headers else ""
    if not is_sealed(stored):
        return "it is damaged: its headers or metadata are not those that it was written with"
    return ""


def has_wrong_headers(stored: StoredObject) -> bool:
    """Whether `damage` is that of its headers alone, which can be set right."""
    what = served.problem(stored)
    return bool(what) and damage(stored) == what


def _impossible(stored: StoredObject) -> str:
    """Why an object of this size cannot be the zip or signature that its name says."""
    if not stored.name.startswith(layout.PACKAGES):
        return ""
    if stored.name.endswith(".sig") and not 0 < stored.size <= layout.LARGEST_SIGNATURE:
        return f"it is damaged: a signature does not have {stored.size} bytes"
    if stored.name.endswith(".zip") and stored.size in _EMPTY_ZIPS:
        return f"it is damaged: its {stored.size} bytes are an empty zip"
    return ""


def require_whole(
    stored: StoredObject,
    store: ObjectStore,
    expected: Measure | None = None,
    *,
    headers: bool = True,
) -> StoredObject:
    """The same object, unless it is damaged. What one answer says is asked for a second time.

    Whoever compares its bytes next does so first (without `headers`): what has other bytes is not to be
    kept under better headers.

    Raises:
        DamagedObjectError: it is.
        StorageError: it is gone.
    """
    if not damage(stored, expected, headers=headers):
        return stored
    again = there(store, stored.name)
    if what := damage(again, expected, headers=headers):
        raise damaged(store.url, again, what)
    return again


def require_same(stored: StoredObject, store: ObjectStore, wanted: Digests) -> StoredObject:
    """The same object, if its bytes are the wanted ones, whoever wrote it and whatever it says.

    What one answer says is asked for a second time.

    Raises:
        DamagedObjectError: they are not.
        StorageError: it is gone, or was replaced meanwhile.
    """
    measure = wanted.size, wanted.crc32c
    stored = require_whole(stored, store, measure, headers=False)
    if _difference(stored, store, wanted):
        stored = require_whole(there(store, stored.name), store, measure, headers=False)
        if what := _difference(stored, store, wanted):
            raise damaged(store.url, stored, what)
    return require_whole(stored, store, measure)


def is_same(stored: StoredObject, store: ObjectStore, wanted: Digests) -> bool:
    """Whether an object's bytes are the wanted ones.

    Raises:
        StorageError: it was replaced while it was read.
    """
    measure = wanted.size, wanted.crc32c
    return measure == (stored.size, stored.crc32c) and not _difference(stored, store, wanted)


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
    metadata = {
        key: text
        for key, text in headers.metadata.items()
        if key != SEAL and not key.startswith(_OTHERS)
    }
    kept = [name, headers.content_type, headers.cache_control, headers.content_encoding, metadata]
    return encoded(crc32c(Bytes(json.dumps(kept, sort_keys=True).encode())))
