"""Credentials of google-auth that log in anew at each refresh and fail in our words.

Importing this module imports google-auth, so `workload_identity` does it on first use.
"""

import json
import threading
import warnings
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.parse import quote

import google.auth
from google.auth import identity_pool
from google.auth.credentials import AnonymousCredentials, Credentials, with_scopes_if_required
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, RefreshError, TransportError
from google.auth.external_account import SupplierContext
from google.auth.transport import Request
from typing_extensions import override

from pkgaction.adapters.clock import SystemClock
from pkgaction.adapters.deadline import OverdueError, within
from pkgaction.adapters.login_causes import RefusedError, Step
from pkgaction.adapters.login_errors import explain
from pkgaction.adapters.login_transport import LONGEST, PatientRequest, cleaned
from pkgaction.errors import PkgactionError
from pkgaction.model.json import Json, text_at
from pkgaction.model.secret import Secret
from pkgaction.ports import Clock

SCOPES = ("https://www.googleapis.com/auth/devstorage.read_write",)
_SKEW = timedelta(minutes=5)  # between the clocks of this machine and of Google
_LONGEST = timedelta(hours=1)  # that an access token lives
# google-auth looks fields of answers up unchecked, and lets missing CA bundles through.
_NO_SENSE = (AttributeError, LookupError, OSError, TypeError, ValueError)
_NEVER = datetime.max.replace(tzinfo=UTC)
_JWT = "urn:ietf:params:oauth:token-type:jwt"


class IdTokens(identity_pool.SubjectTokenSupplier):
    """Asks GitHub for a new ID token each time: one lives for five minutes.

    Source: https://docs.github.com/actions/reference/security/oidc.
    """

    def __init__(self, *, url: str, token: Secret, audience: str) -> None:
        self._url = f"{url}&audience={quote(audience, safe='')}"
        self._token = token

    @override
    def get_subject_token(self, context: SupplierContext, request: PatientRequest) -> str:
        """A token for the audience.

        Raises:
            RefusedError: there is none.
        """
        headers = {"Authorization": f"Bearer {self._token.reveal()}", "Accept": "application/json"}
        response = request(self._url, headers=headers)
        try:
            answer: Json = json.loads(response.data)
        except ValueError:
            answer = None
        if token := text_at(answer, "value"):
            return token
        raise RefusedError(
            step=Step.ID_TOKEN, status=response.status, said="there is none in the answer"
        )


class LoginCredentials(Credentials):
    """Credentials that wrap those of google-auth. Threads may share them.

    These are made anew at each refresh, so that no step of a login is left out because an earlier
    one's token seems good. Unlike theirs, they start no thread that looks up access boundaries.
    """

    def __init__(
        self, *, load: Callable[[], Credentials], environ: Mapping[str, str], clock: Clock
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._load = load
        self._environ = environ
        self._clock = clock
        self._request = PatientRequest(clock=clock)
        self._refreshing = threading.Lock()
        self._stale = datetime.min.replace(tzinfo=UTC)
        self._failure: PkgactionError | None = None  # of the last login

    @property
    @override
    def expired(self) -> bool:
        """Whether it is time for a new token: before the old one's end, as the clocks may differ."""
        return self._clock.now() >= self._stale

    @override
    def refresh(self, request: Request) -> None:
        """Log in. `request` is not used: the login has timeouts and retries of its own.

        Raises:
            LoginError: the login is refused.
            LoginUnavailableError: a service did not answer.
        """
        seen, failure = self.token, self._failure
        with self._refreshing:
            if self.token != seen and self.valid:
                return  # another thread was here first
            if self._failure is not None and self._failure is not failure:
                raise self._failure  # it failed, too: not every thread waits that long again
            self._request.begin()
            try:
                self._log_in()
            except (GoogleAuthError, RefusedError, *_NO_SENSE) as error:
                refused = as_refused(error)
                self._failure = explain(refused, self._request.claims, self._environ)
                raise self._failure from refused

    def _log_in(self) -> None:
        inner = self._load()
        asked = self._clock.now()
        inner.refresh(self._request)
        end = inner.expiry.replace(tzinfo=UTC) if inner.expiry else _NEVER
        # IAM names the end, the others say how long: google-auth counts that from the real time.
        rest = end - (asked if self._request.last is Step.IAM else SystemClock().now())
        # A token without impersonation ends with its ID token: half of its life must be enough.
        lives = min(rest, _LONGEST)
        self._stale = asked + lives - min(_SKEW, lives / 2)
        self.token = inner.token
        self.expiry = (asked + lives).replace(tzinfo=None)
        self._quota_project_id = inner.quota_project_id


def anonymous() -> Credentials:
    """No login, for emulators."""
    return AnonymousCredentials()


def of_provider(
    *, provider: str, service_account: str, id_tokens: IdTokens, sts_url: str, iam_url: str
) -> Credentials:
    """Credentials that exchange GitHub's ID token, and impersonate a service account if one is given."""
    account = f"{iam_url}/projects/-/serviceAccounts/{service_account}:generateAccessToken"
    return identity_pool.Credentials(
        audience=f"//iam.googleapis.com/{provider}",
        subject_token_type=_JWT,
        token_url=sts_url,
        subject_token_supplier=id_tokens,
        service_account_impersonation_url=account if service_account else None,
        scopes=SCOPES,
    )


def of_file(path: Path) -> Credentials:
    """Credentials of a file: of google-github-actions/auth, a key, or a person's.

    Raises:
        RefusedError: the file is not one.
    """
    try:
        with warnings.catch_warnings():
            # It warns of files from others. This one's path comes from the workflow.
            warnings.simplefilter("ignore", DeprecationWarning)
            # Given scopes, it would log in at once to ask for the project's name.
            loaded, _ = google.auth.load_credentials_from_file(str(path))
        scoped: Credentials = with_scopes_if_required(loaded, SCOPES)
    except (GoogleAuthError, *_NO_SENSE) as error:
        # Its text may quote the file, so only the path is shown.
        said = f"{path} ({type(error).__name__})"
        raise RefusedError(step=Step.FILE, status=400, said=said) from None
    return scoped


def of_machine() -> Credentials:
    """Credentials of gcloud's user or of the machine.

    Raises:
        RefusedError: there are none.
    """
    try:
        # it may ask gcloud and the machine's metadata server, and has no limit for both
        found, _ = within(LONGEST, partial(google.auth.default, scopes=SCOPES))
    except DefaultCredentialsError as error:
        raise RefusedError(step=Step.DEFAULT, status=400) from error
    except OverdueError as error:
        raise RefusedError(step=Step.OTHER, status=0, said=f"no answer ({error})") from None
    return found


def as_refused(error: Exception) -> RefusedError:
    """Any error of google-auth as one of ours; of texts that may quote a request only the name."""
    if isinstance(error, RefusedError):
        return error
    passing = isinstance(error, (TransportError, *_NO_SENSE)) or getattr(error, "retryable", False)
    said = type(error).__name__
    if isinstance(error, RefreshError) and error.args:
        said = cleaned(f"{said}: {error.args[0]}", [])
    return RefusedError(step=Step.OTHER, status=0 if passing else 400, said=said)
