"""validation.yml excludes official codes from the findings, and nothing else."""

import pytest

from pkgaction.model import yamltext
from pkgaction.model.finding import Finding
from pkgaction.rules import exclusions


def _finding(official: str, code: str = "rule") -> Finding:
    return Finding(code=code, file="manifest.yml", message="wrong", official=official)


FOUND = (_finding("SVR00001"), _finding("SVR00002"), _finding("", "SVR00003"))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        pytest.param("errors: {exclude_checks: [SVR00002, JSE99999]}", ["SVR00001", ""], id="one"),
        pytest.param("errors: {exclude_checks: [SVR00001, SVR00002]}", [""], id="all that have a code"),
        pytest.param("errors: {exclude_checks: ['', ~]}", ["SVR00001", "SVR00002", ""], id="nothing"),
        pytest.param("errors: {exclude_checks: SVR00001}", ["SVR00001", "SVR00002", ""], id="no list"),
        pytest.param("errors: [SVR00001]", ["SVR00001", "SVR00002", ""], id="no map"),
        pytest.param("- errors", ["SVR00001", "SVR00002", ""], id="a list"),
        pytest.param("", ["SVR00001", "SVR00002", ""], id="empty"),
    ],
)
def test_a_listed_code_is_excluded(text: str, left: list[str]) -> None:
    kept = exclusions.kept(FOUND, yamltext.load(text.encode()))

    assert [finding.official for finding in kept] == left


def test_without_a_validation_yml_nothing_is_excluded() -> None:
    assert exclusions.kept(FOUND, None) == FOUND
