"""The words of a Handlebars template, one after the other.

Source: https://github.com/aymerick/raymond, lexer, by which Elastic's tools read agent templates.
Linear time: one expression finds the next word of any kind, from where the last one ended. Its parts
are possessive (`*+`): what a part took it never gives back, to be tried once more. Those of a string do,
for a quote behind a backslash ends it where no other does; that is once for a line.
"""

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple


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
    PATH = auto()
    STRING = auto()
    NUMBER = auto()
    BOOLEAN = auto()
    END = auto()


class Token(NamedTuple):
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
_MUSTACHE = re.compile(r"\\\\(?=\{\{)|\\\{++(?<=\{\{)|\{\{")
_COMMENT_ENDS = {True: re.compile(r"--~?\}\}"), False: re.compile(r"~?\}\}")}
_OPENING = re.compile(
    r"(?P<COMMENT>\{\{~?!(?P<dashes>--)?)"
    r"|(?P<OPEN_END_RAW>\{\{\{\{/)"
    r"|(?P<OPEN_RAW>\{\{\{\{)"
    r"|(?P<OPEN_UNESCAPED>\{\{~?\{)"
    r"|(?P<OPEN_BLOCK>\{\{~?#)"
    r"|(?P<OPEN_END>\{\{~?/)"
    r"|(?P<OPEN_PARTIAL>\{\{~?>)"
    rf"|(?P<INVERSE>\{{\{{~?(?:\^|{_BLANK}*+else){_BLANK}*+~?\}}\}})"
    r"|(?P<OPEN_INVERSE>\{\{~?\^)"
    rf"|(?P<OPEN_CHAIN>\{{\{{~?{_BLANK}*+else)"
    r"|(?P<OPEN>\{\{~?&?)"
)
_CLOSED = {Kind.CLOSE_RAW, Kind.CLOSE_UNESCAPED, Kind.CLOSE}
_PARAMS = rf"as{_BLANK}++\|"
_BOOLEAN = r"(?:true|false)(?=[\t\n\f\r ~})])"
_LETTER = r"[^ \n\t!\"#%&'()*+,./;<=>@[\\\]^`{|}~"
_ID = rf"\[[^\]\n]*+\]|(?![+0-9-]){_LETTER}]++"
# what may follow in a path, where nothing else than an identifier of one kind can be meant
_STEP = rf"[/.](?![\f\r]|this(?!{_LETTER}])|{_PARAMS}|{_BOOLEAN})(?:{_ID})"
_WORD = (
    r"[ \t\n]*+(?:(?P<CLOSE_RAW>\}\}\}\})"
    r"|(?P<CLOSE_UNESCAPED>\}~?\}\})"
    r"|(?P<CLOSE>~?\}\})"
    rf"|(?P<OPEN_PARAMS>{_PARAMS})"
    r"|(?P<DOTS>\.\.|\.(?=[\t\n\f\r =~}/)|]))"
    rf"|(?P<BOOLEAN>{_BOOLEAN})"
    r"|(?P<OPEN_CALL>\()"
    r"|(?P<CLOSE_CALL>\))"
    r"|(?P<EQUALS>=)"
    r"|(?P<AT>@)"
    r"|(?P<STRING>\"(?:[^\"\n\\]|\\\"?)*\"|'(?:[^'\n\\]|\\'?)*')"
    r"|(?P<SEPARATOR>[/.])"
    r"|(?P<BAR>\|)"
    r"|(?P<NUMBER>[+-]?(?:[0-9]++\.?[0-9]*+|\.[0-9]++)(?:[eE][+-]?[0-9]++)?+(?![\w+-]))"
    rf"|(?P<THIS>this(?!{_LETTER}]))"
    rf"|(?P<ID>{_ID})"
)
_IN_EXPRESSION = re.compile(rf"{_WORD}(?P<PATH>(?:{_STEP})++)?)")
_IN_PARAMS = re.compile(rf"{_WORD})")  # `as |a b|`: names, no paths
_IGNORED = re.compile(r"[ \t\n]*+")
_KINDS = {kind.name: kind for kind in Kind} | {"DOTS": Kind.ID, "THIS": Kind.ID}


def tokens(text: str) -> Iterator[Token]:
    """Every word, the end last.

    Raises:
        TemplateError: something is no word, or a comment, a mustache or a raw block does not end.
    """
    position = 0
    while found := _MUSTACHE.search(text, position):
        if position < found.start():
            yield Token(Kind.CONTENT, text[position : found.start()], position)
        position = found.end()
        opening = _OPENING.match(text, found.start())
        if not opening:  # the braces are escaped
            continue
        kind = Kind.COMMENT if opening["COMMENT"] else _KINDS[opening.lastgroup or ""]
        token = Token(kind, opening[0], found.start())
        if kind is Kind.COMMENT:
            token = _comment(text, found.start(), dashes=bool(opening["dashes"]))
        yield token
        position = token.position + len(token.text)
        if kind is not Kind.COMMENT and kind is not Kind.INVERSE:
            for token in _words(text, position, raw=kind is Kind.OPEN_RAW):
                yield token
            position = token.position + len(token.text)
    if position < len(text):
        yield Token(Kind.CONTENT, text[position:], position)
    yield Token(Kind.END, "", len(text))


def _words(text: str, position: int, *, raw: bool) -> Iterator[Token]:
    words, kind = _IN_EXPRESSION, Kind.OPEN
    while kind not in _CLOSED:
        found = words.match(text, position)
        if not found:
            raise _unknown(text, position)
        name = found.lastgroup or ""
        kind = _KINDS[name]
        start, position = found.start("ID" if name == "PATH" else name), found.end()
        yield Token(kind, text[start:position], start)
        if kind is Kind.OPEN_PARAMS:
            words = _IN_PARAMS
        elif kind is Kind.BAR:
            words = _IN_EXPRESSION
    if raw:
        end = text.find("{{{{/", position)
        if end < 0:
            raise TemplateError("the raw block has no {{{{/name}}}} at its end", position)
        if position < end:
            yield Token(Kind.CONTENT, text[position:end], position)


def _comment(text: str, position: int, *, dashes: bool) -> Token:
    end = _COMMENT_ENDS[dashes].search(text, position)
    if not end:
        raise TemplateError(f"the comment has no {'--}}' if dashes else '}}'} at its end", position)
    return Token(Kind.COMMENT, text[position : end.end()], position)


def _unknown(text: str, position: int) -> TemplateError:
    if blank := _IGNORED.match(text, position):
        position = blank.end()
    if position == len(text):
        return TemplateError("the expression has no }} at its end", position)
    return TemplateError(f"{text[position : position + 10]!r} is no part of an expression", position)
