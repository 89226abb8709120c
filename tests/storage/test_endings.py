"""Each refusal at each step, and a cancel at each request: `make test` has a part of them."""

from collections.abc import Iterator
from signal import SIGINT, SIGTERM, Signals

import pytest

from tests.e2e import test_endings
from tests.e2e.cancelling import Cancel, judge, verifying
from tests.e2e.disturbing import CAUSES, OUTAGE, Step
from tests.e2e.endings import Trial, quick, trial
from tests.fakes import keys, proxy


@pytest.fixture(scope="module")
def made() -> Iterator[Trial]:
    with proxy.running() as wire, trial(None, wire) as one, quick(one):
        yield one


@pytest.fixture(scope="module")
def signed() -> Iterator[Trial]:
    key = keys.make("")
    with (
        proxy.running() as wire,
        trial(key, wire, verifying(key)) as one,
        quick(one, signs=False),
    ):
        one.undisturbed()
        yield one


@pytest.mark.parametrize("name", CAUSES)
@pytest.mark.parametrize("step", Step, ids=lambda step: step.name)
def test_each_refusal_at_each_step(made: Trial, step: Step, name: str) -> None:
    test_endings.end(made, step, CAUSES[name])


@pytest.mark.parametrize("step", Step, ids=lambda step: step.name)
def test_each_write_that_is_not_confirmed(made: Trial, step: Step) -> None:
    if step.reads:
        pytest.skip("it changes nothing")
    test_endings.end(made, step, OUTAGE, acting=True)


@pytest.mark.parametrize("acting", [False, True], ids=["before", "behind"])
@pytest.mark.parametrize("number", [SIGTERM, SIGINT], ids=lambda number: number.name)
def test_a_cancel_at_each_request(signed: Trial, number: Signals, *, acting: bool) -> None:
    wire = signed.wire
    assert wire
    signed.run(signed.buckets())
    requests = len(wire.seen)
    assert requests > 40

    for at in range(1, requests + 1):
        buckets = signed.buckets()
        cancel = Cancel(signed, number, lambda seen, at=at: seen.number == at, acting)  # type: ignore[misc]

        said = cancel.run(buckets)

        assert cancel.seen, at
        judge(signed, buckets, said, number)
