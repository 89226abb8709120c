"""The stages, each over all packages: what fails is settled in the ledger and left out."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pkgaction import retention
from pkgaction.errors import (
    OutsideError,
    PackageError,
    PkgactionError,
    UsageError,
)
from pkgaction.job import MOST_UPLOADS
from pkgaction.model import layout, outcome
from pkgaction.model.outcome import GOES_ON, Problem, Status
from pkgaction.model.release import (
    Built,
    Candidate,
    Indexed,
    Published,
    Rejected,
    Signed,
    Validated,
)
from pkgaction.parallel import over_cores
from pkgaction.ports import ObjectStore, Signer
from pkgaction.requirements import Requirements
from pkgaction.rules.package import Mode
from pkgaction.settling import IN_THE_BUCKET, Settling
from pkgaction.stages import build, index, publish, sign, validate


@dataclass(frozen=True, slots=True)
class Steps(Settling):
    """The stages of one run."""

    def look(self, *, create: bool = True) -> None:
        """See that both buckets can be used, before anything is written to one of them.

        Raises:
            UsageError: one of them is missing, or the run has no right to list it or to create in it.
        """
        self.world.artifacts.look(layout.ARTIFACT_PROBE, create=create)
        if self.world.index is not None:
            self.world.index.look(layout.INDEX_PROBE, create=create)

    def validate(self, candidates: Sequence[Candidate], mode: Mode = Mode.SOURCE) -> list[Validated]:
        """Check every package; the rejected ones are settled.

        Raises:
            SpecificationError: there is nothing to validate by, so nothing goes on.
        """
        if not candidates:
            return []
        specification = self.world.specification()
        self.ledger.checks = validate.checks(specification)
        self.world.watch.say(f"Validation: {self.ledger.checks}")
        checked = self.each(
            "Validate", candidates, lambda c: c, lambda c: validate.check(c, specification, mode)
        )
        return list(self.passed(checked))

    def build(self, validated: Sequence[Validated], taken: Sequence[Built] = ()) -> list[Built]:
        """Build every zip, after those that it requires, which may be among those that were taken.

        What was built is checked: nothing is signed, or built into another package, that does not pass.
        """
        built: list[Built] = []
        run = Requirements.of([*(v.candidate for v in validated), *(b.candidate for b in taken)])
        for level in run.levels(validated, lambda v: v.candidate):
            built += self._checked(self._built(level, run, [*taken, *built]))
        return built

    def _checked(self, built: Sequence[Built]) -> Sequence[Built]:
        specification = self.world.specification() if built else None
        if specification is None:
            return built
        checked = self.each(
            "Validate the zips",
            built,
            lambda b: b.candidate,
            lambda b: validate.check_built(b, specification),
        )
        return list(self.passed(checked))

    def _built(
        self, level: Sequence[Validated], run: Requirements, before: Sequence[Built]
    ) -> list[Built]:
        """As many at the same time as there are jobs; `before` is what they may require of the run."""
        job, outcomes = self.job, [*self.ledger.outcomes.values()]
        tried = [(one, run.refusal(one.candidate, outcomes)) for one in level]
        validated = [one for one, refusal in tried if refusal is None]
        threads = max(1, job.jobs // max(1, len(validated)))
        bench = build.Bench(sources=self.world.sources, phrases=job.phrases, jobs=threads)
        versions = {known.name: known.version for known in outcomes} | run.versions
        bench = bench.with_zips([(one.id, one.zip) for one in before], versions, self.ledger.hints)

        def make(one: Validated) -> build.Made | build.Refused:
            folder = Path(tempfile.mkdtemp(prefix="build-", dir=self.world.scratch))
            return build.make(one.candidate, folder, bench)

        if len(validated) > 1:
            build.read_ahead((one.candidate.source for one in validated), bench)
        with closing(over_cores(make, validated, jobs=job.jobs)) as made:

            def finish(one: tuple[Validated, PackageError | None]) -> Built | Rejected:
                validated, refusal = one
                if refusal:
                    raise refusal
                return build.built(validated, next(made)())

            return list(self.passed(self.each("Build", tried, lambda one: one[0].candidate, finish)))

    def take(self, candidate: Candidate, path: Path) -> list[Built]:
        """A zip that was built before, in the place of a build."""
        validated = self.validate([candidate], Mode.BUILD)
        taken = self.each("Read", validated, lambda v: v.candidate, lambda v: build.take(v, path))
        return list(self.passed(taken))

    def sign(self, built: Sequence[Built]) -> list[Signed]:
        """Sign every zip. What the buckets' answers have said of the clock by now is warned of first."""
        with suppress(UsageError):  # one that is too wrong is refused by who signs
            for warning in self.world.clock.skew.warnings() if built else ():
                self.warn(warning)
        return self.each("Sign", built, lambda b: b.candidate, lambda b: sign.sign(b, self.signer()))

    def release(self, signed: Sequence[Signed]) -> None:
        """Put every version into the bucket, and all that is there into the index."""
        with self.indexing() as published:
            self.publish(signed, published)

    @contextmanager
    def indexing(self) -> Iterator[list[Published]]:
        """The block fills a list of what is in the bucket; at its end all of that goes into the index.

        That holds for whatever ends the block early, but for a cancel.
        """
        published: list[Published] = []
        try:
            yield published
        except Exception:
            try:
                self.index(published)
            except PkgactionError as error:  # told beside the one that ends the run
                self.ledger.problems.append(Problem.of(error))
            raise
        self.index(published)

    def publish(self, signed: Sequence[Signed], published: list[Published]) -> None:
        """Put every version into the bucket, or complete it there, and add it to the list at once."""
        if not signed:
            return
        signer = self.signer()
        run = Requirements.of(one.built.candidate for one in signed)
        ordered = run.ordered(signed, lambda one: one.built.candidate)
        with self.world.watch.group("Publish"):
            for one in self.world.watch.each("Publish", ordered):
                put = partial(self._put, one, signer, run)
                published += self.attempt(one.built.candidate, put)

    def _put(self, one: Signed, signer: Signer, run: Requirements) -> Published:
        """Publish one version; from its zip's creation on the ledger says that it is public."""
        built = one.built
        run.require(built.candidate, self.ledger.outcomes.values())
        context = publish.Bench(
            store=self.world.artifacts,
            signer=signer,
            provenance=self.job.provenance(built.candidate),
            scratch=self.world.scratch,
            uploads=1 if self.job.jobs == 1 else min(MOST_UPLOADS, 4 * self.job.jobs),
            on_zip=self._record_public,
            warn=self.warn,
        )
        self.ledger.started[outcome.key_of(built.candidate)] = built
        done = publish.publish(one, context)
        self._record_public(done)
        return done

    def _record_public(self, done: Published) -> None:
        """What is said of a version that is in the bucket, for as long as nothing else is known."""
        self.ledger.stored[outcome.key_of(done.built.candidate)] = done
        if self.world.index is None:
            self.settle(done.built, outcome.status_of(done, indexed=False), stored=done)
            return
        reason = f"{IN_THE_BUCKET}, and the run ended before its entry in the index was confirmed"
        self.settle(done.built, Status.NOT_INDEXED, reason=reason, fix=GOES_ON, stored=done)

    def signer(self) -> Signer:
        """The key, which is needed from here on."""
        if self.world.signer is None:
            what = "no signing key is given, and nothing is published unsigned"
            fix = "set it to an armored private key, from a secret"
            raise UsageError(what=what, where="input gpg-private-key", fix=fix)
        return self.world.signer

    def index(self, published: Sequence[Published]) -> None:
        """Add everything that is in the bucket to the index; also what an earlier run left out.

        Raises:
            OutsideError, UsageError: the index cannot be written; each package's outcome says so.
        """
        if self.world.index is None or not published:
            return
        try:
            with self.world.watch.group("Index"):
                indexed = index.add(published, self.world.index, self.world.clock)
                self._record_indexed(published, indexed)
                self._prune(self.world.index)
        except (OutsideError, UsageError) as error:
            self._record_unindexed(published, error)
            raise

    def _record_indexed(self, published: Sequence[Published], indexed: Indexed) -> None:
        self.ledger.cursor = indexed.cursor
        for warning in indexed.warnings:
            self.warn(warning)
        for one in published:
            changed = one.built.id in indexed.changed
            self.settle(one.built, outcome.status_of(one, indexed=changed), stored=one)
        self.world.watch.say(f"generation {indexed.cursor}")

    def _record_unindexed(self, published: Sequence[Published], error: PkgactionError) -> None:
        reason = f"{IN_THE_BUCKET}, but the index failed: {error.what}"
        fix = outcome.and_again(error.fix)
        for one in published:
            self.settle(one.built, Status.NOT_INDEXED, reason=reason, fix=fix, stored=one)

    def _prune(self, store: ObjectStore) -> None:
        """Old generations go, where that is asked for. A failure is a warning: all is published."""
        if not self.job.keep_index_days:
            return
        try:
            gone = retention.prune(store, self.world.clock, days=self.job.keep_index_days)
        except PkgactionError as error:
            self.ledger.warnings.append(f"old generations of the index were not deleted: {error}")
        else:
            if gone:
                self.world.watch.say(f"{len(gone)} old generations deleted, up to {gone[-1]}")
