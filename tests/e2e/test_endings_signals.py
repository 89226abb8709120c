"""A release that is cancelled, at each of its steps: what became of each package is told as it is."""

import signal
import threading
from collections.abc import Iterator
from signal import SIGINT, SIGTERM, Signals

import pytest

from tests.e2e.cancelling import ENDED, Cancel, judge, verifying
from tests.e2e.disturbing import Step
from tests.e2e.endings import FIRST, THREE, Trial, quick, trial
from tests.e2e.judge import expect_none, lies
from tests.fakes import proxy
from tests.fakes.keys import Key

BEFORE, BEHIND = False, True
ROWS = [
    (SIGTERM, Step.CLAIM, BEHIND),
    (SIGINT, Step.FILE, BEHIND),
    (SIGTERM, Step.ZIP, BEFORE),
    (SIGINT, Step.ZIP, BEHIND),
    (SIGINT, Step.READ_ZIP_BACK, BEFORE),
    (SIGTERM, Step.READ_LIST, BEFORE),
    (SIGINT, Step.CREATE_LIST, BEHIND),
    (SIGTERM, Step.MOVE_CURSOR, BEHIND),
]
GROUPS = [("Plan", SIGTERM), ("Validate", SIGINT), ("Build", SIGTERM), ("Sign", SIGINT)]


@pytest.fixture(scope="module")
def made(key: Key) -> Iterator[Trial]:
    with (
        proxy.running() as wire,
        trial(key, wire, verifying(key)) as one,
        quick(one, signs=False),
    ):
        one.undisturbed()
        yield one


@pytest.mark.parametrize(
    ("number", "step", "acting"),
    [pytest.param(*row, id=f"{row[0].name}, {row[1].name}{' done' * row[2]}") for row in ROWS],
)
def test_a_release_that_is_cancelled_on_the_wire(
    made: Trial, number: Signals, step: Step, *, acting: bool
) -> None:
    buckets, wire = made.buckets(), made.wire
    assert wire
    cancel = Cancel(made, number, lambda seen: step.is_at(seen, wire.seen, buckets), acting)

    said = cancel.run(buckets)

    assert cancel.seen, "the release has no such step any more"
    assert buckets.show().is_public(FIRST)
    judge(made, buckets, said, number)


@pytest.mark.parametrize(("group", "number"), GROUPS, ids=[f"{g}, {n.name}" for g, n in GROUPS])
def test_a_release_that_is_cancelled_before_it_publishes(
    made: Trial, number: Signals, group: str
) -> None:
    buckets = made.buckets()
    started = made.start(buckets, {"jobs": "2"})

    def cancel(line: str) -> None:
        if line.strip() == f"::group::{group}":
            started.process.send_signal(number)

    said = started.end(cancel)

    judge(made, buckets, said, number)


def test_a_cancel_while_the_comment_is_written_changes_no_result(made: Trial) -> None:
    buckets, github = made.buckets(), made.scene.github
    started, regular, held = made.start(buckets), github.answer, threading.Event()

    def answer(method: str, *rest: object) -> object:
        if method in {"POST", "PATCH"} and not held.is_set():
            held.set()
            started.process.send_signal(signal.SIGTERM)
            started.process.wait(30)
        return regular(method, *rest)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(github, "answer", answer)
        said = started.end()

    shown = buckets.show()
    assert held.is_set()
    found = lies(said, shown, THREE, blind=True)
    expect_none([*found, *made.finish(buckets, shown, signed_anew=True)], said)
    assert said.run.status in ENDED[SIGTERM] | {0}
    assert said.run.outputs["published"] == "true"
