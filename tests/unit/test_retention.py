"""Old generations go by age alone: never the current one, nor what a reader behind needs."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pkgaction import generations, retention
from pkgaction.errors import StorageError
from pkgaction.model import layout
from pkgaction.model.outcome import Ledger
from pkgaction.model.tree import Bytes
from pkgaction.ports import Headers, StoredObject
from pkgaction.stages import index
from pkgaction.steps import Steps
from tests.fakes import release
from tests.fakes.release import NOW, FakeClock
from tests.fakes.store import Crashing, Killed, MemoryStore

_DAY = 24 * 3600
_HEADERS = Headers(content_type="application/json", cache_control="")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(clock: FakeClock) -> MemoryStore:
    return MemoryStore(clock=clock)


def publish(
    store: MemoryStore, clock: FakeClock, folder: Path, *names: str, every: int = _DAY
) -> list[str]:
    cursors = []
    for name in names:
        clock.sleep(every)
        cursors.append(index.add([release.published(folder / name, name)], store, clock).cursor)
    return cursors


def there(store: MemoryStore) -> list[str]:
    return sorted(generations.by_folder(store))


def test_a_generation_goes_so_many_days_after_the_next_one_took_its_place(
    store: MemoryStore, clock: FakeClock, tmp_path: Path
) -> None:
    first, second, third, fourth = publish(store, clock, tmp_path, "a", "b", "c", "d")
    clock.sleep(_DAY)

    # the second took the first one's place 3 days ago, the third the second one's 2 days ago
    assert retention.prune(store, clock, days=4) == ()
    assert retention.prune(store, clock, days=2) == (first,)
    assert there(store) == [second, third, fourth]
    assert retention.prune(store, clock, days=1) == (second,)


def test_the_current_generation_stays_however_old_it_is(
    store: MemoryStore, clock: FakeClock, tmp_path: Path
) -> None:
    (only,) = publish(store, clock, tmp_path, "a")
    clock.sleep(1000 * _DAY)

    assert retention.prune(store, clock, days=1) == ()
    assert there(store) == [only]


def test_an_old_generation_stays_while_a_reader_may_be_loading_it(
    store: MemoryStore, clock: FakeClock, tmp_path: Path
) -> None:
    first, second = publish(store, clock, tmp_path, "a", "b", every=1000 * _DAY)

    assert retention.prune(store, clock, days=1) == ()
    assert there(store) == [first, second]


def test_a_dead_folder_in_between_does_not_make_an_older_one_look_replaced(
    store: MemoryStore, clock: FakeClock, tmp_path: Path
) -> None:
    (first,) = publish(store, clock, tmp_path, "a")
    dead = f"{int(first) + 1}"
    store.create(layout.full_index_name(dead), Bytes(b"{}"), _HEADERS)
    clock.sleep(100 * _DAY)
    (last,) = publish(store, clock, tmp_path, "b")  # until now, readers took the first one

    assert retention.prune(store, clock, days=30) == ()
    clock.sleep(31 * _DAY)
    assert retention.prune(store, clock, days=30) == (first, dead)
    assert there(store) == [last]


def test_a_generation_that_does_not_say_what_it_replaced_counts_from_the_first_one_known(
    store: MemoryStore, clock: FakeClock, tmp_path: Path
) -> None:
    for cursor in ("1700000001", "1700000002"):
        entry = release.published(tmp_path / cursor, "z").built.entry
        wrapped = json.dumps({"packages": [{"package_manifest": entry}]}).encode()
        store.create(layout.full_index_name(cursor), Bytes(wrapped), _HEADERS)
    store.create(layout.CURSOR, Bytes(b'{"current":"1700000002"}'), _HEADERS)
    clock.sleep(100 * _DAY)
    publish(store, clock, tmp_path, "a")

    # the new one says that it replaced the second: so that was current, and replaced the first
    assert retention.prune(store, clock, days=30) == ("1700000001",)
    clock.sleep(31 * _DAY)
    assert retention.prune(store, clock, days=30) == ("1700000002",)


def test_folders_above_the_cursor_belong_to_a_publisher_at_work(
    store: MemoryStore, clock: FakeClock, tmp_path: Path
) -> None:
    publish(store, clock, tmp_path, "a")
    store.create(layout.full_index_name("1999999999"), Bytes(b"{}"), _HEADERS)
    clock.sleep(1000 * _DAY)

    assert retention.prune(store, clock, days=1) == ()


@pytest.mark.parametrize("cursor", [b"", b"{}", b'{"current": "9"}'])
def test_without_a_cursor_nothing_goes(
    store: MemoryStore, clock: FakeClock, tmp_path: Path, cursor: bytes
) -> None:
    publish(store, clock, tmp_path, "a", "b")
    pointer = store.stat(layout.CURSOR)
    assert pointer
    store.replace(layout.CURSOR, Bytes(cursor), _HEADERS, generation=pointer.generation)
    clock.sleep(1000 * _DAY)

    assert retention.prune(store, clock, days=1) == ()


@pytest.mark.parametrize("after", range(4))
def test_a_kill_leaves_no_gap_and_the_next_run_goes_on(
    store: MemoryStore, clock: FakeClock, tmp_path: Path, after: int
) -> None:
    cursors = publish(store, clock, tmp_path, "a", "b", "c")
    clock.sleep(30 * _DAY)

    with pytest.raises(Killed):
        retention.prune(Crashing(store, after=after), clock, days=7)

    left = there(store)
    assert left == cursors[len(cursors) - len(left) :]
    retention.prune(store, clock, days=7)
    assert there(store) == cursors[-1:]


class _NoDeletes(MemoryStore):
    def delete(self, name: str, *, generation: int) -> None:
        del generation
        raise StorageError(what="no right to delete", where=name, fix="give it")


def test_a_publication_succeeds_even_where_old_generations_cannot_be_deleted(
    clock: FakeClock, tmp_path: Path
) -> None:
    store = _NoDeletes(clock=clock)
    publish(store, clock, tmp_path, "a", "b")
    clock.sleep(30 * _DAY)
    world = release.world(tmp_path, artifacts=MemoryStore(), index=store, clock=clock)
    ledger = Ledger()

    Steps(replace(release.job(), keep_index_days=7), world, ledger).index(
        [release.published(tmp_path / "c", "c")]
    )

    assert ledger.exit_status == 0
    assert any("no right to delete" in warning for warning in ledger.warnings)


def test_a_long_past_is_deleted_in_several_runs(store: MemoryStore, clock: FakeClock) -> None:
    def put(cursor: int, *, replaces: int) -> StoredObject:
        headers = Headers(
            content_type="application/json",
            cache_control="",
            metadata={generations.REPLACES: str(replaces)},
        )
        return store.create(layout.full_index_name(str(cursor)), Bytes(b"{}"), headers)

    for number in range(150):
        put(NOW + number, replaces=NOW + number - 1)
    store.create(layout.CURSOR, Bytes(b'{"current":"%d"}' % (NOW + 149)), _HEADERS)
    clock.sleep(30 * _DAY)

    assert len(retention.prune(store, clock, days=7)) == 100
    assert len(retention.prune(store, clock, days=7)) == 49
    assert there(store) == [str(NOW + 149)]
