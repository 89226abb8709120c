"""The stages, each over all packages: what fails is settled in the ledger and left out."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar, assert_never

from pkgaction import retention
from pkgaction.errors import (
    ContentConflictError,
    OutsideError,
    PackageError,
    PkgactionError,
    UsageError,
)
from pkgaction.model import outcome
from pkgaction.model.changes import Changes
from pkgaction.model.finding import errors
from pkgaction.model.outcome import Ledger, Outcome, Status, Urls
from pkgaction.model.release import (
    Built,
    Candidate,
    Indexed,
    Published,
    Rejected,
    Signed,
    Skipped,
    Stored,
    Validated,
)
from pkgaction.parallel import over_cores
from pkgaction.ports import Clock, ObjectStore, Signer, Sources, Watch
from pkgaction.rules.package import Mode
from pkgaction.stages import build, changes, index, publish, sign, validate
from pkgaction.transforms.readme import Phrases

MOST_UPLOADS = 16  # at the same time; they wait for the network, not for a core

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything outside that a run may touch."""

    artifacts: ObjectStore
    index: ObjectStore | None
    signer: Signer | None
    clock: Clock
    watch: Watch
    scratch: Path
    sources: Sources
    specification: Callable[[], validate.Specification | None]  # loaded when it is first asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is asked for."""

    packages: Sequence[str]  # globs
    branches: Sequence[str]  # globs of the branches that publish
    dry_run: bool
    jobs: int
    urls: Callable[[Candidate], Urls]
    provenance: Callable[[Candidate], Mapping[str, str]]  # metadata of its objects
    phrases: Phrases = field(default_factory=Phrases.ours)  # of rendered documents
    keep_index_days: int = 0  # 0: every generation of the index is kept


@dataclass(frozen=True, slots=True)
class Steps:
    """The stages of one run."""

    job: Job
    world: World
    ledger: Ledger

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
        checked = self._each(
            "Validate", candidates, lambda c: c, lambda c: validate.check(c, specification, mode)
        )
        return list(self._passed(checked))

    def build(self, validated: Sequence[Validated]) -> list[Built]:
        """Build every zip, and check what was built: nothing is signed that does not pass."""
        built = self._built(validated)
        specification = self.world.specification() if built else None
        if specification is None:
            return built
        checked = self._each(
            "Validate the zips",
            built,
            lambda b: b.candidate,
            lambda b: validate.check_built(b, specification),
        )
        return list(self._passed(checked))

    def _passed(self, checked: Sequence[T | Rejected]) -> Iterator[T]:
        for one in checked:
            if isinstance(one, Rejected):
                self._reject(one)
            else:
                yield one

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
            return self._each(
                "Build", validated, lambda v: v.candidate, lambda v: build.built(v, next(made)())
            )

    def take(self, candidate: Candidate, path: Path) -> list[Built]:
        """A zip that was built before, in the place of a build."""
        validated = self.validate([candidate], Mode.BUILD)
        return self._each("Read", validated, lambda v: v.candidate, lambda v: build.take(v, path))

    def foresee(self, built: Sequence[Built]) -> None:
        """Say what publishing would do; nothing is written."""
        store, scratch = self.world.artifacts, self.world.scratch
        foreseen = self._each(
            "Compare with the storage",
            built,
            lambda b: b.candidate,
            lambda b: (b, self._there(b, store, scratch), self._changes(b, store)),
        )
        for one, there, changed in foreseen:
            status = Status.ALREADY_PUBLISHED if there else Status.WOULD_PUBLISH
            self._settle(one, status, changed=changed)

    def _changes(self, built: Built, store: ObjectStore) -> Changes | None:
        """What differs from the last published version; that it can't be told is no failure."""
        try:
            return changes.since_last(built, store)
        except (OutsideError, UsageError):
            return None

    def _there(self, built: Built, store: ObjectStore, scratch: Path) -> bool:
        """Whether the version is published. A bucket that doesn't show itself is no failure here."""
        try:
            return publish.foresee(built, store, scratch)
        except UsageError as error:
            warning = f"it was not compared with the storage: {error.what}"
            if warning not in self.ledger.warnings:
                self.ledger.warnings.append(warning)
            return False

    def recognise(self, lower: Sequence[Candidate]) -> None:
        """Versions that went down are refused; one that is published as it is here is just that.

        They are built aside: what fails there is no failure, only more to say.
        """
        if not lower or self.ledger.plan is None:
            return
        aside = Steps(self.job, self.world, Ledger())
        built = aside.build(aside.validate(lower))
        aside.foresee(built)
        self.ledger.warnings += aside.ledger.warnings
        found = aside.ledger.outcomes
        for one in found.values():
            if one.status is Status.ALREADY_PUBLISHED:
                self.ledger.settle(one)
        self.ledger.plan = replace(
            self.ledger.plan,
            skipped=tuple(
                said
                for skip in self.ledger.plan.skipped
                if (said := _recognised(skip, found.get((skip.name, skip.version, skip.folder))))
            ),
        )

    def sign(self, built: Sequence[Built]) -> list[Signed]:
        """Sign every zip."""
        return self._each("Sign", built, lambda b: b.candidate, lambda b: sign.sign(b, self.signer()))

    def publish(self, signed: Sequence[Signed]) -> list[Published]:
        """Put every version into the bucket, or complete it there."""
        if not signed:
            return []
        world = self.world
        bench = publish.Bench(
            store=world.artifacts,
            signer=self.signer(),
            provenance={},
            scratch=world.scratch,
            uploads=1 if self.job.jobs == 1 else min(MOST_UPLOADS, 4 * self.job.jobs),
        )
        return self._each(
            "Publish",
            signed,
            lambda s: s.built.candidate,
            lambda s: publish.publish(s, replace(bench, provenance=self._provenance(s))),
        )

    def _provenance(self, signed: Signed) -> Mapping[str, str]:
        return self.job.provenance(signed.built.candidate)

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
                self._settle(one.built, Status.FAILED, reason=reason, fix=error.fix)
            raise
        for one in published:
            changed = indexed is not None and one.built.id in indexed.changed
            self._settle(one.built, _status(one, indexed=changed), stored=one)

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

    def _each(
        self,
        title: str,
        items: Sequence[T],
        candidate: Callable[[T], Candidate],
        step: Callable[[T], R],
    ) -> list[R]:
        """One step over all packages. A package's own failure is settled, the others go on."""
        done: list[R] = []
        if not items:
            return done
        with self.world.watch.group(title):
            for item in self.world.watch.each(title, items):
                one = candidate(item)
                try:
                    done.append(step(item))
                    self.world.watch.say(str(one.id))
                except (PackageError, OutsideError) as error:
                    self.world.watch.say(f"{one.id}: {error}")
                    self._fail(one, error)
        return done

    def _fail(self, candidate: Candidate, error: PkgactionError) -> None:
        conflict = isinstance(error, ContentConflictError)
        status = Status.CONFLICT if conflict else Status.FAILED
        where = f"{error.where}: " if error.where else ""
        settled = outcome.of_candidate(candidate, status, reason=f"{where}{error.what}", fix=error.fix)
        self.ledger.settle(settled, exit_status=error.exit_status)

    def _reject(self, rejected: Rejected) -> None:
        count = len(errors(rejected.findings))
        reason = f"validation found {count} error{'s' if count > 1 else ''}"
        fix = "mend what the findings name"
        for finding in rejected.findings:
            self.world.watch.say(
                f"{rejected.candidate.source.folder}/{finding.place}: {finding.message}"
            )
        self.ledger.settle(
            outcome.of_candidate(
                rejected.candidate,
                Status.FAILED,
                reason=reason,
                fix=fix,
                findings=rejected.findings,
            )
        )

    def _settle(
        self,
        built: Built,
        status: Status,
        *,
        reason: str = "",
        fix: str = "",
        stored: Published | None = None,
        changed: Changes | None = None,
    ) -> None:
        self.ledger.settle(
            outcome.of_built(
                built, status, reason=reason, fix=fix, urls=self.job.urls(built.candidate),
                stored=stored, changes=changed,
            )
        )  # fmt: skip


def _recognised(skip: Skipped, found: Outcome | None) -> Skipped | None:
    """What is left to say of a version that went down, after a look into the storage."""
    match found.status if found else None:
        case Status.ALREADY_PUBLISHED:
            return None
        case Status.CONFLICT | Status.FAILED if found:
            return replace(skip, reason=f"{skip.reason} ({found.reason})")
        case _:
            return skip


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
