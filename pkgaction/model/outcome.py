"""How it ended: one outcome a package, one record a run. All reports are made of these."""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self

from pkgaction.errors import PkgactionError
from pkgaction.model.audit import Audit, Rebuilt
from pkgaction.model.changes import Changes
from pkgaction.model.event import Intent, PullRequest
from pkgaction.model.finding import Finding
from pkgaction.model.json import JsonObject
from pkgaction.model.release import Built, Candidate, FileRecord, Plan, Published


class Status(StrEnum):
    """The statuses of `publish --json`."""

    PUBLISHED = "published"
    ALREADY_PUBLISHED = "already-published"
    COMPLETED = "completed"
    CONFLICT = "conflict"
    FAILED = "failed"
    WOULD_PUBLISH = "would-publish"

    @property
    def ok(self) -> bool:
        """Whether the package is where it should be."""
        return self not in {Status.CONFLICT, Status.FAILED}


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
    def key(self) -> tuple[str, str, str]:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An error that ended the run, or a part of it: what, where, fix."""

    what: str
    where: str = ""
    fix: str = ""
    exit_status: int = 1

    @classmethod
    def of(cls, error: PkgactionError) -> Self:
        """The same that an error says."""
        status = error.exit_status
        return cls(what=error.what, where=error.where, fix=error.fix, exit_status=status)

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
    outcomes: dict[tuple[str, str, str], Outcome] = field(default_factory=dict)  # by Outcome.key
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
    _exit_status: int = 0  # of the packages

    def settle(self, outcome: Outcome, *, exit_status: int = 1) -> None:
        """Say what became of a package; a later word replaces an earlier one."""
        self.outcomes[outcome.key] = outcome
        if not outcome.status.ok:
            self._exit_status = max(self._exit_status, exit_status)

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
            [self._exit_status, 1 if bad else 0, *(problem.exit_status for problem in self.problems)]
        )

    @property
    def published(self) -> bool:
        """Whether this run put anything into the bucket, or found it there as it should be."""
        there = {Status.PUBLISHED, Status.COMPLETED, Status.ALREADY_PUBLISHED}
        return any(outcome.status in there for outcome in self.outcomes.values())
