"""What an event may say of itself, and what never counts."""

import pytest

from pkgaction.model.event import Preview, PullRequest, Release
from tests.e2e.conftest import Scene
from tests.edge import conftest as history
from tests.edge.conftest import Planner, closed, push, versions
from tests.fakes.workplace import REPOSITORY_ID, Payload, Workplace

BOT: Payload = {"login": "dependabot[bot]", "id": 49699333, "type": "Bot"}


def test_e42_what_a_payload_lists_never_decides(place: Workplace, planner: Planner) -> None:
    """Lists and counts in a payload, which may be cut, decide nothing: git is asked."""
    history.branch_off(place, "work", lambda: place.bump("lanternfish", "1.3.0"))
    before = history.advance(place)
    after = history.merge(place, "work")
    pull = closed(place, "work", after, commits=1)

    pushed = planner("push", {**push(before, after), "commits": [], "head_commit": None, "size": 0})
    merged = planner("pull_request", history.having(pull, changed_files=0, additions=0, deletions=0))

    assert versions(pushed) == versions(merged) == {"lanternfish": "1.3.0"}


@pytest.mark.parametrize("action", ["push", "opened", "closed"])
def test_e43_a_bot_is_treated_as_everybody_is(place: Workplace, planner: Planner, action: str) -> None:
    """Who sent, pushed or opened something changes nothing: no special trust, no special refusal."""
    name = "push" if action == "push" else "pull_request"
    payload = {**closed(place, "main", "b" * 40, commits=1), "action": action}
    if name == "push":
        payload = push("a" * 40, "b" * 40)
    by_bot: Payload = {**payload, "sender": BOT, "pusher": {"name": BOT["login"]}}

    found = planner.intent(name, by_bot)

    assert found == planner.intent(name, payload)
    assert isinstance(found, Preview if action == "opened" else Release)


@pytest.mark.parametrize(
    ("repository", "fork"),
    [
        pytest.param({"id": REPOSITORY_ID, "full_name": "somebody/else"}, False, id="renamed"),
        pytest.param({"id": 99, "full_name": "deepwater/packages"}, True, id="same name"),
        pytest.param(None, True, id="gone"),
        pytest.param({"id": str(REPOSITORY_ID)}, True, id="id as a text"),
    ],
)
def test_e51_a_fork_is_told_by_its_id(
    place: Workplace, planner: Planner, repository: Payload | None, *, fork: bool
) -> None:
    """Whether a pull request comes from a fork, the ids of the repositories say, never their names."""
    payload = closed(place, "main", "b" * 40, commits=1)
    head = {"sha": "c" * 40, "repo": repository}

    found = planner.intent("pull_request", history.having(payload, head=head))

    assert isinstance(found, Release)
    assert found.pull_request == PullRequest(number=7, title="Work", head="c" * 40, commits=1, fork=fork)


def test_e56_an_enterprise_servers_addresses_are_the_environments(scene: Scene) -> None:
    """On an enterprise server the API and all links are where the environment says."""
    scene.place.environ["GITHUB_SERVER_URL"] = "https://github.acme.example"
    merge = scene.merge(lambda: scene.place.bump("lanternfish", "1.3.0"))

    run = scene.push(merge)

    assert run.status == 0, run.log
    (comment,) = scene.github.comments
    for text in (comment.body, run.summary):
        assert "https://github.acme.example/deepwater/packages/" in text
        assert "https://github.com/" not in text
