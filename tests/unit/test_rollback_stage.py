"""Going back is going on: an older list under a new, higher cursor."""

import json
from pathlib import Path

import pytest

from pkgaction.errors import UsageError
from pkgaction.model import layout
from pkgaction.model.release import Published
from pkgaction.model.tree import Bytes
from pkgaction.ports import Headers
from pkgaction.stages import index, rollback
from tests.fakes import release
from tests.fakes.release import FakeClock, keys_of, listed
from tests.fakes.store import Crashing, Killed, MemoryStore, Watching

_HEADERS = Headers(content_type="application/json", cache_control="")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def publish(store: MemoryStore, clock: FakeClock, folder: Path, *names: str) -> list[str]:
    return [index.add([release.published(folder / n, n)], store, clock).cursor for n in names]


def cursor(store: MemoryStore) -> str:
    return str(json.loads(store.data(layout.CURSOR))["current"])


def test_the_old_list_is_served_under_a_higher_cursor_without_a_delta(
    store: MemoryStore, clock: FakeClock, tmp_path: Path
) -> None:
    first, _, third = publish(store, clock, tmp_path, "crab", "eel", "squid")

    done = rollback.to(first, store, clock)

    assert done.cursor == cursor(store) > third
    assert (done.removed, done.added, done.entries) == (("eel-1.0.0", "squid-1.0.0"), (), 1)
    assert store.data(layout.full_index_name(done.cursor)) == store.data(layout.full_index_name(first))
    assert layout.delta_index_name(done.cursor) not in store.dump()


def test_what_was_rolled_back_can_be_rolled_forward_and_published_on(
    store: MemoryStore, clock: FakeClock, tmp_path: Path
) -> None:
    first, second = publish(store, clock, tmp_path, "crab", "eel")
    rollback.to(first, store, clock)

    done = rollback.to(second, store, clock)
    (last,) = publish(store, clock, tmp_path / "more", "squid")

    assert done.added == ("eel-1.0.0",)
    whole = listed(store.data(layout.full_index_name(last)))
    assert keys_of(whole) == [("crab", "1.0.0"), ("eel", "1.0.0"), ("squid", "1.0.0")]


def test_a_publisher_that_is_faster_is_seen(
    store: MemoryStore, clock: FakeClock, tmp_path: Path
) -> None:
    first, _ = publish(store, clock, tmp_path, "crab", "eel")
    rival = release.published(tmp_path / "squid", "squid")
    slow = Watching(store, before=lambda n: None if n != 6 else _add(rival, store, clock))

    done = rollback.to(first, slow, clock)

    assert done.cursor == cursor(store)
    assert "squid-1.0.0" in done.removed


def _add(one: Published, store: MemoryStore, clock: FakeClock) -> None:
    index.add([one], store, clock)


@pytest.mark.parametrize("broken", [b"", b'{"current":"1700000000"}'], ids=["cursor", "list"])
def test_an_index_that_is_broken_now_is_mended_by_an_older_list(
    store: MemoryStore, clock: FakeClock, tmp_path: Path, broken: bytes
) -> None:
    first, _ = publish(store, clock, tmp_path, "crab", "eel")
    pointer = store.stat(layout.CURSOR)
    assert pointer
    store.replace(layout.CURSOR, Bytes(broken), _HEADERS, generation=pointer.generation)

    done = rollback.to(first, store, clock)

    assert cursor(store) == done.cursor
    assert keys_of(listed(store.data(layout.full_index_name(done.cursor)))) == [("crab", "1.0.0")]


@pytest.mark.parametrize("to", ["1700000000", "9", "", "../x", "latest", "1" * 300])
def test_a_generation_that_is_not_there_is_named_with_those_that_are(
    store: MemoryStore, clock: FakeClock, tmp_path: Path, to: str
) -> None:
    (first,) = publish(store, clock, tmp_path, "crab")
    before = len(store.writes)

    with pytest.raises(UsageError) as caught:
        rollback.to(to, store, clock)

    assert first in caught.value.fix
    assert len(store.writes) == before


def test_only_generations_with_a_list_are_named_and_none_far_in_the_future(
    store: MemoryStore, clock: FakeClock, tmp_path: Path
) -> None:
    real = publish(store, clock, tmp_path, "crab", "eel")
    near = int(real[-1])
    for number in range(1, 6):
        store.create(f"{layout.INDEX_ROOT}{near + number}/evil", Bytes(b"x"), _HEADERS)
        store.create(layout.full_index_name(str(9999999999 - number)), Bytes(b"x"), _HEADERS)
    broken = str(near + 6)
    store.create(layout.full_index_name(broken), Bytes(b"x"), _HEADERS)

    for to in ("1750000000", broken):
        with pytest.raises(UsageError) as caught:
            rollback.to(to, store, clock)
        listed_now = sorted({*real, broken} - {to}, reverse=True)
        assert caught.value.fix.endswith(f"the newest are {', '.join(listed_now)}")


def test_where_no_generation_has_a_list_reindex_is_the_way(store: MemoryStore, clock: FakeClock) -> None:
    store.create(f"{layout.INDEX_ROOT}1700000000/evil", Bytes(b"x"), _HEADERS)

    with pytest.raises(UsageError) as caught:
        rollback.to("1700000000", store, clock)

    assert caught.value.fix == "no other generation has a list: make the index anew by reindex"


@pytest.mark.parametrize("data", [b'{"packages":[]}', b'{"packages":[null]}', b"{", b"\x1f\x8b\x00"])
def test_an_old_list_that_would_break_readers_is_not_brought_back(
    store: MemoryStore, clock: FakeClock, tmp_path: Path, data: bytes
) -> None:
    publish(store, clock, tmp_path, "crab")
    store.create(layout.full_index_name("1700000000"), Bytes(data), _HEADERS)
    before = len(store.writes)

    with pytest.raises(UsageError):
        rollback.to("1700000000", store, clock)

    assert len(store.writes) == before


def test_a_dry_run_says_the_same_and_writes_nothing(
    store: MemoryStore, clock: FakeClock, tmp_path: Path
) -> None:
    first, second = publish(store, clock, tmp_path, "crab", "eel")
    before = len(store.writes)

    done = rollback.to(first, store, clock, dry_run=True)

    assert (done.cursor, done.removed) == (second, ("eel-1.0.0",))
    assert len(store.writes) == before


@pytest.mark.parametrize("after", range(2))
def test_a_kill_leaves_the_index_as_it_was(
    store: MemoryStore, clock: FakeClock, tmp_path: Path, after: int
) -> None:
    first, second = publish(store, clock, tmp_path, "crab", "eel")

    with pytest.raises(Killed):
        rollback.to(first, Crashing(store, after=after), clock)

    assert cursor(store) == second
    assert rollback.to(first, store, clock).cursor > second


@pytest.mark.parametrize("pointed", [False, True], ids=["a folder", "and the cursor"])
def test_a_generation_far_in_the_future_does_not_stop_it(
    store: MemoryStore, clock: FakeClock, tmp_path: Path, *, pointed: bool
) -> None:
    first, second = publish(store, clock, tmp_path, "crab", "eel")
    far = layout.full_index_name("9999999999")
    store.create(far, Bytes(store.data(layout.full_index_name(second))), _HEADERS)
    if pointed:
        found = store.stat(layout.CURSOR)
        assert found
        data = Bytes(b'{"current": "9999999999"}')
        store.replace(layout.CURSOR, data, _HEADERS, generation=found.generation)

    done = rollback.to(first, store, clock)

    assert done.cursor == cursor(store) == str(int(second) + 1)
    assert far in done.warnings[-1]
    assert len(done.warnings) == 1 + pointed
