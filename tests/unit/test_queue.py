"""The queue always gets done: owners take turns, what takes for ever keeps nobody waiting, and what is
decided stays decided.
"""

import errno
import json
import math
import os
import signal
import time
from dataclasses import replace
from typing import BinaryIO

import pytest

from pkgaction import desk, examination, inhand, retention
from pkgaction.bounded import Bounded, Done, Limits
from pkgaction.errors import AccessDeniedError, RunnerError, StorageError
from pkgaction.model import layout
from pkgaction.model.outcome import Ledger, Status
from pkgaction.model.owners import Owners
from pkgaction.model.release import Built
from pkgaction.model.submission import Received, Refused
from pkgaction.model.tree import Bytes, Content
from pkgaction.model.turns import in_turns, least_served
from pkgaction.ports import Headers, StoredObject
from pkgaction.stages import accept, rollback
from pkgaction.stages.validate import Specification
from tests.fakes import release
from tests.fakes.release import FakeClock
from tests.fakes.store import Crashing, Killed, MemoryStore, Watching
from tests.unit.test_acceptance import Port, TrustsBoth, signature
from tests.unit.test_acceptance import port as port  # noqa: PLC0414 - a fixture

_SLOW, _BUSY, _STARVED = "eel_slow", "eel_busy", "eel_starved"


@pytest.fixture
def slow(port: Port, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look at some packages takes for ever, or gets no processor; others do not wait for long."""

    def look(received: Received, owners: Owners, specification: Specification | None) -> Built | Refused:
        while received.file_name.startswith(_SLOW):
            time.sleep(3600)
        while received.file_name.startswith(_BUSY):
            pass
        if received.file_name.startswith(_STARVED):
            time.sleep(0.7)
        return examination.examine(received, owners, specification)

    monkeypatch.setattr(desk, "examine", look)
    port.pace = replace(port.pace, patience=0.2, idle=0.2)


def limited(port: Port, *, seconds: float = 3600, memory: int = 1 << 30, longest: float = 3600) -> None:
    limits = Limits(seconds=seconds, memory=memory, longest=longest)
    port.pace = replace(port.pace, limits=limits)


def names(port: Port) -> list[str]:
    return [one.zip.name for one in accept.by_turns(list(accept.waiting(bench(port))))]


def bench(port: Port) -> accept.Bench:
    return accept.Bench(queue=port.queue, verifier=TrustsBoth(), clock=port.clock)


# --- turns -------------------------------------------------------------------------------------------


def test_each_lane_has_its_turn_and_keeps_its_order() -> None:
    assert in_turns(["a1", "a2", "a3", "b1", "c1", "b2"], lambda one: one[0]) == [
        "a1",
        "b1",
        "c1",
        "a2",
        "b2",
        "a3",
    ]


def test_one_owners_many_candidates_delay_nobody_elses_one(port: Port) -> None:
    for number in range(30):
        port.submit(f"reef/eel-1.0.{number}.zip", b"x")
        port.submit(f"crab-1.0.{number}.zip", b"x")
        port.clock.sleep(1)
    port.submit("shore/eel-2.0.0.zip", b"x")
    port.submit("whelk-1.0.0.zip", b"x")

    order = names(port)

    assert order[:5] == [
        "candidates/crab-1.0.0.zip",
        "candidates/reef/eel-1.0.0.zip",
        "candidates/shore/eel-2.0.0.zip",
        "candidates/whelk-1.0.0.zip",
        "candidates/reef/eel-1.0.1.zip",
    ]
    mine = [name for name in order if "/reef/" in name]
    assert mine == [f"candidates/reef/eel-1.0.{number}.zip" for number in range(30)]


def test_an_owner_whose_submissions_take_long_delays_nobody_else(port: Port) -> None:
    port.pace = replace(port.pace, batch=2)
    for owner, name in (("reef", "crab"), ("shore", "eel")):
        for number in range(6):
            version = f"1.0.{number}"
            port.submit(f"{owner}/{name}-{version}.zip", port.zipped(name, version))
    order: list[str] = []

    def publish(name: str) -> None:
        if name.endswith(".zip"):
            order.append(name.rpartition("/")[2])
            port.clock.sleep(55 if "crab" in name else 1)

    port.run(artifacts=Watching(port.artifacts, after=publish))

    begun_before_any_was_done = order[:4]
    assert sorted(name[:3] for name in begun_before_any_was_done) == ["cra", "cra", "eel", "eel"]
    assert [name[:3] for name in order[4:]] == ["eel"] * 4 + ["cra"] * 4
    assert len(port.indexed()) == 12


def test_a_lane_that_had_more_time_than_another_waits_for_it() -> None:
    items = ["a1", "b1", "c1", "a2"]

    assert least_served(items, lambda one: one[0], {"a": 9, "b": 3, "d": 0}, 3) == ["b1", "c1"]
    assert least_served(items, lambda one: one[0], {"a": 9, "b": 8, "c": 7}, 3) == items
    assert least_served([], str, {}, 3) == []


def test_a_name_that_another_has_taken_blocks_nobody(port: Port) -> None:
    data = port.zipped()
    port.submit("squatter/crab-1.0.0.zip", b"no zip")
    port.submit("reef/crab-1.0.0.zip", data)

    ledger = port.run()

    assert port.artifacts.data("artifacts/packages/crab-1.0.0.zip") == data
    assert port.indexed() == [("crab", "1.0.0")]
    assert port.reason("squatter/crab-1.0.0.zip")["code"] == "no-package"
    assert {one.status for one in ledger.sorted()} == {Status.PUBLISHED, Status.FAILED}
    assert not any("reef" in name for name in port.queue.dump())


def test_the_same_in_two_folders_is_published_once(port: Port) -> None:
    data = port.zipped()
    for folder in ("", "reef/", "shore/"):
        port.submit(f"{folder}crab-1.0.0.zip", data)

    ledger = port.run()

    assert port.statuses(ledger) == {"crab": Status.PUBLISHED}
    assert (port.indexed(), port.queue.dump()) == ([("crab", "1.0.0")], {})
    assert ["not published a second time" in told for told in ledger.notices] == [True, True]


# --- limits ------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("slow")
def test_what_takes_too_long_is_refused_and_keeps_nobody(port: Port) -> None:
    limited(port, seconds=0.5)
    data = port.zipped(_BUSY)
    for name in (_BUSY, "crab", "eel"):
        port.submit(f"{name}-1.0.0.zip", data if name == _BUSY else port.zipped(name))
        port.clock.sleep(1)

    ledger = port.run()

    reason = port.reason(f"{_BUSY}-1.0.0.zip")
    assert (reason["code"], reason["fingerprint"]) == ("too-costly", "A" * 40)
    assert "(0.5 seconds are the most)" in str(reason["what"])
    assert port.indexed() == [("crab", "1.0.0"), ("eel", "1.0.0")]
    assert ledger.exit_status == 1
    kept = [body for name, (body, _) in port.queue.dump().items() if name.endswith("package.zip")]
    assert kept == [data]


@pytest.mark.usefixtures("slow")
def test_what_a_busy_machine_delays_for_longer_than_the_limit_is_accepted(port: Port) -> None:
    limited(port, seconds=0.5)
    port.submit(f"{_STARVED}-1.0.0.zip", port.zipped(_STARVED))

    ledger = port.run()

    assert port.statuses(ledger) == {_STARVED: Status.PUBLISHED}


@pytest.mark.usefixtures("slow")
def test_what_sleeps_is_ended_and_stays_as_that_may_not_be_its_fault(port: Port) -> None:
    limited(port, longest=0.8)
    port.submit(f"{_SLOW}-1.0.0.zip", port.zipped(_SLOW))
    port.submit("crab-1.0.0.zip", port.zipped())
    key = accept.Submission(zip=_there(port, f"candidates/{_SLOW}-1.0.0.zip"), signature=None).key

    ledger = port.run()

    assert port.indexed() == [("crab", "1.0.0")]
    assert ledger.exit_status == 3
    (problem,) = ledger.problems
    assert "no end in time" in problem.what
    assert problem.fix == "give the job a machine that is less busy; the job decides it again"
    assert inhand.read(port.queue, port.clock, [key], tidy=False).ends == {key: 1}


def test_no_more_is_looked_into_at_once_than_there_are_cores(port: Port) -> None:
    world = release.world(port.folder, artifacts=port.artifacts, index=port.index, clock=port.clock)
    job = replace(release.job(), jobs=10_000)

    looks = desk.Desk.of(Owners({}), TrustsBoth(), job, world, Ledger()).prepare()

    assert looks.count == max(2, len(os.sched_getaffinity(0)))


def test_what_needs_too_much_memory_is_refused_and_the_others_are_not(
    port: Port, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look(received: Received, owners: Owners, specification: Specification | None) -> Built | Refused:
        held = b"x" * (1 << 30) if "crab" in received.name else b""
        assert len(held) in {0, 1 << 30}
        return examination.examine(received, owners, specification)

    monkeypatch.setattr(desk, "examine", look)
    limited(port, memory=1 << 28)
    for name in ("crab", "eel"):
        port.submit(f"{name}-1.0.0.zip", port.zipped(name))

    port.run()

    reason = port.reason("crab-1.0.0.zip")
    assert reason["code"] == "too-costly"
    assert "256 MiB" in str(reason["what"])
    assert port.indexed() == [("eel", "1.0.0")]


def test_a_process_that_something_else_has_killed_refuses_nothing_at_first(
    port: Port, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look(received: Received, owners: Owners, specification: Specification | None) -> Built | Refused:
        if "crab" in received.name:
            signal.raise_signal(signal.SIGKILL)
        return examination.examine(received, owners, specification)

    monkeypatch.setattr(desk, "examine", look)
    for name in ("crab", "eel"):
        port.submit(f"{name}-1.0.0.zip", port.zipped(name))

    first = port.run()
    there = "candidates/crab-1.0.0.zip" in port.queue.dump()
    rest = [port.run() for _ in range(3)]

    assert (there, first.exit_status) == (True, 3)
    assert port.indexed() == [("eel", "1.0.0")]
    assert [ledger.exit_status for ledger in rest] == [3, 3, 1]
    reason = port.reason("crab-1.0.0.zip")
    assert reason["code"] == "too-costly"
    assert "was killed by something else" in str(reason["what"])
    assert str(reason["what"]).endswith("3 runs ended while they were at it")


# --- batches -----------------------------------------------------------------------------------------


def test_what_is_decided_is_indexed_and_leaves_the_queue_in_batches(port: Port) -> None:
    port.pace = replace(port.pace, batch=2)
    for number in range(5):
        port.submit(f"eel-1.0.{number}.zip", port.zipped("eel", f"1.0.{number}"))
    waiting: list[int] = []

    def look(name: str) -> None:
        if name == layout.CURSOR:
            waiting.append(len([one for one in port.queue.dump() if one.endswith(".zip")]))

    port.run(index=Watching(port.index, after=look))

    assert len(waiting) >= 2  # of 5, at most 2 are begun in a batch
    assert waiting == sorted(waiting, reverse=True)
    assert waiting[-1] < 5
    assert (len(port.indexed()), port.queue.dump()) == (5, {})


def test_a_batch_takes_a_minute_at_most(port: Port) -> None:
    for number in range(4):
        port.submit(f"eel-1.0.{number}.zip", port.zipped("eel", f"1.0.{number}"))

    def work(name: str) -> None:
        if name.endswith(".zip"):
            port.clock.sleep(61)

    port.run(artifacts=Watching(port.artifacts, after=work))

    assert len([call for call in port.index.writes if call.name == layout.CURSOR]) >= 2
    assert (len(port.indexed()), port.queue.dump()) == (4, {})


def test_a_batch_whose_indexing_fails_stays_in_the_queue_and_the_next_run_completes_it(
    port: Port,
) -> None:
    class Down(MemoryStore):
        def create(self, name: str, content: Content, headers: Headers) -> StoredObject:
            raise StorageError(what="it is down", where=name, fix="run the job again")

    port.pace = replace(port.pace, batch=2)
    for number in range(6):
        port.submit(f"eel-1.0.{number}.zip", port.zipped("eel", f"1.0.{number}"))
    before = port.queue.dump()

    with pytest.raises(StorageError, match="down"):
        port.run(index=Down())
    after = port.queue.dump()
    port.run()

    assert after == before
    assert (len(port.indexed()), port.queue.dump()) == (6, {})


def test_an_undisturbed_queue_costs_two_requests_more_and_one_a_batch(port: Port) -> None:
    for number in range(45):
        port.submit(f"eel-1.0.{number}.zip", port.zipped("eel", f"1.0.{number}"))
    port.queue.calls.clear()

    port.run()

    extra = [call for call in port.queue.calls if call.name.startswith(inhand.IN_HAND)]
    assert [call.method for call in extra] == ["list", "create", "replace", "replace", "delete"]
    assert port.queue.dump() == {}
    assert len(port.indexed()) == 45


# --- a run's end -------------------------------------------------------------------------------------


class _Jobs:
    """Runs that end after so many writes, or when only what takes for ever is left."""

    def __init__(self, port: Port, monkeypatch: pytest.MonkeyPatch, *, gently: bool) -> None:
        self.port, self.gently = port, gently
        self.store: Crashing | None = None
        real = Bounded.next

        def patched(
            bounded: Bounded[Received, Built | Refused], seconds: float | None = None
        ) -> Done[Received, Built | Refused] | None:
            a_jobs_time = 0.05 if port.pace.limits.longest > 1 else 60
            while (done := real(bounded, seconds or a_jobs_time)) is None and seconds is None:
                if all(one.file_name.startswith(_SLOW) for one in bounded.running):
                    if bounded.running:
                        self._end()
                    break
            return done

        monkeypatch.setattr(Bounded, "next", patched)

    def _end(self) -> None:
        if self.gently:
            raise SystemExit(143)
        assert self.store
        self.store._fuse.burnt = True
        raise Killed

    def run(self, writes: int) -> bool:
        """Whether the run came to its own end."""
        port = self.port
        self.store = Crashing(port.queue, after=writes)
        try:
            if self.gently:
                left = iter(range(writes))

                def count(_: str) -> None:
                    if next(left, None) is None:
                        self._end()

                port.run(artifacts=Watching(port.artifacts, after=count))
            else:
                port.run(
                    queue=self.store,
                    artifacts=self.store.beside(port.artifacts),
                    index=self.store.beside(port.index),
                )
        except (Killed, SystemExit):
            return False
        return True


@pytest.fixture(params=[True, False], ids=["told", "killed"])
def jobs(request: pytest.FixtureRequest, port: Port, monkeypatch: pytest.MonkeyPatch) -> _Jobs:
    limited(port)
    return _Jobs(port, monkeypatch, gently=request.param)


_WRITES = 400  # of a run; a submission takes 7 in the public bucket, and 10 in all


@pytest.mark.usefixtures("slow")
def test_one_that_takes_for_ever_costs_the_good_ones_no_run(port: Port, jobs: _Jobs) -> None:
    good = 300 if jobs.gently else 120
    port.submit(f"{_SLOW}-1.0.0.zip", port.zipped(_SLOW))
    port.clock.sleep(1)
    for number in range(good):
        port.submit(f"eel-1.0.{number}.zip", port.zipped("eel", f"1.0.{number}"))
    needed = math.ceil(good * (7 if jobs.gently else 10) / _WRITES)

    runs = 0
    while len(port.indexed()) < good:
        runs += 1
        assert not jobs.run(_WRITES)
        port.clock.sleep(10)
    more = 0
    limited(port, longest=0.4)
    while f"candidates/{_SLOW}-1.0.0.zip" in port.queue.dump():
        more += 1
        assert jobs.run(_WRITES)
        port.clock.sleep(1801)
    port.clock.sleep(24 * 3600)  # a killed run may have left a signature without its zip
    port.run()

    assert runs <= needed + 1  # what the last one published, and could not index any more
    assert more <= 3
    assert port.reason(f"{_SLOW}-1.0.0.zip")["code"] == "too-costly"
    assert not any(name.startswith(("candidates/", "in-hand/")) for name in port.queue.dump())
    assert len(port.indexed()) == good


@pytest.mark.usefixtures("slow")
def test_what_a_run_ended_at_goes_last_and_is_refused_when_a_look_at_it_alone_has_no_end_either(
    port: Port, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited(port)
    jobs = _Jobs(port, monkeypatch, gently=False)
    port.submit(f"reef/{_SLOW}-1.0.0.zip", port.zipped(_SLOW))

    for number in range(5):
        port.clock.sleep(1)
        port.submit(f"reef/eel-1.0.{number}.zip", port.zipped("eel", f"1.0.{number}"))
        assert not jobs.run(10_000)
        assert len(port.indexed()) == number + 1
        port.clock.sleep(1801)
    limited(port, longest=0.2)
    assert jobs.run(10_000)

    reason = port.reason(f"reef/{_SLOW}-1.0.0.zip")
    assert reason["code"] == "too-costly"
    assert str(reason["what"]).endswith("3 runs ended while they were at it")


def test_runs_that_are_at_work_are_not_taken_for_ended_ones(port: Port) -> None:
    port.submit("crab-1.0.0.zip", port.zipped())
    key = accept.Submission(zip=_there(port, "candidates/crab-1.0.0.zip"), signature=None).key
    for _ in range(5):
        inhand.Hand(port.queue, print).hold([key])

    left = inhand.read(port.queue, port.clock, [key], tidy=True)
    ledger = port.run()

    assert (left.named, left.ends) == ({key: 5}, {})
    assert port.statuses(ledger) == {"crab": Status.PUBLISHED}


def test_a_candidate_that_took_the_place_of_one_that_ended_runs_is_another_one(port: Port) -> None:
    port.submit("crab-1.0.0.zip", port.zipped())
    old = _there(port, "candidates/crab-1.0.0.zip")
    for _ in range(3):
        inhand.Hand(port.queue, print).hold([(old.name, old.generation)], ended=True)
    port.queue.delete(old.name, generation=old.generation)
    sig = _there(port, f"{old.name}.sig")
    port.queue.delete(sig.name, generation=sig.generation)
    port.submit("crab-1.0.0.zip", port.zipped())

    ledger = port.run()

    assert port.statuses(ledger) == {"crab": Status.PUBLISHED}
    assert port.queue.dump() == {}


@pytest.mark.parametrize(
    "said",
    [
        b"", b"[]", b"{}", b'{"submissions":[1]}', b'{"submissions":{"a":1}}',
        b'{"ended":true,"submissions":[{"object":"x","generation":1e999}]}',
    ],
)  # fmt: skip
def test_an_object_of_others_among_those_in_hand_says_nothing(port: Port, said: bytes) -> None:
    for name in ("x", "0" * 16):
        headers = Headers(content_type="", cache_control="")
        port.queue.create(f"in-hand/{name}.json", Bytes(said), headers)
    port.submit("crab-1.0.0.zip", port.zipped())

    assert port.run().exit_status == 0


def test_what_is_said_to_have_ended_runs_is_looked_into_all_the_same(port: Port) -> None:
    port.submit("crab-1.0.0.zip", port.zipped())
    crab = _there(port, "candidates/crab-1.0.0.zip")
    for _ in range(5):
        inhand.Hand(port.queue, print).hold([(crab.name, crab.generation)], ended=True)

    ledger = port.run()

    assert port.statuses(ledger) == {"crab": Status.PUBLISHED}
    assert [name for name in port.queue.dump() if name.startswith(accept.CANDIDATES)] == []


def test_few_of_many_objects_in_hand_are_read_and_what_adds_nothing_is_deleted(port: Port) -> None:
    key = ("candidates/crab-1.0.0.zip", 1)
    for _ in range(5):
        inhand.Hand(port.queue, print).hold([key], ended=True)
    port.clock.sleep(1)
    for _ in range(300):
        inhand.Hand(port.queue, print).hold([("candidates/gone-1.0.0.zip", 1)], ended=True)
    port.queue.calls.clear()

    runs = [inhand.read(port.queue, port.clock, [key], tidy=True) for _ in range(4)]

    opened = [call for call in port.queue.calls if call.method == "open"]
    assert (runs[0].ends, runs[3].ends) == ({}, {key: 5})
    assert len(opened) == 305
    assert len(list(port.queue.list(inhand.IN_HAND))) == inhand.MOST_ENDS


def test_without_the_right_to_tell_what_is_in_hand_the_queue_gets_done_with_a_warning(
    port: Port,
) -> None:
    class Narrow(MemoryStore):
        def create(self, name: str, content: Content, headers: Headers) -> StoredObject:
            if name.startswith(inhand.IN_HAND):
                raise AccessDeniedError(what="a right is missing", where=name)
            return super().create(name, content, headers)

    narrow = Narrow(clock=port.clock)
    port.queue = narrow
    for number in range(45):
        port.submit(f"eel-1.0.{number}.zip", port.zipped("eel", f"1.0.{number}"))

    ledger = port.run()

    assert len(port.indexed()) == 45
    (told,) = [text for text in ledger.warnings if "in-hand/" in text]
    assert "allow creating and deleting below in-hand/" in told


def test_a_queue_that_lets_nothing_out_keeps_nothing_from_being_published(port: Port) -> None:
    class Keeping(MemoryStore):
        def delete(self, name: str, *, generation: int) -> None:
            if name.startswith(accept.CANDIDATES):
                raise AccessDeniedError(what="a right is missing", where="the queue")
            super().delete(name, generation=generation)

    port.pace = replace(port.pace, batch=2)
    port.queue = Keeping(clock=port.clock)
    for number in range(5):
        port.submit(f"eel-1.0.{number}.zip", port.zipped("eel", f"1.0.{number}"))

    ledger = port.run()

    assert len(port.indexed()) == 5
    assert [(one.what, one.exit_status) for one in ledger.problems] == [("a right is missing", 2)]


class _Full(MemoryStore):
    """For one zip the machine has no space."""

    def open(self, name: str, *, generation: int) -> BinaryIO:
        if name.endswith("/whelk-1.0.0.zip"):
            raise OSError(errno.ENOSPC, "no space", "/scratch")
        return super().open(name, generation=generation)


def test_what_is_refused_is_not_kept_where_the_machine_has_no_space(port: Port) -> None:
    port.queue = _Full(clock=port.clock)
    port.submit("whelk-1.0.0.zip", b"x", b"x" * 70_000)

    port.run()

    reason = port.reason("whelk-1.0.0.zip")
    assert (reason["code"], reason["kept"]) == ("unsigned", False)


def test_what_fills_the_machine_ends_three_runs_at_most(port: Port) -> None:
    port.queue = _Full(clock=port.clock)
    port.submit("whelk-1.0.0.zip", b"x")
    for name in ("crab", "eel"):
        port.clock.sleep(1)
        port.submit(f"{name}-1.0.0.zip", port.zipped(name))

    for _ in range(3):
        with pytest.raises(RunnerError, match="no space"):
            port.run()
    indexed = port.indexed()
    port.submit("eel_late-1.0.0.zip", port.zipped("eel_late"))
    last = [port.run() for _ in range(2)]

    assert indexed == [("crab", "1.0.0"), ("eel", "1.0.0")]
    assert len(port.indexed()) == 3
    for ledger in last:
        (problem,) = ledger.problems
        assert (problem.where, problem.exit_status) == ("whelk-1.0.0.zip", 3)
        assert "no space" in problem.what
    assert "candidates/whelk-1.0.0.zip" in port.queue.dump()


def test_what_is_public_is_not_given_up_however_many_runs_ended_at_it(port: Port) -> None:
    class NoIndex(MemoryStore):
        def create(self, name: str, content: Content, headers: Headers) -> StoredObject:
            if name.startswith(layout.INDEX_ROOT):
                raise Killed
            return super().create(name, content, headers)

    port.submit("crab-1.0.0.zip", port.zipped())
    for _ in range(4):
        with pytest.raises(Killed):
            port.run(index=NoIndex(clock=port.clock))

    assert port.statuses(port.run()) == {"crab": Status.COMPLETED}
    assert port.indexed() == [("crab", "1.0.0")]


def test_an_object_in_hand_of_a_time_that_is_not_so_is_an_ended_runs(port: Port) -> None:
    later = FakeClock(port.clock.seconds + 10 * 365 * 86_400)
    port.submit("crab-1.0.0.zip", port.zipped())
    found = _there(port, "candidates/crab-1.0.0.zip")
    port.queue.clock, now = later, port.queue.clock
    inhand.Hand(port.queue, print).hold([("candidates/gone-1.0.0.zip", 1)])
    for _ in range(3):
        inhand.Hand(port.queue, print).hold([(found.name, found.generation)])
    port.queue.clock = now

    left = inhand.read(port.queue, port.clock, [(found.name, found.generation)], tidy=True)

    assert left.ends == {(found.name, found.generation): 3}
    assert len(list(port.queue.list("in-hand/"))) == 3


def test_what_fails_before_anything_is_looked_into_is_no_submissions_fault(
    port: Port, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_: desk.Desk) -> None:
        raise Killed

    port.submit("crab-1.0.0.zip", port.zipped())
    with monkeypatch.context() as patched:
        patched.setattr(desk.Desk, "prepare", killed)
        for _ in range(3):
            with pytest.raises(Killed):
                port.run()

    assert not list(port.queue.list("in-hand/"))
    assert port.statuses(port.run()) == {"crab": Status.PUBLISHED}


def test_two_runs_at_the_same_time_lose_nothing(port: Port) -> None:
    for number in range(6):
        port.submit(f"eel-1.0.{number}.zip", port.zipped("eel", f"1.0.{number}"))
    inner: list[int] = []

    def meanwhile(name: str) -> None:
        if name.endswith("eel-1.0.2.zip") and not inner:
            inner.append(port.run().exit_status)

    ledger = port.run(artifacts=Watching(port.artifacts, after=meanwhile))

    assert (inner, ledger.exit_status) == ([0], 0)
    assert (len(port.indexed()), port.queue.dump()) == (6, {})


# --- what was taken back -----------------------------------------------------------------------------


def rolled_back(port: Port) -> bytes:
    """A version that is public, and that the index does not have any more."""
    data = port.zipped()
    port.submit("eel-1.0.0.zip", port.zipped("eel"))
    port.run()
    cursor = json.loads(port.index.data(layout.CURSOR))["current"]
    port.submit("crab-1.0.0.zip", data)
    port.run()
    assert ("crab", "1.0.0") in port.indexed()
    rollback.to(cursor, port.index, port.clock)
    assert port.indexed() == [("eel", "1.0.0")]
    return data


@pytest.mark.parametrize("folder", ["", "stranger/"])
def test_a_copy_of_what_is_public_undoes_no_roll_back(port: Port, folder: str) -> None:
    data = rolled_back(port)
    before = port.artifacts.dump()
    port.submit(f"{folder}crab-1.0.0.zip", data, signature(data))

    dry = port.run(dry_run=True)
    ledger = port.run()

    assert port.indexed() == [("eel", "1.0.0")]
    assert port.artifacts.dump() == before
    reason = port.reason(f"{folder}crab-1.0.0.zip")
    assert reason["code"] == "withdrawn"
    assert "taken back" in str(reason["what"])
    assert (dry.exit_status, ledger.exit_status) == (1, 1)
    assert not any(name.startswith("candidates/") for name in port.queue.dump())


def test_what_a_killed_run_has_made_public_is_completed_also_after_a_copy_came_first(
    port: Port,
) -> None:
    data = port.zipped()
    port.submit("reef/crab-1.0.0.zip", data)

    def stop(name: str) -> None:
        if name.endswith("packages/crab-1.0.0.zip"):
            raise Killed

    with pytest.raises(Killed):
        port.run(artifacts=Watching(port.artifacts, after=stop))
    assert port.indexed() == []
    port.submit("stranger/crab-1.0.0.zip", data)
    ledger = port.run()

    assert port.indexed() == [("crab", "1.0.0")]
    assert not any(name.startswith("candidates/") for name in port.queue.dump())
    assert Status.COMPLETED in {one.status for one in ledger.sorted()}


def lose(port: Port, *endings: str) -> None:
    """Objects of the public bucket that are not there any more."""
    for name in port.artifacts.dump():
        if name.endswith(endings):
            stored = port.artifacts.stat(name)
            assert stored
            port.artifacts.delete(name, generation=stored.generation)


_OTHERS = Owners({"A" * 40: ("*",), "B" * 40: ("*",)})


@pytest.mark.parametrize("indexed", [False, True])
@pytest.mark.parametrize("dry_run", [False, True])
def test_nobody_else_completes_what_is_public(port: Port, *, indexed: bool, dry_run: bool) -> None:
    if indexed:
        data = port.zipped()
        port.submit("reef/crab-1.0.0.zip", data)
        port.run()
    else:
        data = rolled_back(port)
    lose(port, "crab-1.0.0.zip.sig", "crab-1.0.0/docs/README.md")
    before = port.artifacts.dump()
    port.submit("shore/crab-1.0.0.zip", data, signature(data, "B" * 40))

    ledger = port.run(owners=_OTHERS, dry_run=dry_run)

    assert port.artifacts.dump() == before
    assert len(before) > 2
    assert "artifacts/packages/crab-1.0.0.zip.sig" not in before
    status = Status.ALREADY_PUBLISHED if indexed else Status.FAILED
    assert port.statuses(ledger) == {"crab": status}
    if not dry_run:
        assert not any(name.startswith("candidates/") for name in port.queue.dump())


def test_its_owner_completes_what_is_public(port: Port) -> None:
    data = port.zipped()
    port.submit("reef/crab-1.0.0.zip", data)
    port.run()
    lose(port, "crab-1.0.0.zip.sig")
    port.submit("reef/crab-1.0.0.zip", data)

    ledger = port.run()

    assert port.statuses(ledger) == {"crab": Status.COMPLETED}
    assert port.artifacts.data("artifacts/packages/crab-1.0.0.zip.sig") == signature(data)


def test_another_run_that_makes_it_public_meanwhile_leaves_nothing_to_complete(port: Port) -> None:
    data = port.zipped()
    port.submit("reef/crab-1.0.0.zip", data)
    port.clock.sleep(1)
    port.submit("shore/crab-1.0.0.zip", data)
    inner: list[Ledger] = []

    def meanwhile(name: str) -> None:
        if name.endswith("crab-1.0.0/manifest.yml") and not inner:
            first = _there(port, "candidates/reef/crab-1.0.0.zip")
            port.queue.delete(first.name, generation=first.generation)
            inner.append(port.run())

    ledger = port.run(artifacts=Watching(port.artifacts, after=meanwhile))

    assert [port.statuses(one)["crab"] for one in inner] == [Status.PUBLISHED]
    assert port.statuses(ledger) == {"crab": Status.ALREADY_PUBLISHED}


def killed_with_its_zip_public(port: Port, until: str) -> bytes:
    """A version that is public, and that no index has had; `until` is what the run wrote last."""
    port.submit("eel-1.0.0.zip", port.zipped("eel"))
    port.run()
    port.clock.sleep(60)
    data = port.zipped()
    port.submit("reef/crab-1.0.0.zip", data)

    def stop(name: str) -> None:
        if name.endswith(until):
            raise Killed

    with pytest.raises(Killed):
        port.run(artifacts=Watching(port.artifacts, after=stop), index=Watching(port.index, after=stop))
    assert port.indexed() == [("eel", "1.0.0")]
    port.clock.sleep(60)
    return data


def resubmit(port: Port, name: str, data: bytes) -> None:
    """The owner deletes what still waits, and puts it there again."""
    for name_or_sig in (name, f"{name}.sig"):
        if stored := port.queue.stat(f"candidates/{name_or_sig}"):
            port.queue.delete(stored.name, generation=stored.generation)
    port.submit(name, data)


@pytest.mark.parametrize(
    "until", ["packages/crab-1.0.0.zip", layout.full_index_name("").rpartition("/")[2]]
)
@pytest.mark.parametrize("dry_run", [False, True])
def test_what_no_index_has_had_was_not_withdrawn(port: Port, until: str, *, dry_run: bool) -> None:
    data = killed_with_its_zip_public(port, until)
    resubmit(port, "reef/crab-1.0.0.zip", data)

    ledger = port.run(dry_run=dry_run)

    assert port.statuses(ledger) == {"crab": Status.WOULD_PUBLISH if dry_run else Status.COMPLETED}
    assert dry_run or port.indexed() == [("crab", "1.0.0"), ("eel", "1.0.0")]


@pytest.mark.parametrize("pruned", [False, True])
def test_what_an_index_has_had_is_not_brought_back_by_its_owner_either(
    port: Port, *, pruned: bool
) -> None:
    port.submit("eel-1.0.0.zip", port.zipped("eel"))
    port.run()
    first = json.loads(port.index.data(layout.CURSOR))["current"]
    port.clock.sleep(60)
    data = port.zipped()
    port.submit("reef/crab-1.0.0.zip", data)
    port.run()
    rollback.to(first, port.index, port.clock)
    if pruned:
        port.clock.sleep(3 * 86_400)
        retention.prune(port.index, port.clock, days=1)
        assert len(port.index.dump()) == 2  # the cursor, and the list that it names
    port.submit("reef/crab-1.0.0.zip", data)

    port.run()

    assert port.indexed() == [("eel", "1.0.0")]
    assert port.reason("reef/crab-1.0.0.zip")["code"] == "withdrawn"


def test_what_could_not_leave_the_queue_undoes_no_roll_back(port: Port) -> None:
    class Keeping(MemoryStore):
        def delete(self, name: str, *, generation: int) -> None:
            if name.startswith(accept.CANDIDATES):
                raise AccessDeniedError(what="a right is missing", where="the queue")
            super().delete(name, generation=generation)

    port.submit("eel-1.0.0.zip", port.zipped("eel"))
    port.run()
    first = json.loads(port.index.data(layout.CURSOR))["current"]
    port.queue = Keeping(clock=port.clock)
    port.submit("crab-1.0.0.zip", port.zipped())
    port.run()
    assert ("crab", "1.0.0") in port.indexed()
    rollback.to(first, port.index, port.clock)

    port.run()

    assert port.indexed() == [("eel", "1.0.0")]
    assert port.reason("crab-1.0.0.zip")["code"] == "withdrawn"


def test_a_list_that_cannot_be_read_proves_nothing(port: Port) -> None:
    data = killed_with_its_zip_public(port, "packages/crab-1.0.0.zip")
    port.submit("eel-1.0.1.zip", port.zipped("eel", "1.0.1"))
    candidate = _there(port, "candidates/reef/crab-1.0.0.zip")
    port.queue.delete(candidate.name, generation=candidate.generation)
    port.run()
    broken = json.loads(port.index.data(layout.CURSOR))["current"]
    port.submit("eel-1.0.2.zip", port.zipped("eel", "1.0.2"))
    port.run()
    stored = port.index.stat(layout.full_index_name(broken))
    assert stored
    port.index.replace(stored.name, Bytes(b"x"), stored.headers, generation=stored.generation)
    resubmit(port, "reef/crab-1.0.0.zip", data)

    ledger = port.run()

    assert (port.statuses(ledger), ledger.exit_status) == ({}, 0)  # the run that made it may go on
    assert "stays in the queue" in ledger.notices[0]
    port.clock.sleep(3600)
    port.run()
    assert port.reason("reef/crab-1.0.0.zip")["code"] == "withdrawn"


def test_what_is_public_and_indexed_is_known_again_and_leaves_the_queue(port: Port) -> None:
    data = port.zipped()
    port.submit("crab-1.0.0.zip", data)
    port.run()
    moves = len([call for call in port.index.writes if call.name == layout.CURSOR])
    port.submit("shore/crab-1.0.0.zip", data)

    ledger = port.run()

    assert port.statuses(ledger) == {"crab": Status.ALREADY_PUBLISHED}
    assert len([call for call in port.index.writes if call.name == layout.CURSOR]) == moves
    assert port.queue.dump() == {}


def test_what_it_was_made_of_is_kept_with_a_version(port: Port) -> None:
    port.submit("reef/crab-1.0.0.zip", port.zipped())
    found = _there(port, "candidates/reef/crab-1.0.0.zip")

    port.run()

    metadata = port.artifacts.dump()["artifacts/packages/crab-1.0.0.zip"][1].metadata
    assert metadata["submission"] == f"candidates/reef/crab-1.0.0.zip#{found.generation}"


def _there(port: Port, name: str) -> StoredObject:
    found = port.queue.stat(name)
    assert found
    return found
