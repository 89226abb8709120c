"""A report that is cut short by a cancel is completed, each part of it once."""

import io
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from pkgaction.adapters.runner import Runner
from pkgaction.delivery import Delivery
from pkgaction.inputs import Inputs
from pkgaction.model.event import Landed, Republish
from pkgaction.model.outcome import Status
from pkgaction.model.secret import Secret
from pkgaction.ports import PullRequests, Repository
from tests.unit.ledgers import HEAD, candidate, ledger, outcome


class Cancelled(io.StringIO):
    """A log that is cancelled at the line with a word in it, once."""

    def __init__(self, word: str) -> None:
        super().__init__()
        self.word = word

    def write(self, text: str) -> int:
        if self.word and self.word in text:
            self.word = ""
            raise KeyboardInterrupt
        return super().write(text)


def delivery(folder: Path, out: io.StringIO) -> Delivery:
    environ = {
        "GITHUB_OUTPUT": str(folder / "outputs"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary"),
    }
    inputs, _ = Inputs.parse({"bucket": "file:///srv/shelf"}, bucket_required=True)
    run = ledger(outcome("kelp"), outcome("reef", Status.FAILED, reason="it failed"))
    return Delivery(Runner(environ, out), inputs, run)


@pytest.mark.parametrize("word", ["kelp", "reef", "1 package published", "::error"])
def test_a_cancel_while_the_report_is_written_loses_nothing_of_it(tmp_path: Path, word: str) -> None:
    out = Cancelled(word)
    made = delivery(tmp_path, out)

    with pytest.raises(KeyboardInterrupt):
        made.report()
    made.report_in_a_hurry()

    assert out.getvalue().count("1 package published, 1 not") == 1
    assert (tmp_path / "summary").read_text().count("## 1 package published, 1 not") == 1
    assert (tmp_path / "outputs").read_text().count("published<<") == 1


def test_outputs_that_cannot_be_written_are_the_runs_failure(tmp_path: Path) -> None:
    out = io.StringIO()
    made = delivery(tmp_path, out)
    (tmp_path / "outputs").mkdir()

    made.report()

    assert made.ledger.exit_status == 3
    (problem,) = made.ledger.problems
    assert "the outputs were not written" in problem.what
    assert [line for line in out.getvalue().splitlines() if "::error::" in line and problem.what in line]


SUBJECTS = pytest.mark.parametrize(
    ("subject", "number"),
    [
        ("Deeper (#12)", "12"),
        ("Merge pull request #12 from kelp/deeper", "12"),
        ("Deeper", None),
        ("Deeper (#12), see #13", None),
        ("Deeper #12", None),
        ("Revert: Merge pull request #12 from kelp/deeper", None),
        ("Merge pull request #12 from kelp/deeper and more", None),
        ("Merge pull request #012 from kelp/deeper", None),
    ],
)


@SUBJECTS
def test_what_a_version_came_from_is_known_without_asking_github(
    tmp_path: Path, subject: str, number: str | None
) -> None:
    class Way:
        def landed(self, base: str, head: str, branch: str) -> list[Landed]:
            del base, branch
            return [Landed(commit=head, subject=subject, paths=("packages/kelp/manifest.yml",))]

    made = delivery(tmp_path, io.StringIO())
    made.inputs = replace(made.inputs, github_token=Secret("any"))
    made.discovery.api = unasked
    made.discovery.repository = cast("Repository", Way())

    found = made.provenance(candidate("kelp"))

    assert found["commit"] == HEAD
    assert found.get("pull-request") == number


@SUBJECTS
@pytest.mark.parametrize("touched", [True, False])
def test_a_commit_that_is_published_again_is_known_by_its_subject_where_it_touched_the_package(
    tmp_path: Path, subject: str, number: str | None, *, touched: bool
) -> None:
    folder = "packages/kelp" if touched else "packages/reef"

    class Way:
        def first_parent(self, commit: str) -> str:
            del commit
            return "ba" * 20

        def landed(self, base: str, head: str, branch: str) -> list[Landed]:
            assert (base, branch) == ("ba" * 20, "main")
            return [Landed(commit=head, subject=subject, paths=(f"{folder}/manifest.yml",))]

    made = delivery(tmp_path, io.StringIO())
    made.ledger.intent = Republish(head="any", names=("kelp",), version="", default_branch="main")
    made.discovery.api = unasked
    made.discovery.repository = cast("Repository", Way())

    assert made.provenance(candidate("kelp")).get("pull-request") == (number if touched else None)


def unasked() -> PullRequests:
    """GitHub's API, before anything is published."""
    pytest.fail("GitHub's API was asked")
