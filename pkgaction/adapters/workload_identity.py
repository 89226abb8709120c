"""The login to Google Cloud without a key: what to log in with, checked before anything is sent."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pkgaction.adapters.login_causes import RefusedError, Step
from pkgaction.adapters.login_errors import explain
from pkgaction.errors import LoginError
from pkgaction.model.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.auth.credentials import Credentials

    from pkgaction.ports import Clock

STS_URL = "https://sts.googleapis.com/v1/token"
IAM_URL = "https://iamcredentials.googleapis.com/v1"

_PROVIDER = re.compile(
    r"projects/[0-9]+/locations/global/workloadIdentityPools/[a-z0-9-]+/providers/[a-z0-9-]+"
)
_SHAPE = "projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER"
_HOST = re.compile(r"^(https://)?iam\.googleapis\.com/")
_ACCOUNT = re.compile(r"[A-Za-z0-9._-]+@[A-Za-z0-9.-]+")
_FILES = (
    "GOOGLE_APPLICATION_CREDENTIALS",
    "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE",
    "GOOGLE_GHA_CREDS_PATH",
)
# The workspace is the checkout: only what google-github-actions/auth writes there is a login.
_WRITTEN = re.compile(r"gha-creds-[\w-]+\.json")


def credentials(
    *,
    provider: str,
    service_account: str,
    environ: Mapping[str, str],
    clock: Clock,
    sts_url: str = STS_URL,
    iam_url: str = IAM_URL,
) -> Credentials:
    """What requests to the buckets are made with. Nothing is sent before the first of them.

    `provider` is a full resource name; without it, Application Default Credentials are used.
    Their `refresh` raises LoginError and LoginUnavailableError.

    Raises:
        LoginError: there is nothing to log in with, or an input can't be right.
    """
    # Imported on use: a run that publishes nothing must not pay for it.
    from pkgaction.adapters import google_login  # noqa: PLC0415

    if not provider and environ.get("STORAGE_EMULATOR_HOST"):
        return google_login.anonymous()
    _check(provider, service_account)
    try:
        if provider:
            load = partial(
                google_login.of_provider,
                provider=provider,
                service_account=service_account,
                id_tokens=google_login.IdTokens(
                    url=_variable("ACTIONS_ID_TOKEN_REQUEST_URL", environ),
                    token=Secret(_variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN", environ)),
                    audience=f"https://iam.googleapis.com/{provider}",
                ),
                sts_url=sts_url,
                iam_url=iam_url,
            )
        elif path := _file(environ):
            google_login.of_file(path)
            load = partial(google_login.of_file, path)
        else:
            found = google_login.of_machine()
            load = partial(lambda given: given, found)
    except RefusedError as error:
        raise explain(error, None, environ) from error
    return google_login.LoginCredentials(load=load, environ=environ, clock=clock)


def principal(*, provider: str, service_account: str) -> str:
    """Who the login is, as IAM policies name it; empty if only the credentials know."""
    if service_account:
        return f"serviceAccount:{service_account}"
    pool = provider.partition("/providers/")[0]
    return f"principalSet://iam.googleapis.com/{pool}/*" if pool else ""


def _variable(name: str, environ: Mapping[str, str]) -> str:
    if value := environ.get(name):
        return value
    raise RefusedError(step=Step.VARIABLES, status=400, said=name)


def _file(environ: Mapping[str, str]) -> Path | None:
    """The credentials file that the environment names, where it lies in the container."""
    named = [Path(environ[name]) for name in _FILES if environ.get(name)]
    roots = [environ.get(name, "") for name in ("GITHUB_WORKSPACE", "RUNNER_TEMP")]
    written = [path.name for path in named if _WRITTEN.fullmatch(path.name)]
    mounted = [Path(root, name) for root in roots if root for name in written]
    found = next((path for path in [*named, *mounted] if path.is_file()), None)
    if named and not found:
        raise RefusedError(step=Step.FILE, status=404, said=f"no such file: {named[0]}")
    return found


def _check(provider: str, service_account: str) -> None:
    """Refuse what can't be right.

    Raises:
        LoginError: it can't.
    """
    if provider and not _PROVIDER.fullmatch(provider):
        what, fix = _misnamed(provider)
        raise LoginError(what=what, where="input workload-identity-provider", fix=fix)
    if not service_account:
        return
    if not provider:
        what = "it is given without workload-identity-provider"
        raise LoginError(what=what, where="input service-account", fix="give both, or neither")
    if not _ACCOUNT.fullmatch(service_account):
        what = f"{service_account[:100]!r} is no service account"
        fix = "write NAME@PROJECT.iam.gserviceaccount.com"
        raise LoginError(what=what, where="input service-account", fix=fix)


def _misnamed(provider: str) -> tuple[str, str]:
    """What is wrong with a provider's name, and what was meant perhaps."""
    shown = repr(provider[:200])
    if _PROVIDER.fullmatch(bare := _HOST.sub("", provider.strip("/ "))):
        return f"{shown} has more than the resource name", f"did you mean {bare}?"
    parts = bare.split("/")
    if len(parts) == 1:
        meant = _SHAPE.replace("PROVIDER", parts[0]) if re.fullmatch(r"[a-z0-9-]+", bare) else _SHAPE
        return f"{shown} is only a short name", f"did you mean {meant}?"
    if not re.match(r"projects/[0-9]+(/|$)", bare) and parts[0] == "projects":
        command = f"gcloud projects describe {parts[1]} --format='value(projectNumber)'"
        meant = "/".join([parts[0], "NUMBER", *parts[2:]])
        return (
            f"{shown} has the project's id, where its number belongs",
            f"did you mean {meant}? `{command}` shows the number",
        )
    if "workloadIdentityPools" in parts and "providers" not in parts:
        return f"{shown} is a pool", f"did you mean {bare}/providers/PROVIDER?"
    return f"{shown} is no provider's full resource name", f"write {_SHAPE}"
