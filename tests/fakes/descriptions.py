"""GitHub's own descriptions of its API and its events, where they are there: `make github-schemas`.

They check every request that the loopback GitHub gets, every answer that it gives, and every event that
the tests make. Without them the tests go on unchecked, and those of tests/contract/test_descriptions.py
are skipped by name.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from pkgaction.model.json import Json, JsonObject

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

FOLDER = Path(__file__).resolve().parents[2] / ".venv" / "github-schemas"
MISSING = "GitHub's descriptions are not there: make github-schemas"

# What GitHub does, and its description does not say: every operation may answer so.
_GENERAL = frozenset({401, 403, 404, 409, 410, 422, 429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 307, 308})
# A head's repository is null when the fork is gone; events say so, the API's description does not.
_NULL_FORK = re.compile(r"(^|\.)head\.repo: None is not of type 'object'")
# A runner's push event lists the commits without their files.
_FILES: JsonObject = {"added": [], "modified": [], "removed": []}


def there() -> bool:
    """Whether they were installed."""
    return (FOLDER / "api.json").exists()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request and its answer."""

    verb: str
    target: str  # path and query, below the API's address
    sent: bytes
    status: int
    answered: Json


def lies(exchange: Exchange) -> Iterator[str]:
    """How a request or its answer is not what GitHub describes; nothing where that is not there."""
    if not there():
        return
    split = urlsplit(exchange.target)
    operation = _operation(exchange.verb, split.path)
    where = f"{exchange.verb} {exchange.target}"
    if operation is None:
        if exchange.status not in _GENERAL:
            yield f"{where}: no such operation was taken out of GitHub's description"
        return
    if exchange.status < 400:
        yield from (f"{where}: {told}" for told in _request(operation, split.query, exchange.sent))
    yield from (f"{where} -> {exchange.status}: {told}" for told in _answer(operation, exchange))


def event_lies(name: str, payload: Mapping[str, object]) -> Iterator[str]:
    """The same for an event as the runner passes it on."""
    if not there():
        return
    told: dict[str, Json] = json.loads(json.dumps(payload))
    action = told.get("action")
    kind = f"{name}.{action}" if action else name
    if name == "push":
        told["commits"] = [_with_files(one) for one in _list(told["commits"])]
        told["head_commit"] = told["head_commit"] and _with_files(told["head_commit"])
    yield from (f"{kind}: {problem}" for problem in _problems(_event(kind), told))


def _request(operation: JsonObject, query: str, sent: bytes) -> Iterator[str]:
    known = _object(operation["query"])
    for name, values in parse_qs(query).items():
        if name not in known:
            yield f"there is no parameter {name}"
            continue
        schema = _object(known[name])
        value: Json = int(values[0]) if schema.get("type") == "integer" else values[0]
        yield from _problems(_validator(schema), value)
    body = operation["body"]
    if body is not None:
        yield from _problems(_validator(_object(body)), json.loads(sent))


def _answer(operation: JsonObject, exchange: Exchange) -> Iterator[str]:
    answers = _object(operation["answers"])
    status = str(exchange.status)
    if exchange.status in _GENERAL:
        kind = "validation-error" if exchange.status == 422 else "basic-error"
        schema: Json = {"$ref": f"#/components/schemas/{kind}"}
    elif exchange.status in _REDIRECTS or status in answers:
        schema = answers.get(status)
    else:
        yield "GitHub does not answer so"
        return
    if schema is not None:
        found = _problems(_validator(_object(schema)), exchange.answered)
        yield from (told for told in found if not _NULL_FORK.search(told))


def _problems(validator: "Validator", value: Json) -> Iterator[str]:
    for error in validator.iter_errors(value):
        yield f"{'.'.join(map(str, error.absolute_path))}: {error.message[:300]}"


def _operation(verb: str, path: str) -> JsonObject | None:
    for pattern, operation in _operations():
        if operation["verb"] == verb and pattern.fullmatch(unquote(path)):
            return operation
    return None


@cache
def _operations() -> list[tuple[re.Pattern[str], JsonObject]]:
    found = [_object(one) for one in _list(_api()["operations"])]
    paths = [re.sub(r"\\\{.*?\\\}", "[^/]+", re.escape(str(one["path"]))) for one in found]
    return [(re.compile(path), one) for path, one in zip(paths, found, strict=True)]


@cache
def _api() -> JsonObject:
    return _object(json.loads((FOLDER / "api.json").read_bytes()))


@cache
def _events() -> JsonObject:
    return _object(json.loads((FOLDER / "events.json").read_bytes()))


def _validator(schema: JsonObject) -> "Validator":
    from jsonschema import Draft202012Validator  # the demo has none, and needs none

    return Draft202012Validator({"components": _api()["components"], **schema})


@cache
def _event(kind: str) -> "Validator":
    from jsonschema import Draft7Validator

    definition = _object(_events()["events"])[kind]
    reference = {"$ref": f"#/definitions/{definition}", "definitions": _events()["definitions"]}
    return Draft7Validator(reference)


def _with_files(commit: Json) -> Json:
    return {**_object(commit), **_FILES}


def _object(value: Json) -> JsonObject:
    if not isinstance(value, Mapping):
        raise TypeError(value)
    return value


def _list(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise TypeError(value)
    return value
