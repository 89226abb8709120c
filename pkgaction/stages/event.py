"""event: what the runner says happened → what it asks of us.

Payloads are hostile: every title, branch name and number comes from outside. Nothing here decides that
a commit may be published; git does, in `plan`.
Source: https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pkgaction.errors import UsageError
from pkgaction.model import branchglobs, globs
from pkgaction.model.event import (
    Accept,
    Audit,
    Idle,
    Intent,
    Mode,
    Preview,
    PullRequest,
    Reindex,
    Relay,
    Release,
    Republish,
)
from pkgaction.model.json import Json, JsonObject, at, number_at, text_at

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_BRANCH = "refs/heads/"
_MOST_COMMITS = 250  # of a pull request; GitHub lists no more


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """The runner's own words."""

    name: str  # of the event
    payload: JsonObject
    sha: str
    ref: str  # full, as refs/heads/main


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the inputs say about it."""

    mode: Mode
    branches: Sequence[str]
    names: tuple[str, ...] = ()
    version: str = ""
    ref: str = ""


def understand(happening: Happening, asked: Asked) -> Intent:
    """What is to be done.

    Raises:
        UsageError: the event is unknown or forbidden here, its payload lacks what it must have, or the
            inputs do not go with it.
    """
    if asked.mode in _STORAGE_EVENTS:
        return _storage(happening, asked)
    if asked.mode is Mode.COMMENT and happening.name == "workflow_run":
        return _relay(happening)
    if happening.name == "workflow_dispatch" or asked.names:
        return _republish(happening, asked)
    if asked.version or asked.ref:
        what = "version and ref go with package, which is not given"
        raise UsageError(what=what, where="input package", fix="name the packages, one a line")
    reader = _READERS.get(happening.name)
    if reader is None:
        what = f"pkgaction has nothing to do on the event {happening.name or '(none)'!r}"
        fix = f"start it on one of {', '.join(sorted([*_READERS, 'workflow_dispatch']))}"
        raise UsageError(what=what, where="GITHUB_EVENT_NAME", fix=fix)
    intent = reader(happening, asked)
    if isinstance(intent, Release) and asked.mode in {Mode.PREVIEW, Mode.PLAN}:
        return Preview(
            head=intent.head,
            base=intent.base,
            pull_request=intent.pull_request,
            branch=intent.branch,
            default_branch=intent.default_branch,
        )
    if isinstance(intent, Preview) and asked.mode is Mode.PUBLISH:
        what = f"a {happening.name} event never publishes: its commit is on no publishing branch yet"
        raise UsageError(what=what, where="input mode", fix="publish on push, or leave mode out")
    return intent


def publishing_branches(payload: JsonObject, branches: Sequence[str]) -> tuple[str, ...]:
    """The globs of the input, or the repository's default branch."""
    default = text_at(payload, "repository", "default_branch")
    return tuple(branches) or ((default,) if default else ())


def _push(happening: Happening, asked: Asked) -> Intent:
    payload = happening.payload
    ref = text_at(payload, "ref") or happening.ref
    after = text_at(payload, "after")
    if at(payload, "deleted") is True or (after and not _some(after)):
        return Idle(f"{ref} was deleted: there is nothing to publish")
    if not ref.startswith(_BRANCH):
        what = f"{ref} is no branch: a tag publishes nothing unless packages are named"
        fix = "name the packages, or start pkgaction on branches alone"
        raise UsageError(what=what, where="input package", fix=fix)
    branch = ref.removeprefix(_BRANCH)
    if idle := _not_publishing(branch, payload, asked):
        return idle
    before = text_at(payload, "before")
    return Release(
        head=_commit(payload, "after"),
        base=before if _some(before) and _COMMIT.fullmatch(before) else "",
        branch=branch,
        default_branch=_default_branch(payload),
        forced=at(payload, "forced") is True,
    )


def _pull_request(happening: Happening, asked: Asked) -> Intent:
    payload = happening.payload
    pull = _the_pull_request(payload)
    branch = text_at(payload, "pull_request", "base", "ref")
    if not branch:
        raise _broken("pull_request.base.ref")
    closed = at(payload, "action") == "closed"
    if closed and at(payload, "pull_request", "merged") is not True:
        return Idle(f"pull request {pull.number} was closed without a merge: nothing to publish")
    if idle := _not_publishing(branch, payload, asked):
        return idle
    default = _default_branch(payload)
    if not closed:
        head = _test_merge(happening)
        return Preview(head=head, base=None, pull_request=pull, branch=branch, default_branch=default)
    return Release(
        head=_commit(payload, "pull_request", "merge_commit_sha"),
        base=None,
        branch=branch,
        default_branch=default,
        pull_request=pull,
    )


def _the_pull_request(payload: JsonObject) -> PullRequest:
    number = number_at(payload, "pull_request", "number") or number_at(payload, "number")
    pull = at(payload, "pull_request")
    if number < 1 or not isinstance(pull, Mapping):
        raise _broken("pull_request.number")
    head = text_at(pull, "head", "sha")
    home = number_at(payload, "repository", "id")
    return PullRequest(
        number=number,
        title=text_at(pull, "title"),
        body=text_at(pull, "body"),
        head=head if _COMMIT.fullmatch(head) else "",
        commits=max(1, min(number_at(pull, "commits"), _MOST_COMMITS)),
        fork=number_at(pull, "head", "repo", "id") != home,
    )


def _test_merge(happening: Happening) -> str:
    """The commit the runner names: GitHub's own trial merge, whose first parent is the base."""
    if _COMMIT.fullmatch(happening.sha):
        return happening.sha
    return _commit(happening.payload, "pull_request", "merge_commit_sha")


def _merge_group(happening: Happening, asked: Asked) -> Intent:
    payload = happening.payload
    ref = text_at(payload, "merge_group", "base_ref")
    branch = ref.removeprefix(_BRANCH) if ref.startswith(_BRANCH) else ""
    if branch and (idle := _not_publishing(branch, payload, asked)):
        return idle
    return Preview(
        head=_commit(payload, "merge_group", "head_sha"),
        base=_commit(payload, "merge_group", "base_sha"),
        pull_request=None,
        branch=branch,
        default_branch=_default_branch(payload),
    )


def _relay(happening: Happening) -> Intent:
    """Another run has foreseen what a pull request publishes; who it was is in the event alone."""
    run = at(happening.payload, "workflow_run")
    if (event := text_at(run, "event")) != "pull_request":
        return Idle(f"the other run was started by {event or '(nothing)'}: it is no preview")
    if (ended := text_at(run, "conclusion")) not in {"success", "failure"}:
        return Idle(f"the other run ended as {ended or '(unknown)'}: it has nothing to say")
    head, branch = text_at(run, "head_sha"), text_at(run, "head_branch")
    owner = text_at(run, "head_repository", "owner", "login")
    number = number_at(run, "head_repository", "id")
    if not (_COMMIT.fullmatch(head) and branch and owner and number):
        raise _broken("workflow_run with head_sha, head_branch and head_repository")
    return Relay(head=head, repository_id=number, owner=owner, branch=branch)


def _schedule(happening: Happening, asked: Asked) -> Intent:
    if asked.mode is not Mode.AUTO:
        what = f"mode {asked.mode} has nothing to look at on a schedule"
        raise UsageError(what=what, where="input mode", fix="leave mode out: a schedule audits")
    return _audit(happening)


def _storage(happening: Happening, asked: Asked) -> Intent:
    """An audit, a new index, the queue: all are about storage, none about packages of a commit."""
    if asked.names or asked.version or asked.ref:
        what = f"mode {asked.mode} is about all packages: none can be named"
        raise UsageError(what=what, where="input package", fix="leave package, version and ref out")
    events = _STORAGE_EVENTS[asked.mode]
    if happening.name not in events:
        what = f"mode {asked.mode} does not go with the event {happening.name or '(none)'!r}"
        raise UsageError(what=what, where="input mode", fix=f"start it on {' or '.join(events)}")
    if asked.mode is Mode.AUDIT:
        return _audit(happening)
    return Reindex() if asked.mode is Mode.REINDEX else Accept()


def _audit(happening: Happening) -> Audit:
    if not happening.sha:
        fix = "start pkgaction on the runner"
        raise UsageError(what="it is empty", where="GITHUB_SHA", fix=fix)
    return Audit(head=happening.sha)


def _republish(happening: Happening, asked: Asked) -> Intent:
    if not asked.names:
        what = "no package is named: an empty list never means all"
        raise UsageError(what=what, where="input package", fix="name the packages, one a line")
    if asked.mode is Mode.PREVIEW:
        what = "mode preview looks at a pull request, not at named packages"
        raise UsageError(what=what, where="input mode", fix="use dry-run: true")
    if happening.name not in {"workflow_dispatch", "push", "schedule", "repository_dispatch"}:
        what = f"named packages are not published on the event {happening.name!r}"
        raise UsageError(what=what, where="input package", fix="start it by workflow_dispatch")
    head = asked.ref or happening.sha
    if not head:
        raise UsageError(what="it is empty", where="GITHUB_SHA", fix="name a commit as ref")
    return Republish(
        head=head,
        names=tuple(dict.fromkeys(asked.names)),
        version=asked.version,
        default_branch=text_at(happening.payload, "repository", "default_branch"),
    )


_STORAGE_EVENTS: Mapping[Mode, Sequence[str]] = {
    Mode.AUDIT: ("schedule", "workflow_dispatch", "push"),
    Mode.REINDEX: ("workflow_dispatch",),
    Mode.ACCEPT: ("schedule", "workflow_dispatch", "repository_dispatch", "push"),
}
_READERS: Mapping[str, Callable[[Happening, Asked], Intent]] = {
    "push": _push,
    "pull_request": _pull_request,
    "merge_group": _merge_group,
    "schedule": _schedule,
}


def _not_publishing(branch: str, payload: JsonObject, asked: Asked) -> Idle | None:
    allowed = publishing_branches(payload, asked.branches)
    if not allowed:
        raise _broken("repository.default_branch")
    if globs.matches(branch, allowed):
        return None
    slip = branchglobs.meant(branch, asked.branches)
    doubt = f"input branches: {slip} is not {branch}; is it misspelt?" if slip else ""
    return Idle(f"the branch {branch} does not publish; those that do: {', '.join(allowed)}", doubt)


def _default_branch(payload: JsonObject) -> str:
    if default := text_at(payload, "repository", "default_branch"):
        return default
    raise _broken("repository.default_branch")


def _commit(payload: Json, *keys: str) -> str:
    found = text_at(payload, *keys)
    if not _COMMIT.fullmatch(found):
        raise _broken(".".join(keys))
    return found


def _some(sha: str) -> bool:
    """Whether it names a commit: forty zeros stand for none."""
    return bool(sha.strip("0"))


def _broken(key: str) -> UsageError:
    what = f"the event has no usable {key}"
    fix = "start pkgaction on the runner, or check the event file"
    return UsageError(what=what, where="GITHUB_EVENT_PATH", fix=fix)
