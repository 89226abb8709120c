"""Events as GitHub writes them into the runner's file, whole, so that its own schemas can check them."""

from collections.abc import Sequence
from typing import TypeAlias

from pkgaction.model.json import Json
from tests.fakes import github_json
from tests.fakes.github_json import API, HTML, PERSON, WHEN, End, Object, Repository

ZERO = "0" * 40
_PUSHER: Object = {"name": "octocat", "email": "octocat@github.example"}
Commit: TypeAlias = tuple[str, str]  # id and message


def push(here: Repository, ref: str, before: str, after: str, commits: Sequence[Commit] = ()) -> Object:
    """A push, also one that makes or deletes a branch. On a runner its commits list no files."""
    told = [_commit(here, one) for one in commits]
    return {
        "ref": ref,
        "before": before,
        "after": after,
        "created": before == ZERO,
        "deleted": after == ZERO,
        "forced": False,
        "base_ref": None,
        "compare": f"{HTML}/{here.name}/compare/{before[:12]}...{after[:12]}",
        "commits": told,
        "head_commit": told[-1] if told else None,
        "pusher": _PUSHER,
        **_around(here),
    }


def pull_request(  # what there is to say of one
    here: Repository,
    action: str,
    number: int,
    *,
    title: str,
    merged: bool,
    merge_commit: str | None,
    head: End,
    base: End,
) -> Object:
    """A pull request was opened, changed, closed or merged."""
    about = github_json.pull_request(
        number, title=title, merged=merged, merge_commit=merge_commit, head=head, base=base
    )
    for name, end in (("head", head), ("base", base)):
        if end.repository:
            there = github_json.event_repository(end.repository)
            about[name] = {**github_json.end(end), "repo": there}
    changed: Object = {"before": base.sha, "after": head.sha} if action == "synchronize" else {}
    return {
        "action": action,
        "number": number,
        **changed,
        "pull_request": {**about, **github_json.merge_state(merged=merged)},
        **_around(here),
    }


def merge_group(here: Repository, base: str, head: str, branch: str = "main") -> Object:
    """The merge queue asks for its checks."""
    return {
        "action": "checks_requested",
        "merge_group": {
            "head_sha": head,
            "head_ref": f"refs/heads/gh-readonly-queue/{branch}/pr-7-{base}",
            "base_sha": base,
            "base_ref": f"refs/heads/{branch}",
            "head_commit": _simple(head, "Merge pull request #7"),
        },
        **_around(here),
    }


def workflow_dispatch(here: Repository) -> Object:
    """Somebody started the workflow."""
    workflow = ".github/workflows/publish.yml"
    return {"inputs": {}, "ref": "refs/heads/main", "workflow": workflow, **_around(here)}


def workflow_run(
    here: Repository, head: End, *, event: str = "pull_request", conclusion: str = "success"
) -> Object:
    """Another workflow's run has ended."""
    address = f"{API}/repos/{here.name}/actions/runs/30433642"
    kinds = ("artifacts", "cancel", "jobs", "logs", "rerun")
    person = github_json.account(PERSON)
    from_ = head.repository
    run: Object = {
        "id": 30433642,
        "node_id": "WFR_1",
        "name": "Preview packages",
        "display_title": "Raise versions",
        "path": ".github/workflows/preview.yml",
        "run_number": 12,
        "run_attempt": 1,
        "event": event,
        "status": "completed",
        "conclusion": conclusion,
        "workflow_id": 159038,
        "head_branch": head.ref,
        "head_sha": head.sha,
        "head_commit": _simple(head.sha, "Work"),
        "head_repository": github_json.short_repository(from_) if from_ else None,
        "repository": github_json.short_repository(here),
        "pull_requests": [],  # of a fork they are not told
        "check_suite_id": 42,
        "check_suite_node_id": "CS_42",
        "check_suite_url": f"{API}/repos/{here.name}/check-suites/42",
        "url": address,
        "html_url": f"{HTML}/{here.name}/actions/runs/30433642",
        "workflow_url": f"{API}/repos/{here.name}/actions/workflows/159038",
        **{f"{kind}_url": f"{address}/{kind}" for kind in kinds},
        "previous_attempt_url": None,
        "created_at": WHEN,
        "updated_at": WHEN,
        "run_started_at": WHEN,
        "actor": person,
        "triggering_actor": person,
    }
    return {"action": "completed", "workflow": _workflow(here), "workflow_run": run, **_around(here)}


def _workflow(here: Repository) -> Object:
    address = f"{API}/repos/{here.name}/actions/workflows/159038"
    page = f"{HTML}/{here.name}/blob/main/.github/workflows/preview.yml"
    return {
        "id": 159038,
        "node_id": "W_1",
        "name": "Preview packages",
        "path": ".github/workflows/preview.yml",
        "state": "active",
        "created_at": WHEN,
        "updated_at": WHEN,
        "url": address,
        "html_url": page,
        "badge_url": f"{HTML}/{here.name}/workflows/preview/badge.svg",
    }


def _commit(here: Repository, one: Commit) -> Json:
    commit, message = one
    url = f"{HTML}/{here.name}/commit/{commit}"
    return {**_simple(commit, message), "distinct": True, "url": url}


def _simple(commit: str, message: str) -> Object:
    """A commit as it stands in runs and merge groups."""
    return {
        "id": commit,
        "tree_id": ZERO,
        "message": message,
        "timestamp": WHEN,
        "author": _PUSHER,
        "committer": _PUSHER,
    }


def _around(here: Repository) -> Object:
    return {"repository": github_json.event_repository(here), "sender": github_json.account(PERSON)}
