"""Bytes as text, and why they are not text, in words that say what to do."""

import codecs
import re

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SIXTEEN_BITS = "the file is UTF-16: save as UTF-8"
_LOOKED_AT = 200  # bytes; text in UTF-16 shows that at its beginning
POINTER = b"version https://git-lfs.github.com/spec/"
LARGEST_POINTER = 1024  # bytes; https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
# git's marks of a conflict, in this order, each at the start of a line: `=======` alone is a heading
_OURS, _BETWEEN, _THEIRS = (
    re.compile(mark, re.MULTILINE) for mark in (rb"^<{7} ", rb"^={7}\r?$", rb"^>{7} ")
)
_FENCED = re.compile(rb"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
IS_POINTER = "this is a Git LFS pointer, not the file: take it out of LFS"
CONFLICT = "a conflict of a merge is not resolved here: choose one side"


class TextProblemError(ValueError):
    """The bytes are not text that is read here. Line and column count from 1; 0 is unknown."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column

    @property
    def with_line(self) -> str:
        """The message behind its line, where that is known."""
        return f"line {self.line}: {self.message}" if self.line else self.message


class LeftByGitError(TextProblemError):
    """What git put in the place of the text: no reader judges what is in it."""


def refuse_what_git_left(data: bytes) -> None:
    """See that this is the file itself, in a state that somebody chose.

    Raises:
        LeftByGitError: it is a Git LFS pointer, or has a conflict that nobody resolved.
    """
    if data.startswith(POINTER) and len(data) <= LARGEST_POINTER:
        raise LeftByGitError(IS_POINTER)
    if b"<<<<<<< " not in data:  # all but always, and much faster
        return
    data = _FENCED.sub(lambda found: b"\n" * found[0].count(b"\n"), data)  # an example, not a conflict
    ours = _OURS.search(data)
    between = _BETWEEN.search(data, ours.end()) if ours else None
    if ours and between and _THEIRS.search(data, between.end()):
        raise LeftByGitError(CONFLICT, data.count(b"\n", 0, ours.start()) + 1, 1)


def decode(data: bytes) -> str:
    """The text of a file that must be UTF-8.

    Raises:
        TextProblemError: it begins with a byte order mark, is in another encoding, or is not text.
    """
    if data.startswith(codecs.BOM_UTF8):
        message = "the file begins with a byte order mark: save as UTF-8 without it"
        raise TextProblemError(message, 1, 1)
    if data.startswith(_UTF16):
        raise TextProblemError(_SIXTEEN_BITS, 1, 1)
    return decode_utf8(data)


def decode_utf8(data: bytes) -> str:
    """The text of UTF-8 bytes.

    Raises:
        TextProblemError: they are in another encoding, or are not text, or what git left of it.
    """
    refuse_what_git_left(data)
    if (place := data.find(b"\0")) >= 0:
        if _is_sixteen_bits(data):
            raise TextProblemError(_SIXTEEN_BITS, 1, 1)
        message = "the file has a NUL byte: remove it, or save the file as text in UTF-8"
        raise TextProblemError(message, *_place(data, place))
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        byte = data[error.start]
        message = f"byte 0x{byte:02X} is not UTF-8{_in_latin_1(byte)}: save as UTF-8"
        raise TextProblemError(message, *_place(data, error.start)) from None


def problem_of(data: bytes) -> TextProblemError:
    """Why bytes that are not UTF-8 are not."""
    try:
        decode(data)
    except TextProblemError as error:
        return error
    return TextProblemError("the file is not UTF-8: save as UTF-8")


def _is_sixteen_bits(data: bytes) -> bool:
    """Whether every other byte is NUL, as in UTF-16 text of Latin letters without a mark."""
    start = data[: _LOOKED_AT - _LOOKED_AT % 2]
    return any(not any(start[first::2]) for first in (0, 1)) and len(start) > 1


def _in_latin_1(byte: int) -> str:
    character = chr(byte)
    return f" (in Latin-1 it is {character!r})" if character.isprintable() else ""


def _place(data: bytes, offset: int) -> tuple[int, int]:
    before = data[:offset].decode(errors="replace")
    return before.count("\n") + 1, offset_in_line(before)


def offset_in_line(before: str) -> int:
    """The column, from 1, of what follows a text."""
    return len(before) - before.rfind("\n")
