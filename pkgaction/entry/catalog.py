"""The index as a value: every package version's entry, wrapped, unique, sorted.

An entry stays the text that it is: a list of tens of thousands is merged without building what its
entries say, and those of other publishers go on as they came, less the blanks between their tokens.
What breaks readers is refused here, on reading and before writing: a null or bare entry, one that can't
be read, a version twice, an empty list, a list without `packages`.
Source: package-registry, internal/storage.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Self, TypeAlias

import msgspec
from msgspec import Raw

from pkgaction.entry import bounds, shape, stray
from pkgaction.entry.shape import Key, UnreadableError
from pkgaction.model.json import Json, JsonObject
from pkgaction.model.version import Version

Text: TypeAlias = bytes | Raw  # an entry as JSON, in UTF-8

_OPEN, _CLOSE = b'{"packages":[', b"]}"


class CatalogProblemError(ValueError):
    """The list is broken, or not one of ours."""


class _Wrapped(msgspec.Struct):
    package_manifest: Raw


class _List(msgspec.Struct):
    packages: Raw


@dataclass(frozen=True, slots=True)
class Catalog:
    """All entries (the inside of `package_manifest`) by name and version, each one readable.

    Make it by `parse`, or out of another one: both check every entry.
    """

    texts: Mapping[Key, Text]

    @classmethod
    def empty(cls) -> Self:
        """No entry: what there is before the first publication. It can't be written."""
        return cls({})

    @classmethod
    def parse(cls, data: bytes | bytearray) -> Self:
        """Read a `search-index-all.json`. Its bytes are kept, and must not change.

        Raises:
            CatalogProblemError: it is truncated, empty, or has an entry that readers refuse.
        """
        try:
            document = msgspec.json.decode(data, type=_List)
            if not _is_alone(b"packages", document.packages, data):
                bounds.require_small(data, "a list with other keys beside packages")
                shape.load(data)
            bounds.require_few(document.packages)
            items = msgspec.json.decode(document.packages, type=list[Raw])
            entries = [_unwrapped(item) for item in items]
        except (msgspec.MsgspecError, UnreadableError, RecursionError) as error:
            raise CatalogProblemError(f"the list can't be read: {error}") from error
        if not entries:
            raise CatalogProblemError("the list has no packages")
        return cls(_unique(entries))

    def entry(self, key: Key) -> JsonObject | None:
        """What an entry says; None where there is none."""
        text = self.texts.get(key)
        if text is None:
            return None
        found: JsonObject = json.loads(bytes(text))
        return found

    def has(self, key: Key, text: Text) -> bool:
        """Whether the version's entry says what this one says."""
        return key in self.texts and _same(text, self.texts[key])

    def strays(self) -> dict[Key, str]:
        """Which entries lead readers elsewhere than to their own version, and where."""
        found = ((key, stray.reason(text)) for key, text in self.texts.items())
        return {key: where for key, where in found if where}

    def and_those_of(self, other: "Catalog") -> "Catalog":
        """These entries, and the other catalog's of versions that are not among them."""
        return Catalog({**other.texts, **self.texts})

    def with_entries(self, wanted: Iterable[JsonObject]) -> "Merge":
        """The catalog with these entries added, or in the place of other ones of the same version.

        Raises:
            CatalogProblemError: readers would refuse one of them, or one is there twice.
        """
        entries = _unique(dict.fromkeys(map(dump, wanted)))
        added, updated = self._compared(entries)
        changed = {key: entries[key] for key in (*added, *updated)}
        return Merge(Catalog({**self.texts, **changed}), added, updated)

    def rebuilt(self, wanted: Iterable[Text]) -> "Merge":
        """The catalog of exactly these entries, compared with this one."""
        entries = _unique(wanted)
        added, updated = self._compared(entries)
        removed = tuple(sorted(self.texts.keys() - entries.keys()))
        return Merge(Catalog(entries), added, updated, removed)

    def _compared(self, entries: Mapping[Key, Text]) -> tuple[tuple[Key, ...], tuple[Key, ...]]:
        """Which of the entries are new, and which are there as other ones."""
        added = tuple(key for key in entries if key not in self.texts)
        known = (key for key in entries if key in self.texts)
        return added, tuple(key for key in known if not _same(entries[key], self.texts[key]))

    def chunks(self) -> Iterator[bytes]:
        """The list as it is stored, piece by piece: the same set is the same bytes.

        Raises:
            CatalogProblemError: it is empty, so readers would serve nothing; or it has too many.
        """
        if not self.texts:
            raise CatalogProblemError("the new list would be empty")
        if len(self.texts) > bounds.MOST_ENTRIES:
            message = f"the new list would have over {bounds.MOST_ENTRIES} entries"
            raise CatalogProblemError(message)
        yield _OPEN
        yield from _joined(self.items())
        yield _CLOSE

    def items(self, only: Iterable[Key] | None = None) -> Iterator[Text]:
        """All entries, or these, by name, then by semantic version."""
        keys = self.texts if only is None else only
        return (self.texts[key] for key in sorted(keys, key=_order))


@dataclass(frozen=True, slots=True)
class Merge:
    """A catalog, and how it came out of the one before."""

    catalog: Catalog
    added: tuple[Key, ...]
    updated: tuple[Key, ...]
    removed: tuple[Key, ...] = ()

    @property
    def changed(self) -> frozenset[Key]:
        """The versions whose entries are new or other ones."""
        return frozenset((*self.added, *self.updated))

    def named(self, keys: Iterable[Key]) -> tuple[str, ...]:
        """Versions as people read them, NAME-VERSION, sorted."""
        return tuple(sorted(f"{name}-{version}" for name, version in keys))

    def delta_chunks(self) -> Iterator[bytes]:
        """The changes as they are stored, for readers that follow along."""
        removed: list[Json] = [{"name": name, "version": version} for name, version in self.removed]
        yield b'{"added":['
        yield from _joined(self.catalog.items(self.added))
        yield b'],"updated":['
        yield from _joined(self.catalog.items(self.updated))
        yield b'],"removed":' + json.dumps(removed, separators=(",", ":")).encode() + b"}"


def dump(entry: JsonObject) -> bytes:
    """An entry as it is written.

    Raises:
        ValueError: it has a number that JSON does not have.
    """
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _unwrapped(item: Raw) -> Raw:
    bounds.require_small(item, "an entry")
    entry = msgspec.json.decode(item, type=_Wrapped).package_manifest
    if not _is_alone(b"package_manifest", entry, bytes(item)):
        shape.load(item)
    return entry


def _is_alone(key: bytes, value: Raw, data: bytes | bytearray) -> bool:
    """Whether a JSON object has nothing but this key, once; a list is too large to be taken apart."""
    start = re.match(rb'[ \t\r\n]*{[ \t\r\n]*"%b"[ \t\r\n]*:[ \t\r\n]*' % key, data)
    end = start.end() + memoryview(value).nbytes if start else 0
    return bool(end) and data[end:].strip(b" \t\r\n") == b"}"


def _unique(texts: Iterable[Text]) -> dict[Key, Text]:
    found: dict[Key, Text] = {}
    for number, text in enumerate(texts):
        try:
            bounds.require_small(text, "it")
            key = shape.key_of(text)
        except UnreadableError as error:
            raise CatalogProblemError(f"readers refuse entry {number}: {error}") from error
        if key in found:
            raise CatalogProblemError(f"{key[0]} {key[1]} is in the list twice")
        found[key] = text
    return found


def _same(one: Text, other: Text) -> bool:
    """Whether two entries say the same; the order of keys says nothing."""
    return bytes(one) == bytes(other) or _sorted(one) == _sorted(other)


def _sorted(text: Text) -> bytes:
    return json.dumps(json.loads(bytes(text)), sort_keys=True).encode()


def _joined(texts: Iterable[Text]) -> Iterator[bytes]:
    for number, text in enumerate(texts):
        compact = msgspec.json.format(bytes(text), indent=-1)
        yield b'%b{"package_manifest":%b}' % (b"," if number else b"", compact)


def _order(key: Key) -> tuple[str, Version, str]:
    name, version = key
    return name, Version.parse(version), version
