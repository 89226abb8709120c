"""The publishing job of a storage for owners who may not write to it: the queue → accepted, or refused.

    signature → owner → validate → publish → index → out of the queue

The same steps as for a release, but for build and sign: what was submitted is published as it is.
"""

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from pkgaction.errors import (
    PackageError,
    PkgactionError,
    is_of_one,
    of_machine,
    of_system,
)
from pkgaction.foresight import foresee
from pkgaction.job import Job, World
from pkgaction.model import layout
from pkgaction.model.finding import errors
from pkgaction.model.manifest import FILE, ManifestProblemError, identify
from pkgaction.model.outcome import GOES_ON, Ledger, Outcome, Problem, Status
from pkgaction.model.owners import Owners
from pkgaction.model.release import Candidate, Published, Signed
from pkgaction.model.submission import Code, Received, Refused
from pkgaction.model.tree import NOWHERE, PackageSource
from pkgaction.model.yamltext import MOST_BYTES
from pkgaction.ports import GenerationMismatchError, ObjectStore, Verifier
from pkgaction.stages import accept
from pkgaction.steps import Steps
from pkgaction.transforms import unarchive

_LEFT_OUT = {
    "commit",
    "pull-request",
}  # of the provenance: they are those of the job, not of the package


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Who may publish what, and where it waits."""

    queue: ObjectStore
    verifier: Verifier
    owners: Owners
    warnings: Sequence[str] = ()  # of the trusted keys


def run(gate: Gate, job: Job, world: World, ledger: Ledger) -> None:
    """Decide every submission in the queue; what is accepted goes into the index together.

    Raises:
        OutsideError: the index can't be written; what was published stays in the queue, too.
    """
    ledger.warnings += gate.warnings
    bench = accept.Bench(queue=gate.queue, verifier=gate.verifier, clock=world.clock)
    desk = Desk.of(gate.owners, gate.verifier, job, world, ledger)
    waiting = list(accept.waiting(bench))
    desk.steps.look(create=not job.dry_run)
    accepted: list[accept.Submission] = []
    with desk.naming([submission.name for submission in waiting]), desk.steps.indexing() as published:
        for submission in world.watch.each("Accept", waiting):
            if done := _attempt(submission, bench, desk):
                accepted.append(submission)
                published.append(done)
    for submission in accepted:
        accept.done(submission, bench)


def _attempt(submission: accept.Submission, bench: accept.Bench, desk: "Desk") -> Published | None:
    """Decide one submission; what was published, if it was.

    Raises:
        PkgactionError: the cause is not the submission's, so the others need not be tried.
    """
    world, ledger = desk.steps.world, desk.steps.ledger
    try:
        with tempfile.TemporaryDirectory(dir=world.scratch) as folder:
            return _decide(submission, bench, Path(folder), desk)
    except GenerationMismatchError:
        world.watch.say(f"{submission.name} was replaced meanwhile: the next run decides it")
    except PkgactionError as error:
        if not is_of_one(error):
            raise
        ledger.problems.append(Problem.of(error))
    except OSError as error:
        raise of_machine(error) or of_system(error) from error
    except Exception as error:  # noqa: BLE001 - one submission must not hold the others back
        what = f"pkgaction itself failed at it: {type(error).__name__}"
        fix = "report it; it stays in the queue, the others go on"
        ledger.problems.append(Problem(what=what, where=submission.name, fix=fix))
    return None


def _decide(
    submission: accept.Submission, bench: accept.Bench, folder: Path, desk: "Desk"
) -> Published | None:
    """Publish one submission, or move it aside."""
    decided = desk.take(accept.receive(submission, bench, folder))
    if isinstance(decided, Refused) and not desk.steps.job.dry_run:
        accept.refuse(submission, decided, bench, folder)
    return decided if isinstance(decided, Published) else None


@dataclass(frozen=True, slots=True)
class Desk:
    """Takes what was received, or says why not."""

    owners: Owners
    steps: Steps  # nothing is signed in them
    decided: set[str] = field(default_factory=set)  # names of submissions

    @classmethod
    def of(cls, owners: Owners, verifier: Verifier, job: Job, world: World, ledger: Ledger) -> Self:
        """A desk for this job; the verifier knows the keys of those who submit."""
        asked = job.provenance

        def kept(candidate: Candidate) -> dict[str, str]:
            return {k: v for k, v in asked(candidate).items() if k not in _LEFT_OUT}

        job = replace(job, provenance=kept)
        signer = accept.SubmittedOnly(verifier=verifier)
        return cls(owners, Steps(job, replace(world, signer=signer), ledger))

    @contextlib.contextmanager
    def naming(self, names: Sequence[str]) -> Iterator[None]:
        """The block decides these submissions; where it ends early, the rest is said to be not tried."""
        try:
            yield
        except BaseException:
            said = {one.folder for one in self.steps.ledger.sorted()} | self.decided
            for name in names:
                if name not in said:
                    self.steps.ledger.settle(_undecided(name))
            raise

    def take(self, received: Received | Refused) -> Published | Refused | None:
        """Publish it, or say why not; with a dry run neither, where nothing speaks against it.

        Raises:
            OutsideError: the outside failed; it is neither, and stays where it is.
        """
        decided = received if isinstance(received, Refused) else self._decided(received)
        if isinstance(decided, Refused):
            self.steps.ledger.settle(_outcome(decided))
        self.decided.add(received.name)
        return decided

    def _decided(self, received: Received) -> Published | Refused | None:
        try:
            with _opened(received) as candidate:
                return self._not_theirs(received, candidate) or self._ship(received, candidate)
        except PackageError as error:
            return _because(received, Code.NO_PACKAGE, error.what, error.fix)

    def _not_theirs(self, received: Received, candidate: Candidate) -> Refused | None:
        base = layout.base_name(candidate.id)
        if received.name != f"{base}.zip":
            what = f"it is called {received.name}, and has {base} in it"
            return _because(received, Code.MISNAMED, what, f"call it {base}.zip")
        if not self.owners.may(received.signature.fingerprint, candidate.id.name):
            what = f"the key {received.signature.fingerprint} may not publish {candidate.id.name}"
            fix = "let the storage's operators add the name to the owner map, or take another one"
            return _because(received, Code.NOT_OWNER, what, fix)
        return None

    def _ship(self, received: Received, candidate: Candidate) -> Published | Refused | None:
        """The steps of a release, up to the index. A ledger of its own tells why one failed."""
        steps = replace(self.steps, ledger=Ledger())
        built = steps.take(candidate, received.path)
        self.steps.ledger.checks = steps.ledger.checks
        self.steps.ledger.warnings += steps.ledger.warnings
        if self.steps.job.dry_run and built:
            foresee(built, self.steps)
            return None
        self.decided.add(received.name)  # from here on the buckets say what became of it
        if published := self._publish([Signed(one, received.signature) for one in built], steps):
            return published[0]
        (failed,) = steps.ledger.outcomes.values()
        if steps.ledger.exit_status != PackageError.exit_status:
            self.steps.ledger.absorb(steps.ledger)  # it is neither, and stays where it is
            return None
        code = Code.CONFLICT if failed.status is Status.CONFLICT else Code.INVALID
        refused = _because(received, code, failed.reason, failed.fix)
        return replace(refused, findings=errors(failed.findings))

    def _publish(self, signed: list[Signed], steps: Steps) -> list[Published]:
        """Publish; what is public by then, or may be, is known to whoever reports the run."""
        published: list[Published] = []
        try:
            steps.publish(signed, published)
        except BaseException:
            self.steps.ledger.absorb(steps.ledger)
            raise
        if published:
            self.steps.ledger.absorb(steps.ledger)
        return published


def _undecided(submission: str) -> Outcome:
    name, _, version = submission.removesuffix(".zip").partition("-")
    reason = "the run ended before it was decided: it stays where it is"
    return Outcome(
        name=name,
        version=version,
        folder=submission,
        status=Status.NOT_TRIED,
        reason=reason,
        fix=GOES_ON,
    )


def _outcome(refused: Refused) -> Outcome:
    name, _, version = refused.name.removesuffix(".zip").partition("-")
    return Outcome(
        name=name,
        version=version,
        folder=refused.name,
        status=Status.CONFLICT if refused.code is Code.CONFLICT else Status.FAILED,
        reason=f"refused, {refused.code}: {refused.what}",
        fix=refused.fix,
        findings=tuple(refused.findings),
    )


@contextlib.contextmanager
def _opened(received: Received) -> Iterator[Candidate]:
    """The package in a received zip.

    Raises:
        PackageError: it is none.
    """
    with unarchive.opened(received.path) as (top, tree):
        data = tree.read(FILE, limit=MOST_BYTES)
        try:
            identity = identify(data or b"")
        except ManifestProblemError as error:
            what = f"{FILE}:{error.line}: {error.message}" if data else f"it has no {FILE}"
            raise PackageError(what=what, where=received.name, fix="mend the manifest") from error
        source = PackageSource(folder=top, tree=tree, repository=NOWHERE)
        yield Candidate.named(source, identity)


def _because(received: Received, code: Code, what: str, fix: str) -> Refused:
    by = received.signature.fingerprint
    return Refused(name=received.name, code=code, what=what, fix=fix, fingerprint=by)
