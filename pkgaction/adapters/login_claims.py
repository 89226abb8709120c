"""What an ID token says of the run, for a person who looks for the reason of a refusal."""

import base64
import json
from collections.abc import Mapping

from pkgaction.model.json import Json, JsonObject
from pkgaction.report import escape

# Those that conditions in the cloud are made of, and those that explain them.
# Source: https://docs.github.com/actions/reference/security/oidc
SHOWN = (
    "sub",
    "aud",
    "repository",
    "repository_id",
    "repository_owner_id",
    "ref",
    "environment",
    "event_name",
    "workflow_ref",
    "job_workflow_ref",
    "runner_environment",
)
_LONGEST = 300  # characters of a value


def claims_of(token: str) -> JsonObject:
    """A token's claims. The signature is not verified: they are shown, never trusted."""
    part = token.split(".")[1] if token.count(".") > 1 else ""
    try:
        claims: Json = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, Mapping) else {}


def lines(claims: JsonObject) -> list[str]:
    """The claims that matter, a line each, `MISSING` where there is none; never the token itself."""
    return [f"{name}: {_shown(claims.get(name))}" for name in SHOWN]


def _shown(value: Json) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return "MISSING" if value is None or text == "" else escape.plain(text)[:_LONGEST]
