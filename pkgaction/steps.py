"""The stages, each over all packages: what fails is settled in the ledger and left out."""

import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from pkgaction import retention
from pkgaction.errors import (
    OutsideError,
    PkgactionError,
    UsageError,
)
from pkgaction.job import MOST_UPLOADS
from pkgaction.model.outcome import Status
from pkgaction.model.release import (
    Built,
    Candidate,
    Indexed,
    Published,
    Signed,
    Stored,
    Validated,
)
from pkgaction.parallel import over_cores
from pkgaction.ports import ObjectStore, Signer
from pkgaction.rules.package import Mode
from pkgaction.settling import Settling
from pkgaction.stages import build, index, publish, sign, validate


@dataclass(frozen=True, slots=True)
class Steps(Settling):
    """The stages of one run."""

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

    def build(self, validated: Sequence[Validated]) -> list[Built]:
        """Build every zip, and check what was built: nothing is signed that does not pass."""
        built = self._built(validated)
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

    def _built(self, validated: Sequence[Validated]) -> list[Built]:
        """As many at the same time as there are jobs."""
        job = self.job
        threads = max(1, job.jobs // max(1, len(validated)))
        bench = build.Bench(sources=self.world.sources, phrases=job.phrases, jobs=threads)

        def make(one: Validated) -> build.Made:
            folder = Path(tempfile.mkdtemp(prefix="build-", dir=self.world.scratch))
            return build.make(one.candidate, folder, bench)

        if len(validated) > 1:
            build.read_ahead((one.candidate.source for one in validated), bench)
        with closing(over_cores(make, validated, jobs=job.jobs)) as made:
            return self.each(
                "Build", validated, lambda v: v.candidate, lambda v: build.built(v, next(made)())
            )

    def take(self, candidate: Candidate, path: Path) -> list[Built]:
        """A zip that was built before, in the place of a build."""
        validated = self.validate([candidate], Mode.BUILD)
        return self.each("Read", validated, lambda v: v.candidate, lambda v: build.take(v, path))

    def sign(self, built: Sequence[Built]) -> list[Signed]:
        """Sign every zip."""
        return self.each("Sign", built, lambda b: b.candidate, lambda b: sign.sign(b, self.signer()))

    def publish(self, signed: Sequence[Signed]) -> list[Published]:
        """Put every version into the bucket, or complete it there."""
        if not signed:
            return []
        world, signer = self.world, self.signer()

        def put(one: Signed) -> Published:
            bench = publish.Bench(
                store=world.artifacts,
                signer=signer,
                provenance=self.job.provenance(one.built.candidate),
                scratch=world.scratch,
                uploads=1 if self.job.jobs == 1 else min(MOST_UPLOADS, 4 * self.job.jobs),
            )
            return publish.publish(one, bench)

        return self.each("Publish", signed, lambda s: s.built.candidate, put)

    def signer(self) -> Signer:
        """The key, which is needed from here on."""
        if self.world.signer is None:
            what = "no signing key is given, and nothing is published unsigned"
            fix = "set it to an armored private key, from a secret"
            raise UsageError(what=what, where="input gpg-private-key", fix=fix)
        return self.world.signer

    def index(self, published: Sequence[Published]) -> None:
        """Add everything that is in the bucket to the index; also what an earlier run left out."""
        indexed: Indexed | None = None
        try:
            if self.world.index is not None and published:
                with self.world.watch.group("Index"):
                    indexed = index.add(published, self.world.index, self.world.clock)
                    self.world.watch.say(f"generation {indexed.cursor}")
                    self.ledger.cursor = indexed.cursor
                    self._prune(self.world.index)
        except OutsideError as error:
            for one in published:
                reason = f"it is in the bucket, but not in the index: {error.what}"
                self.settle(one.built, Status.FAILED, reason=reason, fix=error.fix)
            raise
        for one in published:
            changed = indexed is not None and one.built.id in indexed.changed
            self.settle(one.built, _status(one, indexed=changed), stored=one)

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


def _status(published: Published, *, indexed: bool) -> Status:
    match published.stored:
        case Stored.CREATED:
            return Status.PUBLISHED
        case Stored.COMPLETED:
            return Status.COMPLETED
        case Stored.UNCHANGED:
            return Status.COMPLETED if indexed else Status.ALREADY_PUBLISHED
        case _:
            assert_never(published.stored)
