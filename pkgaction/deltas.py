"""The list of changes of the current generation, held against the whole list that lies beside it.

Readers that follow along apply it and never see the whole list. It is bounded as that one is: nothing of
it is built but one entry at a time, and it has no more bytes than the entries that it may have.
"""

import re
from collections.abc import Iterable

import msgspec
from msgspec import Raw

from pkgaction import generations, listfile
from pkgaction.entry import bounds, shape
from pkgaction.entry.catalog import Catalog, CatalogProblemError
from pkgaction.entry.shape import UnreadableError
from pkgaction.errors import DamagedObjectError, IndexUnsafeError
from pkgaction.model import layout
from pkgaction.ports import GenerationMismatchError, ObjectStore

_REMOVED = 8 << 20  # bytes for what is beside the entries
_SHOWN = 80  # characters of a name
_KEY = re.compile(rb'[ \t\r\n]*[{,][ \t\r\n]*"([a-z]+)"[ \t\r\n]*:[ \t\r\n]*')
_END = re.compile(rb"[ \t\r\n]*}[ \t\r\n]*")
FIX = f"{generations.MAKE_ANEW}, so that every reader loads the whole list"


class _Changes(msgspec.Struct):
    added: Raw
    updated: Raw
    removed: Raw


class _Wrapped(msgspec.Struct, forbid_unknown_fields=True):
    package_manifest: Raw


def require_fitting(cursor: str, catalog: Catalog, store: ObjectStore) -> None:
    """Refuse a list of changes that leads readers who follow along elsewhere than the whole list.

    Raises:
        IndexUnsafeError: it is damaged, or another's.
    """
    stored = store.stat(layout.delta_index_name(cursor)) if cursor else None
    if stored is None:
        return  # readers load the whole list
    try:
        data = listfile.read(stored, store, most=_most(catalog))
        what = listfile.problem(stored, data) or _unlike(data, catalog)
    except GenerationMismatchError:
        return  # the index has moved on
    except (DamagedObjectError, CatalogProblemError, UnreadableError) as error:
        what = error.what if isinstance(error, DamagedObjectError) else str(error)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        what = "it cannot be read"
    if what:
        raise IndexUnsafeError(
            what=f"the list of changes is not that of the whole list: {what}",
            where=f"{store.url}/{stored.name}",
            fix=FIX,
        )


def _most(catalog: Catalog) -> int:
    """Bytes. It has some of the whole list's entries, and what was removed."""
    return sum(memoryview(text).nbytes for text in catalog.texts.values()) + _REMOVED


def _unlike(data: bytearray, catalog: Catalog) -> str:
    changes = msgspec.json.decode(data, type=_Changes)
    if not _is_all(changes, data):
        return "it has other parts"
    for part in (changes.added, changes.updated):
        bounds.require_few(part)
        if what := _foreign(msgspec.json.decode(part, type=list[Raw]), catalog):
            return what
    there = (key for key in bounds.removed(changes.removed) if key in catalog.texts)
    return next((f"it removes {name} {version}, which is there" for name, version in there), "")


def _is_all(changes: _Changes, data: bytearray) -> bool:
    """Whether it has these parts and no other ones, each once: readers take a key that is there twice,
    or another spelling of it, for what suits them.
    """
    at, seen = 0, set[str]()
    for _ in _Changes.__struct_fields__:
        key = _KEY.match(data, at)
        name = key[1].decode() if key else ""
        if key is None or name in seen or name not in _Changes.__struct_fields__:
            return False
        seen.add(name)
        at = key.end() + memoryview(getattr(changes, name)).nbytes
    return bool(_END.fullmatch(data, at))


def _foreign(items: Iterable[Raw], catalog: Catalog) -> str:
    """The first of these entries that the whole list does not have like that."""
    for item in items:
        bounds.require_small(item, "an entry")
        shape.load(item)
        entry = msgspec.json.decode(item, type=_Wrapped).package_manifest
        name, version = key = shape.key_of(entry)
        if not catalog.has(key, entry):
            return f"{name[:_SHOWN]} {version[:_SHOWN]} is another one there"
    return ""
