"""Waiting ends: for a server that never answers, and for all that is asked of GitHub."""

import threading
import time

import pytest

from pkgaction.adapters.deadline import Allowance, Limit, OverdueError, Pace, within
from tests.fakes.release import FakeClock


def test_what_is_done_in_time_is_given_back_or_raised() -> None:
    def fail() -> int:
        raise LookupError

    assert within(60.0, lambda: 7) == 7
    with pytest.raises(LookupError):
        within(60.0, fail)


def test_what_never_ends_is_given_up() -> None:
    never = threading.Event()

    with pytest.raises(OverdueError):
        within(0.05, never.wait)

    never.set()


def test_a_step_has_no_more_than_is_left_of_what_all_share() -> None:
    never = threading.Event()
    shared = Allowance(0.05, FakeClock())

    for _ in range(2):
        with pytest.raises(OverdueError, match="more than 0 seconds in all"):
            shared.within(never.wait, longest=60.0)

    never.set()


def test_pauses_are_taken_from_what_all_share() -> None:
    clock = FakeClock()
    shared, before = Allowance(100.0, clock), clock.now()

    shared.sleep(60.0)
    with pytest.raises(OverdueError, match="more than 100 seconds in all"):
        shared.sleep(60.0)

    assert (clock.now() - before).total_seconds() == 60.0


def test_a_step_may_have_less_than_what_all_share() -> None:
    never = threading.Event()

    with pytest.raises(OverdueError, match=r"more than 0 seconds$"):
        Allowance(100.0, FakeClock()).within(never.wait, longest=0.05)

    never.set()


def test_a_transfer_may_be_as_long_as_it_is_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    pace = Pace(Limit(base=60.0, rate=10.0))

    for _ in range(1000):  # 59 seconds of silence, then what these allow: for hours
        now[0] += 59.0
        pace.note(590)

    assert pace.keep(lambda: "done") == "done"


def test_a_transfer_that_was_fast_has_not_saved_up_more_than_its_base(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    pace = Pace(Limit(base=60.0, rate=10.0))

    pace.note(10**12)
    now[0] = 30.0
    pace.note(1)
    now[0] = 60.2

    with pytest.raises(OverdueError, match="hardly anything came for 60 seconds"):
        pace.keep(lambda: "too late")
