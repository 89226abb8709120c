"""Foreign text made harmless, one function a place where it is shown.

Package text, branch names and titles are data: none of them may become markup, a mention, a link or a
workflow command.
Sources: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands and
https://github.github.com/gfm/.
"""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence

from pkgaction.model.json import Json

_MARKUP = re.compile(
    r"[&<>\\`*~|@#\[\]{}!$^]"
    r"|(?<![a-z0-9])_|_(?![a-z0-9])"  # within a word an underscore is no markup
    r"|:(?=//)|(?<=www)\.",  # what would become a link
    re.IGNORECASE,
)
_SURROGATES = re.compile("[\ud800-\udfff]")
_BREAKS = re.compile(r"\r\n|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
_EMAIL = re.compile(r"[a-z0-9.+_-]@[a-z0-9_-]*\.[a-z0-9]", re.IGNORECASE)
LONGEST_ADVICE = 2_000  # characters


def plain(text: str) -> str:
    """One line without control characters, bidirectional overrides and lone surrogates."""
    if text.isprintable():
        return text
    lines = _BREAKS.sub(" ", text)
    shown = (c if _harmless(c) else "\N{REPLACEMENT CHARACTER}" for c in lines)
    return "".join(shown)


def log(text: str) -> str:
    """A line of a job's log: the runner reads every one of them for commands."""
    return obeyed_by_nobody(plain(text))


def obeyed_by_nobody(text: str) -> str:
    """A line as it is, but for the marks of commands."""
    line = text.replace("##[", "## [")
    return f"| {line}" if line.lstrip().startswith("::") else line


def json_line(value: Json) -> str:
    """One line of compact JSON, in ASCII, without anything that a runner obeys.

    Python keeps bytes of a file's name that are no UTF-8 as lone surrogates, which strict readers of
    JSON refuse: each is the replacement character here.
    """
    return json_text(json.dumps(_whole(value), separators=(",", ":")))


def json_text(text: str) -> str:
    """The same JSON, without anything that a runner obeys.

    Both marks of commands stand in its strings alone, where another spelling is the same text.
    """
    return text.replace("##[", "#\\u0023[").replace("::", ":\\u003a")


def _whole(value: Json) -> Json:
    if isinstance(value, str):
        return _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, Mapping):
        return {_SURROGATES.sub("\N{REPLACEMENT CHARACTER}", k): _whole(v) for k, v in value.items()}
    return [_whole(one) for one in value] if isinstance(value, Sequence) else value


def command_data(text: str) -> str:
    """The message of a workflow command."""
    shown = "\n".join(plain(line) for line in text.split("\n"))
    return shown.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def command_property(text: str) -> str:
    """A property of a workflow command."""
    return command_data(plain(text)).replace(":", "%3A").replace(",", "%2C")


def code(text: str, *, longest: int = 400, cell: bool = False) -> str:
    """Foreign text in Markdown, as code: every sign that could be markup is written as an entity.

    Copied from the page, it is the text itself: nothing is put in between. GitHub makes no mention and
    no reference of what stands in code, but a link of an email address: a text that has one is a code
    span, in which nothing is read. `cell` says that it stands in a table.
    """
    line = _cut(text, longest)
    return (
        _span(line, cell=cell) if _EMAIL.search(line) else f"<code>{_MARKUP.sub(_entity, line)}</code>"
    )


def html_code(text: str, *, longest: int = 400) -> str:
    """The same where no Markdown is read: in the summary of a fold."""
    return f"<code>{_MARKUP.sub(_entity, _cut(text, longest))}</code>"


def entities(text: str) -> str:
    """A text of our own making in Markdown, outside of code: what could be markup is an entity."""
    return _MARKUP.sub(_entity, text)


def advice(text: str, *, cell: bool = False) -> str:
    """A text that may have a command in it, as code: all of it, or nothing."""
    if len(text) > LONGEST_ADVICE:
        return "it is too long for this page: see the log of the run"
    return code(text, longest=LONGEST_ADVICE, cell=cell)


def _cut(text: str, longest: int) -> str:
    line = plain(text)
    return line if len(line) <= longest else line[: longest - 1] + "\u2026"


def _span(line: str, *, cell: bool) -> str:
    """A code span, between more backquotes than the text has in a row."""
    fence = "`" * (max(map(len, re.findall("`+", line)), default=0) + 1)
    blank = " " if line[0] in "` " or line[-1] in "` " else ""  # one at each end is taken off again
    inner = line.replace("|", "\\|") if cell else line
    return f"{fence}{blank}{inner}{blank}{fence}"


def _entity(match: re.Match[str]) -> str:
    return f"&#{ord(match[0])};"


def _harmless(character: str) -> bool:
    return character == "\t" or unicodedata.category(character) not in {
        "Cc",
        "Cf",
        "Cs",
        "Co",
        "Cn",
    }
