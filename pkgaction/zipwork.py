"""Zips that lie in a bucket are read in processes whose time and memory are limited.

Whoever may write there can put one in that is never read to its end. It is told by name, and the others
go on.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from pkgaction.bounded import OF_PACKAGE, Bounded, Done, Ended, Limits, in_words
from pkgaction.errors import PackageError, PkgactionError, of_machine


class Downloaded(Protocol):
    """A zip on the disk, and what is to be known of it."""

    @property
    def path(self) -> Path:
        """Where it lies."""
        ...


T = TypeVar("T", bound=Downloaded)
R = TypeVar("R")
_FIX = "find out who wrote it; what no reader can use, an administrator may delete"


@dataclass(slots=True)
class ZipWork(Generic[T, R]):
    """One kind of work on zips, in processes that live on from one to the next."""

    work: Callable[[T], R]
    count: int = 1  # zips at the same time
    limits: Limits = OF_PACKAGE
    _processes: Bounded[T, R] | None = None
    _again: set[Path] = field(default_factory=set)  # what was interrupted once

    def open(self) -> Bounded[T, R]:
        """The processes, started."""
        if self._processes is None:
            self._processes = Bounded(self.work, self.limits, self.count)
            self._processes.fork()
        return self._processes

    def close(self) -> None:
        """End them."""
        if self._processes:
            self._processes.close()
            self._processes = None

    def one(self, zip_: T) -> R:
        """What comes of a zip.

        Raises:
            PackageError: it took too much, or is what the work refuses.
        """
        for _, result in self.each([zip_]):
            return result()
        raise AssertionError  # each zip has a result

    def each(self, zips: Iterable[T]) -> Iterator[tuple[T, Callable[[], R]]]:
        """Every zip, with what gives what comes of it or raises as `one`; nearly in order."""
        processes = self.open()
        for zip_ in zips:
            processes.begin(zip_)
            while not processes.is_free:
                yield from self._next(processes)
        while processes.running:
            yield from self._next(processes)

    def _next(self, processes: Bounded[T, R]) -> Iterator[tuple[T, Callable[[], R]]]:
        done = processes.next()
        if done is None:
            return
        if done.was_interrupted and done.item.path not in self._again:
            self._again.add(done.item.path)
            processes.begin(done.item)
            return
        yield done.item, lambda: self._result(done)

    def _result(self, done: Done[T, R]) -> R:
        where = done.item.path.name
        try:
            result = done.result()
        except PkgactionError:
            raise
        except Exception as error:  # one zip must not hold the others back
            if known := of_machine(error):
                raise known from error
            what = f"pkgaction itself failed at it: {type(error).__name__}"
            raise PackageError(what=what, where=where, fix="report it") from error
        if isinstance(result, Ended):
            what = f"to read it, {in_words(result, self.limits)}"
            raise PackageError(what=what, where=where, fix=_FIX)
        return result
