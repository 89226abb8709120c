"""What the JSON parser refuses, in words that say what to do."""

import json
from collections.abc import Mapping

_STARTS: Mapping[str, str] = {
    "": "the file ends where a value is expected: complete it",
    "'": "a single quote: write texts in double quotes",
    "/": "a comment: JSON has none, remove it",
    "#": "a comment: JSON has none, remove it",
    ",": "a comma where a value is expected: remove it",
    "]": "a comma before ]: remove it",
    "}": "a comma before }: remove it",
    "<": "this is not JSON: a conflict of a merge is not resolved, or it is another kind of file",
    "\0": "a NUL byte: remove it, or save the file as UTF-8",
}
_WORDS: Mapping[str, str] = {
    "Expecting ':' delimiter": "a colon is expected here, between a key and its value",
    "Expecting ',' delimiter": "a comma is expected here, or a closing bracket",
    "Invalid \\escape": "an unknown escape: write \\\\ for a backslash",
    "Invalid \\uXXXX escape": "\\u needs four hexadecimal digits: write \\\\ for a backslash",
    "Unterminated string starting at": "the quote that begins here is not closed",
    "Invalid control character at": (
        "a line break, a tab or another control character in a text: write it as \\n, \\t or \\u00XX"
    ),
}
_KEY = "Expecting property name"  # the parser's words, as they begin
_VALUE = "Expecting value"


def explain(error: json.JSONDecodeError) -> tuple[str, int, int]:
    """What is wrong in a text that the parser refuses; line and column from 1."""
    if error.msg.startswith("Illegal trailing comma"):  # since Python 3.13, at the comma itself
        rest = error.doc[error.pos + 1 :]
        behind = error.pos + 1 + len(rest) - len(rest.lstrip())
        error = json.JSONDecodeError(_VALUE, error.doc, behind)
    return _words(error), error.lineno, error.colno


def _words(error: json.JSONDecodeError) -> str:
    if not error.doc.strip():
        return "the file is empty: write a JSON value"
    met = error.doc[error.pos : error.pos + 1]
    if error.msg.startswith(_VALUE):
        return _STARTS.get(met, "this is not a JSON value: write texts in double quotes")
    if error.msg.startswith(_KEY):
        return _STARTS.get(met, "a key is expected here, in double quotes")
    return next((words for start, words in _WORDS.items() if error.msg.startswith(start)), error.msg)
