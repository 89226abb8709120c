"""google-auth's requests with our patience, and what they were about for whoever explains a failure.

Importing this module imports google-auth, so `workload_identity` does it on first use.
"""

import json
import logging
import re
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import requests
from google.auth.exceptions import TransportError
from google.auth.transport import Request
from google.auth.transport.requests import Request as RequestsRequest
from typing_extensions import override

from pkgaction.adapters.clock import pauses
from pkgaction.adapters.deadline import Allowance, OverdueError
from pkgaction.adapters.login_causes import RefusedError, Step
from pkgaction.adapters.login_claims import claims_of
from pkgaction.model.json import Json, JsonObject, at, text_at
from pkgaction.ports import Clock
from pkgaction.report import escape

# google-auth logs to stderr unasked, and a runner reads commands there.
logging.getLogger("google.auth").setLevel(logging.CRITICAL)

TIMEOUT = 15  # seconds, each to connect and to read
LONGEST = 60.0  # seconds of one request, whatever comes in between
WHOLE = 120.0  # seconds of a login: all its requests, again and again, and the pauses between them
RETRIES = 3
_LONGEST_TEXT = 400  # characters of an answer
_ACCOUNT = re.compile(r"/serviceAccounts/([^/]+):generateAccessToken$")
_TOKEN = re.compile(r"eyJ[\w-]*\.[\w-]*\.?[\w-]*|ya29\.[\w.-]+|(?<=bearer )\S+", re.IGNORECASE)


class Response(Protocol):
    """What google-auth expects of an answer."""

    @property
    def status(self) -> int:
        """Of HTTP."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Names in any case."""
        ...

    @property
    def data(self) -> bytes:
        """The body."""
        ...


class PatientRequest(Request):
    """Sends the requests of a login, again where they may go well the next time."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._patience = Allowance(WHOLE, clock)
        self._send = RequestsRequest(requests.Session())
        self._provider = ""
        self.claims: JsonObject | None = None  # of the last ID token that was exchanged
        self.last = Step.OTHER  # that was asked

    def begin(self) -> None:
        """A login begins: it has a limit of its own."""
        self._patience = Allowance(WHOLE, self._clock)
        self.claims = None

    @override
    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **options: object,
    ) -> Response:
        """Send a request until it is answered or patience ends. google-auth calls this for each one.

        Raises:
            RefusedError: one of the three services that we know did not answer with 200.
            TransportError: another one did not answer at all.
        """
        self.last = _step(url, method)
        if self.last is Step.OTHER:
            return self._sent(url, method, body, headers, timeout or TIMEOUT)
        hidden = [_bearer(headers), self._exchanged(body) if self.last is Step.STS else ""]
        for pause in (*pauses(RETRIES), None):
            answer = self._tried(url, method, body, headers, hidden)
            if not isinstance(answer, RefusedError):
                return answer
            if pause is None or not answer.passing:
                raise answer
            try:
                self._patience.sleep(pause)
            except OverdueError:
                raise answer from None
        raise AssertionError  # the last pause is None

    def _sent(
        self,
        url: str,
        method: str,
        body: bytes | None,
        headers: Mapping[str, str] | None,
        timeout: float,
    ) -> Response:
        send = partial(self._send, url, method, body, headers, timeout, allow_redirects=False)
        try:
            response: Response = self._patience.within(send, longest=LONGEST)
        except OverdueError as error:
            raise TransportError(error) from None
        return response

    def _tried(
        self,
        url: str,
        method: str,
        body: bytes | None,
        headers: Mapping[str, str] | None,
        hidden: list[str],
    ) -> Response | RefusedError:
        try:
            response = self._sent(url, method, body, headers, TIMEOUT)
        except (TransportError, OSError) as error:
            # Its text may quote the request, so only its name is shown.
            kind = error.args[0] if error.args and isinstance(error.args[0], Exception) else error
            said = kind if isinstance(kind, OverdueError) else type(kind).__name__  # ours is no quote
            return self._refused(url, 0, f"no answer ({said})")
        if response.status == HTTPStatus.OK:
            return response
        return self._refused(url, response.status, cleaned(_said(response.data), hidden))

    def _refused(self, url: str, status: int, said: str) -> RefusedError:
        account = _ACCOUNT.search(urlsplit(url).path)
        return RefusedError(
            step=self.last,
            status=status,
            said=said,
            provider=self._provider,
            account=unquote(account[1]) if account else "",
        )

    def _exchanged(self, body: bytes | None) -> str:
        """Take note of what is exchanged; the ID token."""
        form = parse_qs((body or b"").decode())
        token = form.get("subject_token", [""])[0]
        self.claims = claims_of(token)
        self._provider = form.get("audience", [""])[0].removeprefix("//iam.googleapis.com/")
        return token


def _step(url: str, method: str) -> Step:
    """By shape, because google-github-actions/auth's file names addresses of its own."""
    split = urlsplit(url)
    if method == "POST" and _ACCOUNT.search(split.path):
        return Step.IAM
    if method == "POST" and split.path.endswith("/v1/token"):
        return Step.STS
    return Step.ID_TOKEN if "audience=" in split.query else Step.OTHER


def _bearer(headers: Mapping[str, str] | None) -> str:
    given = {name.lower(): text for name, text in (headers or {}).items()}
    return given.get("authorization", "").partition(" ")[2]


def _said(body: bytes) -> str:
    """The sentence in an answer, in any of the three services' forms."""
    text = body.decode(errors="replace")
    try:
        answer: Json = json.loads(text)
    except (ValueError, RecursionError):
        return text
    details = at(answer, "error", "details")
    reasons = [text_at(item, "reason") for item in details] if isinstance(details, list) else []
    known = [
        text_at(answer, "error"),
        text_at(answer, "error_description"),
        text_at(answer, "error", "message"),
        text_at(answer, "message"),
        *reasons,
    ]
    return " ".join(part for part in known if part) or text


def cleaned(text: str, hidden: list[str]) -> str:
    """A service's text on one line, without what is hidden and whatever looks like a token."""
    for secret in filter(None, hidden):
        text = text.replace(secret, "***")
    return escape.plain(_TOKEN.sub("***", text)).strip()[:_LONGEST_TEXT]
