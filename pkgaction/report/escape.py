"""Foreign text made harmless, one function a place where it is shown.

Package text, branch names and titles are data: none of them may become markup, a mention, a link or a
workflow command.
Sources: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands and
https://github.github.com/gfm/.
"""

import re
import unicodedata

_MARKUP = re.compile(
    r"[&<>\\`*~|@#\[\]{}!$^]"
    r"|(?<![a-z0-9])_|_(?![a-z0-9])"  # within a word an underscore is no markup
    r"|:(?=//)|(?<=www)\.",  # what would become a link
    re.IGNORECASE,
)
_BREAKS = re.compile(r"\r\n|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
_INVISIBLE = "\u200b"  # zero-width space: what follows a @ or # is then no name


def plain(text: str) -> str:
    """One line without control characters, bidirectional overrides and lone surrogates."""
    lines = _BREAKS.sub(" ", text)
    shown = (c if _harmless(c) else "\N{REPLACEMENT CHARACTER}" for c in lines)
    return "".join(shown)


def log(text: str) -> str:
    """A line of a job's log: the runner reads every one of them for commands."""
    line = plain(text).replace("##[", "## [")
    return f"| {line}" if line.lstrip().startswith("::") else line


def command_data(text: str) -> str:
    """The message of a workflow command."""
    shown = "\n".join(plain(line) for line in text.split("\n"))
    return shown.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def command_property(text: str) -> str:
    """A property of a workflow command."""
    return command_data(plain(text)).replace(":", "%3A").replace(",", "%2C")


def code(text: str, *, longest: int = 400) -> str:
    """Foreign text in Markdown, as code: every sign that could be markup is written as an entity."""
    line = plain(text)
    if len(line) > longest:
        line = line[: longest - 1] + "…"
    return f"<code>{_MARKUP.sub(_entity, line)}</code>"


def _entity(match: re.Match[str]) -> str:
    sign = match[0]
    return f"&#{ord(sign)};" + (_INVISIBLE if sign in "@#" else "")


def _harmless(character: str) -> bool:
    return character == "\t" or unicodedata.category(character) not in {
        "Cc",
        "Cf",
        "Cs",
        "Co",
        "Cn",
    }
