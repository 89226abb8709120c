"""What is said of a package and of what was built of it is said once."""

from dataclasses import replace

import pytest

from pkgaction.model.finding import Finding, Severity, merged

_NOTE = Finding(
    code="excluded", file="validation.yml", message="skipped: 1", line=3, severity=Severity.NOTE
)
_WARNING = Finding(
    code="old", file="a/fields/x.yml.link", message="old", line=2, severity=Severity.WARNING
)


def _note(message: str, line: int) -> Finding:
    return replace(_NOTE, message=message, line=line)


def _warning(file: str, severity: Severity = Severity.WARNING) -> Finding:
    return replace(_WARNING, file=file, line=9, severity=severity)


@pytest.mark.parametrize(
    ("then", "more"),
    [
        pytest.param(_NOTE, 0, id="the same note"),
        pytest.param(_note("skipped: 2", 3), 0, id="another count"),
        pytest.param(_note("skipped: 1", 4), 1, id="another code"),
        pytest.param(_warning("a/fields/x.yml"), 0, id="what a link was built into"),
        pytest.param(_warning("a/fields/y.yml"), 1, id="another file"),
        pytest.param(_warning("a/fields/x.yml", Severity.ERROR), 1, id="an error now"),
    ],
)
def test_the_zip_adds_what_the_source_did_not_say(then: Finding, more: int) -> None:
    found = merged([_NOTE, _WARNING], [then])

    assert found[:2] == (_NOTE, _WARNING)
    assert found[2:] == (then,) * more
