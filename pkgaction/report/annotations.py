"""Annotations: what GitHub shows on the lines of a pull request and on the run.

A step shows ten errors and ten warnings: the worst come first, the rest is in the summary.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pkgaction.model.finding import Finding, Severity
from pkgaction.model.outcome import Ledger, Outcome

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
    problems = [Annotation(level=ERROR, message=str(problem)) for problem in ledger.problems]
    failed = [o for o in ledger.sorted() if not o.status.ok]
    errors = [*problems, *_drifted(ledger), *(a for outcome in failed for a in _failed(outcome))]
    warnings = list(_warnings(ledger))
    return [*_some(errors, ERROR), *_some(warnings, WARNING), *_some(_notices(ledger), NOTICE)]


def of_run(ledger: Ledger) -> list[Annotation]:
    """What is wrong with the run itself; the packages were told of in the jobs they came from."""
    return [
        *_some([Annotation(level=ERROR, message=str(problem)) for problem in ledger.problems], ERROR),
        *_some([Annotation(level=WARNING, message=told) for told in ledger.warnings], WARNING),
        *_some(_notices(ledger), NOTICE),
    ]


def _notices(ledger: Ledger) -> list[Annotation]:
    return [Annotation(level=NOTICE, message=told) for told in ledger.notices]


def _drifted(ledger: Ledger) -> Iterator[Annotation]:
    for one in ledger.audit.versions if ledger.audit else ():
        for drift in one.drifts:
            yield Annotation(level=ERROR, message=f"{one.id}: {drift.what} ({drift.fix}) [{drift.code}]")
    for told in ledger.rebuilt.unreadable if ledger.rebuilt else ():
        yield Annotation(level=ERROR, message=f"no entry in the index: {told}")


def _failed(outcome: Outcome) -> Iterator[Annotation]:
    found = [f for f in outcome.findings if f.severity is Severity.ERROR]
    for finding in found:
        yield Annotation(
            level=ERROR,
            message=_told(outcome, finding),
            file=f"{outcome.folder}/{finding.file}",
            line=finding.line,
            column=finding.column,
        )
    if not found:
        fix = f" ({outcome.fix})" if outcome.fix else ""
        yield Annotation(
            level=ERROR,
            message=f"{outcome.name} {outcome.version}: {outcome.status}: {outcome.reason}{fix}",
            file=f"{outcome.folder}/manifest.yml",
            line=outcome.line,
        )


def _told(outcome: Outcome, finding: Finding) -> str:
    link = f" {finding.link}" if finding.link else ""
    return f"{outcome.name}: {finding.message} [{finding.label}]{link}"


def _warnings(ledger: Ledger) -> Iterator[Annotation]:
    for skip in ledger.plan.skipped if ledger.plan else ():
        if skip.warn:
            yield Annotation(
                level=WARNING,
                message=f"{skip.name}: {skip.reason}",
                file=f"{skip.folder}/manifest.yml",
                line=skip.line,
            )
    for outcome in ledger.sorted():
        for finding in outcome.findings:
            if finding.severity is Severity.WARNING:
                yield Annotation(
                    level=WARNING,
                    message=_told(outcome, finding),
                    file=f"{outcome.folder}/{finding.file}",
                    line=finding.line,
                    column=finding.column,
                )
    for warning in ledger.warnings:
        yield Annotation(level=WARNING, message=warning)


def _some(annotations: list[Annotation], level: str) -> list[Annotation]:
    if len(annotations) <= _MOST:
        return annotations
    left = len(annotations) - _MOST + 1
    more = Annotation(level=level, message=f"{left} more: see the summary of the run")
    return [*annotations[: _MOST - 1], more]
