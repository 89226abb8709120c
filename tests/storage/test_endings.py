"""Each refusal of the storage at each step of a release: `make test` has a part of them."""

from collections.abc import Iterator

import pytest

from tests.e2e import test_endings
from tests.e2e.disturbing import CAUSES, OUTAGE, Step
from tests.e2e.endings import Trial, quick, trial
from tests.fakes import proxy


@pytest.fixture(scope="module")
def made() -> Iterator[Trial]:
    with proxy.running() as wire, trial(None, wire) as one, quick(one):
        yield one


@pytest.mark.parametrize("name", CAUSES)
@pytest.mark.parametrize("step", Step, ids=lambda step: step.name)
def test_each_refusal_at_each_step(made: Trial, step: Step, name: str) -> None:
    test_endings.end(made, step, CAUSES[name])


@pytest.mark.parametrize("step", [s for s in Step if not s.reads], ids=lambda step: step.name)
def test_each_write_that_is_not_confirmed(made: Trial, step: Step) -> None:
    test_endings.end(made, step, OUTAGE, acting=True)
