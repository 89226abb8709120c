"""The list of changes of the current generation, held against the whole list that lies beside it."""

import json
from collections.abc import Mapping

from pkgaction import listfile
from pkgaction.entry import shape
from pkgaction.entry.catalog import Catalog, CatalogProblemError
from pkgaction.errors import DamagedObjectError, IndexUnsafeError
from pkgaction.model import layout
from pkgaction.model.json import Json, at, text_at
from pkgaction.ports import GenerationMismatchError, ObjectStore

_REMOVED = 8 << 20  # bytes for what is beside the entries
_PARTS = {"added", "updated", "removed"}


def require_fitting(cursor: str, catalog: Catalog, store: ObjectStore) -> None:
    """Refuse a list of changes that leads readers who follow along elsewhere than the whole list.

    Raises:
        IndexUnsafeError: it is damaged, or another's.
    """
    stored = store.stat(layout.delta_index_name(cursor)) if cursor else None
    if stored is None:
        return  # readers load the whole list
    try:
        data = listfile.read(stored, store)
        what = _too_large(data, catalog)
        if not what:
            shape.load(data)
            what = _unlike(json.loads(data), catalog)
    except GenerationMismatchError:
        return  # the index has moved on
    except DamagedObjectError as error:
        what = error.what
    except (CatalogProblemError, ValueError, RecursionError):
        what = "it cannot be read"
    if what:
        raise IndexUnsafeError(
            what=f"the list of changes is not that of the whole list: {what}",
            where=f"{store.url}/{stored.name}",
            fix="make the index anew by reindex, so that every reader loads the whole list",
        )


def _too_large(data: bytearray, catalog: Catalog) -> str:
    """It has some of the whole list's entries, and what was removed; more would only take memory."""
    most = sum(memoryview(text).nbytes for text in catalog.texts.values()) + _REMOVED
    return f"it has over {most} bytes" if len(data) > most else ""


def _unlike(changes: Json, catalog: Catalog) -> str:
    if not isinstance(changes, Mapping) or changes.keys() != _PARTS:
        return "it has other parts"
    added, updated, removed = (changes[part] for part in ("added", "updated", "removed"))
    if not isinstance(added, list) or not isinstance(updated, list) or not isinstance(removed, list):
        return "its parts are no lists"
    for one in (*added, *updated):
        entry = at(one, "package_manifest")
        key = text_at(entry, "name"), text_at(entry, "version")
        if entry is None or catalog.entry(key) != entry:
            return f"{key[0]} {key[1]} is another one there"
    for one in removed:
        key = text_at(one, "name"), text_at(one, "version")
        if not all(key) or key in catalog.texts:
            return f"it removes {key[0]} {key[1]}, which is there"
    return ""
