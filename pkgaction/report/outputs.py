"""The Action's outputs, as later steps read them."""

import json
from collections.abc import Iterator

from pkgaction.model import layout
from pkgaction.model.json import Json, JsonObject
from pkgaction.model.outcome import Ledger
from pkgaction.model.release import Change, Plan

_MOST_JOBS = 256  # of one matrix


def of(ledger: Ledger, comment_url: str, report: str = "") -> dict[str, str]:
    """Every output of action.yml."""
    return {
        "published": "true" if ledger.published else "false",
        "packages": _compact([outcome.as_json() for outcome in ledger.sorted()]),
        "matrix": _compact({"include": _matrix(ledger)}),
        "comment-url": comment_url,
        "report": report,
    }


def _matrix(ledger: Ledger) -> list[Json]:
    """A row a job. Its name is for people, and for the name of an artifact."""
    candidates = ledger.plan.candidates if ledger.plan else ()
    share = -(-len(candidates) // _MOST_JOBS)  # packages a job; one, unless there are very many
    if share <= 1:
        return [_job(layout.base_name(c.id), c.id.name, c.id.version.text) for c in candidates]
    parts = [candidates[start : start + share] for start in range(0, len(candidates), share)]
    return [
        _job(
            f"{layout.base_name(part[0].id)}-to-{layout.base_name(part[-1].id)}",
            "\n".join(c.id.name for c in part),
            "",
        )
        for part in parts
    ]


def _job(name: str, package: str, version: str) -> Json:
    return {"name": name, "package": package, "version": version}


def _compact(value: Json) -> str:
    return json.dumps(value, separators=(",", ":"))


def plan_rows(made: Plan) -> Iterator[JsonObject]:
    """The shape of the design's `plan --json`: one object a package that changed its version."""
    for c in made.candidates:
        previous = c.previous.text if c.previous else None
        yield _row(c.id.name, c.id.version.text, previous, c.source.folder, c.change)
    for s in made.skipped:
        if s.change:
            yield _row(s.name, s.version or None, s.previous or None, s.folder, s.change)


def _row(
    name: str, version: str | None, previous: str | None, path: str, change: Change | None
) -> JsonObject:
    told = change.value if change else None
    return {"name": name, "version": version, "previous": previous, "path": path, "change": told}
