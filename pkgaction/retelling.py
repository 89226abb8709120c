"""Mode comment: the reports of other jobs, read back into one ledger.

Reports of this run's own jobs are believed. Those that a `workflow_run` brings may have been written by
anybody: of them a preview is taken, and nothing else. Such a report says neither which commit it is
about nor what anybody should do, and its warnings are told as its own.
"""

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pkgaction.adapters.named_file import real
from pkgaction.errors import UsageError
from pkgaction.model.event import Relay
from pkgaction.model.manifest import PackageId
from pkgaction.model.outcome import Ledger, Outcome, Status, Urls
from pkgaction.model.release import Plan
from pkgaction.report import carried, wire, words
from pkgaction.report.carried import BadReportError
from pkgaction.report.claimed import claimed, quoted

_MOST = 300  # reports: 256 jobs of a matrix, and those around it
_UPLOAD = "check the steps that upload and download the reports"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retelling:
    """Where the reports lie, and how addresses are built."""

    workspace: Path
    globs: Sequence[str]
    urls: Callable[[PackageId], Urls]

    def into(self, ledger: Ledger) -> str:
        """Put all that the reports say into the ledger; what the validation was, if they say so.

        Raises:
            UsageError: there is no report, too many, or one that can't be believed.
        """
        foreign = isinstance(ledger.intent, Relay)
        read = carried.read_claims if foreign else carried.read
        reports = [self._read(path, read) for path in self._files()]
        if isinstance(ledger.intent, Relay):
            reports = [claimed(report, ledger.intent) for report in reports]
        ledger.plan = _plan(reports)
        for outcome in _outcomes(reports, self.urls, ledger):
            shown = replace(outcome, urls=None) if foreign else outcome
            ledger.settle(shown, exit_status=0 if foreign else 1)
        problems = [carried.problem_of(told) for report in reports for told in report.problems]
        ledger.problems += [replace(one, exit_status=0) if foreign else one for one in problems]
        ledger.warnings += dict.fromkeys(told for report in reports for told in report.warnings)
        ledger.notices += dict.fromkeys(told for report in reports for told in report.notices)
        return next((report.checks for report in reports if report.checks), "")

    def _files(self) -> list[Path]:
        try:
            found = {path for glob in self.globs for path in self.workspace.glob(glob)}
        except (ValueError, NotImplementedError, OSError) as error:
            what = f"the files can't be looked for: {error}"
            raise UsageError(what=what, where="input reports", fix=_UPLOAD) from error
        if not found:
            what = f"no file matches {', '.join(self.globs)}"
            raise UsageError(what=what, where="input reports", fix=_UPLOAD)
        if len(found) > _MOST:
            what = f"{len(found)} files match, {_MOST} may"
            raise UsageError(what=what, where="input reports", fix=_UPLOAD)
        return sorted(found)

    def _read(self, path: Path, read: Callable[[bytes], wire.Report]) -> wire.Report:
        """One report. Neither it nor a folder above it may be a link to another place."""
        where = str(path.relative_to(self.workspace))
        try:
            if not real(path).is_relative_to(real(self.workspace)):
                raise UsageError(what="it leads out of the workspace", where=where, fix=_UPLOAD)
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as stream:
                if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                    raise UsageError(what="it is no plain file", where=where, fix=_UPLOAD)
                return read(stream.read(carried.LARGEST + 1))
        except OSError as error:
            what = f"the report can't be read: {error.strerror}"
            raise UsageError(what=what, where=where, fix=_UPLOAD) from error
        except BadReportError as error:
            what = f"this is no report of pkgaction: {error}"
            raise UsageError(what=what, where=where, fix=_UPLOAD) from error


def _plan(reports: Sequence[wire.Report]) -> Plan:
    """What was compared, and what was left out; the candidates are told as outcomes."""
    compared = [report for report in reports if report.base] or list(reports)
    skipped = dict.fromkeys(told for report in reports for told in report.skipped)
    return Plan(
        base=compared[0].base,
        head=compared[0].head,
        compared=compared[0].compared,
        skipped=tuple(carried.skipped_of(told) for told in skipped),
    )


def _outcomes(
    reports: Sequence[wire.Report], urls: Callable[[PackageId], Urls], ledger: Ledger
) -> Iterator[Outcome]:
    """What became of each version; of one that was planned and that no job speaks of: nothing."""
    planned = {(p.name, p.version): p for report in reports for p in report.planned}
    # several that failed may have one name, and no version
    told = {(p.name, p.version, p.folder): p for report in reports for p in report.packages}
    for (name, version, _), package in told.items():
        plan = planned.get((name, version))
        before = plan.previous if plan else ""
        yield carried.outcome_of(replace(package, previous=package.previous or before), urls)
    reported = {(name, version) for name, version, _ in told}
    for key, one in planned.items():
        if key not in reported:
            yield _unreported(one, ledger)


def _unreported(one: wire.Planned, ledger: Ledger) -> Outcome:
    """A planned version that nothing more is said of. In a preview that fails nothing by itself."""
    status, reason = Status.FAILED, "no job has reported about it: whether it is published is not known"
    fix = "see the run's jobs, and run the failed ones again"
    if words.is_preview(ledger):
        status, reason = Status.NOT_TRIED, "no job has reported whether it can be published"
    if words.is_unverified(ledger):
        reason, fix = quoted("it is planned, and nothing more"), ""
    return Outcome(
        name=one.name,
        folder=one.folder,
        version=one.version,
        previous=one.previous,
        status=status,
        reason=reason,
        fix=fix,
    )
