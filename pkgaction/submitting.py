"""A submission that was found good → its version in the public bucket, as it was submitted."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from pkgaction import objects
from pkgaction.errors import PackageError
from pkgaction.examination import refused
from pkgaction.foresight import foresee
from pkgaction.job import Job
from pkgaction.model.finding import errors
from pkgaction.model.manifest import PackageId
from pkgaction.model.outcome import Ledger, Status
from pkgaction.model.record import SUBMISSION
from pkgaction.model.release import Built, Published, Signature, Signed, Stored
from pkgaction.model.submission import Code, Received, Refused
from pkgaction.ports import StoredObject, Verdict, Verifier
from pkgaction.public_versions import PublicVersions, Stand
from pkgaction.refusals import withdrawn
from pkgaction.steps import Steps


@dataclass(frozen=True, slots=True)
class Standing:
    """The version is published, and the index has it: there is nothing to do."""


@dataclass(frozen=True, slots=True)
class Postponed:
    """Another run may be about to index the version: until that is seen, nothing can be said of it."""


Decided: TypeAlias = "Published | Standing | Postponed | Refused | None"


@dataclass(frozen=True, slots=True)
class SubmittedOnly:
    """A signer that signs nothing: what is accepted keeps the signature it came with."""

    verifier: Verifier | None = None  # of those that submit

    def preflight(self) -> list[str]:
        """Nothing to try out."""
        return []

    def sign(self, path: Path) -> Signature:
        """Refuse.

        Raises:
            PackageError: always.
        """
        raise PackageError(
            what="the stored zip has the same content in other bytes, and no signature",
            where=path.name,
            fix="submit exactly the stored zip, with its signature",
        )

    def verifies(self, path: Path, signature: bytes) -> Verdict:
        """Whether a trusted key made it; else it may be of a key that signed here before."""
        nobody = Verdict(problem="no key is trusted here")
        verdict = self.verifier.verify(path, signature) if self.verifier else nobody
        return verdict or replace(verdict, is_of_unknown_key=True)


@dataclass(frozen=True, slots=True)
class SubmissionPublisher:
    """Publishes submissions, up to the index."""

    steps: Steps  # nothing is signed in them
    public: PublicVersions
    begun: set[str] = field(default_factory=set)  # names of submissions that the buckets know of
    _taken: dict[PackageId, str] = field(default_factory=dict)  # content of what this run has published

    def publish(self, received: Received, built: Built) -> Decided:
        """Publish it, or say why not; with a dry run neither, where nothing speaks against it."""
        if self._taken.get(built.id) == built.content_digest:
            self.steps.ledger.notices.append(
                f"{received.name} has the content of {built.id}, which this run has published out of "
                "another submission: it is not published a second time"
            )
            return Standing()
        stored = self.public.zip(built.id)
        if stored and (stand := self.public.stand(received, built.id, stored)) is not Stand.OPEN:
            return self._compared(received, built, stored, stand)
        steps = replace(self.steps, ledger=Ledger(), job=_marked(self.steps.job, received))
        if self.steps.job.dry_run:
            return self._foreseen(received, built, steps)
        return self._published(received, built, steps)

    def _compared(self, received: Received, built: Built, stored: StoredObject, stand: Stand) -> Decided:
        """What becomes of the submission of a version that it may add nothing to; nothing is written."""
        artifacts, scratch = self.steps.world.artifacts, self.steps.world.scratch

        steps = replace(self.steps, ledger=Ledger())

        def compare() -> Published:
            with objects.stored_zip(stored, built, artifacts, scratch, steps.warn) as same:
                return Published(
                    built=built, stored=Stored.UNCHANGED, zip_sha256=same.sha256, zip_size=stored.size
                )

        compared = steps.attempt(built.candidate, compare)
        self._warn(steps.ledger)
        if not compared:
            return self._failed(received, steps.ledger)
        if stand is Stand.BEING_PUBLISHED:
            return Postponed()
        if stand is Stand.WITHDRAWN:
            return withdrawn(received)
        self.steps.settle(built, Status.ALREADY_PUBLISHED, stored=compared[0])
        return Standing()

    def _foreseen(self, received: Received, built: Built, steps: Steps) -> Refused | None:
        if built.id in self._taken:
            what = "another submission has this version with other content, and comes first"
            return refused(received, Code.CONFLICT, what, "raise the version")
        foresee([built], steps)
        self._warn(steps.ledger)
        self.steps.ledger.absorb(steps.ledger)
        self._taken[built.id] = built.content_digest
        return None

    def _published(self, received: Received, built: Built, steps: Steps) -> Decided:
        """The steps of a release. A ledger of its own tells why one failed."""
        ledger = self.steps.ledger
        self.begun.add(received.name)
        published: list[Published] = []
        try:
            steps.publish([Signed(built, received.signature)], published)
            overtaken = self._overtaken(received, published[0]) if published else None
        except BaseException:
            ledger.absorb(steps.ledger)  # what is public by then, or may be, is known to the report
            raise
        self._warn(steps.ledger)
        if overtaken:
            return overtaken
        if not published:
            return self._failed(received, steps.ledger)
        ledger.absorb(steps.ledger)
        self._taken[built.id] = built.content_digest
        return published[0]

    def _overtaken(self, received: Received, done: Published) -> Decided:
        """What becomes of it if another submission has made the version public meanwhile."""
        if done.stored is Stored.CREATED:
            return None
        stored = self.public.zip(done.built.id)
        if stored is None:
            return None
        stand = self.public.stand(received, done.built.id, stored)
        return None if stand is Stand.OPEN else self._compared(received, done.built, stored, stand)

    def _warn(self, ledger: Ledger) -> None:
        for text in ledger.warnings:
            self.steps.warn(text)

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
