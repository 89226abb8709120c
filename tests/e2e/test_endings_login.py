"""A login that ends in the middle of a release: what became of each package is told as it is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from pkgaction import wiring
from pkgaction.adapters.clock import SystemClock
from pkgaction.adapters.workload_identity import credentials
from tests.e2e.disturbing import UNAUTHORIZED, Disturbance, Step
from tests.e2e.endings import FIRST, THREE, Buckets, Trial, quick, trial
from tests.e2e.judge import expect_none, lies
from tests.fakes import proxy
from tests.fakes.identity import ACCOUNT, PROVIDER, Fault, LoopbackIdentity
from tests.fakes.proxy import Refusal, Seen

_LATER = timedelta(hours=2)  # by then each token has ended
_EARLY, _LATE = Step.CLAIM, Step.MOVE_CURSOR
STEPS = [_EARLY, Step.ZIP, Step.READ_SIGNATURE_BACK, Step.READ_CURSOR, Step.CREATE_LIST, _LATE]


@dataclass(slots=True)
class Login:
    """The services of a login, and the time that its tokens live by."""

    trial: Trial
    identity: LoopbackIdentity
    ahead: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        """The time of this machine, and of the services."""
        return datetime.now(UTC) + self.ahead

    def end_at(self, step: Step, buckets: Buckets, then: Callable[[], None]) -> None:
        """After the step's request the token has ended; what is done then decides on the next one."""
        wire = self.trial.wire
        assert wire

        def reply(seen: Seen) -> Refusal | None:
            if step.is_at(seen, wire.seen, buckets):
                self.ahead += _LATER
                then()
                wire.reply = None
            return None

        wire.reply = reply

    def refuse(self) -> None:
        """Nobody is let in from now on."""
        self.identity.condition = lambda _: False

    def fail(self) -> None:
        """The service is out of order from now on."""
        self.identity.faults.append(Fault(kind="sts", times=1000))

    def judge(self, buckets: Buckets, *, status: int) -> None:
        """Run, hold what is said against the buckets, and finish it."""
        said = self.trial.run(buckets)
        shown = buckets.show()
        found = lies(said, shown, THREE, blind=True)
        self.identity.condition = lambda _: True
        self.identity.faults.clear()
        expect_none([*found, *self.trial.finish(buckets, shown)], said)
        assert shown.is_public(FIRST)
        assert said.run.status == status
        assert "Traceback" not in said.run.log


@pytest.fixture(scope="module")
def login() -> Iterator[Login]:
    with (
        proxy.running() as wire,
        LoopbackIdentity() as identity,
        trial(None, wire) as one,
        quick(one),
        pytest.MonkeyPatch.context() as patch,
    ):
        made = Login(one, identity)
        identity.clock = made.now
        there = partial(credentials, sts_url=identity.sts_url, iam_url=identity.iam_url)
        patch.setattr(wiring, "credentials", there)
        patch.setattr(SystemClock, "now", lambda self: made.now())
        one.scene.place.environ |= identity.environ
        one.scene.inputs |= {"workload-identity-provider": PROVIDER, "service-account": ACCOUNT}
        one.undisturbed()
        yield made


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_a_login_that_is_refused_when_its_token_has_ended(login: Login, step: Step) -> None:
    buckets = login.trial.buckets()
    login.end_at(step, buckets, login.refuse)

    login.judge(buckets, status=2)


@pytest.mark.parametrize("step", [_EARLY, _LATE], ids=lambda step: step.name)
def test_a_login_whose_service_is_out_of_order_later(login: Login, step: Step) -> None:
    buckets = login.trial.buckets()
    login.end_at(step, buckets, login.fail)

    login.judge(buckets, status=3)


@pytest.mark.parametrize("step", [_EARLY, Step.ZIP, _LATE], ids=lambda step: step.name)
def test_a_token_that_is_taken_back(login: Login, step: Step) -> None:
    buckets = login.trial.buckets()
    assert login.trial.wire
    taken = Disturbance(wire=login.trial.wire, buckets=buckets, step=step, cause=UNAUTHORIZED)
    taken.begin()

    login.judge(buckets, status=2)

    assert taken.first
