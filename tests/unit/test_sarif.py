"""Findings for code scanning: a log of the format, with the places and the rules of the findings."""

import json
from pathlib import Path

import jsonschema
import pytest

from pkgaction.model.finding import Finding, Severity
from pkgaction.model.json import at
from pkgaction.report import sarif
from tests.fakes.workplace import ROOT

_SCHEMA = ROOT / ".venv" / "sarif-2.1.0.json"  # make .venv/sarif-2.1.0.json
_FOUND = [
    Finding(code="schema-type", file="manifest.yml", message="a: wrong", line=3, column=5),
    Finding(code="dangling-ids", file="a b.json", message="x", official="SVR00003", link="https://x"),
    Finding(code="dangling-ids", file="\udcff.json", message="x", severity=Severity.WARNING),
]
_LOG = sarif.of({"packages/kelp": _FOUND, "packages/empty": []})


def _results() -> list[object]:
    runs = at(_LOG, "runs")
    found = at(runs[0], "results") if isinstance(runs, list) else None
    assert isinstance(found, list)
    return found


def test_what_was_not_looked_at_is_a_notification() -> None:
    run = json.loads(json.dumps(sarif.of({}, ["x: there is no such file"])))["runs"][0]
    good = json.loads(json.dumps(_LOG))["runs"][0]

    (ended,) = run["invocations"]
    assert ended["executionSuccessful"] is False
    assert ended["toolExecutionNotifications"] == [
        {"level": "error", "message": {"text": "x: there is no such file"}}
    ]
    assert good["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]


def test_each_finding_is_a_result_at_its_place() -> None:
    first, second, third = (json.loads(json.dumps(result)) for result in _results())

    assert first["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "packages/kelp/manifest.yml"},
        "region": {"startLine": 3, "startColumn": 5},
    }
    assert first["message"]["text"] == "a: wrong [schema-type]"
    place = second["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]) == (
        "packages/kelp/a%20b.json", {"startLine": 1}
    )  # fmt: skip
    assert [r["level"] for r in (first, second, third)] == ["error", "error", "warning"]


def test_each_rule_is_described_once_with_its_address() -> None:
    (run,) = json.loads(json.dumps(_LOG))["runs"]

    assert run["tool"]["driver"]["rules"] == [
        {
            "id": "dangling-ids",
            "shortDescription": {"text": "dangling-ids, SVR00003"},
            "helpUri": "https://x",
        },
        {"id": "schema-type", "shortDescription": {"text": "schema-type"}},
    ]


@pytest.mark.skipif(
    not _SCHEMA.exists(), reason="SARIF's schema is not here: make .venv/sarif-2.1.0.json"
)
@pytest.mark.parametrize(
    "log", [_LOG, sarif.of({}), sarif.of({}, ["x"])], ids=["findings", "nothing", "failure"]
)
def test_the_log_is_what_the_schema_of_sarif_asks_for(log: object) -> None:
    schema = json.loads(Path(_SCHEMA).read_bytes())

    jsonschema.Draft7Validator(schema).validate(json.loads(json.dumps(log)))
