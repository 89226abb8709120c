"""Where the comments of a YAML text belong: above, behind or below something.

They lie in the gaps between tokens. A remark carries the place from which on a token takes it: that of
the token before makes it belong to what is written already, its own place to what comes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from pkgaction.transforms.yaml.tokens import Kind, Token

_BEHIND = re.compile(r"[ \t]*(#[^\r\n]*)")
_BLOCK_HEADER = re.compile(r"[|>][-+0-9]*[ \t]*(#[^\r\n]*)?")
_EMPTY = re.compile(r"[ \t\r\n]*")
_PIECE = re.compile(r"(?P<indent>[ \t]*)(?:(?P<comment>#[^\r\n]*)(?:\r\n|\r|\n)?|(?P<blank>\r\n|\r|\n))")
_BREAK = re.compile(r"\r\n|\r|\n")
_BLOCKS = frozenset({"|", ">"})
_NO_COLUMN = -1


class Side(Enum):
    """On which side of a thing a comment stands."""

    HEAD = "above"
    LINE = "behind"
    FOOT = "below"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One comment of one or more lines."""

    side: Side
    text: str
    at: int  # no token that starts before this place takes it
    start: int
    end: int  # where it was seen to be complete
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gap:
    """What is between two tokens, behind a comment on the first one's line."""

    before: Token  # what a comment right below belongs to
    then: Token  # what comes behind the gap
    start: int
    indent: int  # column of the block that is open
    on_first_line: bool  # of the file
    last_column: int  # where the file ends
    closes: bool  # a bracket closes behind the gap


def remarks(text: str, tokens: list[Token]) -> list[Remark]:
    """All comments in their order; moves the ends of blocks to where the comments show them.

    A block ends above the first comment that stands at its own column, else below its last value.
    """
    found: list[Remark] = []
    indents: list[int] = []
    depth = 0
    last_column = len(text) - 1 - max(text.rfind("\n"), text.rfind("\r"))
    found_break = _BREAK.search(text)
    first_break = found_break.start() if found_break else len(text)
    before = tokens[0]
    for here, there in pairwise(place for place, token in enumerate(tokens) if _is_solid(token)):
        token, then = tokens[here], tokens[there]
        depth += {Kind.OPEN: 1, Kind.CLOSE: -1}.get(token.kind, 0)
        behind = _behind(text, token, before, in_flow=depth > 0)
        start = behind.start + len(behind.text) if behind else token.end
        read = then.start if _reads_on(token, behind) else start
        gap = _Gap(
            before=before if token.kind is Kind.COMMA else token,
            then=then,
            start=max(start, token.end),
            on_first_line=read <= first_break,
            indent=indents[-1] if indents else 0,
            last_column=last_column,
            closes=depth > 0 and then.kind is Kind.CLOSE,
        )
        own = list(_own_lines(text, gap))
        found += [behind, *own] if behind else own
        _settle(tokens[here + 1 : there], indents, own, gap)
        before = token
    return found


def _is_solid(token: Token) -> bool:
    """Whether the token stands in the text; others only say what the solid ones mean."""
    if token.kind in {Kind.START, Kind.END}:
        return True
    return token.kind not in {Kind.BLOCK, Kind.BLOCK_END} and token.end > token.start


def _reads_on(token: Token, behind: Remark | None) -> bool:
    """Whether the end of its line is read with a token, which might go on there."""
    if token.kind is not Kind.SCALAR:
        return False
    return token.style in _BLOCKS or (not token.style and behind is None)


def _behind(text: str, token: Token, before: Token, *, in_flow: bool) -> Remark | None:
    """The comment on the token's line; behind a key's colon or a comma it is of what precedes that."""
    if token.kind in {Kind.START, Kind.DOCUMENT, Kind.ENTRY}:
        return None
    in_block = token.style in _BLOCKS
    found = _BLOCK_HEADER.match(text, token.start) if in_block else _BEHIND.match(text, token.end)
    if not found or not found[1]:
        return None
    owner = before if text[token.start] == ("," if in_flow else ":") else token
    return Remark(
        side=Side.LINE,
        text=found[1],
        at=owner.start,
        start=found.start(1),
        end=found.end(),
        column=_NO_COLUMN,
    )


def _settle(between: list[Token], indents: list[int], own: list[Remark], gap: _Gap) -> None:
    """Follow the blocks that end and begin behind a gap."""
    place, at_end = gap.start - 1, gap.then.kind is Kind.END
    for token in between:
        if token.kind is Kind.BLOCK:
            indents.append(token.column)
        elif token.kind is Kind.BLOCK_END:
            indent = indents.pop()
            if at_end and indent <= gap.last_column:
                place, at_end = max(place, gap.then.start - 1), False
            if own and own[-1].end >= place:
                place = next((remark.start for remark in own if remark.column == indent), place)
            token.at = place


def _own_lines(text: str, gap: _Gap) -> Iterator[Remark]:
    """The comments on lines of their own, as runs that belong together."""
    begin = _EMPTY.match(text, gap.start)
    place = begin.end() if begin else gap.start
    if not text.startswith("#", place):
        return
    runs = _Runs(text, gap, place)
    while piece := _PIECE.match(text, place):
        if piece["blank"] is not None:
            yield from runs.blank(piece.start("blank"))
        else:
            column = runs.column if place == runs.start else len(piece["indent"])
            yield from runs.comment(piece["comment"], piece.start("comment"), column)
            if piece[0].endswith("\r\n"):  # the Go tools see an empty line here
                yield from runs.blank(piece.end())
        place = piece.end()
    yield from runs.end(place)


def _end_of_text(text: str, place: int) -> int:
    """Where the blanks and empty lines before a place begin."""
    while place and text[place - 1] in " \t\r\n":
        place -= 1
    return place


class _Runs:
    """Comments line by line; a run that is complete is given back."""

    def __init__(self, text: str, gap: _Gap, start: int) -> None:
        breaks = len(_BREAK.findall(text, _end_of_text(text, start), start))
        self.gap = gap
        self.start = start
        self.column = start - 1 - max(text.rfind("\n", 0, start), text.rfind("\r", 0, start))
        self._lines: list[str] = []
        self._start, self._column, self._line = start, self.column, 0
        self._at = gap.before.start
        self._now = 0  # line, from the first comment on
        # the line on which a comment stands right below what is before it, counted alike
        self._foot_line = (
            _NO_COLUMN if gap.on_first_line else 1 - breaks + (breaks == 0 and self.column > 1)
        )
        self._first_empty = breaks <= 1
        self._recent_empty = False

    def comment(self, text: str, start: int, column: int) -> Iterator[Remark]:
        """A line with a comment."""
        if self._dedents(column):
            yield self._run(Side.FOOT, start)
            self._at = start
        if not self._lines:
            self._start, self._column, self._line = start, column, self._now
        self._lines.append(text)
        self._recent_empty = False
        self._now += 1

    def blank(self, place: int, *, last: bool = False) -> Iterator[Remark]:
        """An empty line, or the end of the file: the run above may be a foot, else it goes on."""
        if not self._recent_empty and self._lines:
            dedented = self._column < self.gap.indent
            below = self._line == self._foot_line and self.gap.before.kind is not Kind.VALUE
            if self._first_empty and (below or dedented):
                self._at = self._start if dedented else self._at
                yield self._run(Side.FOOT, place)
                self._at = place
            elif not last:
                self._lines.append("")
        self._first_empty, self._recent_empty = False, True
        self._now += 1

    def end(self, place: int) -> Iterator[Remark]:
        """What is no comment comes."""
        then = self.gap.then
        if self._lines and self.gap.closes:
            self._at = self._start if self._column < self.gap.indent else self._at
            yield self._run(Side.FOOT, place)
        elif then.kind is Kind.END:
            yield from self.blank(place, last=True)
        elif self._dedents(then.column):
            yield self._run(Side.FOOT, place)
        if self._lines:
            self._at = self._start
            yield self._run(Side.HEAD, place - 1)

    def _dedents(self, column: int) -> bool:
        return bool(self._lines) and column < self.gap.indent and column != self._column

    def _run(self, side: Side, end: int) -> Remark:
        text, self._lines = "\n".join(self._lines), []
        return Remark(side=side, text=text, at=self._at, start=self._start, end=end, column=self._column)
