"""An end to waiting for a server, whatever it does.

A connection's timeouts count between two bytes: they end neither a hanging resolver nor a server that
sends one byte of a header every few seconds.
"""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from pkgaction.ports import Clock

T = TypeVar("T")


class OverdueError(Exception):
    """The work was not done in time. What it waits for is left alone."""

    def __init__(self, message: str, seconds: float) -> None:
        """Say what took too long, and how many seconds were waited for nothing."""
        super().__init__(message)
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Limit:
    """How long a transfer may take."""

    base: float  # seconds, whatever its size
    rate: float  # bytes a second that come or go at least

    def seconds(self, size: int) -> float:
        """What so many bytes may take."""
        return self.base + size / self.rate


class Pace:
    """Watches over a transfer of unknown size: each byte buys time, but never more than the base.

    So it may go on as long as it is fast enough on average, and a server that was fast at first can't
    trickle for hours on what it has saved.
    """

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._end = time.monotonic() + limit.base

    def note(self, count: int) -> None:
        """So many bytes have come."""
        latest = time.monotonic() + self._limit.base
        self._end = min(self._end + count / self._limit.rate, latest)

    def keep(self, work: Callable[[], T]) -> T:
        """The result of the transfer, or its error.

        Raises:
            OverdueError: it was too slow for too long.
        """
        base = self._limit.base
        message = f"hardly anything came for {base:.0f} seconds"
        return _waited(work, lambda: self._end - time.monotonic(), OverdueError(message, base))


@dataclass(slots=True)
class Allowance:
    """Time that several steps share, with the pauses between them."""

    total: float  # seconds
    clock: Clock  # pauses by it
    left: float = field(init=False)  # seconds

    def __post_init__(self) -> None:
        self.left = self.total

    def within(self, work: Callable[[], T], *, longest: float = math.inf) -> T:
        """The result of a step, or its error. `longest` is what this step may take at most.

        Raises:
            OverdueError: it took longer, or nothing is left for it.
        """
        if self.left < longest:
            longest, overdue = self.left, self._overdue()
        else:
            overdue = _overdue(longest)
        before = time.monotonic()
        try:
            return _waited(work, lambda: before + longest - time.monotonic(), overdue)
        finally:
            self.left -= time.monotonic() - before

    def sleep(self, seconds: float) -> None:
        """Pause.

        Raises:
            OverdueError: less than that is left. Nothing is waited for.
        """
        if seconds >= self.left:
            raise self._overdue()
        self.left -= seconds
        self.clock.sleep(seconds)

    def _overdue(self) -> OverdueError:
        return OverdueError(f"it took more than {self.total:.0f} seconds in all", self.total)


def within(seconds: float, work: Callable[[], T]) -> T:
    """The result of some work, or its error.

    Raises:
        OverdueError: it took longer; where there is no time left, it is not begun.
    """
    end = time.monotonic() + seconds
    return _waited(work, lambda: end - time.monotonic(), _overdue(seconds))


def _overdue(seconds: float) -> OverdueError:
    return OverdueError(f"it took more than {seconds:.0f} seconds", seconds)


def _waited(work: Callable[[], T], left: Callable[[], float], overdue: OverdueError) -> T:
    """The result of some work, as long as there is time left for it."""
    if left() <= 0:
        raise overdue
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again by who waits
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    while thread.is_alive():
        seconds = left()
        if seconds <= 0:
            raise overdue
        thread.join(seconds)
    if errors:
        raise errors[0]
    return results[0]
