"""PyGithub's requests with our patience: retries, rate limits, and no other host.

Importing this module imports PyGithub, so `github_api` does it on first use.
"""

import json
import logging
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import TypeAlias

from github import Auth, GithubException, set_log_level
from github.Repository import Repository
from github.Requester import (
    HTTPRequestsConnectionClass,
    HTTPSRequestsConnectionClass,
    Requester,
)
from requests.exceptions import ChunkedEncodingError, ConnectionError, Timeout  # noqa: A004
from typing_extensions import override

from pkgaction.adapters.clock import pauses
from pkgaction.adapters.deadline import Allowance
from pkgaction.adapters.github_errors import is_rate_limit
from pkgaction.errors import GitHubError
from pkgaction.model.json import Json, text_at
from pkgaction.model.secret import Secret

# PyGithub logs to stderr unasked, texts of the server among it, and a runner reads commands there.
set_log_level(logging.CRITICAL)

TIMEOUT = 15  # seconds, each to connect and to read
RETRIES = 3
LIMIT_BUDGET = 120.0  # seconds that may be spent waiting for rate limits, in all; beside the patience
WRITE_DISTANCE = 1.0  # seconds; docs.github.com, "Best practices for using the REST API"
_NO_ANSWER = (ConnectionError, Timeout, ChunkedEncodingError)
_FAILED = frozenset({500, 502, 503, 504})

_Answer: TypeAlias = tuple[int, dict[str, str], str]  # status, headers, body


def connect(*, repository: str, token: Secret, api_url: str, patience: Allowance) -> Repository:
    """The repository as PyGithub has it. Nothing is sent yet.

    All requests, and the pauses after failures, share the patience.

    Raises:
        GitHubError: the token is missing or can't be one.
    """
    if not re.fullmatch(r"[!-~]+", token.reveal()):
        raise GitHubError(
            what="there is no token, or it has characters that no token has",
            where="github-token",
            fix="pass `${{ github.token }}`",
        )
    requester = PatientRequester(token=token, api_url=api_url, patience=patience)
    return Repository(requester, url=f"/repos/{repository}")


def is_unclear(error: Exception) -> bool:
    """Whether a write that ended so may have been done all the same."""
    if isinstance(error, GithubException):
        return error.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return isinstance(error, _NO_ANSWER)


class PatientRequester(Requester):
    """Sends one request after another, again where that is safe, and only to the API's host."""

    def __init__(self, *, token: Secret, api_url: str, patience: Allowance) -> None:
        # Neither PyGithub's own retries nor its pauses: they sleep for real and repeat POST.
        super().__init__(
            auth=Auth.Token(token.reveal()),
            base_url=api_url.rstrip("/"),
            timeout=TIMEOUT,
            user_agent="pkgaction",
            per_page=100,
            verify=True,
            retry=None,
            pool_size=None,
            lazy=True,
            api_version="2022-11-28",
        )
        self._clock = patience.clock
        self._patience = patience
        self._limit_budget = LIMIT_BUDGET
        self._last_write = datetime.min.replace(tzinfo=UTC)

    @override
    def requestJson(
        self,
        verb: str,
        url: str,
        parameters: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        input: object = None,
        cnx: HTTPRequestsConnectionClass | HTTPSRequestsConnectionClass | None = None,
        follow_302_redirect: bool = False,
    ) -> _Answer:
        """Send a request until it is answered or patience ends. PyGithub calls this for each one.

        Raises:
            OverdueError: patience has ended.
            GithubException: a redirect: but for a 301 on its host, PyGithub takes it for data.
            RuntimeError: the address, out of an earlier answer, is on another host.
        """
        if cnx is not None or follow_302_redirect:
            message = "an address in an answer leads away from the API's host"
            raise RuntimeError(message)
        send = partial(self._limited, verb, url, parameters, headers, input)
        status, answered, text = self._repeated(send, 0 if verb == "POST" else RETRIES)
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            raise GithubException(status, _parsed(text), answered)
        return status, answered, text

    def _repeated(self, send: Callable[[], _Answer], retries: int) -> _Answer:
        for pause in pauses(retries):
            with suppress(*_NO_ANSWER):
                answer = send()
                if answer[0] not in _FAILED:
                    return answer
            self._patience.sleep(pause)
        return send()

    def _limited(
        self,
        verb: str,
        url: str,
        parameters: dict[str, str] | None,
        headers: dict[str, str] | None,
        content: object,
    ) -> _Answer:
        """Send a request, again after each rate limit. A limited one was not done, so any verb."""
        pause = 60.0  # seconds, doubled each time: what GitHub asks for where it names no time
        while True:
            self._keep_distance(verb)
            send = partial(super().requestJson, verb, url, parameters, headers, content)
            answer = self._patience.within(send)
            self._note_date(answer[1])
            wait = _limit(*answer, now=self._clock.now(), default=pause)
            if wait is None or wait > self._limit_budget:
                return answer
            self._limit_budget -= wait
            self._clock.sleep(wait)
            pause *= 2

    def _note_date(self, headers: Mapping[str, str]) -> None:
        date, age = headers.get("date"), headers.get("age")
        self._clock.skew.observe(self.hostname, date=date, age=age, now=self._clock.now())

    def _keep_distance(self, verb: str) -> None:
        if verb == "GET":
            return
        passed = (self._clock.now() - self._last_write).total_seconds()
        if 0 <= passed < WRITE_DISTANCE:
            self._clock.sleep(WRITE_DISTANCE - passed)
        self._last_write = self._clock.now()


def _limit(
    status: int, headers: Mapping[str, str], text: str, *, now: datetime, default: float
) -> float | None:
    """Seconds to wait if the answer is a rate limit; None if it is none."""
    if status not in {403, 429}:
        return None
    after = headers.get("retry-after", "")
    if after.isdecimal():
        return max(1.0, float(after))
    if not (after or is_rate_limit(status, text_at(_parsed(text), "message"))):
        return None
    reset = headers.get("x-ratelimit-reset", "")
    if headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
        return max(1.0, int(reset) - now.timestamp() + 1.0)
    return default


def _parsed(text: str) -> Json:
    try:
        parsed: Json = json.loads(text)
    except ValueError:
        return None
    return parsed
