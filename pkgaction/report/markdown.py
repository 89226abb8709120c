"""Result tables and folded details in Markdown, for the comment and the summary."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from pkgaction.model import paths
from pkgaction.model.changes import Changes
from pkgaction.model.finding import Finding, Severity, errors
from pkgaction.model.layout import PACKAGE_NAME
from pkgaction.model.outcome import Ledger, Outcome, Status
from pkgaction.model.release import Skipped
from pkgaction.report import words
from pkgaction.report.escape import LONGEST_ADVICE, advice, code, entities, html_code
from pkgaction.report.words import Place

NOT_INDEXED = "**In the bucket, but not in the index**\n"
_UNBROKEN = "\N{NO-BREAK SPACE}"
_MOST = 200  # lines of a fold
_UNFOLDED = 3  # errors of a failed package
_KINDS = ("added", "changed", "removed", "more differ")
_MARKS = {Severity.ERROR: "❌", Severity.WARNING: "⚠️", Severity.NOTE: "📌"}
_HEAD = ("", "Package", "Version", "Channel", "Size")


def marker(bucket: str, kind: str = "") -> str:
    """The hidden first line that tells our comment from others: one for each bucket and kind."""
    of = f"{kind}:" if kind else ""
    return f"<!-- pkgaction:{of}{hashlib.sha256(bucket.encode()).hexdigest()[:12]} -->"


def unverified(ledger: Ledger) -> str:
    """The fixed line, below the headline, of what nobody has verified; else nothing."""
    return f"\n\n⚠️ **{words.UNVERIFIED}**" if words.is_unverified(ledger) else ""


def to_note(ledger: Ledger) -> str:
    """The head of what a reviewer should know."""
    return "**Also said**\n" if words.is_unverified(ledger) else "**Please look**\n"


def table(ledger: Ledger) -> str:
    """The head of the table of results: a preview shows which files differ."""
    head = (*_HEAD, "Files" if words.foresees(ledger) else "Links")
    return f"| {' | '.join(head)} |\n|{'---|' * len(head)}"


def not_published(ledger: Ledger) -> str:
    """The head of what failed; where every package is public, only the run itself did."""
    bad = {outcome.status for outcome in ledger.sorted() if not outcome.status.ok}
    if words.foresees(ledger) and bad:
        refused = "Can't be published" if bad - {Status.NOT_TRIED} else ""
        untried = "not checked" if Status.NOT_TRIED in bad else ""
        told = ", or ".join(filter(None, (refused, untried)))
        return f"**{told[0].upper()}{told[1:]}**\n"
    if words.foresees(ledger):
        return "**What went wrong**\n"
    all_public = ledger.outcomes and all(outcome.status.public for outcome in ledger.sorted())
    return "**What went wrong**\n" if all_public else "**Not published**\n"


def good_rows(ledger: Ledger, place: Place) -> tuple[str, ...]:
    """Rows of what is, or will be, where it should be."""
    good = [outcome for outcome in ledger.sorted() if outcome.status.ok]
    return tuple(_row(outcome, ledger, place) for outcome in good)


def bad_rows(ledger: Ledger) -> Iterator[str]:
    """What ended the run and what was not published, and what to do about it: one row each."""
    for problem in ledger.problems:
        where = f"{code(problem.where)}: " if problem.where else ""
        what = code(problem.what, longest=LONGEST_ADVICE)
        yield f"- ❌ {where}{what}{_to_do(problem.fix)}"
    for outcome in ledger.sorted():
        if not (outcome.status.ok or outcome.status.public):
            yield _bad(outcome, ledger)


def unindexed_rows(ledger: Ledger) -> Iterator[str]:
    """What is public for good, and not, or not for sure, in the index: one row each."""
    for outcome in ledger.sorted():
        if outcome.status.public and not outcome.status.ok:
            yield _bad(outcome, ledger)


def notes(ledger: Ledger) -> Iterator[str]:
    """What a reviewer should know beside the results."""
    skipped = ledger.plan.skipped if ledger.plan else ()
    for skip in skipped:
        if skip.warn:
            yield f"- ⚠️ {_skipped(skip)}"
    for warning in ledger.warnings:
        yield f"- ⚠️ {advice(warning)}"
    for notice in ledger.notices:
        yield f"- 📌 {advice(notice)}"


def details(ledger: Ledger) -> Iterator[str]:
    """Folded parts that may be left out where there is no room, the most useful first."""
    for outcome in ledger.sorted():
        if folded := [f for f in outcome.findings if f not in _worst(outcome)]:
            more = "more " if _worst(outcome) else ""
            count = f"{len(folded)} {more}finding{'s' if len(folded) > 1 else ''}"
            yield _folded(count, outcome, [_finding(outcome, f) for f in folded])
    for outcome in ledger.sorted():
        if outcome.changes:
            yield _changed(outcome, outcome.changes)
        elif outcome.files:
            lines = [f"- {code(f.path)} {words.size(f.size)}" for f in outcome.files]
            title = f"{len(lines)} files, sha256 <code>{outcome.sha256[:16]}</code>"
            yield _folded(title, outcome, lines)
    quiet = [s for s in ledger.plan.skipped if not s.warn] if ledger.plan else []
    if quiet:
        lines = [f"- {_skipped(skip)}" for skip in quiet]
        yield f"<details><summary>{len(lines)} left out</summary>\n\n{_lines(lines)}\n</details>"


def _row(outcome: Outcome, ledger: Ledger, place: Place) -> str:
    before = f"{outcome.previous} → " if outcome.previous else "new: "
    cells = (
        f"{'❔' if words.is_unverified(ledger) else '✅'} {words.shown(outcome, ledger)}",
        _name(outcome.name),
        f"{before}**{outcome.version}**",
        words.channel(outcome),
        _size(outcome),
        ("<br>" if words.foresees(ledger) else " · ").join(_links(outcome, ledger, place)),
    )
    return f"| {' | '.join(cells)} |"


def _links(outcome: Outcome, ledger: Ledger, place: Place) -> Iterator[str]:
    if words.foresees(ledger):
        yield _counted(outcome.changes) if outcome.changes else ""
    elif outcome.urls:
        yield f"[zip]({outcome.urls.zip})"
        yield f"[signature]({outcome.urls.signature})"
    # a fork's word for its folder may lead out of the repository, and its own rows have no links
    if ledger.plan and place.repository and not words.is_unverified(ledger):
        changelog = paths.join(outcome.folder, "changelog.yml")
        yield f"[changelog]({place.file(ledger.plan.head, changelog)})"


def _bad(outcome: Outcome, ledger: Ledger) -> str:
    version = f" {code(outcome.version)}" if outcome.version else ""
    shown, reason = words.shown(outcome, ledger), code(outcome.reason, longest=LONGEST_ADVICE)
    said = f"- ❌ {_name(outcome.name)}{version} **{shown}**: {reason}{_to_do(outcome.fix)}"
    return "\n".join([said, *(f"  {_finding(outcome, found)}" for found in _worst(outcome))])


def _to_do(fix: str) -> str:
    return f"<br>**What to do:** {advice(fix)}" if fix else ""


def _size(outcome: Outcome) -> str:
    """The zip's size, and how much more or less that is than before."""
    if not outcome.size:
        return ""
    before = outcome.changes.size if outcome.changes else 0
    more = outcome.size - before if before else 0
    change = f" ({'+' if more > 0 else '-'}{words.size(more)})" if more else ""
    return (words.size(outcome.size) + change).replace(" ", _UNBROKEN)


def _counted(changes: Changes) -> str:
    """How many files differ, in words."""
    counted = Counter(one.kind for one in changes.files)
    counted["more differ"] = changes.more
    told = ", ".join(f"{counted[kind]} {kind}" for kind in _KINDS if counted[kind])
    return told or "no difference"


def _changed(outcome: Outcome, changes: Changes) -> str:
    """What differs from the last published version, file by file."""
    since = code(changes.since, cell=True) if changes.since else ""
    versions = f"{since} | {code(outcome.version, cell=True)}"
    head = [f"| | File | {versions} |", "|---|---|---|---|"]
    rows = []
    for one in changes.files:
        sizes = ["" if size is None else words.size(size) for size in (one.before, one.after)]
        rows.append(f"| {one.kind} | {code(one.path, cell=True)} | {' | '.join(sizes)} |")
    since = f"since {html_code(changes.since)}" if changes.since else "nothing was published before"
    title = f"{_counted(changes)}, {since}"
    return _folded(title, outcome, rows, head if rows else ())


def _worst(outcome: Outcome) -> tuple[Finding, ...]:
    """The first errors of a package that failed: they are not folded away."""
    return () if outcome.status.ok else errors(outcome.findings)[:_UNFOLDED]


def _finding(outcome: Outcome, found: Finding) -> str:
    mark = _MARKS[found.severity]
    where = code(paths.join(outcome.folder, found.place))
    message = code(found.message, longest=LONGEST_ADVICE)
    return f"- {mark} {where} {message} ({_rule(found)})"


def _rule(finding: Finding) -> str:
    """The rule's name, with a link to where it stands: ours, or the specification's address."""
    return f"[{code(finding.label)}]({finding.link})" if finding.link else code(finding.label)


def _skipped(skip: Skipped) -> str:
    version = f" {code(skip.version)}" if skip.version else ""
    return f"{_name(skip.name)}{version}: {code(skip.reason, longest=LONGEST_ADVICE)}"


def _folded(title: str, outcome: Outcome, lines: Sequence[str], head: Sequence[str] = ()) -> str:
    summary = f"{_name(outcome.name, html_code)}: {title}"
    return f"<details><summary>{summary}</summary>\n\n{_lines(lines, head)}\n</details>"


def _lines(lines: Sequence[str], head: Sequence[str] = ()) -> str:
    more = [f"- and {len(lines) - _MOST} more"] if len(lines) > _MOST else []
    return "\n".join([*head, *lines[:_MOST], *more]) + "\n"


def _name(name: str, other: Callable[[str], str] = code) -> str:
    """In HTML, which also works in a summary; of markup, our own names can hold underscores alone."""
    return f"<b>{entities(name)}</b>" if PACKAGE_NAME.fullmatch(name) else other(name)


def footer(ledger: Ledger, place: Place) -> str:
    """Where the results came from."""
    parts = [code(ledger.checks)] if ledger.checks else []
    if ledger.plan and ledger.plan.compared:
        parts.append(code(ledger.plan.compared))
    if ledger.plan and ledger.plan.head and place.repository:
        parts.append(f"commit [{ledger.plan.head[:12]}]({place.commit(ledger.plan.head)})")
    if place.run_url:
        parts.append(f"[run]({place.run_url})")
    return f"<sub>pkgaction{' · '.join(['', *parts])}</sub>"
