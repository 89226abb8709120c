"""The end of another workflow's run is understood, or asks for nothing, or is broken."""

import pytest

from pkgaction.errors import UsageError
from pkgaction.model.event import Idle, Intent, Mode, Relay, Release
from pkgaction.model.json import Json, JsonObject
from pkgaction.stages.event import Asked, Happening, understand
from tests.fakes import payloads
from tests.fakes.github_json import End, Repository

HERE = Repository(id=1, name="deepwater/packages")
HEAD = End(ref="patch-1", sha="a" * 40, repository=Repository(id=2, name="octocat/packages"))


def _understand(payload: JsonObject, mode: Mode = Mode.COMMENT, name: str = "workflow_run") -> Intent:
    happening = Happening(name=name, payload=payload, sha="c" * 40, ref="refs/heads/main")
    return understand(happening, Asked(mode=mode, branches=()))


def test_a_preview_that_ended_is_relayed_by_its_head_and_the_repository_it_lies_in() -> None:
    found = _understand(payloads.workflow_run(HERE, HEAD))

    assert found == Relay(head="a" * 40, repository_id=2, owner="octocat", branch="patch-1")


@pytest.mark.parametrize(
    ("event", "conclusion", "reason"),
    [
        ("push", "success", "started by push"),
        ("pull_request_target", "success", "started by pull_request_target"),
        ("pull_request", "cancelled", "ended as cancelled"),
        ("pull_request", "skipped", "ended as skipped"),
        ("pull_request", "action_required", "ended as action_required"),
    ],
)
def test_any_other_end_asks_for_nothing_and_says_why(event: str, conclusion: str, reason: str) -> None:
    found = _understand(payloads.workflow_run(HERE, HEAD, event=event, conclusion=conclusion))

    assert isinstance(found, Idle)
    assert reason in found.reason


@pytest.mark.parametrize(
    "change",
    [
        {"head_sha": "main"},
        {"head_sha": None},
        {"head_branch": None},
        {"head_repository": None},
        {"head_repository": {"id": 0, "owner": {"login": "octocat"}}},
        {"head_repository": {"id": 2, "owner": None}},
    ],
    ids=str,
)
def test_a_run_whose_head_is_not_told_is_refused(change: dict[str, Json]) -> None:
    payload = payloads.workflow_run(HERE, HEAD)
    run = payload["workflow_run"]
    assert isinstance(run, dict)

    with pytest.raises(UsageError, match="no usable workflow_run"):
        _understand({**payload, "workflow_run": {**run, **change}})


@pytest.mark.parametrize("mode", [Mode.AUTO, Mode.PUBLISH, Mode.PREVIEW, Mode.PLAN])
def test_the_end_of_a_run_never_publishes_or_previews(mode: Mode) -> None:
    with pytest.raises(UsageError, match="nothing to do on the event 'workflow_run'"):
        _understand(payloads.workflow_run(HERE, HEAD), mode)


def test_the_closing_job_of_a_push_is_about_that_push() -> None:
    push = payloads.push(HERE, "refs/heads/main", "a" * 40, "b" * 40)

    found = _understand(push, name="push")

    assert found == _understand(push, Mode.AUTO, name="push")
    assert isinstance(found, Release)
