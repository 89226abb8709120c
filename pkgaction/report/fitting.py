"""Texts under a limit: whole rows only, the most important ones first."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

MORE = "*More than fits here: see the summary of the run.*"
Measure = Callable[[str], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Rows under a head. Blocks are shown in their order, and left out by their rank."""

    rank: int  # the lowest stays longest
    head: str = ""
    rows: tuple[str, ...]


def fit(head: str, blocks: Sequence[Block], foot: str, most: int, measure: Measure) -> str:
    """Head, foot, and as many rows between them as there is room for; a line says if there were more."""
    room = most - sum(map(measure, (head, MORE, foot))) - 6
    kept: dict[int, list[str]] = {}
    whole = True
    for number in sorted(range(len(blocks)), key=lambda n: blocks[n].rank):
        rows = _first(blocks[number], room, measure)
        whole = whole and len(rows) == len(blocks[number].rows)
        if rows:
            kept[number] = rows
            room -= measure(_text(blocks[number].head, rows)) + 2
    rows_of = [_text(blocks[number].head, kept[number]) for number in sorted(kept)]
    parts = [head, *rows_of, foot, "" if whole else MORE]
    return "\n\n".join(filter(None, parts)) + "\n"


def utf16(text: str) -> int:
    """Length in UTF-16 code units: how GitHub counts a comment."""
    return len(text.encode("utf-16-le", "replace")) // 2


def utf8(text: str) -> int:
    """Length in bytes: how the runner counts a summary."""
    return len(text.encode("utf-8", "replace"))


def _first(block: Block, room: int, measure: Measure) -> list[str]:
    left = room - measure(block.head) - 3
    rows: list[str] = []
    for row in block.rows:
        left -= measure(row) + 1
        if left < 0:
            break
        rows.append(row)
    return rows


def _text(head: str, rows: Iterable[str]) -> str:
    return "\n".join([head, *rows] if head else rows)
