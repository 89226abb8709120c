"""How a process ends before its work is done: told by a signal, the Action and the commands alike.

A signal's handler raises, wherever the program is. Python ignores what is raised in a finalizer, in a
callback or in a hook of a fork, and other code may: a signal must not be lost by that. So what Python
ignores is raised again a moment later, and what else was lost is noticed at the next step.
"""

import contextlib
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn, TypeVar

from pkgaction import process, starting
from pkgaction.ports import Watch
from pkgaction.starting import SIGNALS

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

TERMINATED = starting.TERMINATED
INTERRUPTED = 128 + signal.SIGINT
STATUSES = frozenset(128 + each for each in SIGNALS)
T = TypeVar("T")
_AGAIN = 0.01  # seconds until an ignored exception is raised again
_LATE = "ignored due to race condition"  # as Python says it
_CLEANING = 5.0  # seconds that a signal waits for cleaning up


@dataclass(slots=True)
class _Asked:
    """What this process was told by a signal."""

    signal: int = 0  # 0: nothing yet
    error: BaseException | None = None  # the exception that was raised last for it
    scratch: set[str] = field(default_factory=set)  # folders that are to be removed

    def end(self) -> NoReturn:
        """Raise what ends the process."""
        interrupted = self.signal == signal.SIGINT
        self.error = KeyboardInterrupt() if interrupted else SystemExit(128 + self.signal)
        raise self.error


_asked = _Asked()


def on_termination(*, once: bool) -> None:
    """End on the signals that ask for it: as a container's first process, Python would ignore SIGTERM.

    Args:
        once: what comes after the first signal is ignored: a runner sends one after the other, and the
            report is written in between. Otherwise the second one ends the process at once.
    """

    def end(number: int, frame: FrameType | None) -> None:
        del frame
        _asked.signal = _asked.signal or number
        if process.is_to_wait(number):
            _raise_in(_CLEANING)
            return
        signal.setitimer(signal.ITIMER_REAL, 0)
        for each in SIGNALS:
            signal.signal(each, signal.SIG_IGN if once else _leave)
        _asked.end()

    check()  # it may have been asked to while it was loaded
    for each in starting.listened_to():
        signal.signal(each, end)
    if not isinstance(sys.unraisablehook, _NotIgnored):
        sys.unraisablehook = _NotIgnored(sys.unraisablehook)


def _leave(number: int, frame: FrameType | None) -> None:
    """Nobody waits for what is under way."""
    del frame
    if not process.is_to_wait(number):
        ended(128 + number)


@dataclass(frozen=True, slots=True)
class _NotIgnored:
    """Python calls it with what it ignores: what ends the process is raised again a moment later.

    A second signal that came just before it was to be ignored is no news.
    """

    regular: "Callable[[UnraisableHookArgs], object]"

    def __call__(self, ignored: "UnraisableHookArgs", /) -> None:
        if _asked.signal and isinstance(ignored.exc_value, OSError) and _LATE in str(ignored.exc_value):
            return
        if _asked.error is None or ignored.exc_value is not _asked.error:
            self.regular(ignored)
            return
        _raise_in(_AGAIN)


def _raise_in(seconds: float) -> None:
    """Raise what ends the process later, unless something has by then."""
    signal.signal(signal.SIGALRM, _again)
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _again(number: int, frame: FrameType | None) -> None:
    del number, frame
    error = sys.exception()
    while error and not isinstance(error, SystemExit | KeyboardInterrupt):
        error = error.__context__
    if error is None:  # else it is on its way, or being reported
        _asked.end()


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder for all that is temporary. A signal waits until it is removed, for some seconds."""
    before, folder = tempfile.tempdir, ""
    try:
        with process.handlers_wait():
            folder = tempfile.mkdtemp(prefix="pkgaction-")
            _asked.scratch.add(folder)
            tempfile.tempdir = folder  # also of what knows nothing of this one
        yield Path(folder)
    finally:
        tempfile.tempdir = before
        with process.handlers_wait():
            _remove_scratch()


def _remove_scratch() -> None:
    while _asked.scratch:
        shutil.rmtree(_asked.scratch.pop(), ignore_errors=True)


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


def asked() -> int:
    """The signal that asked this process to end; 0: none has.

    Whatever is raised from then on is its doing: other code turns what a handler raises into errors of
    its own.
    """
    return _asked.signal


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


def ended(status: int) -> NoReturn:
    """Leave at once, without waiting for requests that are under way; everything else is cleaned up."""
    _turn_deaf()
    _remove_scratch()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # nobody reads it
            stream.flush()
    os._exit(status)


def leave_with(work: Callable[[], int], *, interrupted: int) -> NoReturn:
    """Work, and leave with the status of that: a signal that comes when all is said changes nothing.

    Args:
        work: gives the status.
        interrupted: the status where SIGINT has ended it.
    """
    try:
        try:
            status = work()
        finally:
            _turn_deaf()
    except KeyboardInterrupt:
        ended(interrupted)
    except SystemExit as asked:
        if asked.code in STATUSES:
            ended(int(asked.code or 0))
        raise
    if status in STATUSES:
        ended(status)
    sys.exit(status)


def _turn_deaf() -> None:
    """From here on, and while Python ends, no signal counts."""
    for each in (*SIGNALS, signal.SIGALRM):
        signal.signal(each, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_REAL, 0)
