"""The pull request's one comment: did it work, what was published, what was not, details folded."""

from collections.abc import Iterable, Sequence

from pkgaction.model.outcome import Ledger
from pkgaction.report import markdown, words
from pkgaction.report.words import Place

MOST = 60_000  # UTF-16 units; GitHub takes 65,536 characters
_MORE = "\n\n*More than fits here: see the summary of the run.*"


def render(ledger: Ledger, place: Place, bucket: str) -> str:
    """The comment's body, the marker on its first line."""
    head = [markdown.marker(bucket), f"### {words.headline(ledger)}"]
    return fit(head, [*blocks(ledger, place)], list(markdown.details(ledger, place)), MOST)


def worth_a_comment(ledger: Ledger) -> bool:
    """Whether there is anything that a pull request's people would want to read."""
    skipped = ledger.plan.skipped if ledger.plan else ()
    return bool(ledger.outcomes or ledger.problems or any(s.warn for s in skipped))


def fit(head: Sequence[str], blocks: Iterable[str], details: Iterable[str], most: int) -> str:
    """As many whole blocks as there is room for: the head, then the blocks, then the details."""
    body = "\n\n".join(head)
    for block in [*blocks, *details]:
        longer = f"{body}\n\n{block}"
        if units(longer) > most - units(_MORE):
            return body + _MORE
        body = longer
    return body + "\n"


def units(text: str) -> int:
    """Length as GitHub counts it: UTF-16 code units."""
    return len(text.encode("utf-16-le", "replace")) // 2


def blocks(ledger: Ledger, place: Place) -> Iterable[str]:
    """What both comment and summary must say."""
    rows = markdown.good_rows(ledger, place)
    if rows:
        yield from _in_parts(rows)
    yield from _joined(list(markdown.bad_blocks(ledger)), "**Not published**")
    yield from _joined(list(markdown.notes(ledger)), "**Please look**")


def _in_parts(rows: Sequence[str], part: int = 100) -> Iterable[str]:
    """A long table as several, so that what fits is shown."""
    head, lines = rows[0], rows[1:]
    for start in range(0, len(lines), part):
        yield "\n".join([head, *lines[start : start + part]])


def _joined(lines: Sequence[str], title: str, part: int = 50) -> Iterable[str]:
    for start in range(0, len(lines), part):
        yield "\n".join([f"{title}\n", *lines[start : start + part]])
