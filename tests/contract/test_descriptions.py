"""What checks the fakes: GitHub's own descriptions of its API and its events."""

import json
from dataclasses import replace

import pytest

from pkgaction.model.json import Json
from tests.fakes import descriptions, github_json, payloads
from tests.fakes.descriptions import Exchange
from tests.fakes.github import Fault, LoopbackGitHub
from tests.fakes.github_json import BOT, PERSON, End, Repository

HERE = Repository(id=1, name="acme/packages")
FORK = Repository(id=2, name="octocat/packages", fork=True)
HEAD, BASE = (
    End(ref="work", sha="a" * 40, repository=FORK),
    End(ref="main", sha="b" * 40, repository=HERE),
)
COMMENTS = "/repos/acme/packages/issues/7/comments"
WHERE = ("https://api.github.example", "acme/packages")
COMMENT = github_json.comment(9001, 7, PERSON, "Hello", WHERE)
CREATED = Exchange(verb="POST", target=COMMENTS, sent=b'{"body": "Hello"}', status=201, answered=COMMENT)

pytestmark = pytest.mark.skipif(not descriptions.there(), reason=descriptions.MISSING)


def _refusal(status: int) -> Json:
    return {"message": "No", "documentation_url": "https://docs.github.com/rest", "status": str(status)}


@pytest.mark.parametrize(
    "true",
    [
        pytest.param(CREATED, id="created"),
        pytest.param(replace(CREATED, status=403, answered=_refusal(403)), id="refused"),
        pytest.param(
            Exchange(
                verb="GET",
                target="/users/github-actions%5Bbot%5D",
                sent=b"",
                status=200,
                answered=github_json.profile(BOT),
            ),
            id="escaped path",
        ),
    ],
)
def test_what_github_would_say_is_no_lie(true: Exchange) -> None:
    assert list(descriptions.lies(true)) == []


@pytest.mark.parametrize(
    ("lie", "told"),
    [
        pytest.param(replace(CREATED, status=200), "GitHub does not answer so", id="status"),
        pytest.param(replace(CREATED, sent=b"{}"), "'body' is a required property", id="request"),
        pytest.param(replace(CREATED, target="/repos/a/b/nowhere"), "no such operation", id="path"),
        pytest.param(
            replace(CREATED, answered={**COMMENT, "colour": "red"}),
            "'colour' was unexpected",
            id="field",
        ),
        pytest.param(
            replace(CREATED, answered={**COMMENT, "id": "9001"}), "is not of type 'integer'", id="type"
        ),
        pytest.param(
            replace(CREATED, answered={k: v for k, v in COMMENT.items() if k != "user"}),
            "'user' is a required property",
            id="missing field",
        ),
        pytest.param(
            Exchange(verb="GET", target=f"{COMMENTS}?order=up", sent=b"", status=200, answered=[]),
            "there is no parameter order",
            id="parameter",
        ),
        pytest.param(
            replace(CREATED, status=403, answered=["No"]), "is not of type 'object'", id="error"
        ),
    ],
)
def test_what_github_would_not_say_is_told(lie: Exchange, told: str) -> None:
    (found,) = list(descriptions.lies(lie))

    assert told in found


def _asked_for_nothing_real() -> None:
    with LoopbackGitHub() as github:
        sent = {"authorization": f"Bearer {github.token}", "user-agent": "x"}
        github.faults.append(Fault(method="GET", path="nowhere", status=200, body=[]))
        github.answer("GET", f"{github.prefix}/nowhere", sent, b"")


def test_a_fake_that_lies_fails_its_test() -> None:
    with pytest.raises(AssertionError, match="no such operation"):
        _asked_for_nothing_real()


EVENTS = {
    "push": payloads.push(HERE, "refs/heads/main", "a" * 40, "b" * 40, [("b" * 40, "Work")]),
    "push of a new branch": payloads.push(HERE, "refs/heads/x", payloads.ZERO, "b" * 40),
    "pull_request": payloads.pull_request(
        HERE, "opened", 7, title="Work", merged=False, merge_commit=None, head=HEAD, base=BASE
    ),
    "pull_request of a fork that is gone": payloads.pull_request(
        HERE,
        "closed",
        7,
        title="Work",
        merged=True,
        merge_commit="c" * 40,
        head=replace(HEAD, repository=None),
        base=BASE,
    ),
    "merge_group": payloads.merge_group(HERE, "a" * 40, "b" * 40),
    "workflow_dispatch": payloads.workflow_dispatch(HERE),
    "workflow_run": payloads.workflow_run(HERE, HEAD),
}


@pytest.mark.parametrize("kind", EVENTS)
def test_the_events_of_the_tests_are_githubs(kind: str) -> None:
    assert list(descriptions.event_lies(kind.split(maxsplit=1)[0], EVENTS[kind])) == []


@pytest.mark.parametrize("kind", EVENTS)
def test_an_event_that_lacks_its_sender_is_told(kind: str) -> None:
    cut = {key: value for key, value in EVENTS[kind].items() if key != "sender"}

    (found,) = list(descriptions.event_lies(kind.split(maxsplit=1)[0], json.loads(json.dumps(cut))))

    assert "'sender' is a required property" in found
