"""The job summary: the same as the comment, with more room for details."""

from pkgaction.model.outcome import Ledger
from pkgaction.report import comment, words
from pkgaction.report.escape import code
from pkgaction.report.fitting import fit, utf8
from pkgaction.report.words import Place

MOST = 1_000_000  # bytes; GitHub drops a summary above 1 MiB


def render(ledger: Ledger, place: Place) -> str:
    """The summary's text."""
    reason = words.idle_reason(ledger)
    head = f"## {words.headline(ledger)}" + (f"\n\n{code(reason)}" if reason else "")
    return fit(head, comment.blocks(ledger, place), MOST, utf8)
