"""The adapter for GitHub's API, against a server that speaks it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

import pytest
import requests

import pkgaction
from pkgaction.adapters.github_api import GitHubPullRequests
from pkgaction.errors import GitHubError
from pkgaction.model.event import PullRequest
from pkgaction.model.json import Json
from pkgaction.model.secret import Secret
from pkgaction.model.skew import Skew
from pkgaction.ports import PullRequests
from tests.fakes.github import BODY_LIMIT, WRITE, Fault, LoopbackGitHub, Pull
from tests.fakes.github_json import PERSON, Account, Repository

SHA = "a" * 40
MARKER = "<!-- pkgaction:publish:1 -->"
BODY = f"{MARKER}\nAll published."
PULLS = rf"/commits/{SHA}/pulls"
COMMENTS = "/issues/7/comments"


class CountingClock:
    """A clock that moves only when somebody sleeps, and remembers the sleeps."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 2, tzinfo=UTC)
        self.sleeps: list[float] = []
        self.skew = Skew()

    def now(self) -> datetime:
        """The time it has come to."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Move on at once."""
        self.sleeps.append(seconds)
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def github() -> Iterator[LoopbackGitHub]:
    with LoopbackGitHub() as server:
        server.pulls.append(Pull(number=7, title="Bump nginx", commits=(SHA,)))
        yield server


@pytest.fixture
def clock() -> CountingClock:
    return CountingClock()


@pytest.fixture
def pull_requests(github: LoopbackGitHub, clock: CountingClock) -> PullRequests:
    return adapter(github, clock)


def adapter(
    github: LoopbackGitHub,
    clock: CountingClock,
    *,
    token: str | None = None,
    repository_id: int = 1001,
    host: str = "127.0.0.1",
) -> GitHubPullRequests:
    return GitHubPullRequests(
        repository=github.repository,
        repository_id=repository_id,
        token=Secret(github.token if token is None else token),
        api_url=github.url.replace("127.0.0.1", host),
        clock=clock,
    )


# --- which pull requests a commit came with -------------------------------------------------------


def test_a_merged_pull_request_is_found_with_one_request(
    github: LoopbackGitHub, pull_requests: PullRequests
) -> None:
    found = pull_requests.merged_with(SHA, base="main")

    assert found == [PullRequest(number=7, title="Bump nginx")]
    assert len(github.requests) == 1


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(Pull(number=8, merged=False, commits=(SHA,)), id="open"),
        pytest.param(Pull(number=8, base="backport-1", commits=(SHA,)), id="other-branch"),
        pytest.param(Pull(number=8, base_repository_id=2002, commits=(SHA,)), id="other-id"),
    ],
)
def test_e08_a_pull_request_that_did_not_bring_it_to_the_branch_is_left_out(
    github: LoopbackGitHub, pull_requests: PullRequests, other: Pull
) -> None:
    github.pulls.append(other)

    found = pull_requests.merged_with(SHA, base="main")

    assert [pull.number for pull in found] == [7]


def test_a_repository_without_known_id_is_told_by_its_name(
    github: LoopbackGitHub, clock: CountingClock
) -> None:
    github.pulls.append(Pull(number=8, base_repository="mallory/packages", commits=(SHA,)))

    found = adapter(github, clock, repository_id=0).merged_with(SHA, base="main")

    assert [pull.number for pull in found] == [7]


def test_a_renamed_repository_is_still_told_by_its_id(
    github: LoopbackGitHub, pull_requests: PullRequests
) -> None:
    github.pulls[0].base_repository = "acme/renamed"

    assert pull_requests.merged_with(SHA, base="main")


def test_pull_requests_on_later_pages_are_found(
    github: LoopbackGitHub, pull_requests: PullRequests
) -> None:
    github.page_limit = 2
    github.pulls += [Pull(number=number, commits=(SHA,)) for number in range(8, 12)]

    found = pull_requests.merged_with(SHA, base="main")

    assert [pull.number for pull in found] == [7, 8, 9, 10, 11]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(200, [], id="empty"),
        pytest.param(404, None, id="not-found"),
        pytest.param(409, None, id="conflict"),
        pytest.param(422, None, id="no-commit-found"),
    ],
)
def test_e07_a_list_that_comes_late_is_waited_for(
    github: LoopbackGitHub,
    clock: CountingClock,
    pull_requests: PullRequests,
    status: int,
    body: Json,
) -> None:
    fault = Fault(method="GET", path=PULLS, status=status, body=body)
    github.faults.extend([fault, fault])

    found = pull_requests.merged_with(SHA, base="main")

    assert [pull.number for pull in found] == [7]
    assert len(clock.sleeps) == 2


def test_a_commit_without_pull_request_is_given_up_after_a_minute_of_asking(
    github: LoopbackGitHub, clock: CountingClock, pull_requests: PullRequests
) -> None:
    found = pull_requests.merged_with("b" * 40, base="main")

    assert found == []
    assert len(github.requests) == 6
    assert 50 <= sum(clock.sleeps) <= 60


def test_many_commits_without_pull_request_share_that_minute(
    github: LoopbackGitHub, clock: CountingClock, pull_requests: PullRequests
) -> None:
    for commit in ("b" * 40, "c" * 40, "d" * 40):
        pull_requests.merged_with(commit, base="main")

    assert len(github.requests) == 8
    assert sum(clock.sleeps) <= 60


def test_an_open_pull_request_alone_is_an_answer_and_not_waited_for(
    github: LoopbackGitHub, clock: CountingClock, pull_requests: PullRequests
) -> None:
    github.pulls[0].merged = False

    assert pull_requests.merged_with(SHA, base="main") == []
    assert clock.sleeps == []


# --- one that a changelog or a subject names ------------------------------------------------------


MERGED = Pull(number=12, title="Bump", merge_commit=SHA)


def test_a_named_pull_request_is_read_and_confirmed(
    github: LoopbackGitHub, pull_requests: PullRequests
) -> None:
    github.pulls.append(MERGED)

    found = pull_requests.merged(12, base="main", commits=[SHA])

    assert found == PullRequest(number=12, title="Bump")
    assert len(github.requests) == 1


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(replace(MERGED, merged=False), id="open"),
        pytest.param(replace(MERGED, base="backport-1"), id="other-branch"),
        pytest.param(replace(MERGED, base_repository_id=2002), id="other-id"),
        pytest.param(replace(MERGED, merge_commit="b" * 40), id="other-push"),
        pytest.param(replace(MERGED, merge_commit=None), id="no-merge-commit"),
        pytest.param(replace(MERGED, number=13), id="no-such-number"),
    ],
)
def test_a_named_pull_request_that_brought_nothing_is_not_believed(
    github: LoopbackGitHub, clock: CountingClock, pull_requests: PullRequests, other: Pull
) -> None:
    github.pulls.append(other)

    assert pull_requests.merged(12, base="main", commits=[SHA]) is None
    assert clock.sleeps == []


def test_where_the_push_is_not_known_any_merge_into_the_branch_will_do(
    github: LoopbackGitHub, pull_requests: PullRequests
) -> None:
    github.pulls.append(replace(MERGED, merge_commit="b" * 40))

    assert pull_requests.merged(12, base="main", commits=None)


def test_a_named_pull_request_that_can_not_be_read_is_an_error(
    github: LoopbackGitHub, pull_requests: PullRequests
) -> None:
    github.faults.append(Fault(method="GET", path="/pulls/12", status=403))

    with pytest.raises(GitHubError) as caught:
        pull_requests.merged(12, base="main", commits=None)

    assert caught.value.where == "pull request #12"


# --- the open one whose head a run was about -------------------------------------------------------


FORK = Repository(id=3003, name="octocat/packages", fork=True)
OPEN = Pull(number=8, title="Bump", merged=False, commits=(SHA,), head="patch-1", head_repository=FORK)


def _open_at(pull_requests: PullRequests) -> list[int]:
    found = pull_requests.open_at(SHA, repository_id=FORK.id, owner="octocat", branch="patch-1")
    return [pull.number for pull in found]


def test_the_pull_request_of_a_fork_is_found_by_commit_and_repository(
    github: LoopbackGitHub, pull_requests: PullRequests
) -> None:
    github.page_limit = 1
    github.pulls += [replace(OPEN, number=9, base="backport-1"), OPEN]

    assert _open_at(pull_requests) == [9, 8]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(replace(OPEN, merged=True), id="merged"),
        pytest.param(replace(OPEN, commits=("b" * 40,)), id="moved-on"),
        pytest.param(replace(OPEN, head="patch-2"), id="other-head-branch"),
        pytest.param(
            replace(OPEN, head_repository=Repository(id=4004, name="octocat/packages")),
            id="same-name-other-repository",
        ),
        pytest.param(replace(OPEN, base_repository_id=2002), id="into-another-repository"),
    ],
)
def test_any_other_pull_request_is_not_taken_for_it(
    github: LoopbackGitHub, pull_requests: PullRequests, other: Pull
) -> None:
    github.pulls.append(other)

    assert _open_at(pull_requests) == []


def test_a_fork_that_is_gone_has_no_pull_request_any_more(
    github: LoopbackGitHub, pull_requests: PullRequests
) -> None:
    github.pulls.append(replace(OPEN, head_repository=None))

    assert _open_at(pull_requests) == []


# --- the one comment ------------------------------------------------------------------------------


def test_the_first_comment_is_created_and_its_address_returned(
    github: LoopbackGitHub, pull_requests: PullRequests
) -> None:
    url = pull_requests.comment(7, marker=MARKER, body=BODY)

    assert [comment.body for comment in github.comments] == [BODY]
    assert url.endswith(f"/acme/packages/pull/7#issuecomment-{github.comments[0].id}")


def test_a_second_run_edits_the_comment_of_the_first(
    github: LoopbackGitHub, clock: CountingClock
) -> None:
    first = adapter(github, clock).comment(7, marker=MARKER, body=BODY)

    second = adapter(github, clock).comment(7, marker=MARKER, body=f"{MARKER}\nOne failed.")

    assert second == first
    assert [comment.body for comment in github.comments] == [f"{MARKER}\nOne failed."]


@pytest.mark.parametrize(
    "there",
    [
        pytest.param(BODY, id="same"),
        pytest.param(BODY.replace("\n", "\r\n"), id="other-line-ends"),
        pytest.param(f"{BODY}\n\n", id="blank-lines-at-the-end"),
    ],
)
def test_the_same_body_is_not_written_again(
    github: LoopbackGitHub, pull_requests: PullRequests, there: str
) -> None:
    github.add_comment(7, there)

    pull_requests.comment(7, marker=MARKER, body=BODY)

    assert not github.calls("POST") + github.calls("PATCH")


def test_a_server_that_changes_line_ends_is_written_to_once(
    github: LoopbackGitHub, clock: CountingClock
) -> None:
    github.stores_crlf = True

    for _ in range(2):
        adapter(github, clock).comment(7, marker=MARKER, body=BODY)

    assert len(github.calls("POST") + github.calls("PATCH")) == 1


def test_the_oldest_of_two_is_edited_and_the_other_left(
    github: LoopbackGitHub, pull_requests: PullRequests
) -> None:
    github.add_comment(7, f"{MARKER}\nold")
    github.add_comment(7, f"{MARKER}\nnew")

    pull_requests.comment(7, marker=MARKER, body=BODY)

    assert [comment.body for comment in github.comments] == [BODY, f"{MARKER}\nnew"]


@pytest.mark.parametrize(
    ("author", "body"),
    [
        pytest.param(PERSON, f"{MARKER}\nforged", id="marker-of-somebody-else"),
        pytest.param(Account(id=666, login="github-actions[bot]"), f"{MARKER}\nforged", id="same-name"),
        pytest.param(None, f"{MARKER}\nold", id="account-is-gone"),
        pytest.param(Account(id=41898282, login="x"), f"> {MARKER}", id="marker-not-first"),
        pytest.param(Account(id=41898282, login="x"), f"{MARKER}2\n", id="longer-marker"),
        pytest.param(Account(id=41898282, login="x"), "", id="empty"),
    ],
)
def test_a_comment_that_is_not_ours_is_left_alone(
    github: LoopbackGitHub, pull_requests: PullRequests, author: Account | None, body: str
) -> None:
    github.add_comment(7, body, author=author)

    pull_requests.comment(7, marker=MARKER, body=BODY)

    assert [comment.body for comment in github.comments] == [body, BODY]


def test_our_comment_on_a_later_page_is_found(
    github: LoopbackGitHub, pull_requests: PullRequests
) -> None:
    github.page_limit = 2
    for number in range(5):
        github.add_comment(7, f"chat {number}", author=PERSON)
    ours = github.add_comment(7, f"{MARKER}\nold")

    pull_requests.comment(7, marker=MARKER, body=BODY)

    assert ours.body == BODY
    assert len(github.comments) == 6


@pytest.mark.parametrize(
    "user",
    [
        pytest.param(PERSON, id="personal-token"),
        pytest.param(None, id="token-of-a-workflow"),
    ],
)
def test_the_account_of_the_token_decides_what_is_ours(
    github: LoopbackGitHub, clock: CountingClock, user: Account | None
) -> None:
    github.user = user
    github.add_comment(7, f"{MARKER}\nby the bot")
    github.add_comment(7, f"{MARKER}\nby the person", author=PERSON)

    adapter(github, clock).comment(7, marker=MARKER, body=BODY)

    edited = [comment.author for comment in github.comments if comment.body == BODY]
    assert edited == [user or github.bot]


def test_e56_the_bot_of_an_enterprise_server_is_known_by_the_id_it_has_there(
    github: LoopbackGitHub, pull_requests: PullRequests
) -> None:
    github.bot = Account(id=3, login="github-actions[bot]", type="Bot")
    ours = github.add_comment(7, f"{MARKER}\nold", author=github.bot)

    pull_requests.comment(7, marker=MARKER, body=BODY)

    assert ours.body == BODY


def test_the_bot_is_known_even_when_its_account_is_not_served(
    github: LoopbackGitHub, pull_requests: PullRequests
) -> None:
    github.bot = None
    ours = github.add_comment(7, f"{MARKER}\nold")

    pull_requests.comment(7, marker=MARKER, body=BODY)

    assert ours.body == BODY


def test_nothing_is_written_while_it_is_unclear_who_we_are(
    github: LoopbackGitHub, pull_requests: PullRequests
) -> None:
    github.add_comment(7, f"{MARKER}\nold")
    github.faults.extend([Fault(method="GET", path="^/user$", status=500)] * 4)

    with pytest.raises(GitHubError, match="GitHub's API failed"):
        pull_requests.comment(7, marker=MARKER, body=BODY)

    assert not github.calls("POST") + github.calls("PATCH")


# --- failures that pass ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(method="POST", path=COMMENTS, status=502, acts=True), id="502-done"),
        pytest.param(Fault(method="POST", path=COMMENTS, drops=True, acts=True), id="cut-done"),
        pytest.param(
            Fault(method="POST", path=COMMENTS, status=504, acts=True, body=b"<html>Oops</html>"),
            id="504-page-done",
        ),
        pytest.param(Fault(method="POST", path=COMMENTS, status=503), id="503-not-done"),
        pytest.param(Fault(method="POST", path=COMMENTS, drops=True), id="cut-not-done"),
    ],
)
def test_an_unclear_create_leaves_one_comment(
    github: LoopbackGitHub, pull_requests: PullRequests, fault: Fault
) -> None:
    github.faults.append(fault)

    url = pull_requests.comment(7, marker=MARKER, body=BODY)

    assert [comment.body for comment in github.comments] == [BODY]
    assert url.endswith(str(github.comments[0].id))


def test_a_create_that_keeps_failing_is_given_up(
    github: LoopbackGitHub, pull_requests: PullRequests
) -> None:
    github.faults.extend([Fault(method="POST", path=COMMENTS, status=500)] * 9)

    with pytest.raises(GitHubError, match="GitHub's API failed: 500"):
        pull_requests.comment(7, marker=MARKER, body=BODY)

    assert len(github.calls("POST")) == 3


@pytest.mark.parametrize(
    "fault",
    [
        *(
            pytest.param(Fault(method="GET", path=PULLS, status=status), id=str(status))
            for status in (500, 502, 503, 504)
        ),
        pytest.param(Fault(method="GET", path=PULLS, drops=True), id="cut"),
    ],
)
def test_a_failed_read_is_tried_three_times_more(
    github: LoopbackGitHub, clock: CountingClock, pull_requests: PullRequests, fault: Fault
) -> None:
    github.faults.extend([fault] * 3)

    found = pull_requests.merged_with(SHA, base="main")

    assert [pull.number for pull in found] == [7]
    assert clock.sleeps == sorted(clock.sleeps)
    assert len(clock.sleeps) == 3


@pytest.mark.parametrize("drops", [False, True], ids=["503", "cut"])
def test_a_read_that_fails_a_fourth_time_is_given_up(
    github: LoopbackGitHub, pull_requests: PullRequests, *, drops: bool
) -> None:
    github.faults.extend([Fault(method="GET", path=PULLS, drops=drops)] * 4)

    with pytest.raises(GitHubError) as caught:
        pull_requests.merged_with(SHA, base="main")

    assert caught.value.where == "pull requests of commit aaaaaaaaaaaa"
    assert len(github.requests) == 4


def test_a_failed_edit_is_tried_again(github: LoopbackGitHub, pull_requests: PullRequests) -> None:
    ours = github.add_comment(7, f"{MARKER}\nold")
    github.faults.append(Fault(method="PATCH", path="", status=502))

    pull_requests.comment(7, marker=MARKER, body=BODY)

    assert ours.body == BODY


def test_a_page_that_fails_is_fetched_again_alone(
    github: LoopbackGitHub, pull_requests: PullRequests
) -> None:
    github.page_limit = 1
    github.pulls.append(Pull(number=8, commits=(SHA,)))
    github.faults.append(Fault(method="GET", path=r"[?&]page=2", status=502))

    found = pull_requests.merged_with(SHA, base="main")

    assert [pull.number for pull in found] == [7, 8]
    assert len(github.requests) == 3


def test_writes_keep_a_second_apart(
    github: LoopbackGitHub, clock: CountingClock, pull_requests: PullRequests
) -> None:
    github.pulls.append(Pull(number=8))

    pull_requests.comment(7, marker=MARKER, body=BODY)
    pull_requests.comment(8, marker=MARKER, body=BODY)

    assert clock.sleeps == [1.0]


# --- limits ---------------------------------------------------------------------------------------

SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes."


@pytest.mark.parametrize(
    ("fault", "slept"),
    [
        pytest.param(
            Fault(method="POST", path="", status=403, headers={"Retry-After": "17"}),
            [17.0],
            id="403-retry-after",
        ),
        pytest.param(
            Fault(method="POST", path="", status=429, headers={"Retry-After": "0"}),
            [1.0],
            id="429-retry-after-0",
        ),
        pytest.param(
            Fault(method="POST", path="", status=429, headers={"Retry-After": "soon"}),
            [60.0],
            id="retry-after-without-number",
        ),
        pytest.param(Fault(method="POST", path="", status=429), [60.0], id="429-no-time-named"),
        pytest.param(Fault(method="POST", path="", status=429, body="Too many"), [60.0], id="no-object"),
        pytest.param(Fault(method="POST", path="", status=429, body=b"Too many"), [60.0], id="no-json"),
        pytest.param(
            Fault(method="POST", path="", status=403, message=SECONDARY), [60.0], id="secondary"
        ),
        pytest.param(
            Fault(
                method="POST",
                path="",
                status=403,
                message="API rate limit exceeded for installation.",
                headers={
                    "X-RateLimit-Remaining": "0",
                    "X-RateLimit-Reset": str(int(datetime(2026, 1, 2, 0, 0, 40, 0, UTC).timestamp())),
                },
            ),
            [41.0],
            id="primary",
        ),
    ],
)
def test_a_rate_limit_is_waited_for_as_it_asks(
    github: LoopbackGitHub,
    clock: CountingClock,
    pull_requests: PullRequests,
    fault: Fault,
    slept: list[float],
) -> None:
    github.faults.append(fault)

    pull_requests.comment(7, marker=MARKER, body=BODY)

    assert clock.sleeps == slept
    assert len(github.comments) == 1


@pytest.mark.parametrize(
    ("headers", "sleeps"),
    [
        pytest.param({"Retry-After": "3600"}, [], id="too-long-at-once"),
        pytest.param({"Retry-After": "50"}, [50.0, 50.0], id="too-long-in-all"),
        pytest.param({}, [60.0], id="doubled-beyond-it"),
    ],
)
def test_rate_limits_are_waited_for_two_minutes_at_most(
    github: LoopbackGitHub,
    clock: CountingClock,
    pull_requests: PullRequests,
    headers: dict[str, str],
    sleeps: list[float],
) -> None:
    fault = Fault(method="GET", path="", status=403, message=SECONDARY, headers=headers)
    github.faults.extend([fault] * 9)

    with pytest.raises(GitHubError, match="rate limit is used up") as caught:
        pull_requests.merged_with(SHA, base="main")

    assert clock.sleeps == sleeps
    assert "later" in caught.value.fix


# --- refusals -------------------------------------------------------------------------------------


def test_a_missing_permission_is_named_and_forks_are_mentioned(
    github: LoopbackGitHub, clock: CountingClock, pull_requests: PullRequests
) -> None:
    github.permissions.remove(WRITE)

    with pytest.raises(GitHubError, match="`pull-requests: write`") as caught:
        pull_requests.comment(7, marker=MARKER, body=BODY)

    assert "forks get none" in caught.value.fix
    assert caught.value.where == "comment on pull request #7"
    assert clock.sleeps == []


def test_a_wrong_token_is_said_to_be_wrong_after_one_request(
    github: LoopbackGitHub, clock: CountingClock
) -> None:
    with pytest.raises(GitHubError, match="does not accept the token") as caught:
        adapter(github, clock, token="not-that-one").comment(7, marker=MARKER, body=BODY)

    assert "github-token" in caught.value.fix
    assert len(github.requests) == 1


@pytest.mark.parametrize("token", ["", "two\nlines", "a b", "näh"], ids=ascii)
def test_what_can_not_be_a_token_is_never_sent(
    github: LoopbackGitHub, clock: CountingClock, token: str
) -> None:
    with pytest.raises(GitHubError, match="no token") as caught:
        adapter(github, clock, token=token).merged_with(SHA, base="main")

    assert caught.value.where == "github-token"
    assert github.requests == []


@pytest.mark.parametrize(
    ("status", "message", "what"),
    [
        pytest.param(410, "Issues are disabled for this repo", "disabled", id="disabled"),
        pytest.param(403, "Repository was archived so is read-only.", "read-only", id="archived"),
        pytest.param(403, "Resource protected by SAML", "refused: 403 Resource", id="other-403"),
        pytest.param(422, "Validation Failed", "does not accept the content", id="422"),
        pytest.param(418, "I am a teapot", "refused: 418 I am a teapot", id="unknown"),
    ],
)
def test_a_refusal_is_explained_and_not_retried(
    github: LoopbackGitHub,
    clock: CountingClock,
    pull_requests: PullRequests,
    status: int,
    message: str,
    what: str,
) -> None:
    github.faults.append(Fault(method="POST", path="", status=status, message=message))

    with pytest.raises(GitHubError, match=what) as caught:
        pull_requests.comment(7, marker=MARKER, body=BODY)

    assert message in caught.value.what
    assert caught.value.fix
    assert clock.sleeps == []


def test_a_locked_conversation_is_said_to_be_locked(
    github: LoopbackGitHub, pull_requests: PullRequests
) -> None:
    github.pulls[0].locked = True

    with pytest.raises(GitHubError, match="conversation is locked"):
        pull_requests.comment(7, marker=MARKER, body=BODY)


def test_an_unknown_pull_request_is_an_error(pull_requests: PullRequests) -> None:
    with pytest.raises(GitHubError, match="404 Not Found"):
        pull_requests.comment(99, marker=MARKER, body=BODY)


def test_a_body_over_the_limit_is_refused_with_githubs_reason(pull_requests: PullRequests) -> None:
    body = f"{MARKER}\n{'x' * BODY_LIMIT}"

    with pytest.raises(GitHubError, match="maximum is 65536 characters"):
        pull_requests.comment(7, marker=MARKER, body=body)


@pytest.mark.parametrize(
    "errors",
    [
        pytest.param(["a plain reason"], id="text"),
        pytest.param([{"message": "a plain reason"}], id="object"),
    ],
)
def test_the_first_detail_of_a_refusal_is_shown(
    github: LoopbackGitHub, pull_requests: PullRequests, errors: Json
) -> None:
    body: Json = {"message": "Nope", "errors": errors}
    github.faults.append(Fault(method="POST", path="", status=422, body=body))

    with pytest.raises(GitHubError, match="422 Nope, a plain reason"):
        pull_requests.comment(7, marker=MARKER, body=BODY)


def test_a_token_that_the_server_repeats_is_masked(
    github: LoopbackGitHub, pull_requests: PullRequests
) -> None:
    fault = Fault(method="POST", path="", status=422, message=f"who is {github.token}?")
    github.faults.append(fault)

    with pytest.raises(GitHubError) as caught:
        pull_requests.comment(7, marker=MARKER, body=BODY)

    assert github.token not in f"{caught.value} {caught.value.what}"
    assert "who is ***?" in caught.value.what


def test_no_server_at_all_is_an_error_of_ours(clock: CountingClock) -> None:
    with LoopbackGitHub() as gone:
        pull_requests = adapter(gone, clock)

    with pytest.raises(GitHubError, match="no answer from GitHub's API"):
        pull_requests.merged_with(SHA, base="main")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("hello", id="text"),
        pytest.param(b'[{"number": 7', id="cut-off"),
        pytest.param(b"<html>Welcome</html>", id="page"),
        pytest.param({"surprise": 1}, id="object"),
        pytest.param(["hello"], id="list-of-texts"),
        pytest.param([{"number": 7, "merged_at": 5, "url": "/x"}], id="wrong-field"),
        pytest.param(
            [{"number": 7, "merged_at": "2026-01-01T00:00:00Z", "base": None, "url": "/x"}],
            id="no-base",
        ),
    ],
)
def test_an_answer_that_makes_no_sense_is_an_error_of_ours(
    github: LoopbackGitHub, pull_requests: PullRequests, body: Json
) -> None:
    github.faults.append(Fault(method="GET", path=PULLS, status=200, body=body))

    with pytest.raises(GitHubError, match=r"makes no sense|refused"):
        pull_requests.merged_with(SHA, base="main")


# --- the token stays with its host ----------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redirect_to_another_host_is_refused(
    github: LoopbackGitHub, pull_requests: PullRequests, status: int, method: str
) -> None:
    with LoopbackGitHub() as thief:
        elsewhere = thief.url.replace("127.0.0.1", "localhost")
        location = f"{elsewhere}/repos/acme/packages/issues/7/comments"
        github.faults.append(
            Fault(method=method, path=COMMENTS, status=status, headers={"Location": location})
        )

        with pytest.raises(GitHubError):
            pull_requests.comment(7, marker=MARKER, body=BODY)

    assert thief.requests == []
    assert github.comments == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_to_another_port_sends_nothing_there(
    github: LoopbackGitHub, pull_requests: PullRequests, status: int
) -> None:
    with LoopbackGitHub() as thief:
        headers = {"Location": f"{thief.url}/repos/acme/packages{COMMENTS}"}
        github.faults.append(Fault(method="GET", path=COMMENTS, status=status, headers=headers))

        with suppress(GitHubError):
            pull_requests.comment(7, marker=MARKER, body=BODY)

    assert thief.requests == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_next_page_on_another_server_is_not_fetched(
    github: LoopbackGitHub, pull_requests: PullRequests, host: str
) -> None:
    with LoopbackGitHub() as thief:
        elsewhere = thief.url.replace("127.0.0.1", host)
        link = {"Link": f'<{elsewhere}/repos/x/y?page=2>; rel="next"'}
        entry: Json = {"id": 1, "body": "", "user": None}
        github.faults.append(Fault(method="GET", path=COMMENTS, status=200, body=[entry], headers=link))

        with pytest.raises(GitHubError):
            pull_requests.comment(7, marker=MARKER, body=BODY)

    assert thief.requests == []


def test_a_next_page_on_a_host_below_ours_is_not_fetched(
    github: LoopbackGitHub, clock: CountingClock
) -> None:
    with LoopbackGitHub() as thief:
        elsewhere = thief.url.replace("127.0.0.1", "thief.localhost")
        link = {"Link": f'<{elsewhere}/repos/x/y?page=2>; rel="next"'}
        entry: Json = {"id": 1, "body": "", "user": None}
        fault = Fault(method="GET", path=COMMENTS, status=200, body=[entry], headers=link)
        github.faults.append(fault)

        with pytest.raises(GitHubError, match="makes no sense"):
            adapter(github, clock, host="localhost").comment(7, marker=MARKER, body=BODY)

    assert thief.requests == []
    assert len(github.requests) == 1


def test_a_repository_that_moved_on_the_same_server_is_followed_in_silence(
    github: LoopbackGitHub, pull_requests: PullRequests, capfd: pytest.CaptureFixture[str]
) -> None:
    github.repository = "acme/renamed"
    location = f"{github.url}/repos/acme/renamed/commits/{SHA}/pulls"
    github.faults.append(Fault(method="GET", path=PULLS, status=301, headers={"Location": location}))

    found = pull_requests.merged_with(SHA, base="main")

    assert [pull.number for pull in found] == [7]
    assert capfd.readouterr() == ("", "")


# --- the rest -------------------------------------------------------------------------------------


def test_every_request_says_who_asks_and_which_version_it_means(
    github: LoopbackGitHub, pull_requests: PullRequests
) -> None:
    github.add_comment(7, f"{MARKER}\nold")

    pull_requests.comment(7, marker=MARKER, body=BODY)

    assert {call.headers["user-agent"] for call in github.requests} == {"pkgaction"}
    assert {call.headers["x-github-api-version"] for call in github.requests} == {"2022-11-28"}


def test_a_run_that_asks_nothing_does_not_import_pygithub() -> None:
    program = (
        "import sys; from pkgaction.adapters.github_api import GitHubPullRequests as G;"
        "from pkgaction.model.secret import Secret;"
        "G(repository='a/b', repository_id=1, token=Secret('t'), api_url='https://x', clock=None);"
        "print(sorted({'github', 'requests'} & set(sys.modules)))"
    )
    root = Path(pkgaction.__file__).parents[1]

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"


# --- the server itself ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "token", "status"),
    [
        pytest.param("/repos/acme/packages", "", 401, id="no-token"),
        pytest.param("/repos/acme/packages", "Basic x", 401, id="no-bearer"),
        pytest.param("/repos/acme/packages", "Bearer {}", 200, id="repository"),
        pytest.param("/repos/acme/packages/pulls/7", "token {}", 200, id="pull-request"),
        pytest.param("/repos/acme/packages/pulls/8", "token {}", 404, id="other-pull-request"),
        pytest.param("/repos/acme/packages/issues/8/comments", "token {}", 404, id="its-comments"),
        pytest.param("/repos/acme/other", "token {}", 404, id="other-repository"),
    ],
)
def test_the_fake_answers_as_github_does(
    github: LoopbackGitHub, path: str, token: str, status: int
) -> None:
    headers = {"Authorization": token.format(github.token)} if token else {}

    answer = requests.get(f"{github.url}{path}", headers=headers, timeout=15)

    assert answer.status_code == status
    assert ("id" in answer.json()) == (status == HTTPStatus.OK)
    assert f"GET {path} -> {status}" in github.dump()
