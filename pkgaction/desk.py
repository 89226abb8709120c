"""Where a submission is decided: published as it is, or refused with a reason.

Signature, name and owner, rules for built packages, then the steps of a release but for build and sign.
"""

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Self, TypeAlias

from pkgaction.bounded import Bounded, Done, Ended
from pkgaction.errors import PackageError
from pkgaction.examination import examine, refused, reopened
from pkgaction.foresight import foresee
from pkgaction.job import Job, World
from pkgaction.model import layout
from pkgaction.model.finding import errors
from pkgaction.model.manifest import PackageId
from pkgaction.model.outcome import Ledger, Status
from pkgaction.model.owners import Owners
from pkgaction.model.release import Built, Candidate, Published, Signed, Stored
from pkgaction.model.submission import Code, Received, Refused
from pkgaction.pace import Pace
from pkgaction.ports import Verifier
from pkgaction.public_versions import SUBMISSION, PublicVersions
from pkgaction.refusals import outcome_of, parts, too_costly, undecided, withdrawn
from pkgaction.stages import accept, validate
from pkgaction.steps import Steps

_LEFT_OUT = {
    "commit",
    "pull-request",
}  # of the provenance: they are those of the job, not of the package
_PACE = Pace()


@dataclass(frozen=True, slots=True)
class Standing:
    """The version is published, and the index has it: there is nothing to do."""


Decided: TypeAlias = "Published | Standing | Refused | None"


@dataclass(slots=True)
class Desk:
    """Takes what was received, or says why not."""

    owners: Owners
    steps: Steps  # nothing is signed in them
    public: PublicVersions
    pace: Pace
    decided: set[str] = field(default_factory=set)  # names of submissions
    _taken: dict[PackageId, str] = field(default_factory=dict)  # content of what this run has published
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
        signer = accept.SubmittedOnly(verifier=verifier)
        steps = Steps(job, replace(world, signer=signer), ledger)
        return cls(owners, steps, PublicVersions(world.artifacts, world.index, world.clock), pace)

    @contextlib.contextmanager
    def open(self, names: Sequence[str]) -> Iterator[None]:
        """The block decides these submissions; where it ends early, the rest is said to be not tried."""
        try:
            yield
        except BaseException:
            said = {one.folder for one in self.steps.ledger.sorted()} | self.decided
            for name in names:
                if name not in said:
                    self.steps.ledger.settle(undecided(name))
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
        return self.decide(done) if done else None

    def decide(self, done: Done[Received, Built | Refused], *, is_last: bool = False) -> Decided:
        """The same for what was looked into; `is_last`: it ended other runs, and was tried alone.

        Raises:
            OutsideError: as `take`.
        """
        received, result = done.item, done.result()
        if isinstance(result, Ended):
            return self.refuse(too_costly(received, result, self.pace.limits, is_last=is_last))
        decided = self._judged(received, result)
        if isinstance(decided, Refused):
            return self.refuse(decided)
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
                return self._ship(received, built)
        except PackageError as error:
            return refused(received, Code.NO_PACKAGE, error.what, error.fix)

    def _ship(self, received: Received, built: Built) -> Decided:
        """The steps of a release, up to the index. A ledger of its own tells why one failed."""
        if self._taken.get(built.id) == built.content_digest:
            self.steps.ledger.notices.append(
                f"{received.name} has the content of {built.id}, which this run has published out of "
                "another submission: it is not published a second time"
            )
            return Standing()
        steps = replace(self.steps, ledger=Ledger(), job=_marked(self.steps.job, received))
        ledger = self.steps.ledger
        if self.steps.job.dry_run:
            return self._foreseen(received, built, steps)
        self.decided.add(received.name)  # from here on the buckets say what became of it
        published: list[Published] = []
        try:
            steps.publish([Signed(built, received.signature)], published)
            standing = self._standing(received, published[0]) if published else None
        except BaseException:
            ledger.absorb(steps.ledger)  # what is public by then, or may be, is known to the report
            raise
        ledger.warnings += [text for text in steps.ledger.warnings if text not in ledger.warnings]
        if standing:
            return standing
        if not published:
            return self._failed(received, steps.ledger)
        ledger.absorb(steps.ledger)
        self._taken[built.id] = built.content_digest
        return published[0]

    def _foreseen(self, received: Received, built: Built, steps: Steps) -> Refused | None:
        if built.id in self._taken:
            what = "another submission has this version with other content, and comes first"
            return refused(received, Code.CONFLICT, what, "raise the version")
        foresee([built], steps)
        self.steps.ledger.warnings += steps.ledger.warnings
        would = any(one.status is Status.WOULD_PUBLISH for one in steps.ledger.sorted())
        there = would and self.steps.world.artifacts.stat(layout.zip_name(built.id))
        if there and received.source and not self._may_index(received, built.id):
            return withdrawn(received)
        self.steps.ledger.absorb(steps.ledger)
        self._taken[built.id] = built.content_digest
        return None

    def _standing(self, received: Received, done: Published) -> Standing | Refused | None:
        """What is public already goes on into the index only if this very submission has made it so.

        Everybody can read the public bucket: who copies a zip and its signature from there into the
        queue has no key, and must not undo a roll back.
        """
        package = done.built.id
        if done.stored is Stored.CREATED or not received.source or self.steps.world.index is None:
            return None
        if self._is_own(received, package):
            return None
        if not self.public.is_indexed(package):
            return withdrawn(received)
        self.steps.settle(done.built, Status.ALREADY_PUBLISHED, stored=done)
        return Standing()

    def _may_index(self, received: Received, package: PackageId) -> bool:
        return self._is_own(received, package) or self.public.is_indexed(package)

    def is_public(self, submission: accept.Submission) -> bool:
        """Whether a run that ended before it could say so has published it."""
        package = layout.identity(*parts(submission.name))
        return package is not None and self.public.source(package) == submission.source

    def _is_own(self, received: Received, package: PackageId) -> bool:
        return self.public.source(package) == received.source

    def _failed(self, received: Received, ledger: Ledger) -> Refused | None:
        """Why it could not be published; None where that is not its own fault, so that it stays."""
        (failed,) = ledger.outcomes.values()
        if ledger.exit_status != PackageError.exit_status:
            self.steps.ledger.absorb(ledger)
            return None
        code = Code.CONFLICT if failed.status is Status.CONFLICT else Code.INVALID
        no = refused(received, code, failed.reason, failed.fix)
        return replace(no, findings=errors(failed.findings))


def _marked(job: Job, received: Received) -> Job:
    """The same job, whose objects say what they were made of."""
    if not received.source:
        return job
    return replace(job, provenance=lambda one: {**job.provenance(one), SUBMISSION: received.source})
