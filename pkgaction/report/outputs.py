"""The Action's outputs, as later steps read them."""

from collections.abc import Iterator, Sequence

from pkgaction.model import layout
from pkgaction.model.json import Json, JsonObject
from pkgaction.model.outcome import Ledger
from pkgaction.model.release import Candidate, Change, Plan
from pkgaction.report import escape
from pkgaction.requirements import Requirements

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
    """A row a job. Its name is for people, and for the name of an artifact.

    Packages that require each other are in one row: no job sees what another one has built.
    """
    candidates = ledger.plan.candidates if ledger.plan else ()
    share = -(-len(candidates) // _MOST_JOBS)  # packages a job; one, unless there are very many
    rows: list[list[Candidate]] = []
    for cluster in Requirements.of(candidates).clusters():
        if rows and len(rows[-1]) < share:
            rows[-1] += cluster
        else:
            rows.append(cluster)
    return [_job(row) for row in rows]


def _job(row: Sequence[Candidate]) -> Json:
    first, last = (layout.base_name(one.id) for one in (row[0], row[-1]))
    return {
        "name": first if first == last else f"{first}-to-{last}",
        "package": "\n".join(one.id.name for one in row),
        "version": row[0].id.version.text if len(row) == 1 else "",
    }


def _compact(value: Json) -> str:
    return escape.json_line(value)


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
