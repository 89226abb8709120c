"""Annotations: ten of each level at most, the worst first."""

from dataclasses import replace

from pkgaction.model.finding import Finding, Severity
from pkgaction.model.outcome import Problem, Status
from pkgaction.model.release import Skipped
from pkgaction.report import annotations
from pkgaction.report.annotations import ERROR, NOTICE, WARNING, Annotation
from tests.unit.ledgers import PLAN, finding, ledger, outcome

_WARNING = finding("a bit salty", Severity.WARNING)


def test_a_good_run_has_none() -> None:
    assert annotations.of(ledger(outcome())) == []


def test_a_finding_is_shown_on_its_line() -> None:
    run = ledger(replace(outcome("kelp", Status.FAILED), findings=(finding(), _WARNING)))

    assert annotations.of(run) == [
        Annotation(
            level=ERROR,
            message="kelp: too salty [salt]",
            file="packages/kelp/manifest.yml",
            line=3,
            column=2,
        ),
        Annotation(
            level=WARNING,
            message="kelp: a bit salty [salt]",
            file="packages/kelp/manifest.yml",
            line=3,
            column=2,
        ),
    ]


def test_a_failure_without_findings_is_shown_on_the_version() -> None:
    run = ledger(outcome("kelp", Status.CONFLICT, reason="other bytes", fix="raise it"))

    assert annotations.of(run) == [
        Annotation(
            level=ERROR,
            message="kelp 1.2.0: conflict: other bytes (raise it)",
            file="packages/kelp/manifest.yml",
            line=4,
        )
    ]


def test_a_forgotten_bump_and_a_warning_are_warnings() -> None:
    skips = (
        Skipped(name="reef", folder="packages/reef", reason="same version", warn=True, line=4),
        Skipped(name="wrack", folder="packages/wrack", reason="no manifest"),
    )
    run = ledger(outcome(), plan=replace(PLAN, skipped=skips))
    run.warnings.append("the key expires")

    assert [(a.level, a.message, a.file) for a in annotations.of(run)] == [
        (WARNING, "reef: same version", "packages/reef/manifest.yml"),
        (WARNING, "the key expires", ""),
    ]


def test_ten_errors_and_ten_warnings_are_shown_the_worst_first() -> None:
    many = tuple(finding(f"salt {n}") for n in range(30)) + tuple(_WARNING for _ in range(30))
    run = ledger(replace(outcome("kelp", Status.FAILED), findings=many))
    run.problems.append(Problem(what="the storage is gone", where="file:///bucket"))

    shown = annotations.of(run)

    assert [a.level for a in shown] == [ERROR] * 10 + [WARNING] * 10
    assert shown[0].message == "file:///bucket: the storage is gone"
    assert shown[9].message == "22 more: see the summary of the run"
    assert shown[19].message == "21 more: see the summary of the run"


def test_what_stands_on_changed_lines_is_shown_first() -> None:
    def at(file: str, line: int) -> Finding:
        return replace(finding(f"{file} {line}"), file=file, line=line)

    old = tuple(at("a.yml", line) for line in range(20, 40))
    near = (at("a.yml", 50), at("b.yml", 7), at("b.yml", 8))
    run = ledger(replace(outcome("kelp", Status.FAILED), findings=(*old, *near)))
    of_b = {"packages/kelp/b.yml": [range(1, 3), range(8, 9)]}
    run.touched = {**of_b, "packages/kelp/a.yml": [range(50, 52)]}

    shown = [one.message.removeprefix("kelp: ") for one in annotations.of(run)]

    assert shown[:3] == ["a.yml 50 [salt]", "b.yml 8 [salt]", "a.yml 20 [salt]"]
    run.touched = of_b
    shown = [one.message.removeprefix("kelp: ") for one in annotations.of(run)]
    assert shown[:3] == ["b.yml 8 [salt]", "b.yml 7 [salt]", "a.yml 20 [salt]"]


def test_exactly_ten_are_all_shown() -> None:
    many = tuple(finding(f"salt {n}") for n in range(10))

    shown = annotations.of(ledger(replace(outcome("kelp", Status.FAILED), findings=many)))

    assert [a.message for a in shown] == [f"kelp: salt {n} [salt]" for n in range(10)]


def test_ten_notices_are_shown_beside_ten_warnings() -> None:
    run = ledger(outcome())
    run.warnings += [f"warning {n}" for n in range(11)]
    run.notices += [f"notice {n}" for n in range(11)]

    shown = annotations.of(run)

    assert [a.level for a in shown] == [WARNING] * 10 + [NOTICE] * 10
    assert shown[19].message == "2 more: see the summary of the run"


def test_a_run_that_only_tells_what_others_did_annotates_its_own_problems_alone() -> None:
    run = ledger(replace(outcome("kelp", Status.FAILED), findings=(finding(),)))
    run.problems.append(Problem(what="no report"))
    run.warnings.append("no comment was written")

    assert [(a.level, a.message) for a in annotations.of_run(run)] == [
        (ERROR, "no report"),
        (WARNING, "no comment was written"),
    ]
