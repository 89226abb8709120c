"""GitHub's descriptions, cut down to what the fakes speak: `make github-schemas` runs it after `npm ci`.

From 13 MB of OpenAPI to a few hundred kB of JSON Schema. `nullable` becomes a type, and an object may
have no field that its description does not know: so the fakes can't make one up.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from pkgaction.model.json import Json

_HERE = "/repos/{owner}/{repo}"
_OPERATIONS = (
    ("get", "/user"),
    ("get", "/users/{username}"),
    ("get", _HERE),
    ("get", f"{_HERE}/commits/{{commit_sha}}/pulls"),
    ("get", f"{_HERE}/pulls"),
    ("get", f"{_HERE}/pulls/{{pull_number}}"),
    ("get", f"{_HERE}/issues/{{issue_number}}/comments"),
    ("post", f"{_HERE}/issues/{{issue_number}}/comments"),
    ("patch", f"{_HERE}/issues/comments/{{comment_id}}"),
)
_ERRORS = ("basic-error", "validation-error")
_PROSE = ("description", "title", "example", "examples", "externalDocs", "discriminator")
_EVENTS = {
    "push": "push$event",
    "pull_request.opened": "pull_request$opened",
    "pull_request.synchronize": "pull_request$synchronize",
    "pull_request.closed": "pull_request$closed",
    "merge_group.checks_requested": "merge_group$checks_requested",
    "workflow_dispatch": "workflow_dispatch$event",
    "workflow_run.completed": "workflow_run$completed",
}


def main(modules: Path, target: Path) -> None:
    """Read the npm packages, write `api.json` and `events.json`."""
    target.mkdir(parents=True, exist_ok=True)
    whole = _object(json.loads((modules / "openapi/generated/api.github.com.json").read_bytes()))
    (target / "api.json").write_text(json.dumps(_api(whole)))
    events = _object(json.loads((modules / "webhooks-schemas/schema.json").read_bytes()))
    kept = {"definitions": events["definitions"], "events": _EVENTS}
    (target / "events.json").write_text(json.dumps(kept))


def _api(whole: dict[str, Json]) -> Json:
    operations = [_operation(whole, verb, path) for verb, path in _OPERATIONS]
    schemas = _object(_object(whole["components"])["schemas"])
    names, kept = [*_named(operations), *_ERRORS], dict[str, Json]()
    while names:
        if (name := names.pop()) not in kept:
            kept[name] = _schema(schemas[name])
            names += _named(kept[name])
    return {"operations": operations, "components": {"schemas": kept}}


def _operation(whole: dict[str, Json], verb: str, path: str) -> Json:
    found = _object(_object(_object(whole["paths"])[path])[verb])
    answers = {status: _content(whole, one) for status, one in _object(found["responses"]).items()}
    parameters = [_object(_deref(whole, one)) for one in _list(found.get("parameters", []))]
    return {
        "verb": verb.upper(),
        "path": path,
        "query": {str(p["name"]): _schema(p["schema"]) for p in parameters if p["in"] == "query"},
        "body": _content(whole, found["requestBody"]) if "requestBody" in found else None,
        "answers": answers,
    }


def _content(whole: dict[str, Json], part: Json) -> Json:
    content = _object(_object(_deref(whole, part)).get("content", {}))
    return _schema(_object(content["application/json"])["schema"]) if content else None


def _deref(whole: dict[str, Json], part: Json) -> Json:
    reference = _object(part).get("$ref")
    if not isinstance(reference, str):
        return part
    found: Json = whole
    for key in reference.removeprefix("#/").split("/"):
        found = _object(found)[key]
    return found


def _schema(part: Json, *, closed: bool = True) -> Json:
    """OpenAPI 3.0's dialect as JSON Schema."""
    if isinstance(part, list):
        return [_schema(one) for one in part]
    if not isinstance(part, dict):
        return part
    made: dict[str, Json] = {}
    for key, value in part.items():
        if key == "properties":
            made[key] = {name: _schema(one) for name, one in _object(value).items()}
        elif key in {"allOf", "anyOf", "oneOf"}:
            made[key] = [_schema(one, closed=False) for one in _list(value)]
        elif key not in _PROSE and not key.startswith("x-"):
            made[key] = _schema(value)
    if closed and "properties" in made:
        made.setdefault("additionalProperties", False)
    return {"anyOf": [made, {"type": "null"}]} if made.pop("nullable", False) else made


def _named(part: Json) -> Iterator[str]:
    for found in re.finditer(r'"#/components/schemas/([^"]+)"', json.dumps(part)):
        yield found[1]


def _object(value: Json) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise TypeError(value)
    return value


def _list(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise TypeError(value)
    return value


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
