"""`event`: a sample event, indented anew but otherwise as it is written."""

import re
from collections.abc import Iterator

from pkgaction.transforms.build_settings import format_is
from pkgaction.transforms.readme.book import Book

_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_ESCAPES = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}
_ESCAPED_BEFORE = "2.12.0"  # the format_version from which on nothing is escaped


def event(book: Book, stream: str) -> str:
    """The lead-in and the event of a data stream, or of the package where none is named."""
    folder = f"data_stream/{stream}/" if stream else ""
    path = _path(book, folder)
    if path is None:
        raise book.refused(f"{folder}sample_event.json", "it is missing, and a document shows it")
    book.json(path)  # or it is refused
    shown = "".join(_indented(book.text(path)))
    if not format_is(book.source, _ESCAPED_BEFORE):
        shown = shown.translate(_ESCAPES)
    return f"{_lead_in(book, stream)}```json\n{shown}\n```"


def _path(book: Book, folder: str) -> str | None:
    whole = f"{folder}sample_event.json"
    if book.source.tree.get(whole):
        return whole
    some = (p for p in book.below(folder, ".json") if p[len(folder) :].startswith("sample_event_"))
    return next(some, None)


def _lead_in(book: Book, stream: str) -> str:
    if not stream:
        return book.phrases.say("sample_event")
    short = stream.replace("_metrics", "").replace("_logs", "")
    return book.phrases.say("sample_event_of", data_stream=short)


def _indented(text: str) -> Iterator[str]:
    """Valid JSON with four blanks a level; numbers, escapes and order stay."""
    depth = 0
    before = ""
    for found in _PIECE.finditer(text):
        piece = found[0]
        if piece in "}]":
            depth -= 1
            if before not in "{[":
                yield f"\n{'    ' * depth}"
        elif before in {"{", "[", ","}:
            yield f"\n{'    ' * depth}"
        yield ": " if piece == ":" else piece
        depth += piece in {"{", "["}
        before = piece
