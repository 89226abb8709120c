"""The keyless login, against a server that signs ID tokens, exchanges them and impersonates."""

import json
import os
import re
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias, TypedDict

import pytest
from google.auth.credentials import AnonymousCredentials, Credentials

from pkgaction.adapters import workload_identity
from pkgaction.adapters.login_causes import CAUSES, RefusedError, Step
from pkgaction.adapters.login_claims import SHOWN, claims_of, lines
from pkgaction.adapters.login_errors import explain, explain_storage
from pkgaction.adapters.login_transport import RETRIES, PatientRequest
from pkgaction.errors import (
    AccessDeniedError,
    BucketMissingError,
    LoginError,
    LoginUnavailableError,
    PkgactionError,
    StorageError,
)
from pkgaction.model.skew import Skew
from tests.fakes.identity import ACCOUNT, PROVIDER, Fault, LoopbackIdentity, private_key

POOL = PROVIDER.partition("/providers/")[0]
FORK = {
    "pull_request": {"head": {"repo": {"id": 5}}, "base": {"repo": {"id": 1001}}},
    "sender": {"login": "octocat"},
}
GONE = {"pull_request": {"head": {"repo": None}, "base": {"repo": {"id": 1001}}}}
OURS = {"pull_request": {"head": {"repo": {"id": 1001}}, "base": {"repo": {"id": 1001}}}}

Change: TypeAlias = Callable[[LoopbackIdentity], None]


class Trouble(TypedDict, total=False):
    """What goes wrong."""

    status: int
    drops: bool


class CountingClock:
    """A clock that moves only when told to, or when somebody sleeps."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 2, tzinfo=UTC)
        self.sleeps: list[float] = []
        self.skew = Skew()

    def now(self) -> datetime:
        """The time it has come to."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Move on at once."""
        self.sleeps.append(seconds)
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> CountingClock:
    return CountingClock()


@pytest.fixture
def identity(clock: CountingClock) -> Iterator[LoopbackIdentity]:
    with LoopbackIdentity(clock=clock.now) as server:
        yield server


class Login:
    """A run that logs in."""

    def __init__(self, identity: LoopbackIdentity, clock: CountingClock) -> None:
        self.identity = identity
        self.clock = clock
        self.request = PatientRequest(clock=clock)

    def credentials(
        self,
        *,
        provider: str = PROVIDER,
        service_account: str = "",
        environ: Mapping[str, str] | None = None,
    ) -> Credentials:
        return workload_identity.credentials(
            provider=provider,
            service_account=service_account,
            environ=self.identity.environ if environ is None else environ,
            clock=self.clock,
            sts_url=self.identity.sts_url,
            iam_url=self.identity.iam_url,
        )

    def bearer(self, credentials: Credentials) -> str:
        """The token that a request to a bucket would carry."""
        headers: dict[str, str] = {}
        credentials.before_request(self.request, "GET", "https://storage.example/", headers)
        return headers["authorization"].removeprefix("Bearer ")


@pytest.fixture
def login(identity: LoopbackIdentity, clock: CountingClock) -> Login:
    return Login(identity, clock)


# --- logging in ----------------------------------------------------------------------------------


def test_an_id_token_becomes_an_access_token(login: Login, identity: LoopbackIdentity) -> None:
    token = login.bearer(login.credentials())

    assert identity.principal(token) == (
        f"principal://iam.googleapis.com/{POOL}/subject/repo:acme/packages:ref:refs/heads/main"
    )
    assert identity.counts == {"id_token": 1, "sts": 1}


def test_a_service_account_is_impersonated(login: Login, identity: LoopbackIdentity) -> None:
    token = login.bearer(login.credentials(service_account=ACCOUNT))

    assert identity.principal(token) == f"serviceAccount:{ACCOUNT}"
    assert identity.counts == {"id_token": 1, "sts": 1, "iam": 1}


def test_nothing_is_sent_before_the_first_request(login: Login, identity: LoopbackIdentity) -> None:
    login.credentials(service_account=ACCOUNT)

    assert not identity.counts


@pytest.mark.parametrize("service_account", [ACCOUNT, ""], ids=["impersonated", "direct"])
def test_e55_each_refresh_of_a_long_run_gets_a_new_id_token(
    login: Login, identity: LoopbackIdentity, clock: CountingClock, service_account: str
) -> None:
    """A long run gets a new ID token at each refresh of its login."""
    credentials = login.credentials(service_account=service_account)

    tokens = []
    for _ in range(6):
        token = login.bearer(credentials)
        assert identity.principal(token)
        tokens.append(token)
        clock.time += timedelta(hours=1)

    assert len(set(tokens)) == 6
    assert len(set(identity.id_tokens)) == 6
    assert identity.counts["sts"] == 6


@pytest.mark.parametrize(
    ("service_account", "passed"),
    [
        pytest.param(ACCOUNT, timedelta(minutes=54), id="impersonated"),
        pytest.param("", timedelta(minutes=2), id="direct, where a token ends with its ID token"),
    ],
)
def test_a_token_is_used_as_long_as_it_is_good(
    login: Login,
    identity: LoopbackIdentity,
    clock: CountingClock,
    service_account: str,
    passed: timedelta,
) -> None:
    credentials = login.credentials(service_account=service_account)
    first = login.bearer(credentials)

    clock.time += passed
    second = login.bearer(credentials)

    assert first == second
    assert identity.counts["id_token"] == 1


@pytest.mark.parametrize("minutes", [-4.9, 4.9], ids=["behind", "ahead"])
def test_e55_clocks_may_differ_by_five_minutes(
    login: Login, identity: LoopbackIdentity, clock: CountingClock, minutes: float
) -> None:
    """The runner's clock may differ by five minutes from the one of Google and GitHub."""
    behind = timedelta(minutes=minutes)
    identity.clock = lambda: clock.now() - behind
    credentials = login.credentials(service_account=ACCOUNT)

    for _ in range(130):
        token = login.bearer(credentials)
        assert identity.principal(token)
        clock.time += timedelta(minutes=1)

    assert identity.counts["id_token"] == 3


def test_threads_that_need_a_token_at_once_log_in_once(login: Login, identity: LoopbackIdentity) -> None:
    credentials = login.credentials(service_account=ACCOUNT)
    threads = [threading.Thread(target=login.bearer, args=(credentials,)) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert identity.counts == {"id_token": 1, "sts": 1, "iam": 1}


def test_the_fakes_tokens_are_verified_by_the_keys_it_serves(
    login: Login, identity: LoopbackIdentity
) -> None:
    import jwt

    login.bearer(login.credentials())

    keys = jwt.PyJWKClient(f"{identity.url}/.well-known/jwks")
    key = keys.get_signing_key_from_jwt(identity.id_tokens[0])
    claims = jwt.decode(
        identity.id_tokens[0],
        key,
        algorithms=["RS256"],
        audience=f"https://iam.googleapis.com/{PROVIDER}",
        options={"verify_exp": False},
    )

    assert claims["repository_id"] == "1001"


def test_a_run_that_needs_no_login_does_not_import_google_auth() -> None:
    code = (
        "import sys; import pkgaction.adapters.workload_identity, pkgaction.adapters.login_errors; "
        "print('google.auth' in sys.modules)"
    )

    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert shown.stdout.strip() == "False"


# --- without a provider --------------------------------------------------------------------------


def test_an_emulator_needs_no_login(login: Login) -> None:
    environ = {"STORAGE_EMULATOR_HOST": "http://127.0.0.1:1"}

    assert isinstance(login.credentials(provider="", environ=environ), AnonymousCredentials)


@pytest.mark.parametrize("root", ["GITHUB_WORKSPACE", "RUNNER_TEMP"])
@pytest.mark.parametrize(
    "variable",
    [
        "GOOGLE_APPLICATION_CREDENTIALS",
        "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE",
        "GOOGLE_GHA_CREDS_PATH",
    ],
)
def test_the_credentials_file_of_google_github_actions_is_found_in_the_container(
    login: Login, identity: LoopbackIdentity, tmp_path: Path, variable: str, root: str
) -> None:
    name = "gha-creds-8f7470cecf330fa2.json"
    content = identity.credentials_file(service_account=ACCOUNT)
    (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
    environ = {variable: f"/home/runner/work/packages/packages/{name}", root: str(tmp_path)}

    token = login.bearer(login.credentials(provider="", environ=environ))

    assert identity.principal(token) == f"serviceAccount:{ACCOUNT}"
    assert identity.counts == {"id_token": 1, "sts": 1, "iam": 1}


def test_a_credentials_file_logs_in_anew_at_each_refresh(
    login: Login, identity: LoopbackIdentity, clock: CountingClock, tmp_path: Path
) -> None:
    path = tmp_path / "creds.json"
    path.write_text(json.dumps(identity.credentials_file(service_account=ACCOUNT)), encoding="utf-8")
    credentials = login.credentials(provider="", environ={"GOOGLE_APPLICATION_CREDENTIALS": str(path)})

    for _ in range(3):
        assert identity.principal(login.bearer(credentials))
        clock.time += timedelta(hours=1)

    assert len(set(identity.id_tokens)) == 3


def test_a_file_of_the_checkout_is_no_login_because_of_its_name_alone(
    login: Login, identity: LoopbackIdentity, tmp_path: Path
) -> None:
    (tmp_path / "key.json").write_text(json.dumps(identity.credentials_file()), encoding="utf-8")
    environ = {
        "GOOGLE_APPLICATION_CREDENTIALS": "/secrets/key.json",
        "GITHUB_WORKSPACE": str(tmp_path),
    }

    with pytest.raises(LoginError, match="not there"):
        login.credentials(provider="", environ=environ)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("{", id="no JSON"),
        pytest.param("[]", id="no object"),
        pytest.param('{"type": "a-secret-type"}', id="no such type"),
        pytest.param('{"type": "external_account", "audience": "x"}', id="incomplete"),
    ],
)
def test_a_broken_credentials_file_is_named_but_not_quoted(
    login: Login, tmp_path: Path, content: str
) -> None:
    path = tmp_path / "creds.json"
    path.write_text(content, encoding="utf-8")

    with pytest.raises(LoginError, match="can't be used") as caught:
        login.credentials(provider="", environ={"GOOGLE_APPLICATION_CREDENTIALS": str(path)})

    assert str(path) in caught.value.what
    assert "a-secret-type" not in str(caught.value)


def test_a_credentials_file_that_is_not_mounted_is_named(login: Login, tmp_path: Path) -> None:
    path = "/home/runner/work/x/x/gha-creds-8f7470cecf330fa2.json"
    environ = {"GOOGLE_APPLICATION_CREDENTIALS": path, "GITHUB_WORKSPACE": str(tmp_path)}

    with pytest.raises(LoginError, match="not there") as caught:
        login.credentials(provider="", environ=environ)

    assert path in caught.value.what
    assert "actions/checkout before google-github-actions/auth" in caught.value.fix


@pytest.mark.parametrize(
    ("path", "expected", "what"),
    [
        pytest.param("/nowhere", LoginError, "credentials are refused: RefreshError", id="refused"),
        pytest.param("", LoginUnavailableError, "login got no answer: TransportError", id="no answer"),
    ],
)
def test_a_key_of_gclouds_user_fails_in_our_words(
    login: Login,
    identity: LoopbackIdentity,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    expected: type[PkgactionError],
    what: str,
) -> None:
    key = {
        "type": "service_account",
        "project_id": "acme-packages",
        "private_key_id": "1",
        "private_key": private_key(),
        "client_email": ACCOUNT,
        "token_uri": f"{identity.url}{path}" if path else "http://127.0.0.1:1/token",
    }
    file = tmp_path / "application_default_credentials.json"
    file.write_text(json.dumps(key), encoding="utf-8")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    credentials = login.credentials(provider="", environ={})

    with pytest.raises(expected, match=what):
        login.bearer(credentials)


def test_without_any_credentials_the_error_says_what_to_configure(tmp_path: Path) -> None:
    code = (
        "from pkgaction.adapters import workload_identity as w; from pkgaction.adapters.clock "
        "import SystemClock\n"
        "from pkgaction.errors import LoginError\n"
        "try: w.credentials(provider='', service_account='', environ={}, clock=SystemClock())\n"
        "except LoginError as error: print(error)"
    )
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "CLOUDSDK_CONFIG": str(tmp_path),
        "NO_GCE_CHECK": "true",
    }

    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environ
    )

    assert "no credentials found (set workload-identity-provider" in shown.stdout
    assert not shown.stderr


# --- causes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "payload", "what", "fix"),
    [
        pytest.param({}, {}, "gives this job no ID token", "add `id-token: write`", id="no permission"),
        pytest.param(
            {"GITHUB_EVENT_NAME": "pull_request"},
            OURS,
            "this job no ID token",
            "`id-token: write`",
            id="pull request of this repository, no permission",
        ),
        pytest.param(
            {"GITHUB_EVENT_NAME": "pull_request"}, FORK, "pull requests from forks", "`push`", id="fork"
        ),
        pytest.param(
            {"GITHUB_EVENT_NAME": "pull_request"},
            GONE,
            "pull requests from forks",
            "`push`",
            id="fork that is gone",
        ),
        pytest.param(
            {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_ACTOR": "dependabot[bot]"},
            OURS,
            "Dependabot",
            "merge the pull request",
            id="Dependabot",
        ),
        pytest.param(
            {"GITHUB_EVENT_NAME": "push"},
            {"sender": {"login": "dependabot[bot]"}},
            "Dependabot",
            "merge",
            id="push by Dependabot",
        ),
        pytest.param(
            {"GITHUB_WORKFLOW_REF": "a/b/caller.yml@main", "JOB_WORKFLOW_REF": "a/c/called.yml@v1"},
            {},
            "the workflow that calls this one",
            "the calling job",
            id="reusable workflow",
        ),
        pytest.param(
            {"GITHUB_ACTIONS": ""},
            {},
            "outside of GitHub Actions",
            "gcloud auth",
            id="not on GitHub Actions",
        ),
    ],
)
def test_missing_variables_are_told_apart(
    login: Login,
    tmp_path: Path,
    environ: dict[str, str],
    payload: object,
    what: str,
    fix: str,
) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps(payload), encoding="utf-8")
    given = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": str(event), **environ}

    with pytest.raises(LoginError) as caught:
        login.credentials(environ=given)

    assert what in caught.value.what
    assert fix in caught.value.fix
    assert caught.value.where
    assert not caught.value.claims


def _set(name: str, value: object) -> Change:
    return lambda identity: setattr(identity, name, value)


def _google_ahead(minutes: float) -> Change:
    return _set("google_offset", timedelta(minutes=minutes))


def _fault(kind: str, status: int) -> Change:
    return lambda identity: identity.faults.append(
        Fault(kind=kind, status=status, times=9, body={"message": "said so"})
    )


@pytest.mark.parametrize(
    ("change", "what", "fix"),
    [
        pytest.param(
            _set("condition", lambda claims: claims["ref"] == "refs/heads/other"),
            "attribute condition refuses",
            "providers describe packages --workload-identity-pool=github",
            id="attribute condition",
        ),
        pytest.param(
            _set("audience", "https://github.com/acme"),
            "audience https://github.com/acme",
            f"add https://iam.googleapis.com/{PROVIDER}",
            id="wrong audience of the token",
        ),
        pytest.param(
            _set("allowed_audiences", ["sts.example"]),
            f"audience https://iam.googleapis.com/{PROVIDER}",
            "remove the provider's allowed audiences",
            id="wrong audience of the provider",
        ),
        pytest.param(
            _set("issuer", "https://github.acme.example/_services/token"),
            "issuer https://github.acme.example/",
            "issuer URI",
            id="wrong issuer",
        ),
        pytest.param(
            _set("provider", f"{PROVIDER}x"),
            f"{PROVIDER} does not exist, or is disabled",
            "describe",
            id="provider does not exist",
        ),
        pytest.param(
            _set("disabled", value=True),
            "is disabled or deleted",
            "describe",
            id="provider disabled",
        ),
        pytest.param(
            _set("claims", {"sub": "é" * 64}),
            "over 127 bytes (the claim sub has 128)",
            "google.subject=assertion.repository_id",
            id="subject too long",
        ),
        pytest.param(_google_ahead(6), "not valid at Google's time", "clock", id="ID token stale"),
        pytest.param(_google_ahead(-6), "not valid at Google's time", "clock", id="not yet valid"),
        pytest.param(
            _set("impersonable", set[str]()),
            "iam.serviceAccounts.getAccessToken",
            f"{ACCOUNT} --role=roles/iam.workloadIdentityUser --member='principalSet://iam.googleapis.com/"
            f"{POOL}/attribute.repository_id/1001'",
            id="impersonation right missing",
        ),
        pytest.param(
            _set("accounts", set[str]()),
            f"no service account {ACCOUNT}",
            "--project=acme-packages",
            id="service account missing",
        ),
        pytest.param(
            _set("iam_enabled", value=False),
            "API is disabled",
            "enable iamcredentials.googleapis.com",
            id="API disabled",
        ),
        pytest.param(
            _set("request_token", "another"),
            "GitHub refused an ID token: 401",
            "`id-token: write`",
            id="ID token refused",
        ),
        pytest.param(
            _fault("sts", 400), "token service refused: 400 said so", "claims", id="STS refuses"
        ),
        pytest.param(_fault("iam", 400), "refused a token for", "IAM", id="IAM refuses"),
        pytest.param(_fault("id_token", 302), "refused an ID token: 302", "", id="ID token redirected"),
    ],
)
def test_a_refusal_names_the_cause_and_the_cure(
    login: Login, identity: LoopbackIdentity, change: Change, what: str, fix: str
) -> None:
    credentials = login.credentials(service_account=ACCOUNT)
    change(identity)

    with pytest.raises(LoginError) as caught:
        login.bearer(credentials)

    assert what in caught.value.what
    assert fix in caught.value.fix
    assert caught.value.where
    assert not login.clock.sleeps
    assert caught.value.exit_status == 2


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        ("id_token", "GitHub gave no ID token"),
        ("sts", "Google's token service"),
        ("iam", "Google's IAM service"),
    ],
)
@pytest.mark.parametrize(
    "fault",
    [{"status": 429}, {"status": 500}, {"status": 503}, {"drops": True}],
    ids=["429", "500", "503", "dropped"],
)
class TestOfAServiceThatFails:
    def test_a_login_that_fails_for_a_while_is_tried_again(
        self, login: Login, identity: LoopbackIdentity, kind: str, what: str, fault: Trouble
    ) -> None:
        identity.faults.append(Fault(kind=kind, times=RETRIES, **fault))

        token = login.bearer(login.credentials(service_account=ACCOUNT))

        assert identity.principal(token) == f"serviceAccount:{ACCOUNT}"
        assert identity.counts[kind] == RETRIES + 1
        assert len(login.clock.sleeps) == RETRIES

    def test_a_login_that_keeps_failing_can_be_run_again(
        self, login: Login, identity: LoopbackIdentity, kind: str, what: str, fault: Trouble
    ) -> None:
        identity.faults.append(Fault(kind=kind, times=99, **fault))

        with pytest.raises(LoginUnavailableError) as caught:
            login.bearer(login.credentials(service_account=ACCOUNT))

        assert what in caught.value.what
        assert "run the job again" in caught.value.fix
        assert caught.value.exit_status == 3
        assert identity.counts[kind] == RETRIES + 1


def test_a_token_service_that_is_not_there_is_unavailable(
    login: Login, identity: LoopbackIdentity
) -> None:
    credentials = workload_identity.credentials(
        provider=PROVIDER,
        service_account="",
        environ=identity.environ,
        clock=login.clock,
        sts_url="http://127.0.0.1:1/v1/token",
    )

    with pytest.raises(LoginUnavailableError, match="token service did not do its work: no answer"):
        login.bearer(credentials)


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        pytest.param("id_token", {"count": 0}, LoginError, id="no ID token in it"),
        pytest.param("id_token", "<html>", LoginError, id="ID token endpoint, no JSON"),
        pytest.param("sts", "<html>", LoginUnavailableError, id="STS, no JSON"),
        pytest.param("sts", {}, LoginUnavailableError, id="STS, nothing in it"),
        pytest.param("iam", "<html>", LoginError, id="IAM, no JSON"),
    ],
)
def test_an_answer_that_makes_no_sense_is_an_error_of_ours(
    login: Login,
    identity: LoopbackIdentity,
    kind: str,
    body: dict[str, int] | str,
    expected: type[PkgactionError],
) -> None:
    identity.faults.append(Fault(kind=kind, status=200, body=body))

    with pytest.raises(expected):
        login.bearer(login.credentials(service_account=ACCOUNT))


@pytest.mark.parametrize(
    ("provider", "what", "fix"),
    [
        pytest.param(
            "packages",
            "only a short name",
            "projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/packages?",
            id="short name",
        ),
        pytest.param(
            PROVIDER.replace("123456789", "acme-packages"),
            "the project's id",
            f"{PROVIDER.replace('123456789', 'NUMBER')}? `gcloud projects describe acme-packages",
            id="project id",
        ),
        pytest.param(POOL, "is a pool", f"did you mean {POOL}/providers/PROVIDER?", id="pool"),
        pytest.param(
            f"//iam.googleapis.com/{PROVIDER}",
            "more than the resource name",
            f"did you mean {PROVIDER}?",
            id="full name with the host",
        ),
        pytest.param(
            f"https://iam.googleapis.com/{PROVIDER}",
            "more than",
            f"did you mean {PROVIDER}?",
            id="audience",
        ),
        pytest.param(f"/{PROVIDER}/", "more than", f"did you mean {PROVIDER}?", id="slashes"),
        pytest.param(
            f"{POOL}/attribute.repository/acme/packages/providers",
            "no provider's",
            "write projects/",
            id="attribute",
        ),
        pytest.param("cluster.svc.id.goog", "short name", "projects/NUMBER/", id="another kind of pool"),
    ],
)
def test_a_malformed_provider_is_refused_before_anything_is_sent(
    login: Login, identity: LoopbackIdentity, provider: str, what: str, fix: str
) -> None:
    with pytest.raises(LoginError) as caught:
        login.credentials(provider=provider)

    assert what in caught.value.what
    assert fix in caught.value.fix
    assert caught.value.where == "input workload-identity-provider"
    assert not identity.counts


@pytest.mark.parametrize(
    ("provider", "service_account", "what"),
    [
        pytest.param(PROVIDER, "publisher", "is no service account", id="no address"),
        pytest.param(PROVIDER, "a/b@c.d", "is no service account", id="a path"),
        pytest.param("", ACCOUNT, "without workload-identity-provider", id="no provider"),
    ],
)
def test_a_service_account_that_cannot_be_used_is_refused(
    login: Login, provider: str, service_account: str, what: str
) -> None:
    with pytest.raises(LoginError, match=what):
        login.credentials(provider=provider, service_account=service_account)


def test_every_row_of_the_table_says_what_where_and_what_to_do() -> None:
    assert len(CAUSES) >= 12
    assert len({cause.name for cause in CAUSES}) == len(CAUSES)
    for step in Step:
        for status in (0, 400, 403, 404, 500):
            error = explain(RefusedError(step=step, status=status), None, {"GITHUB_ACTIONS": "true"})

            assert error.what
            assert error.where
            assert error.fix
            assert not re.search(r"\{\w+\}", str(error))


# --- buckets -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "right", "role"),
    [
        pytest.param(
            f"{ACCOUNT} does not have storage.objects.create access to the Google Cloud Storage object. "
            "Permission 'storage.objects.create' denied on resource (or it may not exist).",
            "storage.objects.create",
            "roles/storage.objectCreator",
            id="create",
        ),
        pytest.param(
            "Permission 'storage.objects.list' denied on resource (or it may not exist).",
            "storage.objects.list",
            "roles/storage.objectViewer",
            id="list",
        ),
        pytest.param(
            f"{ACCOUNT} does not have storage.objects.delete access to the Google Cloud Storage object.",
            "storage.objects.delete",
            "roles/storage.objectUser",
            id="delete, to write over",
        ),
        pytest.param(
            f"{ACCOUNT} does not have storage.folders.rename access",
            "storage.folders.rename",
            "a role",
            id="a right we do not know",
        ),
    ],
)
def test_a_missing_right_is_named_with_its_bucket_and_role(message: str, right: str, role: str) -> None:
    error = explain_storage(403, message, "acme-index", ACCOUNT)

    assert isinstance(error, LoginError)
    assert f"lacks the right {right}" in error.what
    assert error.where == "gs://acme-index"
    assert f"add-iam-policy-binding gs://acme-index --role={role}" in error.fix
    assert f"--member='serviceAccount:{ACCOUNT}'" in error.fix


@pytest.mark.parametrize(
    ("status", "message", "kind", "what"),
    [
        pytest.param(
            404, "The specified bucket does not exist.", BucketMissingError, "no such bucket", id="404"
        ),
        pytest.param(401, "Invalid Credentials", LoginError, "does not accept the login", id="401"),
        pytest.param(
            403, "Request is prohibited by organization's policy", AccessDeniedError, "policy", id="403"
        ),
        pytest.param(503, "Backend Error", StorageError, "503 Backend Error", id="503"),
        pytest.param(403, "no\n::error::forged", AccessDeniedError, "no ::error::forged", id="hostile"),
    ],
)
def test_what_else_a_bucket_refuses_is_explained(
    status: int, message: str, kind: type[PkgactionError], what: str
) -> None:
    error = explain_storage(status, message, "acme", "")

    assert type(error) is kind
    assert what in error.what
    assert error.fix


@pytest.mark.parametrize(
    ("provider", "service_account", "expected"),
    [
        pytest.param(PROVIDER, ACCOUNT, f"serviceAccount:{ACCOUNT}", id="service account"),
        pytest.param(PROVIDER, "", f"principalSet://iam.googleapis.com/{POOL}/*", id="pool"),
        pytest.param("", "", "", id="unknown"),
    ],
)
def test_a_login_has_the_name_that_policies_use(
    provider: str, service_account: str, expected: str
) -> None:
    found = workload_identity.principal(provider=provider, service_account=service_account)

    assert found == expected


# --- what is shown -------------------------------------------------------------------------------


def test_a_refusal_shows_the_claims_and_what_is_missing(
    login: Login, identity: LoopbackIdentity
) -> None:
    identity.condition = lambda claims: claims.get("environment") == "package-storage"

    with pytest.raises(LoginError) as caught:
        login.bearer(login.credentials())

    assert caught.value.claims[0] == "sub: repo:acme/packages:ref:refs/heads/main"
    assert "environment: MISSING" in caught.value.claims
    assert [line.partition(":")[0] for line in caught.value.claims] == list(SHOWN)
    assert caught.value.claims == tuple(lines(claims_of(identity.id_tokens[0])))


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "a.W10.c", "a.bnVsbA.c"])
def test_claims_of_what_is_no_token_are_missing(token: str) -> None:
    assert lines(claims_of(token)) == [f"{name}: MISSING" for name in SHOWN]


def test_hostile_claims_stay_on_their_line(login: Login, identity: LoopbackIdentity) -> None:
    identity.claims["ref"] = "refs/heads/\n::set-output name=x::\x1b[31m" + "x" * 999

    login.bearer(login.credentials())
    line = next(line for line in lines(claims_of(identity.id_tokens[0])) if line.startswith("ref: "))

    assert line.isprintable()
    assert len(line) < 400


@pytest.mark.parametrize("kind", ["id_token", "sts", "iam"])
@pytest.mark.parametrize("status", [400, 503])
def test_no_error_shows_a_token_even_if_a_service_repeats_it(
    login: Login, identity: LoopbackIdentity, kind: str, status: int
) -> None:
    credentials = login.credentials(service_account=ACCOUNT)
    login.bearer(credentials)
    repeated = " ".join(["Bearer", *identity.secrets])
    identity.faults.append(Fault(kind=kind, status=status, times=9, body={"message": repeated}))

    with pytest.raises(PkgactionError) as caught:
        credentials.refresh(login.request)

    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value.__cause__)
    shown += "\n".join(getattr(caught.value, "claims", ()))
    assert "***" in shown
    for secret in identity.secrets:
        assert secret not in shown
        assert secret.rpartition(".")[2] not in shown
