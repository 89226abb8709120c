"""Who watches the run: a job's log with its groups, or a terminal with a progress bar."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TextIO, TypeVar

from pkgaction.report import escape

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class JobLog:
    """Lines for a job's log; foreign text can't become a workflow command."""

    out: TextIO

    @contextlib.contextmanager
    def group(self, title: str) -> Iterator[None]:
        """A folded part of the log."""
        self._print(f"::group::{escape.command_data(title)}")
        try:
            yield
        finally:
            self._print("::endgroup::")

    def each(self, label: str, items: Sequence[T]) -> Iterator[T]:
        """The items one by one; they speak for themselves."""
        del label
        yield from items

    def say(self, text: str) -> None:
        """A line."""
        self._print(escape.log(text))

    def _print(self, line: str) -> None:
        print(line, file=self.out, flush=True)


@dataclass(frozen=True, slots=True)
class Terminal:
    """Lines for a person, and a progress bar where the stream is a terminal."""

    out: TextIO

    @contextlib.contextmanager
    def group(self, title: str) -> Iterator[None]:
        """A part of the work."""
        self.say(f"{title}:")
        yield

    def each(self, label: str, items: Sequence[T]) -> Iterator[T]:
        """The items one by one, showing how far it is."""
        if not self.out.isatty() or len(items) < 2:  # noqa: PLR2004 - one item needs no bar
            yield from items
            return
        from tqdm import tqdm  # noqa: PLC0415 - only a terminal needs it

        yield from tqdm(items, desc=label, file=self.out, leave=False)

    def say(self, text: str) -> None:
        """A line."""
        print(escape.log(text), file=self.out, flush=True)
