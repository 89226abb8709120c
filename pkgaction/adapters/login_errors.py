"""A failed login or a refusal of a bucket in our words: what happened, where, what to do."""

import io
import re
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus

from pkgaction.adapters.login_causes import CAUSES, RefusedError, Step
from pkgaction.adapters.login_claims import lines
from pkgaction.adapters.runner import Runner
from pkgaction.errors import (
    AccessDeniedError,
    BucketMissingError,
    LoginError,
    LoginUnavailableError,
    StorageError,
    UsageError,
)
from pkgaction.model.json import Json, JsonObject, at, number_at, text_at
from pkgaction.report import escape

_DEPENDABOT = "dependabot[bot]"
_PROVIDER_PARTS = re.compile(
    r"(?P<pool_path>projects/(?P<number>[^/]+)/.*/(?P<pool>[^/]+))/providers/(?P<name>[^/]+)"
)
# The smallest predefined role that has the right.
# Source: https://cloud.google.com/storage/docs/access-control/iam-roles
_ROLES = {
    "storage.objects.create": "roles/storage.objectCreator",
    "storage.objects.get": "roles/storage.objectViewer",
    "storage.objects.list": "roles/storage.objectViewer",
    "storage.objects.delete": "roles/storage.objectUser",
    "storage.objects.update": "roles/storage.objectUser",
    "storage.buckets.get": "roles/storage.legacyBucketReader",
}
_RIGHT = re.compile(r"does not have (storage\.[\w.]+) access|Permission '(storage\.[\w.]+)' denied")


def explain(
    error: RefusedError, claims: JsonObject | None, environ: Mapping[str, str]
) -> LoginError | LoginUnavailableError:
    """Name the cause and the cure. `claims` are those of the ID token, None where there was none."""
    kind = origin(environ)
    cause = next(cause for cause in CAUSES if cause.fits(error, kind))
    facts = _facts(error, claims or {}, environ)
    what, where, fix = (text.format_map(facts) for text in (cause.what, cause.where, cause.fix))
    if cause.passing:
        return LoginUnavailableError(what=what, where=where, fix=fix)
    return LoginError(what=what, where=where, fix=fix, claims=[] if claims is None else lines(claims))


def explain_storage(status: int, message: str, bucket: str, principal: str) -> LoginError | StorageError:
    """The same for what a bucket answers: `message` is the API's, `principal` who asked."""
    said = escape.plain(message)[:400]
    where = f"gs://{bucket}"
    if status == HTTPStatus.NOT_FOUND:
        fix = "check the name in the inputs bucket and index-bucket, and create it if it is missing"
        return BucketMissingError(what="there is no such bucket", where=where, fix=fix)
    if status == HTTPStatus.UNAUTHORIZED:
        what = f"the bucket does not accept the login of {principal or 'this run'}: {said}"
        fix = "set service-account: not every request may be made without one"
        return LoginError(what=what, where=where, fix=fix)
    if status == HTTPStatus.FORBIDDEN and (found := _RIGHT.search(message)):
        right = found[1] or found[2]
        return _right_missing(right, where, principal)
    if status == HTTPStatus.FORBIDDEN:
        fix = "see what Google Cloud Storage says"
        return AccessDeniedError(what=f"the bucket refuses: {said}", where=where, fix=fix)
    what = f"the bucket failed: {status} {said}".rstrip()
    return StorageError(what=what, where=where, fix="run the job again: it resumes")


def origin(environ: Mapping[str, str]) -> str:
    """Why a run may have no ID token; a guess for a message, never for a decision.

    One of outside, fork, dependabot, reusable; empty where none of these shows.
    """
    payload: Json = None
    with suppress(UsageError):
        payload = Runner(environ, io.StringIO()).event()
    called = environ.get("JOB_WORKFLOW_REF", "")
    known = {
        "outside": environ.get("GITHUB_ACTIONS") != "true",
        "dependabot": _is_dependabot(payload, environ),
        "fork": environ.get("GITHUB_EVENT_NAME") == "pull_request" and _is_fork(payload),
        "reusable": called not in {"", environ.get("GITHUB_WORKFLOW_REF", "")},
    }
    return next((name for name, holds in known.items() if holds), "")


def _is_dependabot(payload: Json, environ: Mapping[str, str]) -> bool:
    """GitHub looks at who started the run, not at who opened the pull request."""
    return _DEPENDABOT in {environ.get("GITHUB_ACTOR"), text_at(payload, "sender", "login")}


def _is_fork(payload: Json) -> bool:
    """By id; the head's repository is null when the fork is gone."""
    pull = at(payload, "pull_request")
    ours = number_at(pull, "base", "repo", "id")
    return ours != 0 and number_at(pull, "head", "repo", "id") != ours


def _right_missing(right: str, where: str, principal: str) -> AccessDeniedError:
    role = _ROLES.get(right, "a role that has it")
    member = principal or "MEMBER"
    if "@" in member and ":" not in member:
        member = f"serviceAccount:{member}"
    fix = (
        f"gcloud storage buckets add-iam-policy-binding {where} --role={role} --member='{member}'; "
        "changes take up to five minutes to spread"
    )
    if right == "storage.objects.delete":
        fix += "; writing over an object needs this right as well, for the cursor and the index only"
    what = f"{principal or 'this run'} lacks the right {right} on the bucket"
    return AccessDeniedError(what=what, where=where, fix=fix)


def _facts(error: RefusedError, claims: JsonObject, environ: Mapping[str, str]) -> dict[str, str]:
    """What the table's texts may name. All of it is foreign text."""
    parts = _PROVIDER_PARTS.fullmatch(error.provider)
    named = (
        parts.groupdict()
        if parts
        else {"pool_path": "POOL", "number": "N", "pool": "POOL", "name": "NAME"}
    )
    repository = claims.get("repository_id") or "REPOSITORY_ID"
    facts = {
        **named,
        "answer": error.said
        if error.step is Step.OTHER
        else f"{error.status or ''} {error.said}".strip(),
        "said": error.said,
        "provider": error.provider,
        "expected": f"https://iam.googleapis.com/{error.provider}",
        "account": error.account,
        "account_project": error.account.partition("@")[2].partition(".")[0] or "PROJECT",
        "member": f"principalSet://iam.googleapis.com/{named['pool_path']}"
        f"/attribute.repository_id/{repository}",
        "sub_bytes": str(len(text_at(claims, "sub").encode())),
        "event": environ.get("GITHUB_EVENT_NAME", ""),
        "workflow": environ.get("GITHUB_WORKFLOW_REF", ""),
        **{name: str(claims.get(name, "MISSING")) for name in ("aud", "iss", "iat", "exp")},
    }
    return {name: escape.plain(text)[:400] for name, text in facts.items()}
