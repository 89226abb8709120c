"""What the YAML parser refuses, in words that say what to do, and where the cause stands.

The parser names what it met, often lines below the cause: a quote that is not closed is found at the end
of the file. Source: libyaml's scanner.c and parser.c, whose messages these are.
"""

from collections.abc import Mapping

import yaml

from pkgaction.model import plaintext

_TAB = "a tab: indent with spaces"
_NO_CONTENT = "did not find expected node content"
_MARKS = ("<<<<<<<", "=======", ">>>>>>>")
# of the parser's problems; those that stand at their cause
_WORDS: Mapping[str, str] = {
    "mapping values are not allowed in this context": (
        "a second ': ' in one value, or a wrong indentation: put the text in quotes, or align the line"
    ),
    "mapping keys are not allowed in this context": (
        "a value cannot begin with '? ': put the text in quotes"
    ),
    "block sequence entries are not allowed in this context": (
        "a list cannot begin here: put each '- ' on a line of its own, below its key"
    ),
    "did not find expected key": (
        "a key is expected here: align the line with the keys above, and put a text that has quotes, "
        "or begins with one, in quotes as a whole"
    ),
    "did not find expected '-' indicator": (
        "a list item is expected here: begin it with '- ', aligned with the others"
    ),
    _NO_CONTENT: "a value is expected here: put the text in quotes",
    "found unknown escape character": (
        "an unknown escape in double quotes: write \\\\ for a backslash, or use single quotes"
    ),
    "did not find expected hexdecimal number": (
        "an escape in double quotes lacks its digits: write \\\\ for a backslash"
    ),
    "did not find expected alphabetic or numeric character": (
        "a value cannot begin with * or &: put the text in quotes"
    ),
    "found undefined tag handle": "a value cannot begin with !: put the text in quotes",
    "did not find expected comment or line break": (
        "a value cannot begin with | or >: put the text in quotes, or begin the block on the next line"
    ),
    "found an indentation indicator equal to 0": "the indentation of a block is 1 to 9",
    "found incompatible YAML document": "%YAML must be 1.1: remove the line",
    "found unknown directive name": "a line cannot begin with %: put the text in quotes",
    "did not find expected <document start>": (
        "nothing can follow the end of the document (...): begin the next one with ---"
    ),
}
# of those that are met elsewhere than their cause is, which begins where the parser's context does
_BEGUN: Mapping[str, str] = {
    "found unexpected end of stream": "the quote that begins here is not closed",
    "found unexpected document indicator": "the quote that begins here is not closed",
    "did not find expected ',' or ']'": "the [ that stands here is not closed, or lacks a comma",
    "did not find expected ',' or '}'": "the { that stands here is not closed, or lacks a comma",
    "could not find expected ':'": "the line is not 'key: value': add the colon, or indent it otherwise",
}
_STARTS = {
    "\t": _TAB,
    "@": "a value cannot begin with @: put the text in quotes",
    "`": "a value cannot begin with a backquote: put the text in quotes",
    "%": "a value cannot begin with %: put the text in quotes",
}


def explain(error: yaml.MarkedYAMLError, text: str) -> tuple[str, int, int]:
    """What is wrong in a text that the parser refuses; line and column from 1, or 0."""
    at, begun = error.problem_mark or error.context_mark, error.context_mark
    problem = error.problem or ""
    if at is None:
        return problem or "this is not YAML", 0, 0
    line, column = at.line + 1, at.column + 1
    if mark := _conflict(text, line):
        return plaintext.CONFLICT, mark, 1
    character = text[at.index : at.index + 1]
    if "tab" in problem or (character == "\t" and "token" in problem):
        return f"the line has {_TAB}", line, column
    if "cannot start any token" in problem:
        return _STARTS.get(character, f"a value cannot begin with {character!r}"), line, column
    if problem in _BEGUN and begun is not None:
        return _BEGUN[problem], begun.line + 1, begun.column + 1
    if problem == _NO_CONTENT and not text[at.index :].strip():
        return "the file ends here, and a bracket or brace above is not closed", line, column
    return _WORDS.get(problem, f"this is not YAML: {problem}"), line, column


def explain_character(error: yaml.reader.ReaderError, text: str) -> tuple[str, int, int]:
    """The same for a character that no YAML may have."""
    before = text[: error.position]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    code = error.character if isinstance(error.character, int) else ord(error.character)
    return f"the control character U+{code:04X} stands here: remove it", line, column


def _conflict(text: str, line: int) -> int:
    """The line of a marker that git left, of that line or the one above; 0 where there is none."""
    lines = text.splitlines()
    near = range(max(line - 1, 1), min(line, len(lines)) + 1)
    return next((number for number in near if lines[number - 1].startswith(_MARKS)), 0)
