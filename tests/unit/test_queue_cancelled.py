"""A run that is cancelled says what the buckets show, and many short ones get the queue done."""

import contextlib
import threading
import time

import pytest

from pkgaction import desk
from pkgaction.bounded import Done
from pkgaction.model import layout
from pkgaction.model.outcome import Ledger, Status
from pkgaction.model.release import Built
from pkgaction.model.submission import Received, Refused
from pkgaction.ports import ObjectStore, StoredObject
from pkgaction.submitting import Decided
from tests.fakes.store import Killed, MemoryStore, Watching
from tests.unit.test_acceptance import Port
from tests.unit.test_acceptance import port as port  # noqa: PLC0414 - a fixture

_ZIP = "packages/crab-1.0.0.zip"


def run_until(port: Port, written: str, error: BaseException) -> None:
    """A run that ends at the first write of what is named so."""

    def stop(name: str) -> None:
        if name.endswith(written):
            raise error

    def stopping(store: ObjectStore) -> Watching:
        return Watching(store, after=stop)

    with pytest.raises(type(error)):
        port.run(
            queue=stopping(port.queue), artifacts=stopping(port.artifacts), index=stopping(port.index)
        )


def cancelled_at_once(
    port: Port, monkeypatch: pytest.MonkeyPatch, *, artifacts: ObjectStore | None = None
) -> Ledger:
    """What a run says that is cancelled before it begins anything."""
    ledgers: list[Ledger] = []

    def prepare(one: desk.Desk) -> None:
        ledgers.append(one.steps.ledger)
        raise SystemExit(143)

    with monkeypatch.context() as patched:
        patched.setattr(desk.Desk, "prepare", prepare)
        with pytest.raises(SystemExit):
            port.run(artifacts=artifacts)
    return ledgers[0]


@pytest.mark.parametrize(
    ("until", "status"),
    [
        ("in-hand/", Status.NOT_TRIED),
        (_ZIP, Status.NOT_INDEXED),
        (layout.CURSOR, Status.ALREADY_PUBLISHED),
    ],
)
def test_what_a_run_before_has_made_public_is_said_to_be(
    port: Port, monkeypatch: pytest.MonkeyPatch, until: str, status: Status
) -> None:
    port.submit("reef/crab-1.0.0.zip", port.zipped())
    if until != "in-hand/":
        run_until(port, until, Killed())
    port.submit("shore/crab-1.0.0.zip", port.zipped())

    ledger = cancelled_at_once(port, monkeypatch)

    assert {one.folder: one.status for one in ledger.sorted()} == {
        "reef/crab-1.0.0.zip": status,
        "shore/crab-1.0.0.zip": Status.NOT_TRIED,
    }
    assert ledger.published is (status is not Status.NOT_TRIED)


def test_a_bucket_that_does_not_answer_keeps_no_cancelled_run(
    port: Port, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = threading.Event()

    class Silent(MemoryStore):
        def stat(self, name: str) -> StoredObject | None:
            answers.wait(60)
            return super().stat(name)

    for number in range(30):
        port.submit(f"crab-1.0.{number}.zip", b"x")
    began = time.monotonic()

    ledger = cancelled_at_once(port, monkeypatch, artifacts=Silent())

    answers.set()
    assert time.monotonic() - began < 4
    assert {one.status for one in ledger.sorted()} == {Status.NOT_TRIED}
    assert all("could not be seen" in one.reason for one in ledger.sorted())


def test_short_runs_get_the_queue_done(port: Port, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each one has time for a few submissions, far from a batch of twenty."""
    for number in range(24):
        port.submit(f"o{number % 3}/eel-1.0.{number}.zip", port.zipped("eel", f"1.0.{number}"))
    decide, left = desk.Desk.decide, iter(range(0))

    def decide_four(
        one: desk.Desk, done: Done[Received, Built | Refused], *, is_last: bool = False
    ) -> Decided:
        if next(left, None) is None:
            raise SystemExit(143)
        return decide(one, done, is_last=is_last)

    monkeypatch.setattr(desk.Desk, "decide", decide_four)
    for _ in range(17):
        left = iter(range(4))
        with contextlib.suppress(SystemExit):
            port.run()

    assert len(port.indexed()) == 24
    assert not list(port.queue.list("candidates/"))


def test_what_a_killed_run_has_made_public_is_indexed_first(port: Port) -> None:
    for name in ("crab", "eel"):
        port.submit(f"{name}-1.0.0.zip", port.zipped(name))
        port.clock.sleep(1)
    run_until(port, _ZIP, Killed())
    for number in range(4):
        port.submit(f"shore/eel-1.0.{number + 1}.zip", port.zipped("eel", f"1.0.{number + 1}"))

    run_until(port, layout.CURSOR, SystemExit(143))

    assert ("crab", "1.0.0") in port.indexed()
