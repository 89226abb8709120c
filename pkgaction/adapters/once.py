"""What is made once a run, whichever thread asks first."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Once(Generic[T]):
    """Values by key. Who comes second waits; a failure is remembered as well."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[str, Future[T]] = {}

    def get(self, key: str, make: Callable[[], T]) -> T:
        """The value under a key, made if it isn't there."""
        with self._lock:
            is_first = key not in self._made
            found = self._made.setdefault(key, Future())
        if is_first:
            try:
                found.set_result(make())
            except BaseException as error:  # noqa: BLE001 - it is raised below, for everyone who asks
                found.set_exception(error)
        return found.result()
