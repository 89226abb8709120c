"""Annotations: what GitHub shows on the lines of a pull request and on the run.

A step shows ten errors and ten warnings. The worst come first, then what stands on lines that the pull
request changes, as only there its reviewers see it; the rest is in the summary.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pkgaction.model import paths
from pkgaction.model.finding import Finding, Severity, errors
from pkgaction.model.manifest import FILE
from pkgaction.model.outcome import Ledger, Outcome, Status
from pkgaction.report import words

_MOST = 10  # of each level
ERROR, WARNING, NOTICE = "error", "warning", "notice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """One line on GitHub's pages."""

    level: str
    message: str
    file: str = ""  # from the repository's root
    line: int = 0  # from 1; 0: none
    column: int = 0  # from 1; 0: none


def of(ledger: Ledger) -> list[Annotation]:
    """All that there is room for."""
    wrong = [*_problems(ledger), *_drifted(ledger), *_failed(ledger), *_found(ledger, Severity.ERROR)]
    doubtful = [*_skipped(ledger), *_warned(ledger), *_found(ledger, Severity.WARNING)]
    return [*_some(wrong, ERROR), *_some(doubtful, WARNING), *_some(_notices(ledger), NOTICE)]


def of_run(ledger: Ledger) -> list[Annotation]:
    """What is wrong with the run itself; the packages were told of in the jobs they came from."""
    return [
        *_some(_problems(ledger), ERROR),
        *_some(_warned(ledger), WARNING),
        *_some(_notices(ledger), NOTICE),
    ]


def _problems(ledger: Ledger) -> list[Annotation]:
    return [Annotation(level=ERROR, message=str(problem)) for problem in ledger.problems]


def _warned(ledger: Ledger) -> list[Annotation]:
    doubts = [words.idle_doubt(ledger)] if words.idle_doubt(ledger) else []
    return [Annotation(level=WARNING, message=told) for told in (*ledger.warnings, *doubts)]


def _notices(ledger: Ledger) -> list[Annotation]:
    return [Annotation(level=NOTICE, message=told) for told in ledger.notices]


def _drifted(ledger: Ledger) -> Iterator[Annotation]:
    for drift in ledger.audit.index if ledger.audit else ():
        yield Annotation(level=ERROR, message=f"the index: {drift.what} ({drift.fix}) [{drift.code}]")
    for one in ledger.audit.versions if ledger.audit else ():
        for drift in one.drifts:
            yield Annotation(level=ERROR, message=f"{one.id}: {drift.what} ({drift.fix}) [{drift.code}]")
    for told in ledger.rebuilt.unreadable if ledger.rebuilt else ():
        yield Annotation(level=ERROR, message=f"no entry in the index: {told}")


def _failed(ledger: Ledger) -> Iterator[Annotation]:
    """Packages that failed by something else than what was found in them.

    One that was not tried is not among them: what ended the run is said once.
    """
    for outcome in ledger.sorted():
        tried = outcome.status is not Status.NOT_TRIED
        if tried and not outcome.status.ok and not errors(outcome.findings):
            fix = f" ({outcome.fix})" if outcome.fix else ""
            yield Annotation(
                level=ERROR,
                message=f"{outcome.name} {outcome.version}: {outcome.status}: {outcome.reason}{fix}",
                file=paths.join(outcome.folder, FILE),
                line=outcome.line,
            )


def _skipped(ledger: Ledger) -> Iterator[Annotation]:
    for skip in ledger.plan.skipped if ledger.plan else ():
        if skip.warn:
            yield Annotation(
                level=WARNING,
                message=f"{skip.name}: {skip.reason}",
                file=paths.join(skip.folder, FILE),
                line=skip.line,
            )


def _found(ledger: Ledger, severity: Severity) -> list[Annotation]:
    """The findings: on a changed line, then those in a changed file, then the rest."""

    def distance(one: Annotation) -> int:
        lines = ledger.touched.get(one.file)
        return 2 if lines is None else 0 if any(one.line in some for some in lines) else 1

    found = [
        _shown(outcome, finding)
        for outcome in ledger.sorted()
        for finding in outcome.findings
        if finding.severity is severity
    ]
    return sorted(found, key=distance)


def _shown(outcome: Outcome, finding: Finding) -> Annotation:
    link = f" {finding.link}" if finding.link else ""
    return Annotation(
        level=ERROR if finding.severity is Severity.ERROR else WARNING,
        message=f"{outcome.name}: {finding.message} [{finding.label}]{link}",
        file=paths.join(outcome.folder, finding.file),
        line=finding.line,
        column=finding.column,
    )


def _some(annotations: list[Annotation], level: str) -> list[Annotation]:
    if len(annotations) <= _MOST:
        return annotations
    left = len(annotations) - _MOST + 1
    more = Annotation(level=level, message=f"{left} more: see the summary of the run")
    return [*annotations[: _MOST - 1], more]
