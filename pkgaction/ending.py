"""How a process ends before its work is done: told by a signal, the Action and the commands alike.

A signal's handler raises, wherever the program is. Python ignores what is raised in a finalizer, in a
callback or in a hook of a fork, and other code may: a signal must not be lost by that. So what Python
ignores is raised again a moment later, and what else was lost is noticed at the next step.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, NoReturn, TypeVar

from pkgaction.ports import Watch

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

TERMINATED = 128 + signal.SIGTERM
INTERRUPTED = 128 + signal.SIGINT
T = TypeVar("T")
_AGAIN = 0.01  # seconds until an ignored exception is raised again


@dataclass(slots=True)
class _Asked:
    """What this process was told by a signal."""

    signal: int = 0  # 0: nothing yet
    error: BaseException | None = None  # the exception that was raised last for it

    def end(self) -> NoReturn:
        """Raise what ends the process."""
        interrupted = self.signal == signal.SIGINT
        self.error = KeyboardInterrupt() if interrupted else SystemExit(TERMINATED)
        raise self.error


_asked = _Asked()


def on_termination(*, once: bool) -> None:
    """End on SIGTERM and SIGINT: as a container's first process, Python would ignore the one.

    Args:
        once: what comes after the first signal is ignored: a runner sends one after the other, and the
            report is written in between. Otherwise the second one ends the process at once.
    """
    afterwards = signal.SIG_IGN if once else signal.SIG_DFL

    def end(number: int, frame: FrameType | None) -> NoReturn:
        del frame
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, afterwards)
        _asked.signal = number
        _asked.end()

    check()  # it may have been asked to while it was loaded
    signal.signal(signal.SIGTERM, end)
    if (
        signal.getsignal(signal.SIGINT) is not signal.SIG_IGN
    ):  # a shell's background job keeps ignoring it
        signal.signal(signal.SIGINT, end)
    if not isinstance(sys.unraisablehook, _NotIgnored):
        sys.unraisablehook = _NotIgnored(sys.unraisablehook)


@dataclass(frozen=True, slots=True)
class _NotIgnored:
    """Python calls it with what it ignores: what ends the process is raised again a moment later."""

    regular: "Callable[[UnraisableHookArgs], object]"

    def __call__(self, ignored: "UnraisableHookArgs", /) -> None:
        if _asked.error is None or ignored.exc_value is not _asked.error:
            self.regular(ignored)
            return
        signal.signal(signal.SIGALRM, _again)
        signal.setitimer(signal.ITIMER_REAL, _AGAIN)


def _again(number: int, frame: FrameType | None) -> NoReturn:
    del number, frame
    _asked.end()


def check() -> None:
    """End now where a signal asked for it, and nothing is ending yet.

    Raises:
        SystemExit, KeyboardInterrupt: as the signal's handler raises them.
    """
    if (
        _asked.signal
        and sys.exception() is None
        and threading.current_thread() is threading.main_thread()
    ):
        _asked.end()


@dataclass(frozen=True, slots=True)
class Attentive:
    """A watch at whose every step a process ends that was told to."""

    watch: Watch

    def group(self, title: str) -> AbstractContextManager[None]:
        """A folded part of the log."""
        check()
        return self.watch.group(title)

    def each(self, label: str, items: Sequence[T]) -> Iterator[T]:
        """The items one by one."""
        for item in self.watch.each(label, items):
            check()
            yield item

    def say(self, text: str) -> None:
        """A line."""
        check()
        self.watch.say(text)


def ended(status: int) -> int:
    """Leave at once, without waiting for requests that are under way; everything else is cleaned up."""
    sys.stdout.flush()
    os._exit(status)
