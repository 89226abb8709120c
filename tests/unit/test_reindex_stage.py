"""The index is made anew from the zips: nothing is lost, and nothing else is believed."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import pytest

from pkgaction import __version__
from pkgaction.adapters.directory import DirectoryStore
from pkgaction.errors import IndexUnsafeError, StorageError
from pkgaction.model import layout
from pkgaction.model.audit import Rebuilt
from pkgaction.model.json import Json
from pkgaction.model.release import Built
from pkgaction.model.tree import Bytes
from pkgaction.ports import Headers, ObjectStore
from pkgaction.stages import index, publish, reindex
from tests.fakes import release
from tests.fakes.release import FakeClock, FakeSigner, Silent, keys_of, listed
from tests.fakes.store import Crashing, Killed, MemoryStore, Watching

PLAIN = Headers(content_type="application/json", cache_control="")
NAMES = ("crab", "eel", "squid")


@dataclass(slots=True)
class Place:
    """Two buckets."""

    store: ObjectStore
    index: ObjectStore
    folder: Path
    built: dict[str, Built] = field(default_factory=dict)

    def add(self, *names: str, indexed: bool = True) -> None:
        for name in names:
            made = release.signed(self.folder / name, name)
            bench = publish.Bench(
                store=self.store, signer=FakeSigner(), provenance={}, scratch=self.folder
            )
            done = publish.publish(made, bench)
            self.built[name] = made.built
            if indexed:
                index.add([done], self.index, FakeClock())

    def rebuild(
        self,
        *,
        store: ObjectStore | None = None,
        kept: ObjectStore | None = None,
        dry_run: bool = False,
    ) -> Rebuilt:
        bench = reindex.Bench(
            store=store or self.store,
            index=kept or self.index,
            clock=FakeClock(),
            watch=Silent(),
            scratch=self.folder,
        )
        return reindex.rebuild(bench, dry_run=dry_run)

    def cursor(self) -> str:
        document: Json = json.loads(self.read(layout.CURSOR))
        assert isinstance(document, Mapping)
        return str(document["current"])

    def names(self) -> list[str]:
        data = self.read(layout.full_index_name(self.cursor()))
        return [name for name, _ in keys_of(listed(data))]

    def read(self, name: str) -> bytes:
        stored = self.index.stat(name)
        assert stored is not None
        with self.index.open(name, generation=stored.generation) as stream:
            return stream.read()

    def write(self, name: str, data: bytes) -> None:
        stored = self.index.stat(name)
        if stored is None:
            self.index.create(name, Bytes(data), PLAIN)
        else:
            self.index.replace(name, Bytes(data), PLAIN, generation=stored.generation)

    def take(self, name: str) -> None:
        stored = self.store.stat(name)
        assert stored is not None
        self.store.delete(name, generation=stored.generation)


@pytest.fixture(params=["memory", "directory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "memory":
        return Place(MemoryStore(), MemoryStore(), tmp_path)
    (tmp_path / "index").mkdir()
    return Place(DirectoryStore(tmp_path / "bucket"), DirectoryStore(tmp_path / "index"), tmp_path)


@pytest.fixture
def memory(tmp_path: Path) -> tuple[Place, MemoryStore, MemoryStore]:
    store, kept = MemoryStore(), MemoryStore()
    place = Place(store, kept, tmp_path)
    place.add(*NAMES)
    return place, store, kept


def opened_zips(store: MemoryStore) -> list[str]:
    return [c.name for c in store.calls if c.method == "open" and c.name.endswith(".zip")]


def test_the_index_is_made_of_the_zips(place: Place) -> None:
    place.add(*NAMES, indexed=False)

    found = place.rebuild()

    assert place.names() == list(NAMES)
    assert found.added == ("crab-1.0.0", "eel-1.0.0", "squid-1.0.0")
    assert (found.entries, found.updated, found.removed, found.ok) == (3, (), (), True)


def test_a_rebuilt_index_is_a_new_generation_without_a_list_of_changes(place: Place) -> None:
    place.add(*NAMES)
    before, data = place.cursor(), place.read(layout.full_index_name(place.cursor()))

    found = place.rebuild()

    assert found.cursor == place.cursor() == f"{int(before) + 1:010d}"
    assert place.read(layout.full_index_name(found.cursor)) == data
    assert place.index.stat(layout.delta_index_name(found.cursor)) is None


@pytest.mark.parametrize(
    ("name", "data"),
    [
        pytest.param("list", b'{"packages": [{"package_mani', id="truncated list"),
        pytest.param("list", b'{"packages": [null]}', id="null entry"),
        pytest.param("list", b'{"packages": []}', id="empty list"),
        pytest.param(layout.CURSOR, b"{", id="truncated cursor"),
        pytest.param(layout.CURSOR, b'{"current": "7"}', id="foreign cursor"),
        pytest.param(layout.CURSOR, b'{"current": "1999999999"}', id="cursor without a list"),
    ],
)
def test_a_broken_index_is_replaced(place: Place, name: str, data: bytes) -> None:
    place.add(*NAMES)
    first = place.cursor()
    place.write(layout.full_index_name(first) if name == "list" else name, data)

    found = place.rebuild()

    assert place.names() == list(NAMES)
    assert found.cursor > first


def test_an_empty_bucket_never_empties_the_index(place: Place) -> None:
    place.add("crab")
    place.take("artifacts/packages/crab-1.0.0.zip")
    before = place.cursor()

    with pytest.raises(IndexUnsafeError):
        place.rebuild()

    assert place.cursor() == before


def test_an_entry_without_a_zip_is_dropped_and_named(place: Place) -> None:
    place.add(*NAMES)
    place.take("artifacts/packages/eel-1.0.0.zip")

    found = place.rebuild()

    assert found.removed == ("eel-1.0.0",)
    assert place.names() == ["crab", "squid"]


def test_another_entry_is_replaced_by_the_zips(place: Place) -> None:
    place.add("crab")
    name = layout.full_index_name(place.cursor())
    place.write(name, place.read(name).replace(b"Mudskipper", b"Goby"))

    found = place.rebuild()

    assert found.updated == ("crab-1.0.0",)
    assert b"Goby" not in place.read(layout.full_index_name(found.cursor))


def test_a_zip_that_cant_be_read_keeps_its_entry_and_is_named(place: Place) -> None:
    place.add(*NAMES)
    name = "artifacts/packages/eel-1.0.0.zip"
    place.take(name)
    place.store.create(name, Bytes(b"no zip"), PLAIN)

    found = place.rebuild()

    assert not found.ok
    assert found.unreadable[0].startswith("eel-1.0.0: ")
    assert place.names() == list(NAMES)


def test_a_zip_of_another_version_gives_no_entry(place: Place) -> None:
    place.add("crab")
    name = "artifacts/packages/eel-1.0.0.zip"
    place.store.create(name, Bytes(place.built["crab"].zip.read_bytes()), PLAIN)

    found = place.rebuild()

    assert not found.ok
    assert place.names() == ["crab"]


def test_a_dry_run_writes_nothing(memory: tuple[Place, MemoryStore, MemoryStore]) -> None:
    place, store, kept = memory
    place.add("urchin", indexed=False)
    before = place.cursor(), len(store.writes), len(kept.writes)

    found = place.rebuild(dry_run=True)

    assert found.added == ("urchin-1.0.0",)
    assert (found.cursor, len(store.writes), len(kept.writes)) == before


@pytest.mark.parametrize("moment", range(40))
def test_a_version_that_is_published_meanwhile_is_not_lost(
    memory: tuple[Place, MemoryStore, MemoryStore], moment: int
) -> None:
    place, store, kept = memory
    other = Place(store, kept, place.folder / "other")

    def publish_one(number: int) -> None:
        if number == moment:
            other.add("urchin")

    watching = Watching(kept, before=publish_one)
    place.rebuild(kept=watching)
    if watching.count <= moment:
        other.add("urchin")

    assert place.names() == [*NAMES, "urchin"]


def test_nothing_but_the_index_is_written(memory: tuple[Place, MemoryStore, MemoryStore]) -> None:
    place, store, kept = memory
    store.calls.clear()
    kept.calls.clear()

    found = place.rebuild()

    assert [c.name for c in kept.writes] == [layout.full_index_name(found.cursor), layout.CURSOR]
    assert store.writes == []
    assert len(opened_zips(store)) == len(NAMES)


def batch(place: Place, generation: int, *, evil: bool = True) -> bytes:
    """What a version before this one kept of a zip, as an intruder would write it."""
    name = "squid" if evil else "crab"
    entry = {
        **place.built["crab"].entry,
        "download": f"/epr/{name}/{name}-1.0.0.zip",
        "title": "Left by an intruder",
    }
    zips = {"crab-1.0.0": {"generation": generation, "entry": entry}}
    return json.dumps({"tool": __version__, "zips": zips}).encode()


@pytest.mark.parametrize("evil", [True, False], ids=["another's paths", "its own paths"])
def test_entries_that_somebody_left_in_the_bucket_are_not_read(
    memory: tuple[Place, MemoryStore, MemoryStore], *, evil: bool
) -> None:
    place, store, kept = memory
    stored = store.stat("artifacts/packages/crab-1.0.0.zip")
    assert stored
    name = f"{reindex.LEFT}{hashlib.sha256(b'crab-1.0.0').hexdigest()[:2]}.json"
    place.write(name, batch(place, stored.generation, evil=evil))

    found = place.rebuild()

    assert found.updated == ()
    assert place.names() == list(NAMES)
    assert b"intruder" not in place.read(layout.full_index_name(place.cursor()))
    (warning,) = found.warnings
    assert "are not read" in warning
    assert list(kept.list(reindex.LEFT)) == []


def test_what_no_version_has_written_stays_and_is_told(
    memory: tuple[Place, MemoryStore, MemoryStore],
) -> None:
    place, _, kept = memory
    place.write(f"{reindex.LEFT}notes.txt", b"mine")

    (warning,) = place.rebuild().warnings

    assert "notes.txt" in warning
    assert kept.data(f"{reindex.LEFT}notes.txt") == b"mine"


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("download", "/epr/crab/crab-1.0.0.zip"),
        ("path", "/package/crab/1.0.0"),
        ("signature_path", "/epr/crab/crab-1.0.0.zip.sig"),
    ],
)
def test_an_entry_that_leads_to_another_package_is_not_kept(place: Place, key: str, path: str) -> None:
    place.add(*NAMES)
    place.take("artifacts/packages/eel-1.0.0.zip")
    place.store.create("artifacts/packages/eel-1.0.0.zip", Bytes(b"no zip"), PLAIN)
    name = layout.full_index_name(place.cursor())
    own = place.built["eel"].entry[key]
    place.write(
        name, place.read(name).replace(f'"{key}":"{own}"'.encode(), f'"{key}":"{path}"'.encode())
    )

    found = place.rebuild()

    assert found.unreadable[0].startswith("eel-1.0.0: ")
    assert place.names() == ["crab", "squid"]


@pytest.mark.parametrize("after", range(10))
@pytest.mark.parametrize("acting", [False, True])
def test_killed_at_any_write_and_run_again_it_ends_in_the_same_state(
    memory: tuple[Place, MemoryStore, MemoryStore], after: int, *, acting: bool
) -> None:
    place, _, kept = memory
    crashing = Crashing(kept, after=after, acting=acting)
    try:
        place.rebuild(kept=crashing)
    except Killed:
        place.rebuild()

    assert place.names() == list(NAMES)
    assert list(kept.list(reindex.LEFT)) == []


def test_a_zip_that_is_replaced_while_it_is_read_is_read_again(
    memory: tuple[Place, MemoryStore, MemoryStore],
) -> None:
    place, store, _ = memory
    pending = ["artifacts/packages/eel-1.0.0.zip"]

    class Moving(Watching):
        def open(self, name: str, *, generation: int) -> BinaryIO:
            if name in pending:
                pending.remove(name)
                data = store.data(name)
                place.take(name)
                store.create(name, Bytes(data), PLAIN)
            return super().open(name, generation=generation)

    found = place.rebuild(store=Moving(store))

    assert found.ok
    assert place.names() == list(NAMES)


def test_an_index_that_never_rests_fails_the_run(
    memory: tuple[Place, MemoryStore, MemoryStore],
) -> None:
    place, _, kept = memory

    def touch(name: str) -> None:
        if name.endswith("search-index-all.json"):
            place.write(layout.CURSOR, place.read(layout.CURSOR))

    with pytest.raises(StorageError):
        place.rebuild(kept=Watching(kept, after=touch))
