"""How it ended: one outcome a package, one record a run. All reports are made of these."""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self, TypeAlias, assert_never

from pkgaction.errors import PkgactionError, of_machine, of_system
from pkgaction.model.audit import Audit, Rebuilt
from pkgaction.model.changes import Changes
from pkgaction.model.event import Intent, Preview, PullRequest
from pkgaction.model.finding import Finding
from pkgaction.model.json import JsonObject
from pkgaction.model.release import Built, Candidate, FileRecord, Plan, Published, Stored

Key: TypeAlias = tuple[str, str, str]  # a package's name, version and folder


class Status(StrEnum):
    """The statuses of `publish --json`."""

    PUBLISHED = "published"
    ALREADY_PUBLISHED = "already-published"
    COMPLETED = "completed"
    CONFLICT = "conflict"
    FAILED = "failed"
    WOULD_PUBLISH = "would-publish"
    NOT_INDEXED = (
        "not-indexed"  # its zip is in the bucket, its entry is not (or not proven) in the index
    )
    NOT_TRIED = "not-tried"  # the run ended before anything of it was written

    @property
    def ok(self) -> bool:
        """Whether the package is where it should be."""
        return self in _WHERE_IT_SHOULD_BE

    @property
    def public(self) -> bool:
        """Whether the version's zip is in the public bucket, for good."""
        return self is Status.NOT_INDEXED or (self.ok and self is not Status.WOULD_PUBLISH)


_WHERE_IT_SHOULD_BE = frozenset(
    {Status.PUBLISHED, Status.ALREADY_PUBLISHED, Status.COMPLETED, Status.WOULD_PUBLISH}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Urls:
    """Where readers find a version. Built by us alone, never from a package's text."""

    zip: str
    signature: str
    static: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one package."""

    name: str
    folder: str
    status: Status
    version: str = ""
    previous: str = ""
    reason: str = ""  # for a person: what happened
    fix: str = ""  # for a person: the next step
    experimental: bool = False
    sha256: str = ""  # of the zip
    size: int = 0  # of the zip, bytes
    urls: Urls | None = None
    findings: tuple[Finding, ...] = ()
    files: tuple[FileRecord, ...] = ()
    changes: Changes | None = None  # None: not compared
    line: int = 0  # of manifest.yml, where the version stands

    @property
    def key(self) -> Key:
        """What tells it from other outcomes of a run."""
        return self.name, self.version, self.folder

    def as_json(self) -> JsonObject:
        """The shape of the design's `publish --json`."""
        urls = self.urls
        addresses: JsonObject | None = (
            {"zip": urls.zip, "signature": urls.signature, "static": urls.static} if urls else None
        )
        return {
            "package": self.folder,
            "name": self.name,
            "version": self.version,
            "previous": self.previous or None,
            "status": self.status.value,
            "reason": self.reason,
            "prerelease": self.experimental,
            "sha256": self.sha256 or None,
            "size": self.size or None,
            "urls": addresses,
        }


def key_of(candidate: Candidate) -> Key:
    """The key of a candidate's outcome."""
    return candidate.id.name, candidate.id.version.text, candidate.source.folder


def of_candidate(
    candidate: Candidate,
    status: Status,
    *,
    reason: str = "",
    fix: str = "",
    findings: tuple[Finding, ...] = (),
) -> Outcome:
    """An outcome with all that the candidate says already."""
    return Outcome(
        name=candidate.id.name,
        folder=candidate.source.folder,
        status=status,
        version=candidate.id.version.text,
        previous=candidate.previous.text if candidate.previous else "",
        reason=reason,
        fix=fix,
        experimental=candidate.id.version.experimental,
        findings=findings,
        line=candidate.version_line,
    )


def of_built(
    built: Built,
    status: Status,
    *,
    urls: Urls,
    reason: str = "",
    fix: str = "",
    stored: Published | None = None,
    changes: Changes | None = None,
) -> Outcome:
    """The same with what the zip says; what is stored is more true than what was built."""
    return replace(
        of_candidate(built.candidate, status, reason=reason, fix=fix, findings=built.validated.warnings),
        sha256=stored.zip_sha256 if stored else built.sha256,
        size=stored.zip_size if stored else built.size,
        urls=urls,
        files=built.files,
        changes=changes,
    )


def status_of(published: Published, *, indexed: bool) -> Status:
    """What became of a version that is in the bucket; `indexed`: this run put it into the index."""
    match published.stored:
        case Stored.CREATED:
            return Status.PUBLISHED
        case Stored.COMPLETED:
            return Status.COMPLETED
        case Stored.UNCHANGED:
            return Status.COMPLETED if indexed else Status.ALREADY_PUBLISHED
        case _:
            assert_never(published.stored)


GOES_ON = "run the job again: it goes on where this one stopped"


def and_again(fix: str) -> str:
    """What to do about an error, and that a run again completes what is public already."""
    return fix if "again" in fix else f"{fix}; then {GOES_ON}" if fix else GOES_ON


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An error that ended the run, or a part of it: what, where, fix."""

    what: str
    where: str = ""
    fix: str = ""
    exit_status: int = 1
    path: str = ""  # the one of a command's paths that it is about; empty: all, or none

    @classmethod
    def of(cls, error: BaseException, path: str = "") -> Self:
        """What an exception says: ours, the machine's, a cancel, or a bug of ours."""
        known = error if isinstance(error, PkgactionError) else of_machine(error)
        if known is None and isinstance(error, OSError):
            known = of_system(error)
        if known:
            status = known.exit_status
            return cls(what=known.what, where=known.where, fix=known.fix, exit_status=status, path=path)
        if isinstance(error, SystemExit | KeyboardInterrupt):
            return cls(what="the job was cancelled", fix=GOES_ON)
        what = f"pkgaction itself failed: {type(error).__name__}"
        return cls(
            what=what, fix="report it with the traceback in the log; running the job again is safe"
        )

    def as_json(self) -> JsonObject:
        """As a command shows it with `--json`."""
        return {
            "path": self.path or None,
            "problem": self.what,
            "where": self.where or None,
            "fix": self.fix or None,
            "exit-status": self.exit_status,
        }

    def __str__(self) -> str:
        where = f"{self.where}: " if self.where else ""
        fix = f" ({self.fix})" if self.fix else ""
        return f"{where}{self.what}{fix}"


@dataclass(slots=True)
class Ledger:
    """What is known of a run so far. The one value here that grows: whoever reports reads it,
    however the run ended.
    """

    intent: Intent | None = None
    dry_run: bool = False
    plan: Plan | None = None
    outcomes: dict[Key, Outcome] = field(default_factory=dict)  # by Outcome.key
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)  # good to know, nothing is wrong
    # by package folder; None: not asked
    brought_by: Mapping[str, tuple[PullRequest, ...]] | None = None
    # the lines that the head has and the base has not, by path, of files with findings
    touched: Mapping[str, Sequence[range]] = field(default_factory=dict)
    checks: str = ""  # what validation consisted of; empty: nothing was validated
    cursor: str = ""  # the generation of the index that this run wrote or found
    audit: Audit | None = None  # what mode audit found
    rebuilt: Rebuilt | None = None  # what mode reindex did
    candidates: Sequence[Candidate] = ()  # what the run set out to publish
    hints: Mapping[str, str] = field(default_factory=dict)  # of required packages it does not, by name
    started: dict[Key, Built] = field(default_factory=dict)  # whose writing to the bucket has begun
    stored: dict[Key, Published] = field(default_factory=dict)  # whose zip is known to be there
    partly: set[Key] = field(default_factory=set)  # whose zip is public, and not surely all the rest
    _exit_statuses: dict[Key, int] = field(default_factory=dict)  # of the packages

    def settle(self, outcome: Outcome, *, exit_status: int = 1) -> None:
        """Say what became of a package; a later word replaces an earlier one."""
        self.outcomes[outcome.key] = outcome
        self._exit_statuses[outcome.key] = 0 if outcome.status.ok else exit_status

    def amend(self, outcome: Outcome) -> None:
        """Say more truly what became of a package; where it still is not well, its exit status stays."""
        before = self._exit_statuses.get(outcome.key) or 1
        self.settle(outcome, exit_status=before)

    def absorb(self, other: "Ledger") -> None:
        """Take over what another ledger says of its packages."""
        self.outcomes |= other.outcomes
        self.started |= other.started
        self.stored |= other.stored
        self._exit_statuses |= other._exit_statuses  # noqa: SLF001 - of the same class

    def close(self) -> None:
        """Name every package that the run ended without: it was not tried."""
        dry = self.dry_run or isinstance(self.intent, Preview)
        reason = f"the run ended before it was {'checked' if dry else 'published'}"
        for candidate in self.candidates:
            if key_of(candidate) not in self.outcomes:
                self.settle(of_candidate(candidate, Status.NOT_TRIED, reason=reason, fix=GOES_ON))

    def sorted(self) -> Iterator[Outcome]:
        """The outcomes by package name, version and folder."""
        return iter([self.outcomes[key] for key in sorted(self.outcomes)])

    def only(self, folders: Container[str]) -> "Ledger":
        """The same run as if it had been about these package folders alone."""
        outcomes = {key: one for key, one in self.outcomes.items() if one.folder in folders}
        skipped = tuple(s for s in self.plan.skipped if s.folder in folders) if self.plan else ()
        plan = replace(self.plan, skipped=skipped) if self.plan else None
        return replace(self, outcomes=outcomes, plan=plan)

    @property
    def exit_status(self) -> int:
        """0 done, 1 a package failed, 2 wrong input, 3 the outside failed (the largest counts)."""
        bad = [found for found in (self.audit, self.rebuilt) if found and not found.ok]
        return max(
            [
                *self._exit_statuses.values(),
                1 if bad else 0,
                *(problem.exit_status for problem in self.problems),
            ]
        )

    @property
    def published(self) -> bool:
        """Whether a version of this run is in the public bucket, put there by it or before."""
        return bool(self.partly) or any(one.status.public for one in self.outcomes.values())
