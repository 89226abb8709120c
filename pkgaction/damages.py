"""What checksums say of a version's objects: they are damaged, or only what is kept beside them is."""

from collections.abc import Iterator, Mapping

from pkgaction.integrity import (
    damage,
    has_wrong_headers,
    is_same,
    is_sealed,
    way_out,
    with_right_headers,
    without_record,
)
from pkgaction.inventory import Extracted
from pkgaction.model.audit import Code, Drift
from pkgaction.model.checksum import Digests, decoded, encoded
from pkgaction.objects import ZIP, ZIP_CRC32C
from pkgaction.ports import ObjectStore, StoredObject

_LOOK_DEEPER = "run audit with --deep: it tells whether only the record is damaged"


def of_zip(
    stored: StoredObject, signature: StoredObject | None, store: ObjectStore, *, signed: bool
) -> Iterator[Drift]:
    """What the checksums say that are kept beside zip and signature, against those of the bucket.

    Args:
        stored: the zip.
        signature: of it.
        store: where they lie.
        signed: the signature was verified, so both are whole, whatever is kept beside them.
    """
    comparable = signature and _may_be_whole(stored) and _may_be_whole(signature)
    if signature and comparable and (what := _not_the_signed(stored, signature)):
        yield _lost(Code.ZIP_DAMAGED, stored, what, store)
    for code, one in ((Code.ZIP_DAMAGED, stored), (Code.SIGNATURE_DAMAGED, signature)):
        if one is None:
            continue
        if has_wrong_headers(one):
            yield _wrong_headers(one, store)
        elif one.doubt or (signed and not is_sealed(one)):
            yield _wrong_record(one, store)
        elif what := damage(one):
            yield _lost(code, one, what, store)


def _may_be_whole(stored: StoredObject) -> bool:
    return not damage(stored) or has_wrong_headers(stored)


def of_files(
    extracted: Extracted, expected: Mapping[str, Digests | None], store: ObjectStore
) -> Iterator[Drift]:
    """The same of the extracted files.

    Args:
        extracted: as they lie there.
        expected: those of the zip, with their digests where it was read.
        store: where they lie.
    """
    for path, stored in sorted((extracted.damaged | extracted.doubted).items()):
        of_zip = expected.get(path)
        whole = of_zip and not is_sealed(stored) and is_same(stored, store, of_zip)
        if has_wrong_headers(stored):
            yield _wrong_headers(stored, store, f"{path}: ")
        elif stored.doubt or whole:
            yield _wrong_record(stored, store)
        else:
            yield _lost(Code.STATIC_DAMAGED, stored, damage(stored), store, f"{path}: ")


def _lost(code: Code, stored: StoredObject, what: str, store: ObjectStore, path: str = "") -> Drift:
    """An object that is damaged, or one of which nothing can be told: its record does not fit itself."""
    fix = way_out(store.url, stored)
    return Drift(code, f"{path}{what}", fix if is_sealed(stored) else f"{_LOOK_DEEPER}; if not, {fix}")


def _wrong_headers(stored: StoredObject, store: ObjectStore, path: str = "") -> Drift:
    """The bytes may be right, and readers would not get them, or not as what they are."""
    what = f"{path or f'{stored.name}: '}{damage(stored)}"
    return Drift(Code.HEADERS_WRONG, what, with_right_headers(store.url, stored))


def _wrong_record(stored: StoredObject, store: ObjectStore) -> Drift:
    """The object is whole, what is kept beside it is not."""
    what = stored.doubt or "its record is wrong: headers or metadata are not those that were written"
    what = f"{stored.name}: {what}; the object itself is whole"
    return Drift(Code.RECORD_DAMAGED, what, without_record(store.url, stored))


def _not_the_signed(stored: StoredObject, signature: StoredObject) -> str:
    """How the zip is not the one that its signature was made of; empty where that can't be told."""
    signed = signature.headers.metadata
    if stored.headers.metadata.get(ZIP, signed.get(ZIP)) != signed.get(ZIP):
        return ""  # it says so itself: the signature is another one's
    of = decoded(signed.get(ZIP_CRC32C, ""))
    if of is None or of == stored.crc32c:
        return ""
    return (
        f"it is damaged: its bytes have crc32c {encoded(stored.crc32c)}, "
        f"those that were signed have {encoded(of)}"
    )
