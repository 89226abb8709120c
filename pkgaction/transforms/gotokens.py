"""The tokens of a Go template: plain text, and what stands between `{{` and `}}`."""

import re
import sys
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from enum import Enum

from pkgaction.transforms.gotemplate_values import Value

_BLANKS = " \t\r\n"


class TemplateProblemError(ValueError):
    """The template is none that is rendered here. The line counts from 1; 0 is unknown."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


class Kind(Enum):
    """What a token is."""

    TEXT = "text"
    OPEN = "{{"
    CLOSE = "}}"
    NAME = "name"
    FIELD = "field"
    VALUE = "value"
    PIPE = "|"
    OPEN_PARENTHESIS = "("
    CLOSE_PARENTHESIS = ")"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a template."""

    kind: Kind
    text: str
    line: int  # from 1
    value: Value = None  # of a VALUE


_TOKEN = re.compile(
    r"""(?P<blank>[ \t\r\n]+)
    |(?P<quoted>"(?:[^"\\\n]|\\.)*")
    |(?P<raw>`[^`]*`)
    |(?P<field>(?:\.[^\W\d]\w*)+|\.(?![\w.]))
    |(?P<number>[-+]?(?:0|[1-9][0-9]{0,17})(?![\w.]))
    |(?P<name>[^\W\d]\w*(?!["`]))
    |(?P<mark>[|()])""",
    re.VERBOSE,
)
_MARKS = {kind.value: kind for kind in (Kind.PIPE, Kind.OPEN_PARENTHESIS, Kind.CLOSE_PARENTHESIS)}
_WORDS = {"true": True, "false": False}
_END = re.compile(r"[ \t\r\n]+-}}|}}")
_LAST_ASCII = 0x7F
_SURROGATES = range(0xD800, 0xE000)
_COMMENT = re.compile(r"/\*(?P<text>.*?)\*/(?P<end>[ \t\r\n]-}}|}})", re.DOTALL)
_ESCAPE = re.compile(
    r"\\(?:(?P<octal>[0-7]{3})|x(?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})"
    r"|U(?P<U>[0-9a-fA-F]{8})|(?P<one>.))"
)
_ONE = dict(zip('abfnrtv\\"', '\a\b\f\n\r\t\v\\"', strict=True))


def tokens(text: str) -> Iterator[Token]:
    """All tokens, an END last. Comments are gone, and the blanks that `{{-` and `-}}` remove.

    Raises:
        TemplateProblemError: an action or comment is not closed, or holds what is no token.
    """
    at, trim, line, counted = 0, False, 1, 0
    while (start := text.find("{{", at)) >= 0:
        opened = start + 2
        line, counted = line + text.count("\n", counted, start), start
        trims = text[opened : opened + 1] == "-" and text[opened + 1 : opened + 2] in {*_BLANKS}
        yield from _text(text, at, start, left=trim, right=trims)
        inside = opened + 2 if trims else opened
        if text.startswith("/*", inside):
            at, trim = _comment(text, inside)
        else:
            at, trim = yield from _action(text, inside, line)
    yield from _text(text, at, len(text), left=trim, right=False)
    yield Token(Kind.END, "", _line(text, len(text)))


def _text(text: str, start: int, end: int, *, left: bool, right: bool) -> Iterator[Token]:
    found = text[start:end]
    found = found.lstrip(_BLANKS) if left else found
    found = found.rstrip(_BLANKS) if right else found
    if found:
        yield Token(Kind.TEXT, found, 0)


def _comment(text: str, at: int) -> tuple[int, bool]:
    found = _COMMENT.match(text, at)
    if not found:
        raise TemplateProblemError("a comment is not closed by */}}", _line(text, at))
    return found.end(), found["end"] != "}}"


def _action(text: str, at: int, line: int) -> Generator[Token, None, tuple[int, bool]]:
    """The tokens of an action; returns where it ends, and whether the blanks after it go."""
    yield Token(Kind.OPEN, "{{", line)
    while not (end := _END.match(text, at)):
        found = _TOKEN.match(text, at)
        if not found:
            what = f"{text[at]!r} is not expected" if at < len(text) else "an action is not closed"
            raise TemplateProblemError(what, line)
        if found.lastgroup != "blank":
            yield _token(found, line)
        line += found[0].count("\n")
        at = found.end()
    yield Token(Kind.CLOSE, "}}", line)
    return end.end(), end[0] != "}}"


def _token(found: re.Match[str], line: int) -> Token:
    text = found[0]
    match found.lastgroup:
        case "quoted":
            return Token(Kind.VALUE, text, line, _unescaped(text[1:-1], line))
        case "raw":
            return Token(Kind.VALUE, text, line, text[1:-1].replace("\r", ""))
        case "number":
            return Token(Kind.VALUE, text, line, int(text))
        case "field":
            return Token(Kind.FIELD, text, line)
        case "mark":
            return Token(_MARKS[text], text, line)
        case _:
            return Token(Kind.VALUE if text in _WORDS else Kind.NAME, text, line, _WORDS.get(text))


def _unescaped(text: str, line: int) -> str:
    def character(found: re.Match[str]) -> str:
        if found["one"]:
            if found["one"] not in _ONE:
                raise TemplateProblemError(f"{found[0]} is no escape", line)
            return _ONE[found["one"]]
        code = (
            int(found["octal"], 8) if found["octal"] else int(found["x"] or found["u"] or found["U"], 16)
        )
        is_byte = found["octal"] or found["x"]
        if code > (_LAST_ASCII if is_byte else sys.maxunicode) or code in _SURROGATES:
            raise TemplateProblemError(f"{found[0]} is no character", line)
        return chr(code)

    return _ESCAPE.sub(character, text)


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
