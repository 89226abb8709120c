"""As many findings as a person can use are kept; the others are counted, and take no memory."""

import gc
import json
import weakref
from collections.abc import Iterator

import pytest
from jsonschema import ValidationError

from pkgaction.model import limited
from pkgaction.model.finding import Finding, Severity, errors, warnings
from pkgaction.report import sarif
from pkgaction.rules.package import Package
from pkgaction.rules.rule import Rule
from pkgaction.rules.spec import messages
from pkgaction.rules.spec.specification import Specification
from pkgaction.stages import validate
from tests.fakes import specification
from tests.unit.trees import source

_MANIFEST = "format_version: 4.0.0\nname: kelp\ntitle: x\nversion: 1.2.0\ntype: integration\n"


def _finding(
    number: int, file: str = "a.yml", code: str = "rule", severity: Severity = Severity.ERROR
) -> Finding:
    return Finding(code=code, file=file, message=f"wrong {number}", line=number, severity=severity)


def _told(findings: list[Finding]) -> list[tuple[str, str]]:
    """What is said of those that were left out."""
    return [(one.place, one.message.split(" are ")[0]) for one in findings if one.code == limited.CODE]


def test_what_a_person_can_use_is_kept_as_it_is() -> None:
    found = [_finding(n) for n in range(limited.MOST_IN_FILE)]

    assert list(limited.limited(found)) == found


def test_a_file_has_so_many_of_a_kind_and_the_rest_is_counted_where_they_end() -> None:
    found = list(limited.limited(_finding(n) for n in range(1, 1_001)))

    assert found[:200] == [_finding(n) for n in range(1, 201)]
    assert _told(found[200:]) == [("a.yml:200", "800 more of rule in this file")]


def test_a_kind_has_so_many_in_all_files() -> None:
    found = list(limited.limited(_finding(1, f"{n}.yml") for n in range(1_000)))

    assert len(found) == limited.MOST_OF_KIND + 1
    assert _told(found) == [("manifest.yml:1", "600 more of rule in other files")]


def test_a_package_has_so_many() -> None:
    found = list(limited.limited(_finding(1, f"{n}.yml", f"rule-{n}") for n in range(1_000)))

    assert len(found) == limited.MOST + 1
    assert _told(found) == [("manifest.yml:1", "200 more (errors) in the package")]


def test_an_error_behind_a_thousand_warnings_is_an_error_still() -> None:
    mild = [_finding(n, f"{n}.yml", f"rule-{n}", Severity.WARNING) for n in range(1_000)]
    found = list(limited.limited([*mild, _finding(1, "last.yml", "last")]))

    assert _told(list(errors(found))) == [("manifest.yml:1", "1 more (errors) in the package")]
    assert _told(list(warnings(found))) == [("manifest.yml:1", "200 more (warnings) in the package")]


def test_what_has_no_end_is_not_counted_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limited, "MOST_COUNTED", 1_000)
    asked: list[int] = []

    def endless() -> Iterator[Finding]:
        while True:
            asked.append(1)
            yield _finding(len(asked), severity=Severity.WARNING)

    found = list(limited.limited(endless()))

    assert _told(found) == [("manifest.yml:1", "at least 1000 more findings")]
    assert errors(found)
    assert len(asked) == limited.MOST_IN_FILE + 1_001


def test_what_is_left_out_is_not_held() -> None:
    alive: weakref.WeakSet[_Watched] = weakref.WeakSet()
    most = 0

    def many() -> Iterator[Finding]:
        nonlocal most
        for number in range(10_000):
            finding = _Watched(code="rule", file="a.yml", message=f"{number}")
            alive.add(finding)
            yield finding
            del finding
            most = max(most, len(alive))

    found = list(limited.limited(many()))
    gc.collect()

    assert len(found) == limited.MOST_IN_FILE + 1
    assert most <= limited.MOST_IN_FILE + 2


class _Watched(Finding):
    __slots__ = ("__weakref__",)

    def __hash__(self) -> int:
        return id(self)


def test_a_message_and_a_path_have_a_length_that_a_log_carries() -> None:
    (found,) = limited.limited([Finding(code="rule", file="f" * 10_000, message="m" * 10_000_000)])

    assert len(found.message) == limited.LONGEST
    assert len(found.file) == limited.LONGEST_PATH


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 errors"), (1, "1 error"), (200, "200 errors"), (500, "more than 200 errors")],
)
def test_the_number_of_errors_is_no_lie(count: int, words: str) -> None:
    found = list(limited.limited(_finding(n) for n in range(count)))

    assert limited.errors_in_words(found) == words


def _many(package: Package) -> Iterator[Finding]:
    for number in range(50_000):
        yield Finding(code="", file=f"f{number % 7}.yml", message=f"{package.name} {number}", line=1)


def _excludable(package: Package) -> Iterator[Finding]:
    for number in range(50_000):
        yield Finding(code="", file="a.yml", message=f"{package.name} {number}", official="SVR00001")


def _with(*checks: object) -> Specification:
    made = specification.make()
    rules = tuple(
        Rule(id=f"rule-{n}", check=check, why="it is a test", source="")  # type: ignore[arg-type]
        for n, check in enumerate(checks)
    )
    return Specification(made.files, made.name, made.address, rules)


def test_validation_says_a_bounded_number_of_things_in_every_form() -> None:
    found = validate.findings(source({"manifest.yml": _MANIFEST}), _with(_many, _many, _many))

    assert errors(found)
    assert len(found) < 1_000
    assert _told(found)
    as_json = json.dumps([one.as_json() for one in found])
    as_sarif = json.dumps(sarif.of({"kelp": found}))
    log = "\n".join(f"{one.place}: {one.message} [{one.label}]" for one in found)
    assert max(map(len, (as_json, as_sarif, log))) < 500_000


def test_exclusions_are_counted_in_full_and_hide_nothing_else() -> None:
    files = {"manifest.yml": _MANIFEST, "validation.yml": "errors: {exclude_checks: [SVR00001]}\n"}
    found = validate.findings(source(files), _with(_excludable, _many))

    assert "skipped: 50000 findings by SVR00001" in [one.message for one in found]
    assert any(one.code == "rule-1" for one in errors(found))


def test_the_errors_of_a_document_are_looked_at_up_to_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = "".join(f"  wrong{n}: 1\n" for n in range(6_000))
    package = source({"manifest.yml": f"{_MANIFEST}conditions:\n{keys}"})
    told: list[ValidationError] = []
    of = messages.of

    def counted(error: ValidationError) -> messages.Text:
        told.append(error)
        return of(error)

    monkeypatch.setattr(messages, "of", counted)
    large = specification.FILES["integration/spec.yml"].replace("1KB", "1MB").replace("700B", "1MB")
    found = validate.findings(package, specification.make({"integration/spec.yml": large}))

    assert len(told) == 5_000
    assert "schema-errors" in {one.code for one in errors(found)}
    assert (
        "at least 4800 more of schema-additionalProperties in this file" in dict(_told(found)).values()
    )
