"""An index that no reader over HTTP can read is not as promised, and is mended by a new generation."""

from dataclasses import replace
from pathlib import Path

import pytest

from pkgaction import generations, listfile
from pkgaction.model import layout
from pkgaction.model.audit import Code
from pkgaction.model.tree import Bytes
from pkgaction.ports import Headers
from pkgaction.stages import index, reindex
from tests.fakes import release
from tests.fakes.release import NOW, FakeClock, Silent
from tests.fakes.store import MemoryStore
from tests.unit.test_audit_stage import Place, codes

LIST, DELTA = layout.full_index_name(str(NOW)), layout.delta_index_name(str(NOW))


@pytest.fixture
def kept() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def place(kept: MemoryStore, tmp_path: Path) -> Place:
    made = Place(MemoryStore(), kept, tmp_path)
    made.add()
    return made


def keep(kept: MemoryStore, name: str, encoding: str, *, packed: bool) -> None:
    """The same object in other words, and with another header."""
    data, stored = kept.data(name), kept.stat(name)
    assert stored
    kept.delete(name, generation=stored.generation)
    if packed:
        data = listfile._gzip(data, iter(()))[0]
    kept.create(name, Bytes(data), replace(stored.headers, content_encoding=encoding))


BAD = [
    pytest.param(LIST, "", True, id="a packed list that is not said to be"),
    pytest.param(LIST, "br", True, id="a packed list said to be packed otherwise"),
    pytest.param(LIST, "gzip", False, id="a plain list that is said to be packed"),
    pytest.param(layout.CURSOR, "gzip", False, id="a plain cursor that is said to be packed"),
]


@pytest.mark.parametrize(("name", "encoding", "packed"), BAD)
@pytest.mark.parametrize("way", ["publish", "reindex"])
def test_it_is_drift_and_publishing_or_a_rebuild_mends_it(
    place: Place, kept: MemoryStore, name: str, encoding: str, way: str, *, packed: bool
) -> None:
    keep(kept, name, encoding, packed=packed)

    found = place.audit("1.0.0")
    if way == "publish":
        place.add()
    else:
        bench = reindex.Bench(
            store=place.store, index=kept, clock=FakeClock(), watch=Silent(), scratch=place.folder
        )
        reindex.rebuild(bench)

    assert codes(found) == [Code.ENTRY_UNREADABLE]
    assert name in found.versions[0].drifts[0].what
    assert generations.current(kept, FakeClock()).cursor == str(NOW + 1)
    assert kept.stat(layout.delta_index_name(str(NOW + 1))) is None
    assert place.audit("1.0.0").ok
    place.add()
    assert generations.current(kept, FakeClock()).cursor == str(NOW + 1)


@pytest.mark.parametrize(("encoding", "packed"), [("gzip", True), ("", False), ("identity", False)])
def test_what_readers_can_read_stays(
    place: Place, kept: MemoryStore, encoding: str, *, packed: bool
) -> None:
    keep(kept, LIST, encoding, packed=packed)

    assert place.audit("1.0.0").ok
    place.add()
    assert generations.current(kept, FakeClock()).cursor == str(NOW)


def test_a_list_of_changes_that_readers_cant_read_is_drift_of_the_index(
    place: Place, kept: MemoryStore
) -> None:
    keep(kept, DELTA, "gzip", packed=False)

    (drift,) = place.audit("1.0.0").index

    assert "kept with Content-Encoding 'gzip'" in drift.what


def test_a_new_version_comes_with_a_readable_list(place: Place, kept: MemoryStore) -> None:
    keep(kept, LIST, "gzip", packed=False)

    index.add([release.published(place.folder / "x", version="1.2.0")], kept, FakeClock())

    after = generations.current(kept, FakeClock())
    assert not after.misread
    assert len(after.catalog.texts) == 2
    assert kept.dump()[layout.full_index_name(after.cursor)][1] == replace(
        Headers(content_type=layout.JSON_TYPE, cache_control=layout.IMMUTABLE),
        metadata={generations.REPLACES: str(NOW)},
    )
