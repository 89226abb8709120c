"""An end to waiting for a server, whatever it does.

A connection's timeouts count between two bytes: they end neither a hanging resolver nor a server that
sends one byte of a header every few seconds.
"""

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class OverdueError(Exception):
    """The work was not done in time. What it waits for is left alone."""


def within(seconds: float, work: Callable[[], T]) -> T:
    """The result of some work, or its error.

    Raises:
        OverdueError: it took longer; where there is no time left, it is not begun.
    """
    if seconds <= 0:
        raise OverdueError
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again by who waits
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise OverdueError
    if errors:
        raise errors[0]
    return results[0]
