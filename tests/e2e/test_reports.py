"""Mode comment: what a fork's preview, or the jobs of a matrix, could not write themselves."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pkgaction.model.json import Json
from tests.e2e.conftest import NOTHING, TOKEN, Scene, opened
from tests.e2e.test_hostile import BAITS, is_harmless_log, is_harmless_markdown
from tests.fakes.github_json import End, Repository
from tests.fakes.keys import Key
from tests.fakes.workplace import Merge, Run

FORK = Repository(id=3003, name="octocat/packages", fork=True)
RETELL: Mapping[str, str | None] = {
    "mode": "comment",
    "reports": "reports/*.json",
    "gpg-private-key": None,
    "gpg-passphrase": None,
    "gpg-fingerprint": None,
    "index-bucket": None,
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """A pull request of a fork, whose preview could write no comment."""

    scene: Scene
    merge: Merge
    preview: Run

    @property
    def head(self) -> End:
        """The commit that the preview's run was about."""
        return End(ref="patch-1", sha=self.merge.after, repository=FORK)

    def empty(self) -> Path:
        """The workspace of the job that comments: no checkout, only what was downloaded."""
        folder = self.scene.place.folder / "downloaded"
        (folder / "reports").mkdir(parents=True, exist_ok=True)
        return folder

    def retell(self, report: str | bytes, *, head: End | None = None) -> Run:
        """Start the second workflow on a report."""
        workspace = self.empty()
        data = report.encode() if isinstance(report, str) else report
        (workspace / "reports" / "report.json").write_bytes(data)
        return self.start(head=head)

    def start(self, *, head: End | None = None, event: str = "pull_request") -> Run:
        """Start the second workflow on what lies there."""
        payload = self.scene.place.workflow_run_event(head or self.head, event=event)
        return self.scene.run("workflow_run", payload, RETELL, workspace=self.empty())


@pytest.fixture(scope="module")
def previewed(key: Key) -> Iterator[Proposal]:
    """The preview, which has a read-only token and no secret."""
    with opened(key) as scene:

        def work() -> None:
            scene.place.bump("lanternfish", "1.3.0")
            scene.place.write("packages/harbour_board/docs/README.md", "# Changed\n")

        merge = scene.propose(work)
        (pull,) = scene.github.pulls
        pull.head, pull.head_repository = "patch-1", FORK
        without = {"github-token": None, "gpg-private-key": None, "gpg-passphrase": None}
        run = scene.preview(merge, without)
        assert run.status == 0
        yield Proposal(scene, merge, run)


@pytest.fixture
def proposal(previewed: Proposal) -> Proposal:
    """The same, and nobody has said anything about it yet."""
    previewed.scene.github.comments.clear()
    previewed.scene.github.requests.clear()
    shutil.rmtree(previewed.empty())
    return previewed


# --- a fork's preview -----------------------------------------------------------------------------


def test_the_preview_of_a_fork_is_shown_on_its_pull_request(proposal: Proposal) -> None:
    run = proposal.retell(proposal.preview.outputs["report"])

    assert run.status == 0
    (comment,) = proposal.scene.github.comments
    assert comment.number == proposal.merge.number
    assert "### This publishes 1 package" in comment.body
    assert "reported by the fork's own run; nothing here was verified" in comment.body
    assert f"/commit/{proposal.head.sha})" in comment.body
    assert "1.2.0 → **1.3.0** | stable |" in comment.body
    assert "harbour_board" in comment.body
    assert run.outputs["comment-url"].endswith(str(comment.id))
    assert (run.outputs["packages"], run.outputs["published"]) == ("[]", "false")
    assert run.outputs["report"] == ""
    assert not proposal.scene.bucket.exists()


def test_a_second_preview_edits_that_comment_and_an_equal_one_does_not(proposal: Proposal) -> None:
    report = proposal.preview.outputs["report"]
    for told in (report, report, report.replace("1.3.0", "1.4.0")):
        assert proposal.retell(told).status == 0

    (comment,) = proposal.scene.github.comments
    assert "**1.4.0**" in comment.body
    assert len(proposal.scene.github.calls("PATCH")) == 1


def test_a_pull_request_whose_head_has_moved_on_is_not_written_to(proposal: Proposal) -> None:
    head = replace(proposal.head, sha="b" * 40)

    run = proposal.retell(proposal.preview.outputs["report"], head=head)

    assert run.status == 0
    assert proposal.scene.github.comments == []
    assert "no open pull request has this head any more" in run.log


def test_packages_that_failed_in_the_preview_do_not_fail_the_job_that_says_so(
    proposal: Proposal,
) -> None:
    failed = json.loads(proposal.preview.outputs["report"])
    failed["packages"][0] |= {"status": "failed", "reason": "too salty"}
    failed["problems"] = [{"what": "the tide was out", "exit_status": 3}]

    run = proposal.retell(json.dumps(failed))

    assert run.status == 0
    (comment,) = proposal.scene.github.comments
    assert "1 package can't be published yet" in comment.body
    assert "the tide was out" in comment.body


def test_every_text_of_a_foreign_report_comes_out_as_text(proposal: Proposal) -> None:
    bait = " ".join(BAITS.values())
    report = json.loads(proposal.preview.outputs["report"])
    report["packages"][0]["findings"] = [
        {"code": bait, "file": bait, "message": bait, "severity": "warning"}
    ]
    report["packages"][0]["folder"] = "packages/lanternfish"
    report["packages"][0]["changes"]["files"] = [{"path": bait, "before": 1, "after": None}]
    report["packages"].append(
        {"name": bait, "folder": bait, "version": bait, "status": "failed", "reason": bait, "fix": bait}
    )
    report["skipped"].append(
        {"name": bait, "folder": bait, "reason": bait, "version": bait, "warn": True}
    )
    report |= {"compared": bait, "warnings": [bait], "notices": [bait]}
    report["problems"] = [{"what": bait, "where": bait, "fix": bait}]

    run = proposal.retell(json.dumps(report))

    assert run.status == 0
    is_harmless_log(run.log)
    (comment,) = proposal.scene.github.comments
    for text in (comment.body, run.summary):
        assert "evil" in text
        is_harmless_markdown(text)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(
            lambda report: report.replace("would-publish", "published"),
            "a preview can't say published",
            id="published",
        ),
        pytest.param(
            lambda _: "[]", "reports/report.json: this is no report of pkgaction", id="no report"
        ),
    ],
)
def test_a_report_that_can_not_be_a_previews_is_refused_in_one_line(
    proposal: Proposal, change: Callable[[str], str], told: str
) -> None:
    run = proposal.retell(change(proposal.preview.outputs["report"]))

    assert run.status == 2
    (error,) = run.errors
    assert told in error
    assert "lanternfish" not in "".join(c.body for c in proposal.scene.github.comments)


def test_the_end_of_another_kind_of_run_asks_for_nothing(proposal: Proposal) -> None:
    run = proposal.start(event="push")

    assert run.status == 0
    assert "it is no preview" in run.log
    assert proposal.scene.github.comments == []


# --- the jobs of a matrix -------------------------------------------------------------------------


def spread(scene: Scene, merge: Merge, names: list[str]) -> None:
    """A plan and one job for each of these packages; their reports lie in the clone."""
    reports = scene.place.clone / "reports"
    reports.mkdir()
    planned = scene.push(merge, {"mode": "plan", "gpg-private-key": None, "gpg-passphrase": None})
    runs = {"plan": planned}
    for name in names:
        runs[name] = scene.push(merge, {"package": name, "comment": "false"})
    for name, run in runs.items():
        (reports / f"{name}.json").write_text(run.outputs["report"])


def test_one_comment_tells_what_all_jobs_did(scene: Scene) -> None:
    merge = scene.merge(lambda: _two_and_forget_one(scene))
    spread(scene, merge, ["lanternfish", "tidewire"])
    assert scene.github.comments == []

    run = scene.push(merge, RETELL)

    assert run.status == 0
    (comment,) = scene.github.comments
    assert "### 2 packages published" in comment.body
    assert "1.2.0 → **1.3.0** | stable |" in comment.body
    assert "0.4.0 → **0.5.0** | prerelease |" in comment.body
    assert "harbour_board" in comment.body
    assert "artifacts/packages/lanternfish-1.3.0.zip)" in comment.body
    assert {name: one["status"] for name, one in run.packages.items()} == {
        "lanternfish": "published",
        "tidewire": "published",
    }
    assert run.outputs["published"] == "true"


def _two_and_forget_one(scene: Scene) -> None:
    scene.place.bump("lanternfish", "1.3.0")
    scene.place.bump("tidewire", "0.5.0")
    scene.place.write("packages/harbour_board/docs/README.md", "# Changed\n")


def test_a_job_that_never_reported_is_a_failure(scene: Scene) -> None:
    merge = scene.merge(lambda: _two_and_forget_one(scene))
    spread(scene, merge, ["lanternfish"])

    run = scene.push(merge, RETELL)

    assert run.status == 1
    (comment,) = scene.github.comments
    assert "### 1 package published, 1 not" in comment.body
    assert "<b>tidewire</b> <code>0.5.0</code> **failed**: <code>no job has reported" in comment.body


def test_each_pull_request_of_a_spread_push_hears_of_its_own_packages(scene: Scene) -> None:
    first = scene.merge(lambda: scene.place.bump("lanternfish", "1.3.0"))
    second = scene.merge(lambda: scene.place.bump("tidewire", "0.5.0"))
    both = replace(second, before=first.before)
    spread(scene, both, ["lanternfish", "tidewire"])

    assert scene.push(both, RETELL).status == 0

    told = {comment.number: comment.body for comment in scene.github.comments}
    assert sorted(told) == [first.number, second.number]
    assert "tidewire" not in told[first.number]
    assert "lanternfish" not in told[second.number]


def test_every_mode_has_a_report(scene: Scene) -> None:
    merge = scene.merge(lambda: scene.place.bump("lanternfish", "1.3.0"))

    stopped = scene.push(merge, {"jobs": "none", "github-token": None})
    planned = scene.push(merge, {"mode": "plan"})

    assert stopped.status == 2
    assert "is no number" in str(_told(stopped)["problems"])
    assert [one["name"] for one in _listed(planned, "planned")] == ["lanternfish"]


def _told(run: Run) -> dict[str, Json]:
    found: dict[str, Json] = json.loads(run.outputs["report"])
    return found


def _listed(run: Run, key: str) -> list[dict[str, Json]]:
    found: list[dict[str, Json]] = json.loads(run.outputs["report"])[key]
    return found


def test_a_republished_package_has_a_comment_of_its_own(scene: Scene) -> None:
    merge = scene.merge(lambda: scene.place.bump("lanternfish", "1.3.0"))
    assert merge.number == 7, "as the changelog's link says"
    assert scene.push(merge).status == 0

    assert scene.republish("lanternfish", NOTHING).status == 0
    assert scene.republish("lanternfish", NOTHING).status == 0

    result, again = scene.github.comments
    assert (result.number, again.number) == (7, 7)
    assert "### 1 package published" in result.body
    assert "### Republish: 1 package: already published, nothing changed" in again.body
    assert TOKEN not in again.body
