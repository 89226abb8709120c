"""The results as lines for a job's log or a terminal."""

from collections.abc import Iterator

from pkgaction.model import paths
from pkgaction.model.finding import notes
from pkgaction.model.outcome import Ledger, Outcome
from pkgaction.model.release import Plan
from pkgaction.report import storage, words


def of(ledger: Ledger) -> Iterator[str]:
    """One line a package, worst last, and the headline at the end."""
    for outcome in sorted(ledger.sorted(), key=lambda o: not o.status.ok):
        yield from (f"{outcome.folder}/{n.place}: {n.message}" for n in notes(outcome.findings))
        yield _outcome(outcome, ledger)
    yield from storage.lines(ledger)
    yield from (f"warning: {warning}" for warning in ledger.warnings)
    yield from (f"notice: {notice}" for notice in ledger.notices)
    if words.is_unverified(ledger):
        yield words.UNVERIFIED
    reason = words.idle_reason(ledger)
    yield reason or words.headline(ledger)


def of_plan(plan: Plan) -> Iterator[str]:
    """What was compared, what comes out, and why the rest does not."""
    yield plan.compared
    for c in plan.candidates:
        before = f"{c.previous} -> " if c.previous else ""
        yield f"  {c.change or 'named'}: {c.id.name} {before}{c.id.version}  ({c.source.folder})"
    for broken in plan.unreadable:
        yield f"  fails: {paths.join(broken.folder, broken.finding.place)}: {broken.finding.message}"
    for skip in plan.skipped:
        yield f"  left out: {skip.name} {skip.version}: {skip.reason}"


def _outcome(outcome: Outcome, ledger: Ledger) -> str:
    before = f"{outcome.previous} -> " if outcome.previous else ""
    size = f", {words.size(outcome.size)}" if outcome.size else ""
    told = f"{outcome.name} {before}{outcome.version}: {words.shown(outcome, ledger)}{size}"
    reason = f": {outcome.reason}" if outcome.reason else ""
    return f"{told}{reason}" + (f" ({outcome.fix})" if outcome.fix else "")
