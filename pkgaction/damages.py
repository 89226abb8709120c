"""What checksums say of a version's objects: they are damaged, or only what is kept beside them is."""

from collections.abc import Iterator, Mapping

from pkgaction import records, served
from pkgaction.integrity import (
    damage,
    has_wrong_headers,
    impossible,
    is_recorded,
    is_same,
    way_out,
    with_right_headers,
    without_record,
)
from pkgaction.inventory import Extracted
from pkgaction.model.audit import Code, Drift
from pkgaction.model.checksum import Digests, decoded, encoded
from pkgaction.model.record import ZIP, ZIP_CRC32C
from pkgaction.ports import ObjectStore, StoredObject

LOOK_DEEPER = "run audit with --deep: it tells whether only the record is damaged"
_UNPROVEN = "publish it from its commit: that compares its bytes, and tells if only the record is wrong"


def of_zip(
    stored: StoredObject,
    signature: StoredObject | None,
    store: ObjectStore,
    *,
    deep: bool,
    proven: Mapping[str, str] | None,
) -> Iterator[Drift]:
    """What is wrong with zip and signature, as far as it is not seen in the zip's files.

    Args:
        stored: the zip.
        signature: of it.
        store: where they lie.
        deep: the zip was read.
        proven: what is true of the zip, where its signature was verified: both are whole then, whatever
            is recorded beside them.
    """
    if proven is not None:
        for one in (stored, signature) if signature else (stored,):
            yield from _of_proven(one, proven, store)
    else:
        yield from _of_unproven(stored, signature, store, _UNPROVEN if deep else LOOK_DEEPER)


def _of_unproven(
    stored: StoredObject, signature: StoredObject | None, store: ObjectStore, first: str
) -> Iterator[Drift]:
    comparable = signature and _may_be_whole(stored) and _may_be_whole(signature)
    if signature and comparable and (what := _not_the_signed(stored, signature)):
        yield _lost(Code.ZIP_DAMAGED, stored, what, store, first)
    for code, one in ((Code.ZIP_DAMAGED, stored), (Code.SIGNATURE_DAMAGED, signature)):
        if one is None:
            continue
        if has_wrong_headers(one):
            yield _wrong_headers(one, store)
        elif _has_doubt(one):
            yield _wrong_record(one, store, one.doubt)
        elif what := damage(one):
            yield _lost(code, one, what, store, first)


def _of_proven(stored: StoredObject, is_true: Mapping[str, str], store: ObjectStore) -> Iterator[Drift]:
    if served.problem(stored):
        yield _wrong_headers(stored, store)
    elif what := records.problem(stored, is_true):
        yield _wrong_record(stored, store, what)


def _has_doubt(stored: StoredObject) -> bool:
    """Whether its bytes prove themselves beside a wrong record. Asking that reads them."""
    return is_recorded(stored) and not impossible(stored) and bool(stored.doubt)


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
        if has_wrong_headers(stored):
            yield _wrong_headers(stored, store, f"{path}: ")
        elif of_zip and is_same(stored, store, of_zip):
            yield from _of_proven(stored, records.NOTHING, store)
        elif _has_doubt(stored):
            yield _wrong_record(stored, store, stored.doubt)
        else:
            first = "" if of_zip else LOOK_DEEPER
            yield _lost(Code.STATIC_DAMAGED, stored, f"{path}: {damage(stored)}", store, first)


def _lost(code: Code, stored: StoredObject, what: str, store: ObjectStore, first: str) -> Drift:
    """An object whose record speaks against its bytes, or does not fit itself.

    Nothing else is known of it, so something comes first, before anything is deleted.
    """
    fix = way_out(store.url, stored)
    return Drift(code, what, f"{first}; if not, {fix}" if first else fix)


def _wrong_headers(stored: StoredObject, store: ObjectStore, path: str = "") -> Drift:
    """The bytes may be right, and readers would not get them, or not as what they are."""
    what = f"{path or f'{stored.name}: '}{served.problem(stored)}"
    return Drift(Code.HEADERS_WRONG, what, with_right_headers(store.url, stored))


def _wrong_record(stored: StoredObject, store: ObjectStore, what: str) -> Drift:
    """The object is whole, what is kept beside it is not."""
    told = f"{stored.name}: {what}; the object itself is whole"
    return Drift(Code.RECORD_DAMAGED, told, without_record(store.url, stored))


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
