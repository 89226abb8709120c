"""Where a submission is decided: published as it is, or refused with a reason.

Signature, name and owner, rules for built packages, then the steps of a release but for build and sign.
"""

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Self

from pkgaction import unfinished
from pkgaction.bounded import Bounded, Done, Ended
from pkgaction.errors import PackageError
from pkgaction.examination import examine, refused, reopened
from pkgaction.job import Job, World
from pkgaction.model.outcome import Ledger
from pkgaction.model.owners import Owners
from pkgaction.model.release import Built, Candidate
from pkgaction.model.submission import Code, Received, Refused
from pkgaction.pace import Pace
from pkgaction.ports import Verifier
from pkgaction.public_versions import PublicVersions
from pkgaction.refusals import outcome_of, too_costly, version_of
from pkgaction.stages import accept, validate
from pkgaction.steps import Steps
from pkgaction.submitting import Decided, Postponed, SubmissionPublisher, SubmittedOnly

_LEFT_OUT = {
    "commit",
    "pull-request",
}  # of the provenance: they are those of the job, not of the package
_PACE = Pace()
_PATIENCE = 20.0  # seconds for what the buckets show when a run ends early
_HURRY = 2.0  # the same after a cancel: a runner kills what goes on for ten, and a report is due


@dataclass(slots=True)
class Desk:
    """Takes what was received, or says why not."""

    owners: Owners
    publisher: SubmissionPublisher
    pace: Pace
    decided: set[str] = field(default_factory=set)  # names of submissions
    _looks: Bounded[Received, Built | Refused] | None = None

    @classmethod
    def of(
        cls,
        owners: Owners,
        verifier: Verifier,
        job: Job,
        world: World,
        ledger: Ledger,
        pace: Pace = _PACE,
    ) -> Self:
        """A desk for this job; the verifier knows the keys of those who submit."""
        asked = job.provenance

        def kept(candidate: Candidate) -> dict[str, str]:
            return {k: v for k, v in asked(candidate).items() if k not in _LEFT_OUT}

        job = replace(job, provenance=kept)
        signer = SubmittedOnly(verifier=verifier)
        steps = Steps(job, replace(world, signer=signer), ledger)
        public = PublicVersions(world.artifacts, world.index, world.clock)
        return cls(owners, SubmissionPublisher(steps, public), pace)

    @property
    def steps(self) -> Steps:
        """The steps of a release; nothing is signed in them."""
        return self.publisher.steps

    @contextlib.contextmanager
    def open(self, sources: Mapping[str, str]) -> Iterator[None]:
        """The block decides submissions; where it ends early, it is said what the buckets show of the
        rest.

        Args:
            sources: the queue's object of each, by its name; empty for what a person hands over.
        """
        try:
            yield
        except BaseException as error:
            reported = {one.folder for one in self.steps.ledger.sorted()}
            said = reported | self.decided | self.publisher.begun
            rest = {name: source for name, source in sources.items() if name not in said}
            seconds = _PATIENCE if isinstance(error, Exception) else _HURRY
            for outcome in unfinished.outcomes(rest, self.publisher.public, seconds):
                self.steps.ledger.settle(outcome)
            raise
        finally:
            if self._looks:
                self._looks.close()

    def prepare(self) -> Bounded[Received, Built | Refused]:
        """The processes in which submissions are looked into, several at the same time.

        Raises:
            SpecificationError: there is nothing to validate by, so nothing goes on.
        """
        if self._looks is None:
            specification = self.steps.world.specification()
            self.steps.ledger.checks = validate.checks(specification)
            self.steps.world.watch.say(f"Validation: {self.steps.ledger.checks}")
            work = partial(examine, owners=self.owners, specification=specification)
            cores = len(os.sched_getaffinity(0))
            count = max(2, min(self.steps.job.jobs, cores))  # one that takes long stops no other one
            self._looks = Bounded(work, self.pace.limits, count, self.pace.patience)
        return self._looks

    def take(self, received: Received | Refused) -> Decided:
        """Publish it, or say why not; with a dry run neither, where nothing speaks against it.

        Raises:
            OutsideError: the outside failed; it is neither, and stays where it is.
        """
        if isinstance(received, Refused):
            return self.refuse(received)
        looks = self.prepare()
        looks.begin(received)
        done = looks.next()
        decided = self.decide(done) if done else None
        return self.refuse(decided) if isinstance(decided, Refused) else decided

    def decide(self, done: Done[Received, Built | Refused], *, is_last: bool = False) -> Decided:
        """The same for what was looked into, but that a refusal is not said yet; `is_last`: it ended
        other runs, and was tried alone.

        Raises:
            OutsideError: as `take`.
        """
        received, result = done.item, done.result()
        if isinstance(result, Ended):
            return too_costly(received, result, self.pace.limits, is_last=is_last)
        decided = self._judged(received, result)
        if not isinstance(decided, Refused | Postponed):
            self.decided.add(received.name)
        return decided

    def refuse(self, no: Refused) -> Refused:
        """Say that it is refused."""
        self.decided.add(no.name)
        say = self.steps.world.watch.say
        say(f"{no.name}: refused, {no.code}: {no.what}")
        for finding in no.findings:
            say(f"{no.name}: {finding.place}: {finding.message}")
        self.steps.ledger.settle(outcome_of(no))
        return no

    def _judged(self, received: Received, found: Built | Refused) -> Decided:
        if isinstance(found, Refused):
            return found
        try:
            with reopened(found) as built:
                return self.publisher.publish(received, built)
        except PackageError as error:
            return refused(received, Code.NO_PACKAGE, error.what, error.fix)

    def is_public(self, submission: accept.Submission) -> bool:
        """Whether a run that ended before it could say so has published it."""
        package = version_of(submission.name)
        return package is not None and self.publisher.public.is_made_of(package, submission.source)
