"""The index as a value: every package version's entry, wrapped, unique, sorted.

What breaks readers is refused here, on reading and before writing: a null or bare entry, a version
twice, an empty list, a list without `packages`. Source: package-registry, internal/storage.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from pkgaction.model.json import Json, JsonObject, text_at
from pkgaction.model.version import InvalidVersionError, Version

Key = tuple[str, str]  # name, version


class CatalogProblemError(ValueError):
    """The list is broken, or not one of ours."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """All entries (the inside of `package_manifest`) by name and version."""

    entries: Mapping[Key, JsonObject]

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a `search-index-all.json`.

        Raises:
            CatalogProblemError: it is truncated, empty, or has an entry that readers refuse.
        """
        try:
            document: Json = json.loads(data)
        except (ValueError, RecursionError) as error:
            message = f"the list is no JSON: {error}"
            raise CatalogProblemError(message) from error
        items = document.get("packages") if isinstance(document, Mapping) else None
        if not isinstance(items, list) or not items:
            message = "the list has no packages"
            raise CatalogProblemError(message)
        entries: dict[Key, JsonObject] = {}
        for number, item in enumerate(items):
            entry = item.get("package_manifest") if isinstance(item, Mapping) else None
            key = _key(entry, number)
            if key in entries:
                message = f"{key[0]} {key[1]} is in the list twice"
                raise CatalogProblemError(message)
            entries[key] = entry if isinstance(entry, Mapping) else {}
        return cls(entries)

    def with_entries(self, wanted: Iterable[JsonObject]) -> "Merge":
        """The catalog with these entries added, or in the place of other ones of the same version."""
        added: list[JsonObject] = []
        updated: list[JsonObject] = []
        for entry in wanted:
            known = self.entries.get(_key(entry, len(added)))
            if known is None:
                added.append(entry)
            elif known != entry:
                updated.append(entry)
        changed = {_key(e, 0): e for e in (*added, *updated)}
        return Merge(Catalog({**self.entries, **changed}), tuple(added), tuple(updated))

    def rebuilt(self, wanted: Sequence[JsonObject]) -> "Merge":
        """The catalog of exactly these entries, compared with this one."""
        merge = self.with_entries(wanted)
        kept = {_key(entry, number): entry for number, entry in enumerate(wanted)}
        removed = tuple(sorted(self.entries.keys() - kept.keys()))
        return Merge(Catalog(kept), merge.added, merge.updated, removed)

    def as_bytes(self) -> bytes:
        """The list as it is stored: the same set is the same bytes."""
        return _dump({"packages": _wrapped(self.entries.values())})


@dataclass(frozen=True, slots=True)
class Merge:
    """A catalog, and how it came out of the one before."""

    catalog: Catalog
    added: tuple[JsonObject, ...]
    updated: tuple[JsonObject, ...]
    removed: tuple[Key, ...] = ()

    @property
    def changed(self) -> frozenset[Key]:
        """The versions whose entries are new or other ones."""
        return frozenset(_key(entry, 0) for entry in (*self.added, *self.updated))

    def delta_bytes(self) -> bytes:
        """The changes as they are stored, for readers that follow along."""
        added, updated = _wrapped(self.added), _wrapped(self.updated)
        removed: list[Json] = [{"name": name, "version": version} for name, version in self.removed]
        return _dump({"added": added, "updated": updated, "removed": removed})


def _key(entry: Json, number: int) -> Key:
    name, version = text_at(entry, "name"), text_at(entry, "version")
    if not name or not version:
        message = f"entry {number} of the list has no package_manifest with name and version"
        raise CatalogProblemError(message)
    return name, version


def _order(entry: JsonObject) -> tuple[str, Version, str]:
    name, version = _key(entry, 0)
    try:
        return name, Version.parse(version), version
    except InvalidVersionError as error:
        message = f"{name} has the version {version!r}, which readers refuse"
        raise CatalogProblemError(message) from error


def _wrapped(entries: Iterable[JsonObject]) -> list[Json]:
    return [{"package_manifest": entry} for entry in sorted(entries, key=_order)]


def _dump(document: Json) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
