"""Each event is understood, and a broken or forbidden one is refused."""

import pytest

from pkgaction.errors import UsageError
from pkgaction.model.event import (
    Accept,
    Audit,
    Idle,
    Intent,
    Mode,
    Preview,
    PullRequest,
    Reindex,
    Release,
    Republish,
)
from pkgaction.model.json import Json, JsonObject
from pkgaction.stages.event import Asked, Happening, publishing_branches, understand

_A, _B, _C = "a" * 40, "b" * 40, "c" * 40
_ZERO = "0" * 40
_REPOSITORY: JsonObject = {"id": 1, "default_branch": "main"}


def _push(**other: Json) -> JsonObject:
    payload: JsonObject = {"ref": "refs/heads/main", "before": _A, "after": _B, "deleted": False}
    return {**payload, "repository": _REPOSITORY, **other}


def _pull(action: str = "closed", number: Json = 7, **other: Json) -> JsonObject:
    pull: JsonObject = {
        "number": number,
        "title": "Tides",
        "merged": True,
        "merge_commit_sha": _B,
        "base": {"ref": "main", "sha": _A},
        "head": {"ref": "work", "sha": _C, "repo": None},
        **other,
    }
    return {"action": action, "number": number, "pull_request": pull, "repository": _REPOSITORY}


def _understand(
    name: str,
    payload: JsonObject,
    *,
    sha: str = _C,
    mode: Mode = Mode.AUTO,
    branches: tuple[str, ...] = (),
    names: tuple[str, ...] = (),
    version: str = "",
    ref: str = "",
) -> Intent:
    happening = Happening(name=name, payload=payload, sha=sha, ref="refs/heads/main")
    asked = Asked(mode=mode, branches=branches, names=names, version=version, ref=ref)
    return understand(happening, asked)


def test_a_push_releases_what_is_new_since_before() -> None:
    assert _understand("push", _push()) == Release(
        head=_B, base=_A, branch="main", default_branch="main"
    )


@pytest.mark.parametrize("before", [_ZERO, "", None, "HEAD~1", 7], ids=repr)
def test_a_push_without_a_commit_before_has_no_base(before: Json) -> None:
    found = _understand("push", _push(before=before))

    assert isinstance(found, Release)
    assert found.base == ""


def test_another_publishing_branch_is_maintenance() -> None:
    found = _understand("push", _push(ref="refs/heads/backport-1.x"), branches=("main", "backport-*"))

    assert isinstance(found, Release)
    assert (found.branch, found.default_branch, found.maintenance) == ("backport-1.x", "main", True)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        pytest.param(_push(deleted=True, after=_ZERO), "was deleted", id="deleted"),
        pytest.param(_push(after=_ZERO), "was deleted", id="zeros after"),
        pytest.param(_push(ref="refs/heads/work"), "does not publish", id="other branch"),
        pytest.param(_push(ref="refs/heads/x/main"), "does not publish", id="branch that ends alike"),
    ],
)
def test_a_push_that_asks_for_nothing_says_why(payload: JsonObject, reason: str) -> None:
    found = _understand("push", payload)

    assert isinstance(found, Idle)
    assert reason in found.reason


@pytest.mark.parametrize("action", ["opened", "synchronize", "reopened", "edited", "labeled"])
def test_an_open_pull_request_is_previewed_by_the_trial_merge(action: str) -> None:
    pull = PullRequest(number=7, title="Tides", head=_C, fork=True)

    found = _understand("pull_request", _pull(action, merged=False))

    assert found == Preview(head=_C, base=None, pull_request=pull, branch="main", default_branch="main")


@pytest.mark.parametrize(
    ("body", "text"), [("Why.\r\n[skip ci]", "Why.\r\n[skip ci]"), (None, ""), (7, "")]
)
def test_the_description_of_a_pull_request_is_kept(body: Json, text: str) -> None:
    found = _understand("pull_request", _pull("edited", merged=False, body=body))

    assert isinstance(found, Preview)
    assert found.pull_request
    assert found.pull_request.body == text


def test_without_the_runners_commit_the_payloads_trial_merge_is_taken() -> None:
    found = _understand("pull_request", _pull("opened"), sha="")

    assert isinstance(found, Preview)
    assert found.head == _B


def test_a_merged_pull_request_releases_its_merge() -> None:
    assert _understand("pull_request", _pull()) == Release(
        head=_B,
        base=None,
        branch="main",
        default_branch="main",
        pull_request=PullRequest(number=7, title="Tides", head=_C, fork=True),
    )


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        pytest.param(_pull(merged=False), "closed without a merge", id="closed"),
        pytest.param(_pull(merged="true"), "closed without a merge", id="merged as a text"),
        pytest.param(_pull(base={"ref": "work"}), "does not publish", id="into another branch"),
    ],
)
def test_a_closed_pull_request_may_ask_for_nothing(payload: JsonObject, reason: str) -> None:
    found = _understand("pull_request", payload)

    assert isinstance(found, Idle)
    assert reason in found.reason


def test_a_merge_group_is_previewed() -> None:
    payload: JsonObject = {"merge_group": {"base_sha": _A, "head_sha": _B}, "repository": _REPOSITORY}

    assert _understand("merge_group", payload) == Preview(
        head=_B, base=_A, pull_request=None, default_branch="main"
    )


@pytest.mark.parametrize("mode", [Mode.PREVIEW, Mode.PLAN])
def test_a_push_can_be_looked_at_only(mode: Mode) -> None:
    found = _understand("push", _push(), mode=mode)

    assert found == Preview(head=_B, base=_A, pull_request=None, branch="main", default_branch="main")


@pytest.mark.parametrize("name", ["workflow_dispatch", "repository_dispatch", "push", "schedule"])
def test_named_packages_are_published_again(name: str) -> None:
    found = _understand(name, _push(), names=("kelp", "reef", "kelp"), version="1.2.0")

    assert found == Republish(head=_C, names=("kelp", "reef"), version="1.2.0", default_branch="main")


def test_a_ref_says_which_commit_they_are_taken_from() -> None:
    found = _understand("workflow_dispatch", {}, names=("kelp",), ref="v1")

    assert found == Republish(head="v1", names=("kelp",), version="")


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        pytest.param("", {}, id="none"),
        pytest.param("issues", {}, id="unknown"),
        pytest.param("pull_request_target", _pull(), id="pull_request_target"),
        pytest.param("workflow_run", {}, id="workflow_run"),
        pytest.param("workflow_dispatch", {}, id="dispatch without names"),
        pytest.param("push", {}, id="push, empty"),
        pytest.param("push", _push(ref="refs/tags/v1"), id="push of a tag"),
        pytest.param("push", _push(after=None), id="push, nothing after"),
        pytest.param("push", _push(after="main"), id="push, no commit after"),
        pytest.param("push", _push(after=f"{_B}\n"), id="push, newline after the commit"),
        pytest.param("push", _push(after="--upload-pack=x"), id="push, option as commit"),
        pytest.param("push", _push(repository=None), id="push, no repository"),
        pytest.param("push", _push(repository={"default_branch": 7}), id="push, odd default branch"),
        pytest.param("pull_request", {}, id="pull request, empty"),
        pytest.param("pull_request", {"number": 7, "pull_request": []}, id="pull request, a list"),
        pytest.param("pull_request", _pull(number="7"), id="pull request, number as a text"),
        pytest.param("pull_request", _pull(number=-7), id="pull request, negative number"),
        pytest.param("pull_request", _pull(number=True), id="pull request, number is true"),
        pytest.param("pull_request", _pull(merge_commit_sha=None), id="pull request, no merge commit"),
        pytest.param("merge_group", {}, id="merge group, empty"),
        pytest.param("merge_group", {"merge_group": {"base_sha": _A}}, id="merge group, no head"),
    ],
)
def test_an_unknown_or_broken_event_is_wrong_use(name: str, payload: JsonObject) -> None:
    with pytest.raises(UsageError) as caught:
        _understand(name, payload)

    assert caught.value.where
    assert caught.value.fix


@pytest.mark.parametrize(
    ("name", "mode", "names", "version", "ref"),
    [
        pytest.param("pull_request", Mode.PUBLISH, (), "", "", id="publish an open pull request"),
        pytest.param("merge_group", Mode.PUBLISH, (), "", "", id="publish a merge group"),
        pytest.param("pull_request", Mode.AUTO, ("kelp",), "", "", id="names on a pull request"),
        pytest.param("merge_group", Mode.AUTO, ("kelp",), "", "", id="names on a merge group"),
        pytest.param("workflow_dispatch", Mode.PREVIEW, ("kelp",), "", "", id="preview of names"),
        pytest.param("pull_request", Mode.AUDIT, (), "", "", id="audit of a pull request"),
        pytest.param("merge_group", Mode.AUDIT, (), "", "", id="audit of a merge group"),
        pytest.param("pull_request", Mode.ACCEPT, (), "", "", id="accept by a pull request"),
        pytest.param("workflow_dispatch", Mode.ACCEPT, ("kelp",), "", "", id="accept of names"),
        pytest.param("pull_request", Mode.REINDEX, (), "", "", id="reindex by a pull request"),
        pytest.param("push", Mode.REINDEX, (), "", "", id="reindex by a push"),
        pytest.param("schedule", Mode.REINDEX, (), "", "", id="reindex by a schedule"),
        pytest.param("schedule", Mode.PUBLISH, (), "", "", id="publish by a schedule"),
        pytest.param("schedule", Mode.PLAN, (), "", "", id="plan by a schedule"),
        pytest.param("workflow_dispatch", Mode.AUDIT, ("kelp",), "", "", id="audit of names"),
        pytest.param("workflow_dispatch", Mode.AUDIT, (), "", "v1", id="audit of a ref"),
        pytest.param("workflow_dispatch", Mode.REINDEX, ("kelp",), "", "", id="reindex of names"),
        pytest.param("push", Mode.AUTO, (), "1.2.0", "", id="a version alone"),
        pytest.param("push", Mode.AUTO, (), "", "v1", id="a ref alone"),
    ],
)
def test_inputs_that_do_not_go_with_the_event_are_refused(
    name: str, mode: Mode, names: tuple[str, ...], version: str, ref: str
) -> None:
    payload: JsonObject = {**_pull("opened"), "merge_group": {"base_sha": _A, "head_sha": _B}}

    with pytest.raises(UsageError) as caught:
        _understand(name, payload, mode=mode, names=names, version=version, ref=ref)

    assert caught.value.where.startswith("input ")


@pytest.mark.parametrize("mode", [Mode.AUTO, Mode.AUDIT])
def test_a_schedule_audits(mode: Mode) -> None:
    assert _understand("schedule", {}, mode=mode) == Audit(head=_C)


@pytest.mark.parametrize("name", ["workflow_dispatch", "push"])
def test_an_audit_can_be_asked_for(name: str) -> None:
    assert _understand(name, _push(), mode=Mode.AUDIT) == Audit(head=_C)


def test_an_audit_needs_a_commit() -> None:
    with pytest.raises(UsageError):
        _understand("schedule", {}, sha="")


def test_the_index_is_rebuilt_by_hand() -> None:
    assert _understand("workflow_dispatch", {}, mode=Mode.REINDEX) == Reindex()


def test_named_packages_need_a_commit() -> None:
    with pytest.raises(UsageError):
        _understand("workflow_dispatch", {}, names=("kelp",), sha="")


def test_the_default_branch_publishes_unless_others_are_named() -> None:
    assert publishing_branches(_push(), ()) == ("main",)
    assert publishing_branches(_push(), ("a", "b")) == ("a", "b")
    assert publishing_branches({}, ()) == ()


@pytest.mark.parametrize("event", ["schedule", "workflow_dispatch", "repository_dispatch", "push"])
def test_the_queue_is_looked_at_when_it_is_asked_for(event: str) -> None:
    assert _understand(event, {}, mode=Mode.ACCEPT) == Accept()


@pytest.mark.parametrize(("glob", "doubted"), [("mian", True), ("Main", True), ("release", False)])
def test_a_glob_that_is_nearly_the_branch_is_doubted(glob: str, *, doubted: bool) -> None:
    found = _understand("push", _push(), branches=(glob, "stable"))

    assert isinstance(found, Idle)
    assert found.doubt == (f"input branches: {glob} is not main; is it misspelt?" if doubted else "")
