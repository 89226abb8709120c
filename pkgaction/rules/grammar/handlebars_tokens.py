"""The words of a Handlebars template, one after the other.

Source: https://github.com/aymerick/raymond, lexer, by which Elastic's tools read agent templates.
Linear time: every pattern is tried at one place and moves on from there.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto


class Kind(Enum):
    """What a word is."""

    CONTENT = auto()
    COMMENT = auto()
    OPEN = auto()
    OPEN_UNESCAPED = auto()
    OPEN_BLOCK = auto()
    OPEN_INVERSE = auto()
    OPEN_CHAIN = auto()
    OPEN_END = auto()
    OPEN_PARTIAL = auto()
    OPEN_RAW = auto()
    OPEN_END_RAW = auto()
    INVERSE = auto()
    CLOSE = auto()
    CLOSE_UNESCAPED = auto()
    CLOSE_RAW = auto()
    OPEN_PARAMS = auto()
    BAR = auto()
    OPEN_CALL = auto()
    CLOSE_CALL = auto()
    EQUALS = auto()
    AT = auto()
    SEPARATOR = auto()
    ID = auto()
    STRING = auto()
    NUMBER = auto()
    BOOLEAN = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """One word and where it begins, in characters."""

    kind: Kind
    text: str
    position: int


class TemplateError(ValueError):
    """The text is no template: what is wrong, and where, in characters."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


_BLANK = r"[\t\n\f\r ]"
_MUSTACHE = re.compile(r"\\\\(?=\{\{)|\\\{+(?<=\{\{)|\{\{")
_COMMENT = re.compile(r"\{\{~?!(?P<dashes>--)?")
_COMMENT_ENDS = {True: re.compile(r"--~?\}\}"), False: re.compile(r"~?\}\}")}
_OPENINGS = (
    (Kind.OPEN_END_RAW, re.compile(r"\{\{\{\{/")),
    (Kind.OPEN_RAW, re.compile(r"\{\{\{\{")),
    (Kind.OPEN_UNESCAPED, re.compile(r"\{\{~?\{")),
    (Kind.OPEN_BLOCK, re.compile(r"\{\{~?#")),
    (Kind.OPEN_END, re.compile(r"\{\{~?/")),
    (Kind.OPEN_PARTIAL, re.compile(r"\{\{~?>")),
    (Kind.INVERSE, re.compile(rf"\{{\{{~?\^{_BLANK}*~?\}}\}}|\{{\{{~?{_BLANK}*else{_BLANK}*~?\}}\}}")),
    (Kind.OPEN_INVERSE, re.compile(r"\{\{~?\^")),
    (Kind.OPEN_CHAIN, re.compile(rf"\{{\{{~?{_BLANK}*else")),
    (Kind.OPEN, re.compile(r"\{\{~?&?")),
)
_CLOSINGS = (
    (Kind.CLOSE_RAW, re.compile(r"\}\}\}\}")),
    (Kind.CLOSE_UNESCAPED, re.compile(r"\}~?\}\}")),
    (Kind.CLOSE, re.compile(r"~?\}\}")),
)
_CLOSED = {kind for kind, _ in _CLOSINGS}
_IGNORED = re.compile(r"[ \t\n]+")
_WORDS = (
    *((kind, pattern) for kind, pattern in _CLOSINGS if kind is not Kind.CLOSE_RAW),
    (Kind.OPEN_PARAMS, re.compile(rf"as{_BLANK}+\|")),
    (Kind.ID, re.compile(r"\.\.|\.(?=[\t\n\f\r =~}/)|])")),
    (Kind.BOOLEAN, re.compile(r"(?:true|false)(?=[\t\n\f\r ~})])")),
    (Kind.OPEN_CALL, re.compile(r"\(")),
    (Kind.CLOSE_CALL, re.compile(r"\)")),
    (Kind.EQUALS, re.compile(r"=")),
    (Kind.AT, re.compile(r"@")),
    (Kind.STRING, re.compile(r"\"(?:[^\"\n\\]|\\\"?)*\"|'(?:[^'\n\\]|\\'?)*'")),
    (Kind.SEPARATOR, re.compile(r"[/.]")),
    (Kind.BAR, re.compile(r"\|")),
    (Kind.NUMBER, re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w+-])")),
    (Kind.ID, re.compile(r"\[[^\]\n]*\]|(?![+0-9-])[^ \n\t!\"#%&'()*+,./;<=>@[\\\]^`{|}~]+")),
)


def tokens(text: str) -> Iterator[Token]:
    """Every word, the end last.

    Raises:
        TemplateError: something is no word, or a comment, a mustache or a raw block does not end.
    """
    position = 0
    while found := _MUSTACHE.search(text, position):
        yield from _content(text, position, found.start())
        position = found.end()
        if found[0] == "{{":
            for token in _mustache(text, found.start()):
                yield token
                position = token.position + len(token.text)
    yield from _content(text, position, len(text))
    yield Token(Kind.END, "", len(text))


def _content(text: str, start: int, end: int) -> Iterator[Token]:
    if start < end:
        yield Token(Kind.CONTENT, text[start:end], start)


def _mustache(text: str, position: int) -> Iterator[Token]:
    """The words from `{{` to `}}`; after those that open a raw block, what is in it."""
    if opening := _COMMENT.match(text, position):
        yield _comment(text, position, dashes=bool(opening["dashes"]))
        return
    opened, found = next((k, m) for k, p in _OPENINGS if (m := p.match(text, position)))
    yield Token(opened, found[0], position)
    position, kind = found.end(), opened
    while kind not in _CLOSED and kind is not Kind.INVERSE:
        if blank := _IGNORED.match(text, position):
            position = blank.end()
        kind, word = _word(text, position)
        yield Token(kind, word, position)
        position += len(word)
    if opened is Kind.OPEN_RAW:
        end = text.find("{{{{/", position)
        if end < 0:
            raise TemplateError("the raw block has no {{{{/name}}}} at its end", position)
        yield from _content(text, position, end)


def _comment(text: str, position: int, *, dashes: bool) -> Token:
    end = _COMMENT_ENDS[dashes].search(text, position)
    if not end:
        raise TemplateError(f"the comment has no {'--}}' if dashes else '}}'} at its end", position)
    return Token(Kind.COMMENT, text[position : end.end()], position)


def _word(text: str, position: int) -> tuple[Kind, str]:
    patterns = _CLOSINGS if text.startswith("}}}}", position) else _WORDS
    for kind, pattern in patterns:
        if found := pattern.match(text, position):
            return kind, found[0]
    if position == len(text):
        raise TemplateError("the expression has no }} at its end", position)
    raise TemplateError(f"{text[position : position + 10]!r} is no part of an expression", position)
