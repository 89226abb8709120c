"""The pull request's one comment: did it work, what was published, what was not, details folded."""

from pkgaction.model.event import Republish
from pkgaction.model.outcome import Ledger
from pkgaction.report import markdown, words
from pkgaction.report.fitting import Block, fit, utf16
from pkgaction.report.words import Place

MOST = 60_000  # UTF-16 units; GitHub takes 65,536 characters


def render(ledger: Ledger, place: Place, bucket: str) -> str:
    """The comment's body, the marker on its first line."""
    kind = "republish" if isinstance(ledger.intent, Republish) else ""
    head = (
        f"{markdown.marker(bucket, kind)}\n\n### {words.headline(ledger)}{markdown.unverified(ledger)}"
    )
    return fit(head, blocks(ledger, place), markdown.footer(ledger, place), MOST, utf16)


def worth_a_comment(ledger: Ledger) -> bool:
    """Whether there is anything that a pull request's people would want to read."""
    skipped = ledger.plan.skipped if ledger.plan else ()
    return bool(ledger.outcomes or ledger.problems or any(s.warn for s in skipped))


def blocks(ledger: Ledger, place: Place) -> list[Block]:
    """What both comment and summary say. What failed comes first and stays longest, details go first."""
    good, bad = markdown.good_rows(ledger, place), tuple(markdown.bad_rows(ledger))
    return [
        Block(rank=0, head=markdown.not_published(ledger), rows=bad),
        Block(rank=0, head=markdown.NOT_INDEXED, rows=tuple(markdown.unindexed_rows(ledger))),
        Block(rank=1, head=markdown.table(ledger), rows=good),
        Block(rank=2, head=markdown.to_note(ledger), rows=tuple(markdown.notes(ledger))),
        *(Block(rank=3, rows=(detail,)) for detail in markdown.details(ledger)),
    ]
