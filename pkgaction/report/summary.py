"""The job summary: the same as the comment, with more room for details."""

from pkgaction.model.outcome import Ledger
from pkgaction.report import comment, markdown, words
from pkgaction.report.escape import code
from pkgaction.report.words import Place

MOST = 900_000  # UTF-16 units; GitHub drops a summary above 1 MiB


def render(ledger: Ledger, place: Place) -> str:
    """The summary's text."""
    head = [f"## {words.headline(ledger)}"]
    if reason := words.idle_reason(ledger):
        head.append(code(reason))
    blocks = comment.blocks(ledger, place)
    return comment.fit(head, blocks, markdown.details(ledger, place), MOST)
