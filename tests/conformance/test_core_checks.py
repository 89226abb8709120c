"""The core checks against packages of which the official validator says what it thinks."""

import json
from pathlib import Path

import pytest

from pkgaction.adapters import folder
from pkgaction.model.finding import errors
from pkgaction.model.json import Json, text_at
from pkgaction.stages import validate

_DATA = Path(__file__).parents[3] / "shared" / "data" / "validation"


def _valid() -> list[str]:
    expected = _DATA / "expected.jsonl"
    if not expected.exists():
        return []
    lines: list[Json] = [json.loads(line) for line in expected.read_text("utf-8").splitlines()]
    return [text_at(line, "package") for line in lines if text_at(line, "verdict_filtered") == "ok"]


_VALID = _valid()


@pytest.mark.skipif(not _VALID, reason="the official validator's packages are not here (their license)")
def test_there_are_packages_to_compare_with() -> None:
    assert len(_VALID) > 10


@pytest.mark.parametrize("name", _VALID)
def test_a_package_that_the_official_validator_takes_has_no_errors(name: str) -> None:
    found = validate.findings(folder.package(_DATA / "packages" / name), None)

    assert [f"{f.place}: {f.message} [{f.code}]" for f in errors(found)] == []
