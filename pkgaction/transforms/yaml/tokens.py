"""The tokens of a YAML text, with their places in it."""

from dataclasses import dataclass
from enum import Enum, auto

import yaml

from pkgaction.model import yamlevents


class Kind(Enum):
    """What a token is."""

    START = auto()  # of the file
    DOCUMENT = auto()  # `---`
    BLOCK = auto()  # a block map or list begins
    BLOCK_END = auto()
    KEY = auto()
    VALUE = auto()  # `:`
    ENTRY = auto()  # `-`
    OPEN = auto()  # `[` or `{`
    CLOSE = auto()
    COMMA = auto()
    ALIAS = auto()
    ANCHOR = auto()
    TAG = auto()
    SCALAR = auto()
    OTHER = auto()  # directives, `...`
    END = auto()  # of the file


_KINDS: dict[type[yaml.Token], Kind] = {
    yaml.StreamStartToken: Kind.START,
    yaml.DocumentStartToken: Kind.DOCUMENT,
    yaml.BlockMappingStartToken: Kind.BLOCK,
    yaml.BlockSequenceStartToken: Kind.BLOCK,
    yaml.BlockEndToken: Kind.BLOCK_END,
    yaml.KeyToken: Kind.KEY,
    yaml.ValueToken: Kind.VALUE,
    yaml.BlockEntryToken: Kind.ENTRY,
    yaml.FlowMappingStartToken: Kind.OPEN,
    yaml.FlowSequenceStartToken: Kind.OPEN,
    yaml.FlowMappingEndToken: Kind.CLOSE,
    yaml.FlowSequenceEndToken: Kind.CLOSE,
    yaml.FlowEntryToken: Kind.COMMA,
    yaml.AliasToken: Kind.ALIAS,
    yaml.AnchorToken: Kind.ANCHOR,
    yaml.TagToken: Kind.TAG,
    yaml.ScalarToken: Kind.SCALAR,
    yaml.StreamEndToken: Kind.END,
}


@dataclass(slots=True, kw_only=True)
class Token:
    """One token. `at` is where comments that belong to it are looked for; `start` where it stands."""

    kind: Kind
    at: int
    start: int
    end: int  # the first character behind it
    column: int
    row: int  # its line, from 1
    mapping: bool = False  # for BLOCK and OPEN: a map, no list
    text: str = ""  # of a scalar, an anchor, an alias or a tag
    style: str = ""  # of a scalar


def scan(text: str) -> list[Token]:
    """All tokens of a text.

    Raises:
        yaml.YAMLError: it is no YAML.
    """
    return list(map(_token, yamlevents.scan(text)))


def _token(found: yaml.Token) -> Token:
    start, end = found.start_mark, found.end_mark
    return Token(
        kind=_KINDS.get(type(found), Kind.OTHER),
        at=start.index,
        start=start.index,
        end=end.index,
        column=start.column,
        row=start.line + 1,
        mapping=isinstance(found, yaml.BlockMappingStartToken | yaml.FlowMappingStartToken),
        text=_text(found),
        style=getattr(found, "style", None) or "",
    )


def _text(found: yaml.Token) -> str:
    if isinstance(found, yaml.TagToken):
        handle, suffix = found.value
        if handle is None:
            standard = suffix.removeprefix("tag:yaml.org,2002:")
            return f"!!{standard}" if standard != suffix else f"!<{suffix}>"
        return f"{handle}{suffix}"
    value = getattr(found, "value", "")
    return value if isinstance(value, str) else ""
