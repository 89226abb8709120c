"""What an audit or a rebuilt index found, as lines for a terminal and as Markdown for the summary."""

from collections.abc import Iterator

from pkgaction.model.audit import Audit, Audited, Drift, Rebuilt
from pkgaction.model.outcome import Ledger
from pkgaction.report import markdown
from pkgaction.report.escape import LONGEST_ADVICE, advice, code
from pkgaction.report.fitting import Block
from pkgaction.report.words import Place

_TABLE = "| | Package | Version | What is wrong |\n|---|---|---|---|"
_LONGEST_CELL = 40  # characters


def lines(ledger: Ledger) -> Iterator[str]:
    """The same table for a job's log."""
    if ledger.audit:
        yield from table(ledger.audit)
    if ledger.rebuilt:
        yield from of_rebuilt(ledger.rebuilt)


def table(audit: Audit) -> Iterator[str]:
    """Package, version, and `ok` or what is wrong: one line a drift; the index comes first."""
    yield from (f"index  {d.code}: {d.what} ({d.fix})" for d in audit.index)
    versions = audit.versions
    name = _width([one.id.name for one in versions])
    version = _width([one.id.version.text for one in versions])
    for one in versions:
        start = f"{one.id.name:<{name}}  {one.id.version.text:<{version}}  "
        if one.repaired:
            yield f"{start}repaired: {', '.join(one.repaired)}"
        elif one.ok:
            yield f"{start}ok"
        yield from (f"{start}{d.code}: {d.what} ({d.fix})" for d in one.drifts)


def of_rebuilt(rebuilt: Rebuilt) -> Iterator[str]:
    """What the new index has, and what it has not any more."""
    changed = f"{len(rebuilt.added)} added, {len(rebuilt.updated)} updated"
    yield f"generation {rebuilt.cursor or '(none)'}: {rebuilt.entries} entries, {changed}"
    for base in rebuilt.removed:
        has_zip = any(told.startswith(f"{base}: ") for told in rebuilt.unreadable)
        yield f"removed: {base}{'' if has_zip else ': there is no zip of it'}"
    yield from (f"no entry: {told}" for told in rebuilt.unreadable)


def footer(place: Place) -> str:
    """Where the results came from."""
    return f"<sub>pkgaction · [run]({place.run_url})</sub>" if place.run_url else ""


def blocks(ledger: Ledger) -> list[Block]:
    """The summary's parts: what has drifted stays longest."""
    audited = ledger.audit.versions if ledger.audit else ()
    drifted = [one for one in audited if not one.ok]
    fine = [one for one in audited if one.ok]
    index = map(_of_index, ledger.audit.index if ledger.audit else ())
    rebuilt = tuple(f"- {code(line)}" for line in lines(ledger)) if ledger.rebuilt else ()
    return [
        Block(rank=0, rows=tuple(markdown.bad_rows(ledger))),
        Block(rank=1, head=_TABLE, rows=(*index, *(_row(one) for one in drifted))),
        Block(rank=3, head=f"**As promised**\n\n{_TABLE}", rows=tuple(_row(one) for one in fine)),
        Block(rank=1, rows=rebuilt),
        Block(rank=2, head="**Please look**\n", rows=tuple(markdown.notes(ledger))),
    ]


def _row(one: Audited) -> str:
    told = "<br>".join(_drift(drift) for drift in one.drifts)
    name, version = code(one.id.name, cell=True), code(one.id.version.text, cell=True)
    return f"| {'✅' if one.ok else '❌'} | {name} | {version} | {told} |"


def _of_index(drift: Drift) -> str:
    return f"| ❌ | the index | | {_drift(drift)} |"


def _drift(drift: Drift) -> str:
    what = code(drift.what, longest=LONGEST_ADVICE, cell=True)
    return f"{what}: {advice(drift.fix, cell=True)} ({drift.code})"


def _width(texts: list[str]) -> int:
    return min(max(map(len, texts), default=0), _LONGEST_CELL)
