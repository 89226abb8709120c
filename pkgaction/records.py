"""A wrong record beside whole bytes: it is told, the object stays, and the fix removes the record alone.

Bytes first, then the record: only where the bytes are proven (they are those that were built, or those
that a good signature is of), what is kept beside them is held against them.
"""

from collections.abc import Callable, Mapping, Sequence

from pkgaction.integrity import is_sealed, without_record
from pkgaction.model.checksum import decoded, encoded
from pkgaction.model.record import CONTENT, CRC32C, ZIP, ZIP_CRC32C
from pkgaction.model.sentences import first_of
from pkgaction.ports import ObjectStore, StoredObject

SHOWN = 5  # names in one sentence
_LONGEST = 64  # characters of a digest
NOTHING: Mapping[str, str] = {}


def truth(content: str, sha256: str, checksum: int | None) -> Mapping[str, str]:
    """What the record of a zip, and that of its signature, must say.

    Args:
        content: the package's digest.
        sha256: of the zip.
        checksum: the zip's CRC32C; None: it is not known.
    """
    of_zip = {} if checksum is None else {ZIP_CRC32C: encoded(checksum)}
    return {CONTENT: content, ZIP: sha256, **of_zip}


def problem(stored: StoredObject, is_true: Mapping[str, str] = NOTHING) -> str:
    """How the record of an object whose bytes are proven is wrong; empty where it is not.

    Args:
        stored: the object.
        is_true: what its record must say, if it says anything of it.
    """
    if stored.doubt:
        return stored.doubt
    if not is_sealed(stored):
        return "its record is wrong: it is not the one that was written"
    metadata = stored.headers.metadata
    if CRC32C in metadata and decoded(metadata[CRC32C]) != stored.crc32c:
        return _says(CRC32C, metadata[CRC32C], encoded(stored.crc32c))
    others = (key for key, is_ in is_true.items() if metadata.get(key, is_) != is_)
    return next((_says(key, metadata[key], is_true[key]) for key in others), "")


def _says(key: str, said: str, is_: str) -> str:
    return f"its record is wrong: it says {key} {said[:_LONGEST]!r}, the bytes say {is_}"


def tell(
    stored: Sequence[StoredObject],
    store: ObjectStore,
    warn: Callable[[str], None],
    is_true: Mapping[str, str] = NOTHING,
) -> None:
    """Warn, once, of those of these whole objects whose record is wrong."""
    wrong = [one for one in stored if problem(one, is_true)]
    if len(wrong) == 1:
        what = f"{store.url}/{wrong[0].name}: {problem(wrong[0], is_true)}; the object itself is whole"
        warn(f"{what} ({without_record(store.url, wrong[0])})")
    elif wrong:
        names = first_of([f"{store.url}/{one.name}" for one in wrong], SHOWN)
        what = (
            f"the records of {len(wrong)} objects are wrong, and the objects themselves whole: {names}"
        )
        warn(f"{what} (keep the objects; `pkgaction audit --deep` has a command for each record)")
