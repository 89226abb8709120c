"""Output that outlasts whoever reads it, and in which a runner finds no commands but our own.

The work goes on without a reader, and its status is true.
"""

import contextlib
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO, cast

from pkgaction.report import escape

_ENDS = re.compile("(\r\n|[\r\n])")  # of the lines that a runner reads


class Harmless:
    """A stream whose lines a runner doesn't obey, whoever writes them: argparse, a traceback, a library.

    A line is written when it is whole, or with the next flush.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._line = ""  # begun, and not written

    def write(self, text: str) -> int:
        """Write the lines that are whole now."""
        *lines, self._line = _ENDS.split(self._line + text)  # each line is followed by its end
        self._stream.write(
            "".join(
                escape.obeyed_by_nobody(line) + end
                for line, end in zip(lines[::2], lines[1::2], strict=True)
            )
        )
        return len(text)

    def flush(self) -> None:
        """Write what was held back."""
        line, self._line = self._line, ""
        self._stream.write(escape.obeyed_by_nobody(line))
        self._stream.flush()

    def __getattr__(self, name: str) -> object:
        """All else is the stream's."""
        return getattr(self._stream, name)


def harmless_errors() -> None:
    """Whatever this process writes to standard error is obeyed by no runner from now on.

    That is for good, as a traceback may be the last of it. A terminal obeys nothing, and shows a line
    before it is whole.
    """
    if sys.stderr is not None and not sys.stderr.isatty():
        sys.stderr = cast("TextIO", Harmless(sys.stderr))


class Lasting:
    """A stream whose reader may be gone; what comes after that goes nowhere."""

    def __init__(self, stream: TextIO, *, all_errors: bool) -> None:
        """Take a stream.

        Args:
            stream: where the text goes.
            all_errors: whether no error of writing matters, as with what is said for people.
        """
        self._stream = stream
        self._passed = OSError if all_errors else BrokenPipeError

    def write(self, text: str) -> int:
        """Write as much as there is somebody to read."""
        try:
            return self._stream.write(text)
        except self._passed:
            self.abandon()
            return len(text)

    def flush(self) -> None:
        """Write what was held back."""
        try:
            self._stream.flush()
        except self._passed:
            self.abandon()

    def abandon(self) -> None:
        """From here on nothing is written, also not at the interpreter's end."""
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()

    def __getattr__(self, name: str) -> object:
        """All else is the stream's."""
        return getattr(self._stream, name)


@contextlib.contextmanager
def lasting() -> Iterator[Lasting]:
    """Both streams last as long as the block; standard output is given out."""
    before = sys.stdout, sys.stderr
    out = Lasting(_opened(sys.stdout, 1), all_errors=False)
    error = Lasting(_opened(sys.stderr, 2), all_errors=True)
    sys.stdout, sys.stderr = cast("TextIO", out), cast("TextIO", error)
    try:
        yield out
    finally:
        error.flush()
        try:
            out.flush()
        except OSError:
            out.abandon()
        sys.stdout, sys.stderr = before


def _opened(stream: TextIO | None, number: int) -> TextIO:
    """The stream; where it was closed before we began, one that leads nowhere.

    Its number is taken, so that no file that is opened later gets it.
    """
    if stream is not None:
        return stream
    try:
        os.fstat(number)
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        if nowhere != number:
            os.dup2(nowhere, number)
            os.close(nowhere)
    return Path(os.devnull).open("w", encoding="utf-8")
