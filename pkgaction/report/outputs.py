"""The Action's outputs, as later steps read them."""

import json

from pkgaction.model.json import Json
from pkgaction.model.outcome import Ledger

_MOST_JOBS = 256  # of one matrix


def of(ledger: Ledger, comment_url: str) -> dict[str, str]:
    """Every output of action.yml."""
    return {
        "published": "true" if ledger.published else "false",
        "packages": _compact([outcome.as_json() for outcome in ledger.sorted()]),
        "matrix": _compact({"include": _matrix(ledger)}),
        "comment-url": comment_url,
    }


def _matrix(ledger: Ledger) -> list[Json]:
    candidates = ledger.plan.candidates if ledger.plan else ()
    named: list[Json] = [{"package": c.id.name, "version": c.id.version.text} for c in candidates]
    return named[:_MOST_JOBS]


def _compact(value: Json) -> str:
    return json.dumps(value, separators=(",", ":"))
