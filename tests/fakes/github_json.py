"""Accounts, repositories, pull requests and comments as GitHub's API and its events write them.

Every field that GitHub promises is there, so that its own descriptions can check what the fakes say.
"""

from dataclasses import dataclass
from typing import TypeAlias

from pkgaction.model.json import Json

Object: TypeAlias = dict[str, Json]

WHEN = "2026-01-02T03:04:05Z"
HTML = "https://github.example"
API = "https://api.github.example"

# field → what follows the address of the account or repository
_OF_ACCOUNT = """
followers_url /followers
following_url /following{/other_user}
gists_url /gists{/gist_id}
starred_url /starred{/owner}{/repo}
subscriptions_url /subscriptions
organizations_url /orgs
repos_url /repos
events_url /events{/privacy}
received_events_url /received_events
"""
_OF_REPOSITORY = """
archive_url /{archive_format}{/ref}
assignees_url /assignees{/user}
blobs_url /git/blobs{/sha}
branches_url /branches{/branch}
collaborators_url /collaborators{/collaborator}
comments_url /comments{/number}
commits_url /commits{/sha}
compare_url /compare/{base}...{head}
contents_url /contents/{+path}
contributors_url /contributors
deployments_url /deployments
downloads_url /downloads
events_url /events
forks_url /forks
git_commits_url /git/commits{/sha}
git_refs_url /git/refs{/sha}
git_tags_url /git/tags{/sha}
hooks_url /hooks
issue_comment_url /issues/comments{/number}
issue_events_url /issues/events{/number}
issues_url /issues{/number}
keys_url /keys{/key_id}
labels_url /labels{/name}
languages_url /languages
merges_url /merges
milestones_url /milestones{/number}
notifications_url /notifications{?since,all,participating}
pulls_url /pulls{/number}
releases_url /releases{/id}
stargazers_url /stargazers
statuses_url /statuses/{sha}
subscribers_url /subscribers
subscription_url /subscription
tags_url /tags
teams_url /teams
trees_url /git/trees{/sha}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user, an organization or a bot."""

    id: int
    login: str
    type: str = "User"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A repository, by its id and its full name."""

    id: int
    name: str  # OWNER/NAME
    fork: bool = False

    @property
    def owner(self) -> Account:
        """The account before the slash."""
        return Account(id=77, login=self.name.partition("/")[0], type="Organization")


BOT = Account(id=41898282, login="github-actions[bot]", type="Bot")
PERSON = Account(id=501, login="octocat")


def account(one: Account, api: str = API) -> Object:
    """A short account, as it stands in other things."""
    address = f"{api}/users/{one.login}"
    return {
        "login": one.login,
        "id": one.id,
        "node_id": f"U_{one.id}",
        "avatar_url": f"{HTML}/avatars/{one.id}",
        "gravatar_id": "",
        "url": address,
        "html_url": f"{HTML}/{one.login}",
        **_addresses(address, _OF_ACCOUNT),
        "type": one.type,
        "site_admin": False,
    }


def profile(one: Account, api: str = API) -> Object:
    """An account that was asked for itself."""
    texts = ("name", "company", "blog", "location", "email", "bio")
    counts = ("public_repos", "public_gists", "followers", "following")
    return {
        **account(one, api),
        "user_view_type": "public",
        **dict.fromkeys(texts),
        "hireable": None,
        **dict.fromkeys(counts, 0),
        "created_at": WHEN,
        "updated_at": WHEN,
    }


def short_repository(one: Repository, api: str = API) -> Object:
    """A repository as it stands in runs of workflows."""
    address = f"{api}/repos/{one.name}"
    return {
        "id": one.id,
        "node_id": f"R_{one.id}",
        "name": one.name.partition("/")[2],
        "full_name": one.name,
        "private": False,
        "owner": account(one.owner, api),
        "html_url": f"{HTML}/{one.name}",
        "description": None,
        "fork": one.fork,
        "url": address,
        **_addresses(address, _OF_REPOSITORY),
    }


def repository(one: Repository, api: str = API) -> Object:
    """A repository as it stands in pull requests."""
    counts = ("size", "stargazers_count", "watchers_count", "forks_count", "open_issues_count")
    flags = ("has_issues", "has_projects", "has_downloads", "has_wiki", "allow_forking")
    off = ("has_pages", "has_discussions", "archived", "disabled", "is_template")
    return {
        **short_repository(one, api),
        "created_at": WHEN,
        "updated_at": WHEN,
        "pushed_at": WHEN,
        "git_url": f"git://github.example/{one.name}.git",
        "ssh_url": f"git@github.example:{one.name}.git",
        "clone_url": f"{HTML}/{one.name}.git",
        "svn_url": f"{HTML}/{one.name}",
        "homepage": None,
        "language": None,
        "mirror_url": None,
        "license": None,
        **dict.fromkeys(counts, 0),
        **dict.fromkeys(flags, True),
        **dict.fromkeys(off, False),
        "web_commit_signoff_required": False,
        "forks": 0,
        "open_issues": 0,
        "watchers": 0,
        "topics": [],
        "visibility": "public",
        "default_branch": "main",
    }


def event_repository(one: Repository) -> Object:
    """A repository as it stands in events."""
    return {**repository(one), "custom_properties": {}}


def full_repository(one: Repository, api: str = API) -> Object:
    """A repository that was asked for itself."""
    return {**repository(one, api), "network_count": 0, "subscribers_count": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Where a pull request comes from, or goes to."""

    ref: str
    sha: str
    repository: Repository | None  # None: the fork is gone


def pull_request(  # what there is to say of one
    number: int,
    *,
    title: str,
    merged: bool,
    merge_commit: str | None,
    head: End,
    base: End,
    api: str = API,
    locked: bool = False,
) -> Object:
    """A pull request in a list."""
    name = base.repository.name if base.repository else ""
    address, page = f"{api}/repos/{name}/pulls/{number}", f"{HTML}/{name}/pull/{number}"
    issue = f"{api}/repos/{name}/issues/{number}"
    links = {
        "self": address,
        "html": page,
        "issue": issue,
        "comments": f"{issue}/comments",
        "review_comments": f"{address}/comments",
        "review_comment": f"{api}/repos/{name}/pulls/comments{{/number}}",
        "commits": f"{address}/commits",
        "statuses": f"{api}/repos/{name}/statuses/{head.sha}",
    }
    return {
        "id": 100_000 + number,
        "node_id": f"PR_{number}",
        "number": number,
        "title": title,
        "body": None,
        "state": "closed" if merged else "open",
        "draft": False,
        "locked": locked,
        "active_lock_reason": None,
        "labels": [],
        "user": account(PERSON, api),
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "milestone": None,
        "author_association": "NONE",
        "auto_merge": None,
        "created_at": WHEN,
        "updated_at": WHEN,
        "closed_at": WHEN if merged else None,
        "merged_at": WHEN if merged else None,
        "merge_commit_sha": merge_commit,
        "url": address,
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": issue,
        **{f"{kind}_url": links[kind] for kind in list(links)[3:]},
        "head": end(head, api),
        "base": end(base, api),
        "_links": {kind: {"href": link} for kind, link in links.items()},
    }


def merge_state(*, merged: bool) -> Object:
    """What a pull request that was asked for itself, or that an event is about, has beside."""
    counts = ("comments", "review_comments", "commits", "additions", "deletions", "changed_files")
    return {
        "merged": merged,
        "mergeable": None if merged else True,
        "rebaseable": None if merged else True,
        "mergeable_state": "unknown" if merged else "clean",
        "merged_by": account(PERSON) if merged else None,
        "maintainer_can_modify": False,
        **dict.fromkeys(counts, 1),
    }


def comment(number: int, of: int, author: Account | None, body: str, where: tuple[str, str]) -> Object:
    """A comment on a pull request; `where` is the API's address and the repository's name."""
    api, name = where
    path = f"repos/{name}/issues"
    return {
        "id": number,
        "node_id": f"IC_{number}",
        "url": f"{api}/{path}/comments/{number}",
        "html_url": f"{HTML}/{name}/pull/{of}#issuecomment-{number}",
        "issue_url": f"{api}/{path}/{of}",
        "user": account(author, api) if author else None,
        "author_association": "NONE",
        "performed_via_github_app": None,
        "created_at": WHEN,
        "updated_at": WHEN,
        "body": body,
    }


def end(one: End, api: str = API) -> Object:
    """Where a pull request comes from, or goes to."""
    there = one.repository
    owner = there.owner if there else PERSON
    return {
        "label": f"{owner.login}:{one.ref}",
        "ref": one.ref,
        "sha": one.sha,
        "user": account(owner, api),
        "repo": repository(there, api) if there else None,
    }


def _addresses(start: str, table: str) -> Object:
    pairs = (line.split(" ", 1) for line in table.strip().splitlines())
    return {field: start + rest for field, rest in pairs}
