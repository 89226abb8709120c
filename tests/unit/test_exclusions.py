"""validation.yml excludes official codes from the findings, and nothing else; what it does is told."""

from collections import Counter
from collections.abc import Iterator, Mapping

import pytest

from pkgaction.model import yamltext
from pkgaction.model.finding import Finding, Severity, errors, notes, warnings
from pkgaction.rules import exclusions
from pkgaction.rules.package import MANIFEST, Mode, Package
from pkgaction.rules.rule import Rule
from pkgaction.rules.semantic.registry import RULES
from pkgaction.rules.spec.specification import Specification
from pkgaction.rules.told import found
from pkgaction.stages import validate
from tests.fakes import specification
from tests.unit.trees import CHANGELOG, LFS_POINTER, source

_MANIFEST = "format_version: 4.0.0\nname: kelp\ntitle: x\nversion: 1.2.0\ntype: integration\n"


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
    counts: Counter[str] = Counter()
    kept = list(exclusions.kept(FOUND, exclusions.excluded(yamltext.load(text.encode())), counts))

    assert [finding.official for finding in kept] == left
    assert counts == Counter({"SVR00001", "SVR00002", ""} - set(left))


def test_without_a_validation_yml_nothing_is_excluded() -> None:
    assert tuple(exclusions.kept(FOUND, exclusions.excluded(None), Counter())) == FOUND


def _two(package: Package) -> Iterator[Finding]:
    yield found(MANIFEST, f"one thing in {package.name}", official="SVR00001")
    yield found(MANIFEST, f"another thing in {package.name}", official="SVR00001")


def _none(package: Package) -> Iterator[Finding]:
    yield from package.unreadable()


_RULES = (
    Rule(id="two", check=_two, why="", source=""),
    Rule(id="built", check=_none, why="", source="", code="SVR00010", modes=frozenset({Mode.BUILD})),
)


def _said(codes: str, mode: Mode = Mode.SOURCE, more: Mapping[str, str] | None = None) -> list[Finding]:
    files = {"manifest.yml": _MANIFEST, "changelog.yml": CHANGELOG, "docs/README.md": "# Kelp\n"}
    files |= more or {}
    files["validation.yml"] = f"errors:\n  exclude_checks: {codes}\n"
    lighthouse = specification.make()
    spec = Specification(lighthouse.files, lighthouse.name, "", _RULES)
    return list(spec.check(Package(source(files), mode)))


@pytest.mark.parametrize("mode", list(Mode))
def test_what_is_excluded_is_counted_where_it_is_excluded(mode: Mode) -> None:
    (note,) = _said("[SVR00001]", mode)

    assert note.message == "skipped: 2 findings by SVR00001"
    assert (note.file, note.line, note.column) == ("validation.yml", 2, 20)
    assert note.severity is Severity.NOTE
    assert notes([note]) == (note,)


def test_what_is_not_excluded_is_not_counted() -> None:
    assert notes(_said("[SVR00002]")) == ()


@pytest.mark.parametrize(
    ("code", "message"),
    [
        pytest.param("SVR00002", "SVR00002 excludes nothing: remove it", id="nothing to exclude"),
        pytest.param("SVR0002", "did you mean SVR00002?", id="misspelt"),
        pytest.param("svr00002", "did you mean SVR00002?", id="in lower case"),
        pytest.param("everything", "known are PSR00001, ", id="nothing like a code"),
    ],
)
def test_a_code_that_excludes_nothing_is_a_warning(code: str, message: str) -> None:
    (warning,) = warnings(_said(f"[SVR00001, {code}]"))

    assert message in warning.message
    assert (warning.file, warning.line) == ("validation.yml", 2)


def test_a_code_of_the_rules_for_zips_is_none_of_the_sources_business() -> None:
    assert warnings(_said("[SVR00001, SVR00010]")) == ()


def test_what_was_not_judged_as_a_whole_says_nothing_of_codes_without_findings() -> None:
    broken = _said("[SVR00002]", more={"lamps/kelp-red.yml": "---\na: [\n", "lamps/ab/x": ""})
    newer = _said("[SVR00002]", more={"manifest.yml": _MANIFEST.replace("4.0.0", "99.0.0")})

    assert errors(broken)
    assert errors(newer)
    assert warnings([*broken, *newer]) == ()


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param("errors:\n\texclude_checks:\n    - SVR00002\n", id="a tab"),
        pytest.param(LFS_POINTER, id="a pointer"),
        pytest.param("<<<<<<< a\n=======\nerrors: {}\n>>>>>>> b\n", id="a conflict"),
    ],
)
def test_what_a_validation_yml_that_cannot_be_read_excludes_is_not_known(broken: str) -> None:
    files = {"manifest.yml": _MANIFEST, "changelog.yml": CHANGELOG, "docs/README.md": "# Kelp\n"}
    lighthouse = specification.make()
    spec = Specification(lighthouse.files, lighthouse.name, "", _RULES)

    found = validate.findings(source({**files, "validation.yml": broken, "lamps/ab/x": ""}), spec)

    assert [one for one in found if one.official] == []
    (error,) = [one for one in errors(found) if one.file == "validation.yml"]
    assert error.message.endswith(
        "(what it excludes is not known: findings that it could exclude are told once it can be read)"
    )


def test_each_code_of_a_rule_is_known() -> None:
    assert {rule.code for rule in RULES if rule.code} <= set(exclusions.CODES)
