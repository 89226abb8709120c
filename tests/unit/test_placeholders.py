"""Empty objects that stand for folders are harmless, and nothing is told by an empty name."""

from datetime import timedelta
from pathlib import Path

import pytest

from pkgaction import generations, retention
from pkgaction.model import layout
from pkgaction.model.tree import Bytes
from pkgaction.ports import Headers
from pkgaction.stages import accept, changes, reindex
from tests.fakes import release
from tests.fakes.release import NOW, FakeClock
from tests.fakes.store import MemoryStore
from tests.unit.test_audit_stage import BASE, STATIC, Place

PLAIN = Headers(content_type="application/x-directory", cache_control="")
_PUBLIC = ("artifacts/", layout.PACKAGES, layout.STATIC, STATIC, f"{STATIC}docs/", "artifacts/static/x/")
_INDEX = ("v2/", layout.INDEX_ROOT, f"{layout.INDEX_ROOT}{NOW}/", f"{layout.INDEX_ROOT}1780000000/")


@pytest.fixture
def stores() -> tuple[MemoryStore, MemoryStore]:
    return MemoryStore(), MemoryStore()


@pytest.fixture
def place(stores: tuple[MemoryStore, MemoryStore], tmp_path: Path) -> Place:
    store, kept = stores
    made = Place(store, kept, tmp_path)
    made.add()
    for bucket, names in ((store, _PUBLIC), (kept, (*_INDEX, reindex.LEFT))):
        for name in names:
            bucket.create(name, Bytes(b""), PLAIN)
    return made


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("everything", [False, True])
def test_they_are_no_drift_and_not_warned_of(place: Place, *, deep: bool, everything: bool) -> None:
    found = place.audit("1.0.0", deep=deep, everything=everything)

    assert found.ok
    assert found.warnings == ()


def test_they_are_no_generations_and_stop_no_publisher(place: Place) -> None:
    assert [*generations.by_folder(place.index)] == [str(NOW)]

    place.add("1.1.0")

    assert generations.current(place.index, FakeClock()).cursor == str(NOW + 1)
    later = FakeClock().ahead(timedelta(days=9))
    assert retention.prune(place.index, later, days=1) == (str(NOW),)


def test_a_rebuild_is_not_told_of_them(place: Place) -> None:
    bench = reindex.Bench(
        store=place.store,
        index=place.index,
        clock=FakeClock(),
        watch=release.Silent(),
        scratch=place.folder,
    )

    found = reindex.rebuild(bench)

    assert found.ok
    assert found.warnings == ()


def test_they_are_no_change_of_a_package(place: Place, tmp_path: Path) -> None:
    built = release.built(tmp_path / "next", version="1.2.0")

    found = changes.since_last(built, place.store)

    assert found
    assert {file.path for file in found.files} == {"manifest.yml", "changelog.yml"}


def test_nobody_overlooks_them_in_a_queue() -> None:
    queue = MemoryStore()
    for name in ("candidates/", "candidates/harbour/", "in-hand/", "refused/", "x/"):
        queue.create(name, Bytes(b""), PLAIN)

    assert accept.overlooked(queue, FakeClock()) == []


def test_what_has_bytes_is_told_by_its_whole_name(place: Place) -> None:
    for name in (layout.STATIC, STATIC):
        place.take(name)
        place.put(name, b"x")

    found = place.audit("1.0.0", everything=True)

    (drift,) = found.versions[0].drifts
    assert f"not in the package: artifacts/static/{BASE}/" in drift.what
    (warning,) = [one for one in found.warnings if "belongs" in one]
    assert warning == "artifacts/static/ belongs to no package version"
