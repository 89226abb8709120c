"""However the index moves, or a publisher dies, the Package Registry serves the old list or the new.

And a list that would hurt it is never written by us: some of those cases are shown to hurt it, here.
"""

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pkgaction import retention
from pkgaction.adapters.clock import SystemClock
from pkgaction.errors import IndexUnsafeError
from pkgaction.model import layout
from pkgaction.model.json import Json
from pkgaction.model.tree import Bytes
from pkgaction.ports import Headers, ObjectStore
from pkgaction.stages import index, rollback
from tests.fakes import emulator, indexes, release
from tests.fakes.release import FakeClock
from tests.fakes.store import Crashing, Killed
from tests.registry.conftest import MODES, Registry, started
from tests.storage import publisher, reader

_HEADERS = Headers(content_type="application/json", cache_control="no-store")
_CRASHES = [(bucket, after) for bucket in ("artifacts", "index") for after in range(3)]


class Place:
    """Two buckets of the emulator, and a registry on them."""

    def __init__(self, server: str) -> None:
        self.server = server
        self.artifacts_url, self.index_url = (emulator.make_bucket(server) for _ in range(2))
        self.artifacts, self.index = map(emulator.connect, (self.artifacts_url, self.index_url))

    def publish(self, *packages: str) -> None:
        ledger = publisher.publish(self.artifacts, self.index, list(packages), SystemClock())
        assert ledger.exit_status == 0

    def put_current(self, document: bytes) -> str:
        """A foreign publisher's list, which the cursor names."""
        old = self.index.stat(layout.CURSOR)
        assert old
        cursor = f"{int(reader.cursor(self.index)) + 1}"
        self.index.create(layout.full_index_name(cursor), Bytes(document), _HEADERS)
        pointer = Bytes(json.dumps({"current": cursor}).encode())
        self.index.replace(layout.CURSOR, pointer, _HEADERS, generation=old.generation)
        return cursor


@pytest.fixture
def place(server: str, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", server)
    made = Place(server)
    made.publish("anemone@1.0.0")
    return made


@pytest.fixture(params=MODES)
def registry(request: pytest.FixtureRequest, place: Place, tmp_path: Path) -> Iterator[Registry]:
    folder = tmp_path / "epr"
    urls = place.artifacts_url, place.index_url
    with started(place.server, *urls, folder, request.param) as running:
        yield running


def test_a_publisher_that_dies_shows_nothing_half_done(place: Place, registry: Registry) -> None:
    published = ["anemone-1.0.0"]
    for number, (bucket, after) in enumerate(_CRASHES):
        package, version = f"barnacle_{number}", "1.0.0"
        artifacts: ObjectStore = place.artifacts
        index_: ObjectStore = place.index
        if bucket == "artifacts":
            artifacts = Crashing(artifacts, after=after)
        else:
            index_ = Crashing(index_, after=after)

        with pytest.raises(Killed):
            publisher.publish(artifacts, index_, [f"{package}@{version}"], SystemClock())
        registry.look_again()
        assert registry.versions() == sorted(published), (bucket, after)

        place.publish(f"{package}@{version}")
        published.append(f"{package}-{version}")
        assert registry.wait_for(lambda: registry.versions() == sorted(published))
    assert registry.errors() == []


def test_an_older_list_comes_back_under_a_new_cursor(place: Place, registry: Registry) -> None:
    first = reader.cursor(place.index)
    place.publish("barnacle@1.0.0")
    assert registry.wait_for(lambda: "barnacle-1.0.0" in registry.versions())

    rollback.to(first, place.index, SystemClock())

    assert registry.wait_for(lambda: registry.versions() == ["anemone-1.0.0"])
    place.publish("cockle@1.0.0")
    assert registry.wait_for(lambda: registry.versions() == ["anemone-1.0.0", "cockle-1.0.0"])
    assert registry.errors() == []


def test_a_registry_does_not_miss_the_generations_that_went(place: Place, registry: Registry) -> None:
    for number in range(3):
        place.publish(f"barnacle@1.0.{number}")
    later = FakeClock(time.time() + timedelta(days=40).total_seconds())

    assert len(retention.prune(place.index, later, days=30)) == 3

    registry.look_again()
    place.publish("cockle@1.0.0")
    assert registry.wait_for(lambda: "cockle-1.0.0" in registry.versions())
    assert registry.errors() == []


def test_a_large_list_is_read_packed(place: Place, registry: Registry, tmp_path: Path) -> None:
    place.put_current(b"".join(indexes.plain(600)))
    assert registry.wait_for(lambda: len(registry.versions()) == 600)

    index.add([release.published(tmp_path / "z", "zebra")], place.index, SystemClock())

    stored = place.index.stat(layout.full_index_name(reader.cursor(place.index)))
    assert stored
    assert stored.headers.content_encoding == "gzip"
    assert registry.wait_for(lambda: len(registry.versions()) == 601)
    assert registry.errors() == []


_GOOD: dict[str, Json] = {"name": "dab", "version": "1.0.0", "format_version": "3.0.0"}


@pytest.mark.parametrize(
    ("items", "served"),
    [
        ([{"package_manifest": {**_GOOD, "version": "1.0"}}], "old"),
        ([{"package_manifest": {**_GOOD, "format_version": "3.0"}}], "old"),
        ([{"package_manifest": {**_GOOD, "title": 5}}], "old"),
        ([{"package_manifest": {**_GOOD, "conditions": {"kibana": {"version": "new"}}}}], "old"),
        ([{"package_manifest": {**_GOOD, "vars": [{"required": "yes"}]}}], "old"),
        ([], "nothing"),
        ([{"package_manifest": None}], "crash"),
        ([_GOOD], "crash"),
        ([{"package_manifest": {**_GOOD, "data_streams": [None]}}], "crash"),
    ],
    ids=["version", "format", "type", "range", "flag", "empty", "null", "unwrapped", "null inside"],
)
def test_a_list_that_hurts_the_registry_is_refused_by_us_and_mended_by_a_roll_back(
    place: Place, registry: Registry, tmp_path: Path, items: list[Json], served: str
) -> None:
    good = reader.cursor(place.index)
    place.put_current(json.dumps({"packages": items}).encode())
    hurt = {
        "old": lambda: bool(registry.errors()) and registry.versions() == ["anemone-1.0.0"],
        "nothing": lambda: registry.versions() == [],
        "crash": lambda: registry.process.poll() is not None,
    }
    assert registry.wait_for(hurt[served]), registry.log()[-3000:]
    before = [(found.name, found.generation) for found in place.index.list("")]

    with pytest.raises(IndexUnsafeError):
        index.add([release.published(tmp_path / "z", "zebra")], place.index, SystemClock())

    assert [(found.name, found.generation) for found in place.index.list("")] == before
    rollback.to(good, place.index, SystemClock())
    if served != "crash":
        assert registry.wait_for(lambda: registry.versions() == ["anemone-1.0.0"])
