"""One step over many items, on several cores at the same time.

Building is Python at work, so threads would wait for each other: the items go to forked processes, which
have all that the step needs already. What they give back or raise must be picklable.
"""

import os
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import contextmanager
from functools import partial
from typing import TypeVar, cast

from pkgaction.errors import OutsideError
from pkgaction.process import begin_forked, signals_wait

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
    with _pool(step, workers) as executor:
        futures = _submitted(executor, range(count))
        yield from (partial(_result, future, step, place) for place, future in enumerate(futures))


@contextmanager
def _pool(step: Callable[[int], object], workers: int) -> Iterator[Executor]:
    """Forked processes. Where something is raised, they are ended: a run that ends waits for no one."""
    import multiprocessing  # noqa: PLC0415 - slow to load, as the next
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415

    context = multiprocessing.get_context("fork")
    executor = ProcessPoolExecutor(
        workers, mp_context=context, initializer=_begin, initargs=(step, os.getpid())
    )
    try:
        yield executor
        executor.shutdown()  # a signal may come in it, too: then nobody has told the processes to end
    except BaseException:  # also where nobody asks for more
        for child in multiprocessing.active_children():
            child.kill()  # one that has not begun yet has SIGTERM blocked, and would be waited for
        # its thread ends with them; left to Python's end, both may close the same pipe
        executor.shutdown(cancel_futures=True)
        raise


def _submitted(executor: Executor, places: Iterable[int]) -> "list[Future[object]]":
    with warnings.catch_warnings(), signals_wait():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking where threads may be
        return [executor.submit(_do, place) for place in places]


def _begin(step: Callable[[int], object], parent: int) -> None:
    begin_forked(parent)
    _work["step"] = step


def _do(place: int) -> object:
    return _work["step"](place)


def _result(future: "Future[object]", step: Callable[[int], R], place: int) -> R:
    """What came of it; where its process was ended, what comes of it in one of its own.

    One that is ended takes all others of its kind along, whatever they were at.
    """
    try:
        return cast("R", future.result())
    except BrokenExecutor:
        return _alone(step, place)


def _alone(step: Callable[[int], R], place: int) -> R:
    try:
        with _pool(step, 1) as executor:
            (future,) = _submitted(executor, [place])
            return cast("R", future.result())
    except BrokenExecutor as error:
        what = "the process that worked on it was ended twice, perhaps for want of memory"
        fix = "give the machine more of it, or make the package smaller"
        raise OutsideError(what=what, fix=fix) from error
