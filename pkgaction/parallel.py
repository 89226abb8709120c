"""One step over many items, on several cores at the same time.

Building is Python at work, so threads would wait for each other: the items go to forked processes, which
have all that the step needs already. What they give back or raise must be picklable.
"""

import signal
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future
from functools import partial
from typing import TypeVar, cast

from pkgaction.errors import OutsideError

T = TypeVar("T")
R = TypeVar("R")

_work: dict[str, Callable[[int], object]] = {}  # of a process that was forked for it


def over_cores(
    step: Callable[[T], R], items: Sequence[T], *, jobs: int
) -> Generator[Callable[[], R], None, None]:
    """A function an item, in order, that gives the step's result or raises what it raised.

    One item, or one job: the step is done here, when the function is called.
    """
    workers = min(jobs, len(items))
    if workers <= 1:
        yield from (partial(step, item) for item in items)
    else:
        yield from _forked(lambda place: step(items[place]), len(items), workers)


def _forked(step: Callable[[int], R], count: int, workers: int) -> Iterator[Callable[[], R]]:
    import multiprocessing  # noqa: PLC0415 - slow to load, as the next
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415

    executor = ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("fork"),
        initializer=_begin,
        initargs=(step,),
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of forking where threads may be
            futures = [executor.submit(_do, place) for place in range(count)]
        yield from (partial(_result, cast("Future[R]", future)) for future in futures)
    except BaseException:  # also where nobody asks for more: a run that ends waits for no one
        executor.shutdown(wait=False, cancel_futures=True)
        for child in multiprocessing.active_children():
            child.terminate()
        raise
    executor.shutdown()


def _begin(step: Callable[[int], object]) -> None:
    """A forked process is ready: it is the first one's business to react to signals."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _work["step"] = step


def _do(place: int) -> object:
    return _work["step"](place)


def _result(future: "Future[R]") -> R:
    try:
        return future.result()
    except BrokenExecutor as error:
        what = "a process that worked on it was ended, perhaps for want of memory"
        raise OutsideError(what=what, fix="run it again with the input jobs at 1") from error
