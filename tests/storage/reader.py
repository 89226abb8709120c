"""What readers of the storage see: the index by its cursor, and the objects that entries name."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from pkgaction.model import layout
from pkgaction.model.json import Json, at, text_at
from pkgaction.ports import GenerationMismatchError, ObjectStore

Key = tuple[str, str]


def read(store: ObjectStore, name: str) -> bytes | None:
    """An object's bytes; None where there is none. One that is just replaced is read again."""
    while (found := store.stat(name)) is not None:
        with (
            suppress(GenerationMismatchError),
            store.open(name, generation=found.generation) as stream,
        ):
            return stream.read()
    return None


def cursor(store: ObjectStore) -> str:
    """The current generation; empty where there is no index."""
    data = read(store, layout.CURSOR)
    return text_at(json.loads(data), "current") if data else ""


def entries(store: ObjectStore, at_cursor: str) -> dict[Key, Json]:
    """The whole list of a generation."""
    found = _listed(store, at_cursor)
    assert found is not None
    return found


def _listed(store: ObjectStore, at_cursor: str) -> dict[Key, Json] | None:
    data = read(store, layout.full_index_name(at_cursor))
    return None if data is None else _keyed(at(json.loads(data), "packages"))


def _keyed(items: Json) -> dict[Key, Json]:
    assert isinstance(items, list)
    inner = [at(item, "package_manifest") for item in items]
    found = {(text_at(entry, "name"), text_at(entry, "version")): entry for entry in inner}
    assert len(found) == len(items)
    return found


def missing_objects(artifacts: ObjectStore, found: dict[Key, Json]) -> list[str]:
    """Objects that entries name and that are not there."""
    there = {stored.name for stored in artifacts.list("artifacts/")}
    wanted = set()
    for (name, version), entry in found.items():
        base = f"artifacts/packages/{name}-{version}.zip"
        wanted |= {base, f"{base}.sig"}
        assets = at(entry, "assets")
        assert isinstance(assets, list)
        for asset in assets:
            path = str(asset).removeprefix(f"/package/{name}/{version}/")
            wanted.add(f"artifacts/static/{name}-{version}/{path}")
    return sorted(wanted - there)


@dataclass(slots=True)
class Follower:
    """A reader that follows the cursor by deltas, as the registry's incremental mode does."""

    store: ObjectStore
    cursors: list[str] = field(default_factory=list)
    known: dict[Key, Json] = field(default_factory=dict)

    def look(self) -> None:
        """Look once; apply every folder after the last one, in order."""
        now = cursor(self.store)
        if not now or (self.cursors and now == self.cursors[-1]):
            return
        if not self.cursors:
            self.known = entries(self.store, now)
        else:
            for folder in self._between(self.cursors[-1], now):
                self._apply(folder)
        self.cursors.append(now)

    def _between(self, old: str, new: str) -> list[str]:
        names = (
            found.name.removeprefix(layout.INDEX_ROOT) for found in self.store.list(layout.INDEX_ROOT)
        )
        folders = {name.split("/")[0] for name in names if "/" in name}
        return sorted(folder for folder in folders if old < folder <= new)

    def _apply(self, folder: str) -> None:
        delta = read(self.store, layout.delta_index_name(folder))
        if delta is None:
            whole = _listed(self.store, folder)
            if whole is not None:  # else a loser has just removed it
                self.known = whole
            return
        document = json.loads(delta)
        self.known |= _keyed(at(document, "updated")) | _keyed(at(document, "added"))


@contextmanager
def following(store: ObjectStore) -> Iterator[Follower]:
    """A follower that looks again and again in the background, and once more at the end."""
    follower, end = Follower(store), threading.Event()

    def follow() -> None:
        while not end.is_set():
            follower.look()
            time.sleep(0.05)

    thread = threading.Thread(target=follow)
    thread.start()
    try:
        yield follower
    finally:
        end.set()
        thread.join()
        follower.look()
