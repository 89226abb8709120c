"""A release that is cancelled at each of its requests, before the server acts and after it."""

from collections.abc import Iterator
from signal import SIGINT, SIGTERM, Signals

import pytest

from tests.e2e.cancelling import Cancel, judge, verifying
from tests.e2e.endings import Trial, quick, trial
from tests.fakes import keys, proxy


@pytest.fixture(scope="module")
def made() -> Iterator[Trial]:
    key = keys.make("")
    with (
        proxy.running() as wire,
        trial(key, wire, verifying(key)) as one,
        quick(one, signs=False),
    ):
        one.undisturbed()
        yield one


@pytest.mark.parametrize("acting", [False, True], ids=["before", "behind"])
def test_a_cancel_at_each_request(made: Trial, *, acting: bool) -> None:
    wire = made.wire
    assert wire
    made.run(made.buckets())
    requests = len(wire.seen)
    assert requests > 40

    for at in range(1, requests + 1):
        number = _signal(at, acting=acting)
        buckets = made.buckets()
        cancel = Cancel(made, number, lambda seen, at=at: seen.number == at, acting)  # type: ignore[misc]

        said = cancel.run(buckets)

        assert cancel.seen, at
        judge(made, buckets, said, number)


def _signal(at: int, *, acting: bool) -> Signals:
    """One of the two, in turn; each request gets both, one before it acts and one behind."""
    return SIGTERM if (at % 2 == 0) == acting else SIGINT
