"""How a text may be written: which styles are possible, and how it looks in quotes.

Source: the behaviour of yaml.v3's emitter.
"""

import re
from dataclasses import dataclass

from pkgaction.model.yamlvalues import plain
from pkgaction.transforms.yaml.nodes import Style

BREAKS = "\r\n\x85\u2028\u2029"
_INDICATORS = frozenset("#,[]{}&*!|>'\"%@`")
_FLOW_INDICATORS = frozenset(",?[]{}:")
OLD_BOOLEANS = frozenset(
    form
    for word in ("y", "yes", "on", "n", "no", "off")
    for form in (word, word.capitalize(), word.upper())
)
_BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
# said by what it has, as what it has not takes Python ten times as long to compile
_NOT_PRINTABLE = re.compile(
    "[\0-\t\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff\U00010000-\U0010ffff]"
)
_ESCAPED = {
    "\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0", "\a": "\\a",
    "\b": "\\b", "\v": "\\v", "\f": "\\f", "\x1b": "\\e", "\x85": "\\N", "\xa0": "\\_", "\u2028": "\\L",
    "\u2029": "\\P",
}  # fmt: skip
_TO_ESCAPE = re.compile('[\\\\"\u2028\u2029\n]|' + _NOT_PRINTABLE.pattern)
_ANY = re.compile(".", re.DOTALL)
_BYTE_ORDER_MARK = "\ufeff"  # behind it, the Go tools escape everything
_TWO, _FOUR = 0xFF, 0xFFFF  # largest characters with two and four hexadecimal digits


@dataclass(frozen=True, slots=True)
class Styles:
    """The styles that a text may have."""

    plain: bool  # outside of brackets and braces
    flow_plain: bool  # inside
    single: bool
    block: bool
    multiline: bool


def styles(text: str) -> Styles:
    """What is possible for a text."""
    if not text:
        return Styles(plain=True, flow_plain=False, single=True, block=False, multiline=False)
    multiline = any(c in BREAKS for c in text)
    special = bool(_NOT_PRINTABLE.search(text.replace("\t", "")))
    blank_before_break = bool(re.search(f" [{BREAKS}]", text))
    blank_after_break = bool(re.search(f"[{BREAKS}] ", text))
    no_quotes = blank_before_break or special or "\t" in text
    bare = not (no_quotes or multiline or text[0] == " " or text[-1] == " ")
    block_ok, flow_ok = _indicators(text)
    return Styles(
        plain=bare and block_ok,
        flow_plain=bare and flow_ok,
        single=not (no_quotes or blank_after_break),
        block=not (blank_before_break or special or text[-1] == " "),
        multiline=multiline,
    )


def _indicators(text: str) -> tuple[bool, bool]:
    """Whether no character means something else outside and inside of brackets."""
    first, alone = text[0], len(text) == 1 or text[1] in f" \t{BREAKS}"
    marks = text.startswith(("---", "...")) or first in _INDICATORS or (first == "-" and alone)
    inside = bool(re.search(f":[ \t{BREAKS}]|[ \t{BREAKS}]#", text)) or text[1:].endswith(":")
    block = marks or (first in "?:" and alone) or inside
    flow = marks or first in "?:" or inside or any(c in _FLOW_INDICATORS for c in text[1:])
    return not block, not flow


def possible(style: Style, text: str, *, flow: bool, key: bool) -> Style:
    """The style in which a text can be written that ought to have another one."""
    can = styles(text)
    if key and can.multiline:
        return Style.DOUBLE
    if style is Style.PLAIN:
        bare = can.flow_plain if flow else can.plain
        if not bare or (not text and key):
            style = Style.SINGLE
    if style is Style.SINGLE and not can.single:
        style = Style.DOUBLE
    if style in {Style.LITERAL, Style.FOLDED} and (not can.block or flow or key):
        style = Style.DOUBLE
    return style


def reads_as_text(text: str) -> bool:
    """Whether the text without quotes would be read as itself, by old readers, too."""
    return isinstance(plain(text), str) and text not in OLD_BOOLEANS and not _BASE_60.fullmatch(text)


def double_quoted(text: str) -> str:
    """The text in double quotes."""
    escaped = _ANY if text.startswith(_BYTE_ORDER_MARK) else _TO_ESCAPE
    return f'"{escaped.sub(_escape, text)}"'


def _escape(found: re.Match[str]) -> str:
    char = found[0]
    code = ord(char)
    if char in _ESCAPED:
        return _ESCAPED[char]
    if code <= _TWO:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code <= _FOUR else f"\\U{code:08X}"
