"""Which failures of the storage pass, how long to wait, and what to say when it is given up.

Source: https://cloud.google.com/storage/docs/retry-strategy. Only calls with a precondition, or ones
that read, are repeated; whether an earlier try has acted is for the caller to find out.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import requests
import urllib3
from google.api_core import exceptions
from google.auth.exceptions import GoogleAuthError, TransportError

from pkgaction.adapters.deadline import OverdueError
from pkgaction.adapters.login_errors import explain_storage
from pkgaction.errors import LoginError, LoginUnavailableError, PkgactionError, StorageError, of_machine
from pkgaction.ports import Clock

T = TypeVar("T")

TIMEOUT = (10.0, 60.0)  # seconds: to connect, and between two bytes of an answer
_TRIES = 6
_LONGEST_WAIT = 32.0  # seconds
_BUDGET = 300.0  # seconds of waiting in one call, for answers that were overdue as well
# 410 is that of a session which cannot be started just now; one of an open session never comes here
_PASSING_STATUSES = frozenset({408, 410, 429, 500, 502, 503, 504})
_PASSING = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
    urllib3.exceptions.HTTPError,  # of a body that is read as it is kept
    ConnectionError,
    TransportError,
    OverdueError,
)


class DamagedError(Exception):
    """Bytes came through other than they were sent; a new try may do better.

    It never leaves `Tries`, which makes a StorageError of the last one.
    """


class LostSessionError(Exception):
    """The server has ended an upload in chunks; it is for the caller to begin another one."""


@dataclass(slots=True)
class Tries:
    """One call, tried as often as is sensible."""

    clock: Clock
    where: str  # how a person names the object
    bucket: str
    principal: str  # who asks, as IAM policies name it; empty if only the credentials know
    unclear: bool = False  # an earlier try failed in a way that may have acted all the same

    def run(self, step: Callable[[], T]) -> T:
        """Call until it works.

        Raises:
            StorageError: it failed in a passing way too often, or in another way at once.
            UsageError: the bucket is missing, or a right on it.
        """
        waited = 0.0
        for number in range(_TRIES):
            try:
                return step()
            except (exceptions.PreconditionFailed, exceptions.NotFound, LostSessionError):
                raise
            except Exception as error:
                waited += error.seconds if isinstance(error, OverdueError) else 0.0
                pause = _pause(error, number)
                if pause is None or waited + pause > _BUDGET:
                    raise self.translated(error) from error
                if number == _TRIES - 1:
                    raise given_up(error, self.where) from error
                self.unclear = True
                waited += pause
                self.clock.sleep(pause)
        raise AssertionError

    def ask(self, step: Callable[[], T]) -> T:
        """The same for a request that only reads: it has no precondition, so none can fail.

        Raises:
            StorageError, UsageError: as `run`.
        """
        try:
            return self.run(step)
        except exceptions.PreconditionFailed as error:
            raise self.translated(error) from error

    def translated(self, error: Exception) -> PkgactionError:
        """An error of the libraries in our words."""
        known = error if isinstance(error, PkgactionError) else of_machine(error)
        if known:
            return known
        if isinstance(error, exceptions.NotFound | exceptions.Forbidden | exceptions.Unauthorized):
            return explain_storage(int(error.code), _message(error), self.bucket, self.principal)
        if isinstance(error, GoogleAuthError):
            what = f"the login failed: {_message(error)}"
            if getattr(error, "retryable", False):
                return LoginUnavailableError(what=what, where=self.where, fix="run the job again")
            fix = (
                "check the inputs workload-identity-provider and service-account, then run the job again"
            )
            return LoginError(what=what, where=self.where, fix=fix)
        return given_up(error, self.where)


def given_up(error: Exception, where: str) -> StorageError:
    """What is said after the last try."""
    what = f"the storage failed: {_message(error)}"
    fix = "run the job again: it goes on where this one stopped"
    return StorageError(what=what, where=where, fix=fix)


def _pause(error: Exception, number: int) -> float | None:
    """Seconds to wait before the next try; None where there should be none."""
    if not _passes(error):
        return None
    asked = _retry_after(error)
    backoff = random.uniform(0.5, 1.0) * min(_LONGEST_WAIT, 0.5 * 2**number)  # noqa: S311 - jitter
    return max(asked, float(backoff))


def _passes(error: Exception) -> bool:
    if isinstance(error, exceptions.GoogleAPICallError):
        return error.code in _PASSING_STATUSES
    if isinstance(error, GoogleAuthError) and getattr(error, "retryable", False):
        return True
    return isinstance(error, (*_PASSING, DamagedError))


def _retry_after(error: Exception) -> float:
    response = getattr(error, "response", None)
    text = response.headers.get("Retry-After", "") if isinstance(response, requests.Response) else ""
    return float(text) if text.isascii() and text.isdigit() else 0.0


def _message(error: Exception) -> str:
    """One line, without addresses that may hold an upload's secret id."""
    if isinstance(error, DamagedError | LostSessionError | OverdueError):
        return str(error)
    if isinstance(error, exceptions.GoogleAPICallError):
        first = str(error.message).split(": ", 1)[-1].splitlines()[0] if error.message else ""
        return f"{error.code} {first}"[:300]
    return type(error).__name__
