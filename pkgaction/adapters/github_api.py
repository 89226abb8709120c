"""Pull requests over GitHub's REST API, with PyGithub."""

from __future__ import annotations

from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING

from pkgaction.adapters.deadline import Allowance
from pkgaction.adapters.github_errors import translated
from pkgaction.model.event import PullRequest
from pkgaction.model.json import Json, number_at

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from github.Issue import Issue
    from github.IssueComment import IssueComment
    from github.PullRequest import PullRequest as Pull
    from github.Repository import Repository

    from pkgaction.model.secret import Secret
    from pkgaction.ports import Clock

# Seconds that all requests of a run may take, with the pauses after failures. Beside it a run has the
# minute for new commits, `github_requester.LIMIT_BUDGET` for rate limits and a second between writes.
TALK_BUDGET = 120.0
# A pushed commit's list may be empty or refused at first. All commits of a run were pushed at once,
# so the pauses, a minute in sum, are shared by them.
_PAUSES = (4.0, 8.0, 12.0, 16.0, 20.0)  # seconds
_NOT_YET = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY})
_CREATE_PAUSES = (2.0, 4.0)  # seconds after an unclear create, before looking for its comment
_ACTIONS_BOT = 41898282  # github-actions[bot] on github.com


class GitHubPullRequests:
    """The port `PullRequests`. PyGithub is imported at the first request."""

    def __init__(
        self, *, repository: str, repository_id: int, token: Secret, api_url: str, clock: Clock
    ) -> None:
        """Keep what the requests need.

        `repository` is OWNER/NAME, `repository_id` 0 if unknown, `api_url` as in GITHUB_API_URL.
        """
        self._name = repository
        self._id = repository_id
        self._token = token
        self._api_url = api_url
        self._clock = clock
        self._patience = Allowance(TALK_BUDGET, clock)
        self._pauses = iter(_PAUSES)

    def merged_with(self, commit: str, *, base: str) -> Sequence[PullRequest]:
        """Those of this repository that were merged into the branch `base` with the commit.

        Raises:
            GitHubError: GitHub did not answer, or refused.
        """
        with translated(f"pull requests of commit {commit[:12]}", self._token):
            return [
                PullRequest(number=pull.number, title=pull.title or "")
                for pull in self._listed(commit)
                if self._brought(pull, base)
            ]

    def merged(self, number: int, *, base: str, commits: Container[str] | None) -> PullRequest | None:
        """The pull request of that number, if it was merged into the branch `base` of this repository,
        as one of the commits; None: as any.

        Raises:
            GitHubError: GitHub did not answer, or refused.
        """
        with translated(f"pull request #{number}", self._token):
            pull = self._read(number)
            if pull is None or not self._brought(pull, base):
                return None
            if commits is not None and pull.merge_commit_sha not in commits:
                return None
            return PullRequest(number=pull.number, title=pull.title or "")

    def open_at(
        self, head: str, *, repository_id: int, owner: str, branch: str
    ) -> Sequence[PullRequest]:
        """The open pull requests into this repository whose head is exactly this commit, in the
        repository of that id.

        Raises:
            GitHubError: GitHub did not answer, or refused.
        """
        with translated(f"pull requests from commit {head[:12]}", self._token):
            return [
                PullRequest(number=pull.number, title=pull.title or "")
                for pull in self._repository.get_pulls(state="open", head=f"{owner}:{branch}")
                # The fork is null when it is gone.
                if pull.head.sha == head
                and getattr(pull.head.repo, "id", None) == repository_id
                and self._is_ours(pull)
            ]

    def comment(self, number: int, *, marker: str, body: str) -> str:
        """Write the one comment with this marker, or edit it; its address.

        The marker is the body's first line. Same body: nothing is written.

        Raises:
            GitHubError: GitHub did not answer, or refused.
        """
        with translated(f"comment on pull request #{number}", self._token):
            issue = self._repository.get_issue(number)
            comment = self._oldest(issue, marker) or self._created(issue, marker, body)
            if _plain(comment.body) != _plain(body):
                comment.edit(body)
            return comment.html_url

    @cached_property
    def _repository(self) -> Repository:
        from pkgaction.adapters.github_requester import connect  # noqa: PLC0415

        return connect(
            repository=self._name,
            token=self._token,
            api_url=self._api_url,
            patience=self._patience,
        )

    def _listed(self, commit: str) -> list[Pull]:
        """The commit's pull requests, once GitHub knows any; empty when patience ends."""
        while True:
            if found := self._known(commit):
                return found
            pause = next(self._pauses, None)
            if pause is None:
                return []
            self._clock.sleep(pause)

    def _known(self, commit: str) -> list[Pull]:
        from github import GithubException  # noqa: PLC0415

        try:
            return list(self._repository.get_commit(commit).get_pulls())
        except GithubException as error:
            if error.status not in _NOT_YET:
                raise
            return []

    def _read(self, number: int) -> Pull | None:
        """A pull request; None where there is none of that number."""
        from github import GithubException  # noqa: PLC0415

        try:
            return self._repository.get_pull(number).complete()  # it would be asked for later
        except GithubException as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return None

    def _brought(self, pull: Pull, base: str) -> bool:
        return pull.merged_at is not None and pull.base.ref == base and self._is_ours(pull)

    def _is_ours(self, pull: Pull) -> bool:
        """By id, because a name can change hands."""
        base = pull.base.repo
        return base.id == self._id if self._id else base.full_name == self._name

    def _oldest(self, issue: Issue, marker: str) -> IssueComment | None:
        ours = [
            comment
            for comment in issue.get_comments()
            if _plain(comment.body).partition("\n")[0].rstrip() == marker
            # The author is null when the account is gone.
            and getattr(comment.user, "id", None) == self._account
        ]
        return min(ours, key=lambda comment: comment.id, default=None)

    def _created(self, issue: Issue, marker: str, body: str) -> IssueComment:
        """A new comment; after an unclear failure perhaps the one that came into being then."""
        from pkgaction.adapters.github_requester import is_unclear  # noqa: PLC0415

        for pause in _CREATE_PAUSES:
            try:
                return issue.create_comment(body)
            except Exception as error:
                if not is_unclear(error):
                    raise
            self._patience.sleep(pause)
            if comment := self._oldest(issue, marker):
                return comment
        return issue.create_comment(body)

    @cached_property
    def _account(self) -> int:
        """The id of our token's account; a workflow's own token may not ask, and is the bot's."""
        from github import GithubException  # noqa: PLC0415
        from requests import RequestException  # noqa: PLC0415

        try:
            return self._asked("/user")
        except GithubException as error:
            if error.status not in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
                raise
        try:
            return self._asked("/users/github-actions%5Bbot%5D") or _ACTIONS_BOT
        except (GithubException, RequestException):
            return _ACTIONS_BOT

    def _asked(self, path: str) -> int:
        data: Json
        _, data = self._repository.requester.requestJsonAndCheck("GET", path)
        return number_at(data, "id")


def _plain(body: str | None) -> str:
    """A body as GitHub may give it back: other line ends, no blanks at its end."""
    return (body or "").replace("\r\n", "\n").rstrip()
