"""Nothing in a package breaks the interpreter of the official specification, whatever format it says."""

import json
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkgaction.rules.package import Package
from pkgaction.rules.spec.specification import Specification
from pkgaction.stages import validate
from tests.fuzz.mutations import packages
from tests.unit import kelp

_SPEC = Path(__file__).resolve().parents[3] / "shared" / "data" / "spec-3.6.6" / "spec"
_FORMATS = ["2.0.0", "2.3.0", "2.12.0", "3.0.0", "3.1.3", "3.3.0", "3.5.0", "3.6.0", "3.6.6", "9.9.9"]

pytestmark = pytest.mark.skipif(
    not _SPEC.exists(), reason="the official specification is not here (its licence)"
)


@cache
def _specification() -> Specification:
    files = {
        path.relative_to(_SPEC).as_posix(): path.read_bytes()
        for path in _SPEC.rglob("*")
        if path.is_file()
    }
    return Specification(files, "the specification", "")


@given(packages(), st.sampled_from(_FORMATS))
def test_validation_takes_every_package(package: Package, version: str) -> None:
    files = {file.path: b"".join(file.content.open()) for file in package.tree.files}
    files["manifest.yml"] = files["manifest.yml"].replace(b"3.6.6", version.encode())
    found = validate.findings(kelp.package(files, {}).source, _specification(), package.mode)

    assert found
    for finding in found:
        assert json.dumps(finding.as_json(), ensure_ascii=False).encode()
