"""The three services of a keyless login on the loopback: GitHub's ID tokens, Google's STS and IAM.

with LoopbackIdentity() as identity:
    identity.condition = lambda claims: claims["ref"] == "refs/heads/main"
    ...  # a client with the variables identity.environ and the addresses identity.sts_url, .iam_url
    print(identity.counts)

What is refused is refused in the words of the real services, as their users quote them.
"""

import functools
import json
import re
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self, TypeAlias
from urllib.parse import parse_qs, quote, unquote, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import RSAAlgorithm

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
Claims: TypeAlias = dict[str, Json]
Reply: TypeAlias = tuple[int, Json]

PROVIDER = "projects/123456789/locations/global/workloadIdentityPools/github/providers/packages"
ACCOUNT = "publisher@acme-packages.iam.gserviceaccount.com"
CLAIMS: Mapping[str, Json] = {
    "sub": "repo:acme/packages:ref:refs/heads/main",
    "repository": "acme/packages",
    "repository_id": "1001",
    "repository_owner": "acme",
    "repository_owner_id": "77",
    "ref": "refs/heads/main",
    "event_name": "push",
    "workflow_ref": "acme/packages/.github/workflows/publish.yml@refs/heads/main",
    "job_workflow_ref": "acme/packages/.github/workflows/publish.yml@refs/heads/main",
    "runner_environment": "github-hosted",
}
_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_HOUR = timedelta(hours=1)
_LONGEST_SUBJECT = 127  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happens to the next requests of a kind."""

    kind: str  # id_token, sts, iam
    status: int = 503
    times: int = 1
    body: Json = field(default_factory=lambda: {"message": "Out of order"})  # a text goes out as it is
    drops: bool = False  # close the connection instead of answering


class LoopbackIdentity:
    """A server, from `with` to its end. Change its attributes at any time."""

    def __init__(self, *, clock: Callable[[], datetime] | None = None) -> None:
        """`clock` is the time of all three services, the real one unless told."""
        self.clock = clock or (lambda: datetime.now(UTC))
        self.google_offset = timedelta()  # of Google's clock to GitHub's
        # GitHub
        self.claims: Claims = dict(CLAIMS)
        self.issuer = "https://token.actions.githubusercontent.com"
        self.audience: str | None = None  # of all ID tokens; None: as asked for
        self.lifetime = timedelta(minutes=5)  # of an ID token
        self.request_token = f"request-{uuid.uuid4().hex}"
        # Google
        self.provider = PROVIDER
        self.disabled = False
        self.expected_issuer = self.issuer
        self.allowed_audiences: list[str] = []  # none: the provider's own name
        self.condition: Callable[[Claims], bool] = lambda _: True
        self.subject: Callable[[Claims], str] = lambda claims: str(claims["sub"])
        self.accounts = {ACCOUNT}
        self.impersonable = {ACCOUNT}
        self.iam_enabled = True
        # what happened
        self.counts: Counter[str] = Counter()  # by kind: id_token, keys, sts, iam
        self.id_tokens: list[str] = []
        self.access_tokens: dict[str, tuple[str, datetime]] = {}  # token → principal, end
        self.faults: list[Fault] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        """The server's address, without a slash at its end."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def sts_url(self) -> str:
        """Where ID tokens are exchanged."""
        return f"{self.url}/v1/token"

    @property
    def iam_url(self) -> str:
        """Below this service accounts are impersonated."""
        return f"{self.url}/v1"

    @property
    def id_token_url(self) -> str:
        """As the runner passes it, with a query already."""
        return f"{self.url}/idtoken?api-version=2.0"

    @property
    def environ(self) -> dict[str, str]:
        """The variables of a job with `id-token: write`."""
        return {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_URL": self.id_token_url,
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": self.request_token,
        }

    @property
    def secrets(self) -> list[str]:
        """Every text that nobody may show."""
        return [self.request_token, *self.id_tokens, *self.access_tokens]

    def credentials_file(self, *, service_account: str = "") -> Json:
        """What google-github-actions/auth writes."""
        audience = quote(f"https://iam.googleapis.com/{self.provider}", safe="")
        account = f"{self.iam_url}/projects/-/serviceAccounts/{service_account}:generateAccessToken"
        impersonation: dict[str, Json] = (
            {"service_account_impersonation_url": account} if service_account else {}
        )
        return {
            "universe_domain": "googleapis.com",
            "type": "external_account",
            "audience": f"//iam.googleapis.com/{self.provider}",
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "token_url": self.sts_url,
            "credential_source": {
                "url": f"{self.id_token_url}&audience={audience}",
                "headers": {"Authorization": f"Bearer {self.request_token}"},
                "format": {"type": "json", "subject_token_field_name": "value"},
            },
            **impersonation,
        }

    def principal(self, access_token: str) -> str | None:
        """Who a valid access token stands for; None if it is not valid (any more)."""
        who, end = self.access_tokens.get(access_token, ("", datetime.min.replace(tzinfo=UTC)))
        return who if self.google_now() < end else None

    def google_now(self) -> datetime:
        """Google's time."""
        return self.clock() + self.google_offset

    # --- answering --------------------------------------------------------------------------------

    def answer(self, method: str, target: str, bearer: str, body: str) -> Reply | None:
        """Do what a request asks, one at a time; None: close the connection."""
        split = urlsplit(target)
        account = re.fullmatch(r"/v1/projects/-/serviceAccounts/([^/]+):generateAccessToken", split.path)
        with self._lock:
            match method, split.path:
                case "GET", "/idtoken":
                    action = functools.partial(self._id_token, parse_qs(split.query), bearer)
                    return self._counted("id_token", action)
                case "GET", "/.well-known/jwks":
                    return self._counted("keys", self._keys)
                case "POST", "/v1/token":
                    form = {name: values[0] for name, values in parse_qs(body).items()}
                    return self._counted("sts", functools.partial(self._exchange, form))
                case "POST", _ if account:
                    action = functools.partial(self._impersonate, unquote(account[1]), bearer, body)
                    return self._counted("iam", action)
                case _:
                    return 404, {"message": "Not Found"}

    def _counted(self, kind: str, action: Callable[[], Reply]) -> Reply | None:
        self.counts[kind] += 1
        for index, fault in enumerate(self.faults):
            if fault.kind == kind:
                left = [_less(fault)] if fault.times > 1 else []
                self.faults[index : index + 1] = left
                return None if fault.drops else (fault.status, fault.body)
        return action()

    # --- GitHub -----------------------------------------------------------------------------------

    def _id_token(self, query: Mapping[str, list[str]], bearer: str) -> Reply:
        if bearer != self.request_token:
            return 401, {"message": "The token is not authorized"}
        now = self.clock()
        claims: Claims = {
            **self.claims,
            "aud": self.audience or query.get("audience", ["https://github.com/acme"])[0],
            "iss": self.issuer,
            "jti": str(uuid.uuid4()),
            "nbf": int(now.timestamp()),
            "iat": int(now.timestamp()),
            "exp": int((now + self.lifetime).timestamp()),
        }
        token = jwt.encode(claims, _key(), algorithm="RS256", headers={"kid": "loopback"})
        self.id_tokens.append(token)
        return 200, {"count": 1, "value": token}

    def _keys(self) -> Reply:
        public: Claims = RSAAlgorithm.to_jwk(_key().public_key(), as_dict=True)
        return 200, {"keys": [{**public, "kid": "loopback", "use": "sig", "alg": "RS256"}]}

    # --- Google -----------------------------------------------------------------------------------

    def _exchange(self, form: Mapping[str, str]) -> Reply:
        audience, token = form.get("audience", ""), form.get("subject_token", "")
        if form.get("grant_type") != _EXCHANGE or not form.get("scope"):
            return _oauth("invalid_request", "Invalid grant_type or scope.")
        if not re.fullmatch(r"//iam\.googleapis\.com/projects/\d+/.+/providers/[^/]+", audience):
            return _oauth("invalid_request", _INVALID_AUDIENCE)
        if self.disabled or audience != f"//iam.googleapis.com/{self.provider}":
            return _oauth("invalid_target", _INVALID_TARGET)
        try:
            claims: Claims = jwt.decode(
                token,
                _key().public_key(),
                algorithms=["RS256"],
                options={
                    "verify_aud": False,
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except jwt.InvalidTokenError:
            return _oauth("invalid_grant", "Unable to verify the ID Token signature.")
        refused = self._judged(claims)
        if refused:
            return _oauth(*refused)
        end = min(self.google_now() + _HOUR, datetime.fromtimestamp(_number(claims["exp"]), UTC))
        pool = self.provider.partition("/providers/")[0]
        principal = f"principal://iam.googleapis.com/{pool}/subject/{self.subject(claims)}"
        return 200, {
            "access_token": self._issued("federated", principal, end),
            "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "token_type": "Bearer",
            # A federated token ends with the token it was made of.
            "expires_in": int((end - self.google_now()).total_seconds()),
        }

    def _judged(self, claims: Claims) -> tuple[str, str] | None:
        now = self.google_now().timestamp()
        issued, issuer, audience = _number(claims["iat"]), claims["iss"], str(claims["aud"])
        if issuer != self.expected_issuer:
            return "invalid_grant", (
                f"The issuer in ID Token {issuer} does not match the expected ones: "
                f"{self.expected_issuer}."
            )
        if audience not in (self.allowed_audiences or [f"https://iam.googleapis.com/{self.provider}"]):
            return "invalid_grant", (
                f"The audience in ID Token [{audience}] does not match the expected audience."
            )
        if now >= _number(claims["exp"]):
            return "invalid_grant", f"ID Token issued at {issued} is stale to sign-in."
        if now < _number(claims["nbf"]) - 1:
            return "invalid_grant", f"ID Token issued at {issued} is not yet valid."
        if len(self.subject(claims).encode()) > _LONGEST_SUBJECT:
            return "invalid_request", _SUBJECT_TOO_LONG
        if not self.condition(claims):
            return "unauthorized_client", "The given credential is rejected by the attribute condition."
        return None

    def _impersonate(self, account: str, bearer: str, body: str) -> Reply:
        scopes = json.loads(body).get("scope")
        if self.principal(bearer) is None:
            return _google(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
        if not self.iam_enabled:
            return _google(403, "PERMISSION_DENIED", _API_DISABLED, reason="SERVICE_DISABLED")
        if account not in self.accounts:
            return _google(404, "NOT_FOUND", f"Not found; Gaia id not found for email {account}")
        if account not in self.impersonable:
            return _google(403, "PERMISSION_DENIED", _DENIED, reason="IAM_PERMISSION_DENIED")
        if not scopes:
            return _google(400, "INVALID_ARGUMENT", "Scope required.")
        end = (self.google_now() + _HOUR).replace(microsecond=0)
        token = self._issued("account", f"serviceAccount:{account}", end)
        return 200, {"accessToken": token, "expireTime": end.strftime("%Y-%m-%dT%H:%M:%SZ")}

    def _issued(self, kind: str, principal: str, end: datetime) -> str:
        token = f"ya29.{kind}-{uuid.uuid4().hex}"
        self.access_tokens[token] = (principal, end)
        return token


_INVALID_AUDIENCE = (
    'Invalid value for "audience". This value should be the full resource name of the Identity Provider.'
)
_INVALID_TARGET = (
    'The target service indicated by the "audience" parameters is invalid. This might either be '
    "because the pool or provider is disabled or deleted or because it doesn't exist."
)
_SUBJECT_TOO_LONG = (
    "The size of mapped attribute google.subject exceeds the 127 bytes limit. Either modify your "
    "attribute mapping or the incoming assertion to produce a mapped attribute that is less than 127 "
    "bytes."
)
_DENIED = "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist)."
_API_DISABLED = (
    "IAM Service Account Credentials API has not been used in project 123456789 before or it is "
    "disabled. Enable it and retry."
)


@functools.cache
def _key() -> RSAPrivateKey:
    """One a process, as making it takes a while."""
    return generate_private_key(public_exponent=65537, key_size=2048)


def private_key() -> str:
    """The same as PEM, for key files."""
    return _key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _less(fault: Fault) -> Fault:
    return Fault(
        kind=fault.kind,
        status=fault.status,
        times=fault.times - 1,
        body=fault.body,
        drops=fault.drops,
    )


def _number(value: Json) -> float:
    return value if isinstance(value, int | float) else 0


def _oauth(error: str, description: str) -> Reply:
    return 400, {"error": error, "error_description": description}


def _google(status: int, name: str, message: str, *, reason: str = "") -> Reply:
    info: Json = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}
    details: list[Json] = [info] if reason else []
    return status, {"error": {"code": status, "message": message, "status": name, "details": details}}


def _handler(identity: LoopbackIdentity) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve("")

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            self._serve(self.rfile.read(length).decode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Quiet."""

        def _serve(self, body: str) -> None:
            bearer = self.headers.get("Authorization", "").partition(" ")[2]
            reply = identity.answer(self.command, self.path, bearer, body)
            if reply is None:
                self.close_connection = True
                return
            status, value = reply
            content = (value if isinstance(value, str) else json.dumps(value)).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    return Handler
