"""The words and addresses that comment, summary and log have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from pkgaction.model.event import Audit, Idle, Preview, Reindex, Relay, Republish
from pkgaction.model.outcome import Ledger, Outcome, Status

UNITS = ("B", "kB", "MB", "GB")
SHOWN = {
    Status.PUBLISHED: "published",
    Status.ALREADY_PUBLISHED: "already published",
    Status.COMPLETED: "completed",
    Status.CONFLICT: "conflict",
    Status.FAILED: "failed",
    Status.WOULD_PUBLISH: "will be published",
    Status.NOT_INDEXED: "in the bucket, not in the index",
    Status.NOT_TRIED: "not tried",
}

UNVERIFIED = "This preview was reported by the fork's own run; nothing here was verified."


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the run happens; addresses are built from this alone."""

    server: str = "https://github.com"
    repository: str = ""  # OWNER/NAME
    run_url: str = ""

    def file(self, commit: str, path: str) -> str:
        """Address of a file at a commit."""
        quoted = quote(path, errors="surrogateescape")
        return f"{self.server}/{self.repository}/blob/{commit}/{quoted}"

    def commit(self, commit: str) -> str:
        """Address of a commit."""
        return f"{self.server}/{self.repository}/commit/{commit}"


def shown(outcome: Outcome, ledger: Ledger) -> str:
    """What became of a package, or would."""
    taken = outcome.status is Status.CONFLICT and foresees(ledger)
    if taken and not is_unverified(ledger):
        return "version already taken"
    if outcome.status is Status.WOULD_PUBLISH and is_unverified(ledger):
        return "would be published"
    return SHOWN[outcome.status]


def foresees(ledger: Ledger) -> bool:
    """Whether the results are what would be."""
    return is_preview(ledger) or ledger.dry_run


def is_preview(ledger: Ledger) -> bool:
    """Whether nothing was to be published, only shown."""
    return isinstance(ledger.intent, Preview | Relay)


def is_unverified(ledger: Ledger) -> bool:
    """Whether all that is known was said by a run that anybody may have changed."""
    return isinstance(ledger.intent, Relay)


def idle_reason(ledger: Ledger) -> str:
    """Why the event asks for nothing; empty where it asks for something."""
    return ledger.intent.reason if isinstance(ledger.intent, Idle) else ""


def idle_doubt(ledger: Ledger) -> str:
    """What may be wrong where the event asks for nothing; empty where nothing is."""
    return ledger.intent.doubt if isinstance(ledger.intent, Idle) else ""


def headline(ledger: Ledger) -> str:
    """One sentence: did it work."""
    if isinstance(ledger.intent, Audit | Reindex):
        return _of_storage(ledger)
    if ledger.plan and ledger.plan.candidates and not (ledger.outcomes or ledger.problems):
        return f"{_packages(len(ledger.plan.candidates))} to publish"
    return _of_outcomes(ledger)


def _of_outcomes(ledger: Ledger) -> str:
    outcomes = list(ledger.sorted())
    bad = [o for o in outcomes if not o.status.ok]
    good = [o for o in outcomes if o.status.ok]
    problems = ", with problems" if ledger.problems and not bad else ""
    if foresees(ledger):
        return _foreseen(good, bad, stopped=bool(ledger.problems)) + (problems if good else "")
    if ledger.problems and all(o.status is Status.NOT_TRIED for o in outcomes):
        return "Nothing was published: the run stopped"
    again = "Republish: " if isinstance(ledger.intent, Republish) else ""
    return again + _done(good, bad) + problems


def _done(good: Sequence[Outcome], bad: Sequence[Outcome]) -> str:
    public = [o for o in bad if o.status.public]
    if public:
        return _half_done(len(good), len(public), len(bad) - len(public))
    if bad and good:
        return f"{_packages(len(good))} published, {len(bad)} not"
    if bad:
        return f"{_packages(len(bad))} not published"
    if not good:
        return "Nothing to publish"
    if all(o.status is Status.ALREADY_PUBLISHED for o in good):
        return f"{_packages(len(good))}: already published, nothing changed"
    return f"{_packages(len(good))} published"


def _half_done(published: int, unindexed: int, rest: int) -> str:
    """Some versions are public for good, and no registry knows them."""
    first = f"{_packages(published)} published, {unindexed}" if published else _packages(unindexed)
    more = f", {rest} not published" if rest else ""
    return f"{first} in the bucket but not in the index{more}"


def _of_storage(ledger: Ledger) -> str:
    if ledger.audit:
        count = len(ledger.audit.versions)
        bad = sum(not one.ok for one in ledger.audit.versions)
        if ledger.audit.index:
            told = f"{bad} of {_versions(count)} not as promised" if bad else f"{_versions(count)}"
            return f"Audit: the index is not as promised; {told}"
        if bad:
            return f"Audit: {bad} of {_versions(count)} not as promised"
        return f"Audit: {_versions(count)}, all as promised" if count else "Audit: there is no package"
    if ledger.rebuilt:
        rebuilt = "The index would be rebuilt" if ledger.dry_run else "The index was rebuilt"
        return f"{rebuilt}: {_versions(ledger.rebuilt.entries)}"
    return f"The {'audit' if isinstance(ledger.intent, Audit) else 'reindex'} stopped"


def _versions(count: int) -> str:
    return f"{count} version" if count == 1 else f"{count} versions"


def _foreseen(good: Sequence[Outcome], bad: Sequence[Outcome], *, stopped: bool) -> str:
    new = [o for o in good if o.status is Status.WOULD_PUBLISH]
    refused = [o for o in bad if o.status is not Status.NOT_TRIED]
    if refused:
        return f"{_packages(len(refused))} can't be published yet"
    if bad:
        return f"{_packages(len(bad))} not checked"
    if not good:
        return "Nothing is known of any package" if stopped else "This publishes nothing"
    return f"This publishes {_packages(len(new))}" if new else "All of it is already published"


def _packages(count: int) -> str:
    return f"{count} package" if count == 1 else f"{count} packages"


def channel(outcome: Outcome) -> str:
    """Who sees the version by default."""
    return "prerelease" if outcome.experimental else "stable"


def size(count: int) -> str:
    """Bytes for people."""
    number, unit = float(abs(count)), 0
    while number >= 1000 and unit < len(UNITS) - 1:  # noqa: PLR2004 - SI units
        number, unit = number / 1000, unit + 1
    return f"{number:.0f} B" if unit == 0 else f"{number:.1f} {UNITS[unit]}"
