"""Work on what others made, in processes whose limits of time and memory are held by the system.

The time is that of the processor: on a machine that is busy or stands still, work takes longer by the
clock, and no more of the processor. A limit by the clock ends what waits for ever. It is far away, as
it may be nobody's fault. The processes are forked, so they have what the work needs already; what it is
given, gives back or raises must be picklable.
"""

import contextlib
import multiprocessing
import os
import pickle
import resource
import signal
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Generic, TypeVar, cast

from pkgaction.process import begin_forked, signals_wait

T = TypeVar("T")
R = TypeVar("R")

_STATUS = Path("/proc/self/status")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one piece of work may take."""

    seconds: float  # of processor time; the system counts whole ones, and rounds up
    memory: int  # bytes, beyond what its process has when it begins
    longest: float = 600  # seconds by the clock, also without any processor time


class Ended(Enum):
    """Why a piece of work has no result."""

    TIME = "it took more processor time than it may"
    STALLED = "it had no end in time, and hardly any of that was processor time"
    MEMORY = "it needed more memory than it may have"
    CRASHED = "its process crashed"
    KILLED = "its process was killed by something else, perhaps for want of memory"


# a package of 200 MB in 3,000 JSON files takes 8 seconds and 1.4 GB, and is as large as one may be
OF_PACKAGE = Limits(seconds=60, memory=3 << 30)


def in_words(ended: Ended, limits: Limits) -> str:
    """Why there is no result, with the limit that was reached."""
    told = {
        Ended.TIME: f"{limits.seconds:g} seconds",
        Ended.MEMORY: f"{limits.memory >> 20} MiB",
    }.get(ended, "")
    return f"{ended.value} ({told} are the most)" if told else ended.value


@dataclass(frozen=True, slots=True)
class Done(Generic[T, R]):
    """A piece of work that is over."""

    item: T
    seconds: float  # that it took: of processor time, or by the clock if it was ended
    _answer: "R | Ended | BaseException" = field(repr=False)

    @property
    def was_interrupted(self) -> bool:
        """Whether it was ended by what may not be its fault."""
        return isinstance(self._answer, Ended) and self._answer in {Ended.KILLED, Ended.STALLED}

    def result(self) -> "R | Ended":
        """What the work gave back, or why it gave nothing.

        Raises:
            BaseException: what the work raised.
        """
        if isinstance(self._answer, BaseException):
            raise self._answer
        return self._answer


@dataclass(slots=True)
class _Process:
    process: BaseProcess
    line: "Connection[object, object]"

    def end(self) -> int:
        """Kill it; its exit code."""
        self.process.kill()
        self.process.join()
        self.line.close()
        return self.process.exitcode or 0


@dataclass(slots=True)
class _Running(Generic[T]):
    item: T
    process: _Process
    since: float = field(default_factory=time.monotonic)

    def for_seconds(self) -> float:
        return time.monotonic() - self.since


@dataclass(slots=True)
class Bounded(Generic[T, R]):
    """Processes for one kind of work.

    Results come in the order in which the work was begun; work that takes longer than `patience` is
    overtaken.
    """

    work: Callable[[T], R]
    limits: Limits
    count: int  # pieces of work at the same time
    patience: float = 2.0  # seconds
    _running: list[_Running[T]] = field(default_factory=list)  # the first one began first
    _idle: list[_Process] = field(default_factory=list)

    @property
    def running(self) -> Sequence[T]:
        """What is worked on, the first begun first."""
        return [one.item for one in self._running]

    @property
    def is_free(self) -> bool:
        """Whether more can be begun now."""
        return len(self._running) < self.count

    def fork(self) -> None:
        """Start the processes before there is work: the best time is before there are threads."""
        while len(self._idle) + len(self._running) < self.count:
            self._idle.append(self._forked())

    def begin(self, item: T) -> None:
        """Begin a piece of work."""
        process = self._idle.pop() if self._idle else self._forked()
        try:
            process.line.send(item)
        except OSError:  # it was ended while it had nothing to do
            process.end()
            process = self._forked()
            process.line.send(item)
        self._running.append(_Running(item, process))

    def next(self, seconds: float | None = None) -> Done[T, R] | None:
        """The next piece of work that is over; None where there is none within that time."""
        until = None if seconds is None else time.monotonic() + seconds
        while self._running:
            if one := self._over():
                self._running.remove(one)
                return self._done(one)
            now = time.monotonic()
            if until is not None and now >= until:
                return None
            wait([one.process.line for one in self._first()], self._pause(until, now))
        return None

    def close(self) -> None:
        """End every process, at work or not."""
        for process in (*self._idle, *(one.process for one in self._running)):
            process.end()
        self._idle.clear()
        self._running.clear()

    def _first(self) -> Iterator[_Running[T]]:
        """The work that need not wait for another: all that takes long, and the one after it."""
        for one in self._running:
            yield one
            if one.for_seconds() <= self.patience:
                return

    def _over(self) -> _Running[T] | None:
        """The first one that has something to say, or no time left."""
        for one in self._first():
            if one.process.line.poll() or one.for_seconds() > self.limits.longest:
                return one
        return None

    def _pause(self, until: float | None, now: float) -> float:
        """Seconds until something changes that says nothing."""
        limits = (self.limits.longest, self.patience)
        times = [one.since + limit for one in self._running for limit in limits]
        if until is not None:
            times.append(until)
        later = [at - now for at in times if at > now]
        return min(later, default=0)

    def _done(self, one: _Running[T]) -> Done[T, R]:
        if not one.process.line.poll():
            one.process.end()
            return Done(one.item, one.for_seconds(), Ended.STALLED)
        try:
            answer, seconds = cast("tuple[R | Ended | BaseException, float]", one.process.line.recv())
        except (EOFError, OSError):
            one.process.process.join()
            return Done(one.item, one.for_seconds(), _why(one.process.end()))
        if answer is Ended.MEMORY:
            one.process.end()  # what it has taken may not come back
        else:
            self._idle.append(one.process)
        return Done(one.item, seconds, answer)

    def _forked(self) -> _Process:
        context = multiprocessing.get_context("fork")
        ours, theirs = context.Pipe()
        others = [ours, *(p.line for p in self._idle), *(one.process.line for one in self._running)]
        process = context.Process(
            target=_serve, args=(theirs, others, self.work, self.limits, os.getpid()), daemon=True
        )
        with warnings.catch_warnings(), signals_wait():
            warnings.simplefilter("ignore", DeprecationWarning)  # of forking where threads may be
            process.start()
        theirs.close()
        return _Process(process, ours)


def _why(exit_code: int) -> Ended:
    if exit_code == -signal.SIGXCPU:
        return Ended.TIME
    return Ended.KILLED if exit_code in {-signal.SIGKILL, -signal.SIGTERM} else Ended.CRASHED


def _serve(
    line: "Connection[object, object]",
    others: "Sequence[Connection[object, object]]",
    work: Callable[[T], R],
    limits: Limits,
    parent: int,
) -> None:
    """Work for as long as there is anybody at the other end of the line."""
    begin_forked(parent)
    for other in others:  # else the end of the first process would not be seen
        other.close()
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            item, before = cast("T", line.recv()), time.process_time()
            answer = _limited(work, item, limits)
            line.send_bytes(_pickled(answer, time.process_time() - before))


def _limited(work: Callable[[T], R], item: T, limits: Limits) -> "R | Ended | BaseException":
    try:
        with _held(limits):
            return work(item)
    except MemoryError:
        return Ended.MEMORY
    except BaseException as error:  # noqa: BLE001 - it is raised where somebody knows what to do
        return error


@contextlib.contextmanager
def _held(limits: Limits) -> Iterator[None]:
    """Limits of the system's own, for this process: a soft one is raised again afterwards."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    before = {kind: resource.getrlimit(kind) for kind in (resource.RLIMIT_DATA, resource.RLIMIT_CPU)}
    seconds = int(used.ru_utime + used.ru_stime + limits.seconds) + 1
    wanted = {resource.RLIMIT_DATA: _data() + limits.memory, resource.RLIMIT_CPU: seconds}
    for kind, (soft, hard) in before.items():
        known = [limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY]
        resource.setrlimit(kind, (min([*known, wanted[kind]]), hard))
    try:
        yield
    finally:
        for kind, both in before.items():
            resource.setrlimit(kind, both)


def _data() -> int:
    """Bytes of memory of this process that RLIMIT_DATA counts; where the system does not say it, 0."""
    with contextlib.suppress(OSError):
        for row in _STATUS.read_text().splitlines():
            if row.startswith("VmData:"):
                return int(row.split()[1]) << 10
    return 0


def _pickled(answer: object, seconds: float) -> bytes:
    try:
        return pickle.dumps((answer, seconds))
    except MemoryError:
        return pickle.dumps((Ended.MEMORY, seconds))
    except Exception as error:  # noqa: BLE001 - what it is matters less than that it is told
        told = RuntimeError(f"{type(error).__name__} of an answer: {answer!r:.200}")
        return pickle.dumps((told, seconds))
