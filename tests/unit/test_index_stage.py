"""The index moves on by compare-and-swap and loses nothing, whoever else is at work."""

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from pkgaction import swapping
from pkgaction.errors import IndexUnsafeError, StorageError
from pkgaction.model import layout
from pkgaction.model.json import Json
from pkgaction.model.release import Published
from pkgaction.model.tree import Bytes, Content
from pkgaction.ports import Headers, StoredObject
from pkgaction.stages import index
from tests.fakes import release
from tests.fakes.release import NOW, FakeClock, keys_of, listed
from tests.fakes.store import Crashing, Killed, MemoryStore, Watching

HEADERS = Headers(content_type="application/json", cache_control="")
Key = tuple[str, str]


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def crab(tmp_path: Path) -> Published:
    return release.published(tmp_path, "crab")


@pytest.fixture
def eel(tmp_path: Path) -> Published:
    return release.published(tmp_path, "eel")


@pytest.fixture
def squid(tmp_path: Path) -> Published:
    return release.published(tmp_path, "squid")


def put(store: MemoryStore, name: str, document: Json) -> None:
    store.create(name, Bytes(json.dumps(document).encode()), HEADERS)


def foreign(store: MemoryStore, cursor: str, *entries: Json, delta: bool = False) -> None:
    """A folder that somebody wrote and never pointed the cursor at."""
    wrapped: list[Json] = [{"package_manifest": one} for one in entries]
    put(store, layout.full_index_name(cursor), {"packages": wrapped})
    if delta:
        document: Json = {"added": wrapped, "updated": [], "removed": []}
        put(store, layout.delta_index_name(cursor), document)


def cursor(store: MemoryStore) -> str:
    return str(json.loads(store.data(layout.CURSOR))["current"])


def served(store: MemoryStore) -> list[Key]:
    return keys_of(listed(store.data(layout.full_index_name(cursor(store)))))


def folders(store: MemoryStore) -> list[str]:
    names = (name.removeprefix(layout.INDEX_ROOT) for name in store.dump())
    return sorted({name.split("/")[0] for name in names if "/" in name})


class Follower:
    """A registry that applies what changed, as the incremental one does."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.at = ""
        self.entries: dict[Key, Json] = {}

    def look(self) -> list[Key]:
        """Look at the cursor once, and follow."""
        new = cursor(self._store)
        between = [folder for folder in folders(self._store) if self.at < folder <= new]
        for folder in between if self.at else [new]:
            delta = layout.delta_index_name(folder)
            if self.at and delta in self._store.dump():
                self._apply(self._store.data(delta))
            else:
                whole = listed(self._store.data(layout.full_index_name(folder)))
                self.entries = dict(zip(keys_of(whole), whole, strict=True))
        self.at = new
        return sorted(self.entries)

    def _apply(self, delta: bytes) -> None:
        assert listed(delta, "removed") == []
        updated, added = listed(delta, "updated"), listed(delta, "added")
        for key, entry in zip(keys_of(updated), updated, strict=True):
            if key in self.entries:
                self.entries[key] = entry
        for key, entry in zip(keys_of(added), added, strict=True):
            self.entries.setdefault(key, entry)


# --- one publisher -----------------------------------------------------------------------------------


def test_a_first_publication_makes_the_index(
    store: MemoryStore, clock: FakeClock, crab: Published, eel: Published
) -> None:
    indexed = index.add([crab, eel], store, clock)

    assert indexed.cursor == cursor(store) == str(NOW)
    assert indexed.changed == {crab.built.id, eel.built.id}
    assert served(store) == [("crab", "1.0.0"), ("eel", "1.0.0")]
    whole = listed(store.data(layout.full_index_name(indexed.cursor)))
    assert whole[0] == {"package_manifest": json.loads(json.dumps(crab.built.entry))}


def test_the_writes_are_full_list_then_delta_then_cursor(
    store: MemoryStore, clock: FakeClock, crab: Published, eel: Published
) -> None:
    first = index.add([crab], store, clock).cursor
    second = index.add([eel], store, clock).cursor

    assert [(call.method, call.name) for call in store.writes] == [
        ("create", layout.full_index_name(first)),
        ("create", layout.delta_index_name(first)),
        ("create", layout.CURSOR),
        ("create", layout.full_index_name(second)),
        ("create", layout.delta_index_name(second)),
        ("replace", layout.CURSOR),
    ]


def test_the_cursor_is_never_cached_and_the_lists_for_ever(
    store: MemoryStore, clock: FakeClock, crab: Published
) -> None:
    index.add([crab], store, clock)

    said = {name: headers.cache_control for name, (_, headers) in store.dump().items()}
    types = {headers.content_type for _, headers in store.dump().values()}
    assert said.pop(layout.CURSOR) == "no-store"
    assert set(said.values()) == {"public, max-age=31536000, immutable"}
    assert types == {"application/json"}


def test_a_second_publication_keeps_the_first_and_its_folder(
    store: MemoryStore, clock: FakeClock, crab: Published, eel: Published
) -> None:
    first = index.add([crab], store, clock)
    before = store.data(layout.full_index_name(first.cursor))
    clock.sleep(100)

    second = index.add([eel], store, clock)

    assert second.changed == {eel.built.id}
    assert served(store) == [("crab", "1.0.0"), ("eel", "1.0.0")]
    assert store.data(layout.full_index_name(first.cursor)) == before
    delta = store.data(layout.delta_index_name(second.cursor))
    assert keys_of(listed(delta, "added")) == [("eel", "1.0.0")]
    assert (listed(delta, "updated"), listed(delta, "removed")) == ([], [])


def test_the_same_again_writes_nothing(
    store: MemoryStore, clock: FakeClock, crab: Published, eel: Published
) -> None:
    first = index.add([crab, eel], store, clock)
    before = len(store.writes)

    again = index.add([eel, crab], store, clock)

    assert (again.cursor, again.changed) == (first.cursor, frozenset())
    assert len(store.writes) == before


def test_another_entry_of_a_version_is_an_update(
    store: MemoryStore, clock: FakeClock, crab: Published, tmp_path: Path
) -> None:
    index.add([crab], store, clock)
    other = release.published(tmp_path / "other", "crab", extra={"docs/more.md": b"more"})

    indexed = index.add([other], store, clock)

    assert indexed.changed == {crab.built.id}
    assert served(store) == [("crab", "1.0.0")]
    delta = store.data(layout.delta_index_name(indexed.cursor))
    assert keys_of(listed(delta, "updated")) == [("crab", "1.0.0")]
    assert listed(delta, "added") == []


def test_entries_of_other_publishers_are_kept_as_they_are(
    store: MemoryStore, clock: FakeClock, crab: Published
) -> None:
    theirs: Json = {
        "name": "whale",
        "version": "3.0.0",
        "format_version": "3.0.0",
        "unheard_of": {"a": [None, 1.5, "ü"]},
    }
    foreign(store, "1700000000", theirs)
    put(store, layout.CURSOR, {"current": "1700000000", "more": True})

    index.add([crab], store, clock)

    assert {"package_manifest": theirs} in listed(store.data(layout.full_index_name(cursor(store))))
    assert served(store) == [("crab", "1.0.0"), ("whale", "3.0.0")]


# --- cursors -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "seconds",
    [1.0, 5.5, NOW - 0.001, NOW, NOW + 0.9, 9_999_999_000.0],
    ids=["1970", "half", "before", "now", "after", "2286"],
)
def test_a_cursor_has_ten_digits_whatever_the_clock_says(
    store: MemoryStore, crab: Published, eel: Published, seconds: float
) -> None:
    clock = FakeClock(seconds)

    cursors = [index.add([one], store, clock).cursor for one in (crab, eel)]

    assert all(len(found) == 10 and found.isdecimal() for found in cursors)
    assert cursors[0] < cursors[1]


@pytest.mark.parametrize("behind", [0, 1, 3600, 10**7], ids=["equal", "second", "hour", "months"])
def test_a_clock_behind_the_current_cursor_gives_a_greater_one_still(
    store: MemoryStore, clock: FakeClock, crab: Published, eel: Published, behind: int
) -> None:
    first = index.add([crab], store, clock).cursor

    second = index.add([eel], store, clock.ahead(timedelta(seconds=-behind))).cursor

    assert int(second) == int(first) + 1
    assert layout.delta_index_name(second) in store.dump()


@pytest.mark.parametrize("delta", [False, True], ids=["without delta", "with delta"])
def test_a_foreign_folder_above_the_cursor_means_no_delta(
    store: MemoryStore, clock: FakeClock, crab: Published, eel: Published, *, delta: bool
) -> None:
    index.add([crab], store, clock)
    above = str(NOW + 1000)
    foreign(store, above, {"name": "dead", "version": "1.0.0"}, delta=delta)
    follower = Follower(store)
    follower.look()

    indexed = index.add([eel], store, clock)

    assert int(indexed.cursor) == NOW + 1001
    assert layout.delta_index_name(indexed.cursor) not in store.dump()
    assert follower.look() == served(store) == [("crab", "1.0.0"), ("eel", "1.0.0")]


def test_after_a_foreign_folder_deltas_come_back(
    store: MemoryStore, clock: FakeClock, crab: Published, eel: Published, squid: Published
) -> None:
    index.add([crab], store, clock)
    foreign(store, str(NOW + 5), {"name": "dead", "version": "1.0.0"})
    index.add([eel], store, clock)

    indexed = index.add([squid], store, clock)

    assert layout.delta_index_name(indexed.cursor) in store.dump()


def test_a_foreign_folder_before_the_first_publication_is_passed(
    store: MemoryStore, clock: FakeClock, crab: Published
) -> None:
    foreign(store, str(NOW + 7), {"name": "dead", "version": "1.0.0"})

    indexed = index.add([crab], store, clock)

    assert int(indexed.cursor) == NOW + 8
    assert served(store) == [("crab", "1.0.0")]


FAR = ["9999999999", "9999999998", str(NOW + 400 * 24 * 3600)]


@pytest.mark.parametrize("far", FAR)
@pytest.mark.parametrize("first", [True, False], ids=["no index yet", "an index"])
def test_a_folder_that_is_numbered_far_in_the_future_is_left_aside_and_named(
    store: MemoryStore, clock: FakeClock, crab: Published, eel: Published, far: str, *, first: bool
) -> None:
    if not first:
        index.add([crab], store, clock)
    foreign(store, far, {"name": "evil", "version": "1.0.0"})

    indexed = index.add([crab, eel], store, clock)

    assert indexed.cursor == cursor(store) == str(NOW if first else NOW + 1)
    assert served(store) == [("crab", "1.0.0"), ("eel", "1.0.0")]
    (warning,) = indexed.warnings
    assert layout.full_index_name(far) in warning
    assert (layout.delta_index_name(indexed.cursor) in store.dump()) is True
    assert index.add([crab], store, clock).warnings == ()


@pytest.mark.parametrize("far", FAR)
def test_a_cursor_far_in_the_future_is_refused_and_repaired_by_a_rebuild(
    store: MemoryStore, clock: FakeClock, crab: Published, far: str
) -> None:
    first = index.add([crab], store, clock).cursor
    foreign(store, far, crab.built.entry)
    forged = {"current": far}
    found = store.stat(layout.CURSOR)
    assert found
    data = Bytes(json.dumps(forged).encode())
    store.replace(layout.CURSOR, data, found.headers, generation=found.generation)

    with pytest.raises(IndexUnsafeError, match=f"(?s){far}.*reindex"):
        index.add([crab], store, clock)
    repaired = swapping.swap(
        store, clock, lambda catalog: catalog.rebuilt(catalog.items()), rebuilding=True
    )

    assert repaired.cursor == cursor(store) == str(int(first) + 1)
    assert served(store) == [("crab", "1.0.0")]
    assert "start registries" in repaired.warnings[0]
    assert layout.full_index_name(far) in repaired.warnings[1]
    assert index.add([crab], store, clock).cursor == repaired.cursor


def test_a_clock_that_is_years_behind_is_corrected_by_the_storages(
    store: MemoryStore, clock: FakeClock, crab: Published, eel: Published
) -> None:
    now = index.add([crab], store, clock).cursor
    slow = clock.ahead(-timedelta(days=3000))
    date = f"{clock.now():%a, %d %b %Y %H:%M:%S GMT}"
    slow.skew.observe("storage", date=date, age=None, now=slow.now())

    assert index.add([eel], store, slow).cursor == str(int(now) + 1)


@pytest.mark.parametrize("name", ["9", "99999999999", "backup", "17000000000x"], ids=str)
def test_folders_that_are_no_generations_do_not_count(
    store: MemoryStore, clock: FakeClock, crab: Published, name: str
) -> None:
    foreign(store, name, {"name": "dead", "version": "1.0.0"})

    assert index.add([crab], store, clock).cursor == str(NOW)


# --- a lost race -------------------------------------------------------------------------------------


def _once_before_the_cursor_moves(store: MemoryStore, rival: Callable[[], object]) -> Watching:
    """A store on which somebody else is faster, once, in the last moment."""
    pending = [rival]

    def after(name: str) -> None:
        if pending and name.endswith("-delta.json"):
            pending.pop()()

    return Watching(store, after=after)


def test_a_lost_race_is_merged_again_under_a_new_cursor(
    store: MemoryStore, clock: FakeClock, crab: Published, eel: Published, squid: Published
) -> None:
    index.add([squid], store, clock)
    slow = _once_before_the_cursor_moves(store, lambda: index.add([eel], store, clock))
    follower = Follower(store)
    follower.look()

    indexed = index.add([crab], slow, clock)

    assert served(store) == [("crab", "1.0.0"), ("eel", "1.0.0"), ("squid", "1.0.0")]
    assert indexed.changed == {crab.built.id}
    assert indexed.cursor == cursor(store)
    assert follower.look() == served(store)


def test_the_loser_removes_its_own_folder_delta_first(
    store: MemoryStore, clock: FakeClock, crab: Published, eel: Published, squid: Published
) -> None:
    index.add([squid], store, clock)
    rivals: list[str] = []
    slow = _once_before_the_cursor_moves(
        store, lambda: rivals.append(index.add([eel], store, clock).cursor)
    )

    index.add([crab], slow, clock)

    lost = str(NOW + 1)
    assert rivals == [str(NOW + 2)]
    deleted = [call.name for call in store.writes if call.method == "delete"]
    assert deleted == [layout.delta_index_name(lost), layout.full_index_name(lost)]
    assert lost not in folders(store)


def test_a_first_publication_can_lose_the_race_too(
    store: MemoryStore, clock: FakeClock, crab: Published, eel: Published
) -> None:
    slow = _once_before_the_cursor_moves(store, lambda: index.add([eel], store, clock))

    index.add([crab], slow, clock)

    assert served(store) == [("crab", "1.0.0"), ("eel", "1.0.0")]


def test_what_the_winner_published_too_is_nothing_to_do_any_more(
    store: MemoryStore, clock: FakeClock, crab: Published
) -> None:
    slow = _once_before_the_cursor_moves(store, lambda: index.add([crab], store, clock))

    indexed = index.add([crab], slow, clock)

    assert indexed.changed == frozenset()
    assert indexed.cursor == cursor(store)
    assert folders(store) == [indexed.cursor]


def test_a_folder_that_somebody_else_just_took_is_left_to_them(
    store: MemoryStore, clock: FakeClock, crab: Published, eel: Published
) -> None:
    """Two that chose one cursor: the second finds the name taken."""
    pending = [True]

    def before(_: int) -> None:
        asked = store.calls and store.calls[-1].method == "list"
        if asked and pending:
            pending.pop()
            index.add([eel], store, clock)

    index.add([crab], Watching(store, before=before), clock)

    assert not [call for call in store.writes if call.method == "delete"]
    assert folders(store) == [str(NOW), str(NOW + 1)]
    assert served(store) == [("crab", "1.0.0"), ("eel", "1.0.0")]


def test_whoever_always_loses_gives_up_with_a_clear_word(
    store: MemoryStore, clock: FakeClock, crab: Published, eel: Published
) -> None:
    number = iter(range(1000))

    def after(name: str) -> None:
        """Somebody is faster each time."""
        if name.endswith("-delta.json"):
            current = store.stat(layout.CURSOR)
            assert current
            with store.open(layout.CURSOR, generation=current.generation) as stream:
                same = Bytes(stream.read() + b" " * (next(number) % 2))
            store.replace(layout.CURSOR, same, HEADERS, generation=current.generation)

    index.add([eel], store, clock)
    before = folders(store)

    with pytest.raises(StorageError, match="moved 100 times"):
        index.add([crab], Watching(store, after=after), clock)

    assert folders(store) == before
    assert served(store) == [("eel", "1.0.0")]


# --- an index that is not to be touched --------------------------------------------------------------


@pytest.mark.parametrize(
    "pointer",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"{}",
        b'{"current": null}',
        b'{"current": "1770000000", "Current": "1770000001"}',
        b'{"current": "1770000001", "current": "1770000000"}',
        b'{"current": 1770000000}',
        b'{"current": "9"}',
        b'{"current": "17700000000"}',
        b'{"current": "1770000000 "}',
        b'{"current": "1770000000\\n"}',
        b'{"current": "../../../etc"}',
        '{"current": "\u0661770000000"}'.encode(),
        b"\xff",
    ],
    ids=[
        "empty",
        "truncated",
        "null",
        "list",
        "no current",
        "current null",
        "two spellings",
        "twice",
        "number",
        "one digit",
        "eleven digits",
        "blank",
        "newline",
        "path",
        "other digits",
        "no UTF-8",
    ],
)
def test_a_broken_cursor_is_left_alone(
    store: MemoryStore, clock: FakeClock, crab: Published, pointer: bytes
) -> None:
    foreign(store, str(NOW - 1), {"name": "whale", "version": "1.0.0"})
    store.create(layout.CURSOR, Bytes(pointer), HEADERS)
    before = store.dump()

    with pytest.raises(IndexUnsafeError, match="nothing was written") as caught:
        index.add([crab], store, clock)

    assert store.dump() == before
    assert caught.value.exit_status == 3
    assert "reindex" in caught.value.fix
    assert "cursor" not in caught.value.fix  # nobody is told to edit what readers follow


GOOD = '{"package_manifest": {"name": "whale", "version": "1.0.0", "format_version": "3.0.0"}}'
OPEN = GOOD.removesuffix("}}")


@pytest.mark.parametrize(
    "whole",
    [
        None,
        "",
        f'{{"packages": [{GOOD}]',
        '{"packages": []}',
        "{}",
        f'{{"packages": [{GOOD}, null]}}',
        f'{{"packages": [{GOOD}, {{"name": "a", "version": "1.0.0"}}]}}',
        f'{{"packages": [{GOOD}, {GOOD}]}}',
        f'{{"packages": [{GOOD.replace("1.0.0", "1.0")}]}}',
        f'{{"packages": [{GOOD.replace("3.0.0", "3.0")}]}}',
        f'{{"packages": [{OPEN}, "title": 5}}}}]}}',
        f'{{"packages": [{OPEN}, "conditions": {{"agent": {{"version": "x y"}}}}}}}}]}}',
        "[]",
    ],
    ids=[
        "missing",
        "empty",
        "truncated",
        "no packages",
        "no list",
        "null entry",
        "unwrapped",
        "duplicate",
        "version readers refuse",
        "format version readers refuse",
        "type readers refuse",
        "range readers refuse",
        "foreign",
    ],
)
def test_a_broken_list_is_left_alone(
    store: MemoryStore, clock: FakeClock, crab: Published, whole: str | None
) -> None:
    if whole is not None:
        store.create(layout.full_index_name(str(NOW - 1)), Bytes(whole.encode()), HEADERS)
    put(store, layout.CURSOR, {"current": str(NOW - 1)})
    before = store.dump()

    with pytest.raises(IndexUnsafeError, match="nothing was written"):
        index.add([crab], store, clock)

    assert store.dump() == before
    assert not [call for call in store.writes[1 + (whole is not None) :] if call.writes]


# --- crashes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("acting", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("after", range(3), ids=["full list", "delta", "cursor"])
def test_a_crash_at_any_write_is_made_good_by_the_next_run(
    store: MemoryStore, clock: FakeClock, crab: Published, eel: Published, *, after: int, acting: bool
) -> None:
    index.add([eel], store, clock)
    follower = Follower(store)
    follower.look()
    with pytest.raises(Killed):
        index.add([crab], Crashing(store, after=after, acting=acting), clock)
    half = follower.look()

    index.add([crab], store, clock)

    assert set(half) <= {("crab", "1.0.0"), ("eel", "1.0.0")}
    assert served(store) == [("crab", "1.0.0"), ("eel", "1.0.0")]
    assert follower.look() == served(store)


# --- many --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Noting(MemoryStore):
    """The cursor's move and the note of it are one step."""

    moves: list[str] = field(default_factory=list)  # the cursors that became current, in order

    def replace(self, name: str, content: Content, headers: Headers, *, generation: int) -> StoredObject:
        with self._lock:
            done = MemoryStore.replace(self, name, content, headers, generation=generation)
            self.moves.append(cursor(self))
            return done


def test_eight_publishers_at_once_lose_nothing(tmp_path: Path) -> None:
    packages = [
        [release.published(tmp_path, f"crab_{publisher}_{number}") for number in range(5)]
        for publisher in range(8)
    ]
    barrier = threading.Barrier(8)
    failures: list[BaseException] = []
    shared = Noting()
    start = FakeClock()
    index.add([release.published(tmp_path, "first")], shared, start)
    follower, fresh = Follower(shared), Follower(shared)
    follower.look()

    def publish(mine: Sequence[Published]) -> None:
        barrier.wait()
        try:
            for one in mine:
                index.add([one], shared, FakeClock())
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            failures.append(error)

    threads = [threading.Thread(target=publish, args=(mine,)) for mine in packages]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    expected = sorted(
        [("first", "1.0.0"), *((one.built.id.name, "1.0.0") for mine in packages for one in mine)]
    )
    assert failures == []
    assert served(shared) == expected
    current = shared.moves
    assert len(current) == 40
    assert all(one < two for one, two in pairwise(current))
    assert all(len(one) == 10 for one in current)
    assert folders(shared) == [str(NOW), *current]  # no folder of a loser is left
    for folder in folders(shared):
        assert keys_of(listed(shared.data(layout.full_index_name(folder))))
    assert follower.look() == expected
    assert fresh.look() == expected


def test_a_follower_loses_nothing_to_a_slow_rival_that_dies_in_between(
    store: MemoryStore,
    clock: FakeClock,
    crab: Published,
    eel: Published,
    squid: Published,
    tmp_path: Path,
) -> None:
    """A rival that read an older index writes its folder between two that were current, and dies."""
    index.add([squid], store, clock)
    whelk = release.published(tmp_path, "whelk")
    follower = Follower(store)
    pending = [True]

    def before(_: int) -> None:
        if pending and store.calls[-1].method == "list":  # the rival has chosen its cursor: NOW + 5
            pending.pop()
            index.add([crab], store, clock.ahead(timedelta(seconds=1)))
            follower.look()
            index.add([eel], store, clock.ahead(timedelta(seconds=10)))

    rival = Watching(Crashing(store, after=1), before=before)
    with pytest.raises(Killed):
        index.add([whelk], rival, clock.ahead(timedelta(seconds=5)))

    assert set(served(store)) <= set(follower.look())
