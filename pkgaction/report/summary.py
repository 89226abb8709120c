"""The job summary: the same as the comment, with more room for details."""

from pkgaction.model.event import Audit, Reindex
from pkgaction.model.outcome import Ledger
from pkgaction.report import comment, markdown, storage, words
from pkgaction.report.escape import LONGEST_ADVICE, code
from pkgaction.report.fitting import fit, utf8
from pkgaction.report.words import Place

MOST = 1_000_000  # bytes; GitHub drops a summary above 1 MiB


def render(ledger: Ledger, place: Place) -> str:
    """The summary's text."""
    reason = words.idle_reason(ledger)
    head = f"## {words.headline(ledger)}{markdown.unverified(ledger)}" + (
        f"\n\n{code(reason, longest=LONGEST_ADVICE)}" if reason else ""
    )
    of_storage = isinstance(ledger.intent, Audit | Reindex)
    blocks = storage.blocks(ledger) if of_storage else comment.blocks(ledger, place)
    foot = storage.footer(place) if of_storage else markdown.footer(ledger, place)
    return fit(head, blocks, foot, MOST, utf8)
