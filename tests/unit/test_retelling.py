"""The files that hold reports: plain files of the workspace, and no more than a matrix has jobs."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pkgaction.errors import UsageError
from pkgaction.model.event import Relay
from pkgaction.model.outcome import Ledger, Status, Urls
from pkgaction.model.version import Version
from pkgaction.report import carried, comment, summary, text, words
from pkgaction.retelling import Retelling
from tests.unit.ledgers import PLACE, PLAN, RELEASE, candidate, ledger, outcome

RELAY = Relay(head="a" * 40, repository_id=1, owner="octocat", branch="patch-1")
LEAST = '{"format": 1}'


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    (folder / "reports").mkdir(parents=True)
    return folder


def retell(workspace: Path, *globs: str, foreign: bool = False) -> Ledger:
    made = Ledger(intent=RELAY if foreign else RELEASE)
    urls = Urls(zip="https://x.example/z", signature="", static="")
    Retelling(workspace=workspace, globs=globs or ("reports/*.json",), urls=lambda _: urls).into(made)
    return made


def _link(folder: Path) -> None:
    (folder.parent / "secret.json").write_text(LEAST)
    (folder / "reports" / "x.json").symlink_to(folder.parent / "secret.json")


def _linked_folder(folder: Path) -> None:
    (folder.parent / "private").mkdir()
    (folder.parent / "private" / "x.json").write_text(LEAST)
    (folder / "reports").rmdir()
    (folder / "reports").symlink_to(folder.parent / "private")


def _link_inside(folder: Path) -> None:
    (folder / "other.json").write_text(LEAST)
    (folder / "reports" / "x.json").symlink_to(folder / "other.json")


def _crowd(folder: Path) -> None:
    for number in range(301):
        (folder / "reports" / f"{number}.json").write_text(LEAST)


def _large(folder: Path) -> None:
    (folder / "reports" / "x.json").write_text(LEAST + " " * carried.LARGEST)


@pytest.mark.parametrize(
    ("prepare", "told"),
    [
        pytest.param(lambda _: None, "no file matches", id="none"),
        pytest.param(_link, "leads out of the workspace", id="link"),
        pytest.param(_linked_folder, "leads out of the workspace", id="linked folder"),
        pytest.param(_link_inside, "can't be read", id="link inside"),
        pytest.param(lambda f: (f / "reports" / "x.json").mkdir(), "read: Is a directory", id="folder"),
        pytest.param(_crowd, "301 files match, 300 may", id="crowd"),
        pytest.param(_large, "more than 131072 bytes", id="large"),
    ],
)
def test_only_plain_files_of_the_workspace_are_read(
    workspace: Path, prepare: Callable[[Path], None], told: str
) -> None:
    prepare(workspace)

    with pytest.raises(UsageError, match=told):
        retell(workspace)


def test_a_pipe_is_not_waited_for(workspace: Path) -> None:
    os.mkfifo(workspace / "reports" / "x.json")

    with pytest.raises(UsageError, match="no plain file"):
        retell(workspace)


def test_a_file_that_two_globs_match_is_read_once(workspace: Path) -> None:
    (workspace / "reports" / "x.json").write_text('{"format": 1, "problems": [{"what": "gone"}]}')

    found = retell(workspace, "reports/*.json", "reports/x.*")

    assert [problem.what for problem in found.problems] == ["gone"]


def _written(workspace: Path, name: str, run: Ledger) -> None:
    (workspace / "reports" / f"{name}.json").write_text(
        carried.write(replace(run, checks="core checks"))
    )


def test_all_reports_are_one_ledger(workspace: Path) -> None:
    for name, status in (("kelp", Status.PUBLISHED), ("reef", Status.FAILED)):
        run = ledger(outcome(name, status))
        run.warnings.append("the key expires")
        _written(workspace, name, run)

    found = retell(workspace)

    assert {one.name: one.status for one in found.outcomes.values()} == {
        "kelp": Status.PUBLISHED,
        "reef": Status.FAILED,
    }
    assert found.warnings == ["the key expires"]
    assert found.exit_status == 1


def test_what_the_plan_knows_is_added_to_what_the_jobs_say(workspace: Path) -> None:
    before = replace(candidate("kelp"), previous=Version.parse("1.1.0"))
    plan = ledger(plan=replace(PLAN, candidates=(before, candidate("reef"))))
    job = ledger(outcome("kelp", previous=""))
    _written(workspace, "job", job)
    _written(workspace, "plan", plan)

    kelp, reef = retell(workspace).sorted()

    assert (kelp.status, kelp.previous) == (Status.PUBLISHED, "1.1.0")
    assert reef.status is Status.FAILED
    assert reef.reason == "no job has reported about it: whether it is published is not known"


@pytest.mark.parametrize("status", Status)
def test_a_foreign_report_is_a_preview_and_fails_nothing(workspace: Path, status: Status) -> None:
    _written(workspace, "x", ledger(outcome("kelp", status)))

    if status in {Status.PUBLISHED, Status.COMPLETED, Status.NOT_INDEXED}:
        with pytest.raises(UsageError, match="a preview can't say"):
            retell(workspace, foreign=True)
    else:
        assert retell(workspace, foreign=True).exit_status == 0


def test_what_a_foreign_report_calls_already_published_is_left_out(workspace: Path) -> None:
    there = ledger(outcome("kelp", Status.ALREADY_PUBLISHED), outcome("reef", Status.WOULD_PUBLISH))
    _written(workspace, "x", there)

    made = retell(workspace, foreign=True)

    assert [one.name for one in made.sorted()] == ["reef"]
    assert made.plan
    (left_out,) = made.plan.skipped
    assert (left_out.name, left_out.warn) == ("kelp", False)
    assert "already published" not in summary.render(made, PLACE)


def test_a_foreign_report_names_no_commit_and_gives_no_advice(workspace: Path) -> None:
    package = {"name": "kelp", "folder": "../../../../evil/x", "version": "1.2.0"}
    told = {
        "format": 1,
        "head": "e" * 40,
        "base": "f" * 40,
        "compared": "compared with evil",
        "checks": "validated by the official specification",
        "packages": [
            {**package, "status": "would-publish"},
            {**package, "name": "reef", "status": "failed", "reason": "salt", "fix": "run evil"},
        ],
        "problems": [{"what": "gone", "where": "gs://evil", "fix": "run evil"}],
        "warnings": ["the signing key has expired"],
    }
    (workspace / "reports" / "x.json").write_text(json.dumps(told))
    made = retell(workspace, foreign=True)

    for shown in (comment.render(made, PLACE, "gs://x"), summary.render(made, PLACE)):
        assert words.UNVERIFIED in shown
        assert "evil" not in shown
        assert "official" not in shown
        assert "What to do" not in shown
        assert "✅" not in shown
        assert "e" * 12 not in shown
        assert f"commit/{RELAY.head}" in shown
        assert "the fork's run says: the signing key has expired" in shown
    assert words.UNVERIFIED in text.of(made)


def test_however_much_a_foreign_report_says_the_fixed_line_stays(workspace: Path) -> None:
    notices = [f"{number} " + "evil " * 200 for number in range(80)]
    told = {"format": 1, "notices": notices, "problems": [{"what": "gone"}]}
    (workspace / "reports" / "x.json").write_text(json.dumps(told))
    made = retell(workspace, foreign=True)

    shown = comment.render(made, PLACE, "gs://x")

    assert "More than fits here" in shown
    assert words.UNVERIFIED in shown


def test_a_report_of_the_runs_own_jobs_is_not_called_unverified(workspace: Path) -> None:
    _written(workspace, "x", ledger(outcome("kelp", Status.ALREADY_PUBLISHED)))
    made = retell(workspace)

    assert words.UNVERIFIED not in comment.render(made, PLACE, "gs://x")
    assert [one.status for one in made.sorted()] == [Status.ALREADY_PUBLISHED]


def test_a_foreign_problem_fails_nothing_here(workspace: Path) -> None:
    told = {"format": 1, "problems": [{"what": "gone", "exit_status": 3}]}
    (workspace / "reports" / "x.json").write_text(json.dumps(told))

    assert retell(workspace, foreign=True).exit_status == 0
    assert retell(workspace).exit_status == 3


def test_a_reason_of_a_foreign_report_is_told_as_the_forks(workspace: Path) -> None:
    package = {"name": "kelp", "folder": "p/kelp", "status": "failed", "reason": "it is published"}
    left_out = {"name": "reef", "folder": "p/reef", "reason": "it is published", "version": "1.0.0"}
    document = {"format": 1, "packages": [package], "skipped": [left_out]}
    (workspace / "reports" / "x.json").write_text(json.dumps(document))

    found = retell(workspace, foreign=True)

    assert found.plan
    reasons = [one.reason for one in found.sorted()] + [one.reason for one in found.plan.skipped]
    assert reasons == ["the fork's run says: it is published"] * 2


def test_what_a_foreign_report_compares_with_is_a_version(workspace: Path) -> None:
    changes = {"since": "1.0.0 is published", "size": 1}
    package = {"name": "kelp", "folder": "p", "status": "failed", "changes": changes}
    document = {"format": 1, "packages": [package]}
    (workspace / "reports" / "x.json").write_text(json.dumps(document))

    with pytest.raises(UsageError, match="is no version"):
        retell(workspace)
    found = retell(workspace, foreign=True)

    assert not found.outcomes
    assert "is published" not in summary.render(found, PLACE)
