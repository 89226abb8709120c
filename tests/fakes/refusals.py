"""How Google Cloud Storage refuses, in the shape and the words of its JSON API.

Source: https://cloud.google.com/storage/docs/json_api/v1/status-codes, and what its users quote.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from tests.fakes.proxy import Refusal, Seen

Maker: TypeAlias = Callable[[Seen], Refusal]  # what is answered to a request

_AGAIN = (("Retry-After", "1"),)
_RIGHTS = {"POST": "create", "GET": "get", "DELETE": "delete", "PUT": "create"}
_ACCOUNT = "publisher@acme-packages.iam.gserviceaccount.com"


def missing_bucket(seen: Seen) -> Refusal:
    """There is no such bucket, or not any more."""
    return _refusal(404, "notFound", "The specified bucket does not exist.")


def missing_right(seen: Seen) -> Refusal:
    """The account may not do this."""
    right = "list" if _lists(seen) else _RIGHTS[seen.method]
    if re.search(r"ifGenerationMatch=\d{10}", seen.path):
        right = "delete"  # writing over an object takes away the old one
    of = "bucket" if right == "list" else "object"
    said = (
        f"{_ACCOUNT} does not have storage.objects.{right} access to the Google Cloud Storage {of}. "
        f"Permission 'storage.objects.{right}' denied on resource (or it may not exist)."
    )
    return _refusal(403, "forbidden", said)


def no_billing(seen: Seen) -> Refusal:
    """Nobody pays for the project."""
    said = "The billing account for the owning project is disabled in state absent"
    return _refusal(403, "accountDisabled", said)


def retained(seen: Seen) -> Refusal:
    """A retention policy forbids to write over the object, or to delete it."""
    said = (
        f"Object '{seen.bucket}/{seen.object}' is subject to bucket's retention policy or object "
        "retention and cannot be deleted or overwritten until 2031-01-01T00:00:00.000000-08:00"
    )
    return _refusal(403, "retentionPolicyNotMet", said)


def unauthorized(seen: Seen) -> Refusal:
    """The access token is not accepted any more."""
    return _refusal(401, "authError", "Invalid Credentials")


def precondition(seen: Seen) -> Refusal:
    """The object has another generation than was asked for, whatever it has."""
    said = "At least one of the pre-conditions you specified did not hold."
    return _refusal(412, "conditionNotMet", said)


def requester_pays(seen: Seen) -> Refusal:
    """Whoever asks is to pay, and named no project."""
    said = "Bucket is a requester pays bucket but no user project provided."
    return _refusal(400, "required", said)


def rate(seen: Seen) -> Refusal:
    """Too many writes to one object."""
    said = (
        f"The object {seen.bucket}/{seen.object} exceeded the rate limit for object mutation operations "
        "(create, update, and delete). Please reduce your request rate."
    )
    return _refusal(429, "rateLimitExceeded", said, dict(_AGAIN))


def outage(seen: Seen) -> Refusal:
    """The service is out of order."""
    return _refusal(503, "backendError", "We encountered an internal error. Please try again.")


def _refusal(
    status: int, reason: str, message: str, headers: Mapping[str, str] | None = None
) -> Refusal:
    inner = {"message": message, "domain": "global", "reason": reason}
    body = {"error": {"code": status, "message": message, "errors": [inner]}}
    told = {"Content-Type": "application/json; charset=UTF-8", **(headers or {})}
    return Refusal(status, json.dumps(body).encode(), tuple(told.items()))


def _lists(seen: Seen) -> bool:
    return seen.method == "GET" and "prefix=" in seen.path
