"""Threads share a login, and so its failure: not each of them waits as long again."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from google.auth.credentials import Credentials
from google.auth.exceptions import TransportError

from pkgaction.adapters.google_login import LoginCredentials
from pkgaction.adapters.login_transport import PatientRequest
from pkgaction.errors import LoginUnavailableError
from tests.fakes.release import FakeClock

_THREADS = 4


def test_a_login_that_failed_is_not_tried_again_by_those_who_waited_for_it() -> None:
    loads: list[int] = []
    arrived, lock = threading.Semaphore(0), threading.Lock()

    class Counting:
        def __enter__(self) -> None:
            arrived.release()
            lock.acquire()

        def __exit__(self, *_: object) -> None:
            lock.release()

    def load() -> Credentials:
        loads.append(1)
        for _ in range(_THREADS):  # all of them are here
            assert arrived.acquire(timeout=60)
        raise TransportError("no answer")

    clock = FakeClock()
    credentials = LoginCredentials(load=load, environ={}, clock=clock)
    request = PatientRequest(clock=clock)

    credentials._refreshing = Counting()  # type: ignore[assignment]

    def refresh(_: int) -> None:
        with pytest.raises(LoginUnavailableError):
            credentials.refresh(request)

    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(refresh, range(_THREADS)))

    assert len(loads) == 1

    arrived.release(_THREADS)
    refresh(0)  # another time, it is tried again
    assert len(loads) == 2
