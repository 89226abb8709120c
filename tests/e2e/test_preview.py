"""What would be published: shown without any secret, and nothing is written but the report."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.conftest import TOKEN, Scene, opened
from tests.fakes.github import WRITE
from tests.fakes.keys import Key
from tests.fakes.workplace import Merge, Run, objects

ONLY_TOKEN = {"github-token": TOKEN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    scene: Scene
    merge: Merge
    run: Run


def wrote_no_object(scene: Scene) -> None:
    assert not scene.bucket.exists()
    assert not scene.index.exists()


def raise_two_and_forget_one(scene: Scene) -> None:
    scene.place.bump("lanternfish", "1.3.0")
    scene.place.bump("tidewire", "0.5.0-beta.1")
    scene.place.write("packages/harbour_board/docs/README.md", "# Changed\n")


@pytest.fixture(scope="module")
def proposed() -> Iterator[Ran]:
    """An open pull request, previewed with a token that may comment, and no key."""
    with opened() as scene:
        merge = scene.propose(lambda: raise_two_and_forget_one(scene))
        yield Ran(scene=scene, merge=merge, run=scene.preview(merge, ONLY_TOKEN))


def test_a_preview_needs_no_key_and_writes_to_no_bucket(proposed: Ran) -> None:
    assert proposed.run.status == 0
    assert proposed.run.errors == []
    assert proposed.run.outputs["published"] == "false"
    assert {name: found["status"] for name, found in proposed.run.packages.items()} == {
        "lanternfish": "would-publish",
        "tidewire": "would-publish",
    }
    wrote_no_object(proposed.scene)


def test_the_comment_says_what_a_merge_will_publish(proposed: Ran) -> None:
    (comment,) = proposed.scene.github.comments
    assert comment.number == proposed.merge.number
    assert "This publishes 2 packages" in comment.body
    assert "1.2.0 → **1.3.0** | stable |" in comment.body
    assert "0.4.0 → **0.5.0-beta.1** | prerelease |" in comment.body
    assert "nothing was published before" in comment.body
    assert "[zip]" not in comment.body
    assert proposed.run.outputs["comment-url"].endswith(f"#issuecomment-{comment.id}")


def test_the_comment_says_which_files_differ_from_the_last_published_version(key: Key) -> None:
    with opened(key) as scene:
        assert scene.republish("lanternfish").status == 0

        def work() -> None:
            scene.place.bump("lanternfish", "1.3.0")
            scene.place.write("packages/lanternfish/docs/colours.md", "# Colours\n")

        run = scene.preview(scene.propose(work), {**ONLY_TOKEN, "gpg-private-key": None})
        assert run.status == 0
        told = scene.github.comments[-1].body
        assert "| 1 added, 2 changed<br>[changelog]" in told
        assert "| added | <code>docs/colours.md</code> |  | 10 B |" in told
        assert "<b>lanternfish</b>: 1 added, 2 changed, since <code>1.2.0</code></summary>" in told


def test_a_missing_bump_is_warned_of(proposed: Ran) -> None:
    (warning,) = proposed.run.warnings
    assert warning.startswith("::warning file=packages/harbour_board/manifest.yml,line=4::")
    (comment,) = proposed.scene.github.comments
    assert "<b>harbour_board</b> <code>2.0.1</code>: <code>its files changed but" in comment.body


def test_the_merge_edits_the_previews_comment(key: Key) -> None:
    with opened(key) as scene:
        proposed = scene.propose(lambda: scene.place.bump("tidewire", "0.5.0"))
        assert scene.preview(proposed).status == 0
        scene.place.git("checkout", "-q", "main")
        scene.place.git("merge", "-q", "--squash", f"work-{proposed.number}")
        after = scene.place.commit("Raise versions")
        scene.place.git("push", "-q", "origin", "main")
        merge = Merge(
            before=proposed.before, after=after, number=proposed.number, title="", branch="main"
        )
        scene.github.pulls[0].merged = True
        scene.github.pulls[0].merge_commit = after
        assert scene.push(merge).status == 0
        (comment,) = scene.github.comments
        assert "1 package published" in comment.body


def test_a_preview_without_any_secret_writes_its_summary_alone(proposed: Ran) -> None:
    asked = len(proposed.scene.github.requests)
    run = proposed.scene.preview(proposed.merge)
    assert run.status == 0
    assert "This publishes 2 packages" in run.summary
    assert run.outputs["comment-url"] == ""
    assert len(proposed.scene.github.requests) == asked
    wrote_no_object(proposed.scene)


def test_without_permission_to_comment_it_is_said_and_no_more(proposed: Ran) -> None:
    github = proposed.scene.github
    before = [comment.body for comment in github.comments]
    github.permissions.discard(WRITE)
    try:
        with_other_text = {**ONLY_TOKEN, "bucket": f"{proposed.scene.inputs['bucket']}-2"}
        run = proposed.scene.preview(proposed.merge, with_other_text)
    finally:
        github.permissions.add(WRITE)
    assert run.status == 0
    assert run.outputs["comment-url"] == ""
    (said,) = [line for line in run.warnings if "no comment was written" in line]
    assert WRITE in said
    assert "This publishes 2 packages" in run.summary
    assert [comment.body for comment in github.comments] == before


@pytest.mark.parametrize("switch", ["mode", "dry-run"])
def test_a_push_can_be_looked_at_only(key: Key, switch: str) -> None:
    with opened(key) as scene:
        merge = scene.merge(lambda: scene.place.bump("lanternfish", "1.3.0"))
        changes = {switch: {"mode": "preview", "dry-run": "true"}[switch], "github-token": None}
        run = scene.push(merge, changes)
        assert run.status == 0
        assert run.packages["lanternfish"]["status"] == "would-publish"
        assert "This publishes 1 package" in run.log
        wrote_no_object(scene)


def test_a_merge_group_is_previewed() -> None:
    with opened() as scene:
        merge = scene.propose(lambda: scene.place.bump("lanternfish", "1.3.0"))
        payload = scene.place.merge_group_event(merge)
        ref = "refs/heads/gh-readonly-queue/main/pr-7"
        run = scene.run("merge_group", payload, ONLY_TOKEN, sha=merge.after, ref=ref)
        assert run.status == 0
        assert run.packages["lanternfish"]["status"] == "would-publish"
        assert scene.github.comments == []
        wrote_no_object(scene)


def test_a_validation_failure_fails_the_preview_and_is_named() -> None:
    with opened() as scene:

        def work() -> None:
            scene.place.bump("tidewire", "0.5.0")
            text = (scene.place.clone / "packages/lanternfish/manifest.yml").read_text()
            raised = text.replace("version: 1.2.0", "version: 1.3.0")
            scene.place.write("packages/lanternfish/manifest.yml", raised)

        run = scene.preview(scene.propose(work), ONLY_TOKEN)
        assert run.status == 1
        (error,) = run.errors
        assert error.startswith("::error file=packages/lanternfish/changelog.yml,line=1")
        (comment,) = scene.github.comments
        assert "1 package can't be published yet" in comment.body
        assert "changelog-not-current" in comment.body
        assert run.packages["tidewire"]["status"] == "would-publish"
        wrote_no_object(scene)


def test_a_conflict_is_foreseen(key: Key) -> None:
    with opened(key) as scene:
        merge = scene.merge(lambda: scene.place.bump("lanternfish", "1.3.0"))
        assert scene.push(merge, {"github-token": None}).status == 0
        scene.merge(lambda: _back(scene))

        def work() -> None:
            scene.place.bump("lanternfish", "1.3.0", note="Another thing.")

        before = objects(scene.bucket), objects(scene.index)
        run = scene.preview(scene.propose(work), {"gpg-private-key": None, "github-token": None})
        assert run.status == 1
        assert run.packages["lanternfish"]["status"] == "conflict"
        assert (objects(scene.bucket), objects(scene.index)) == before


def _back(scene: Scene) -> None:
    scene.place.git("checkout", "HEAD~1", "--", "packages/lanternfish")


def test_mode_publish_on_an_open_pull_request_is_refused(key: Key) -> None:
    with opened(key) as scene:
        merge = scene.propose(lambda: scene.place.bump("lanternfish", "1.3.0"))
        run = scene.preview(merge, {"mode": "publish", "github-token": None})
        assert run.status == 2
        (error,) = run.errors
        assert "input mode: a pull_request event never publishes" in error
        wrote_no_object(scene)


@pytest.mark.parametrize("event", ["push", "pull_request", "workflow_dispatch"])
def test_a_commit_on_no_publishing_branch_is_refused(key: Key, event: str) -> None:
    with opened(key) as scene:
        merge = scene.propose(lambda: scene.place.bump("lanternfish", "1.3.0"))
        scene.place.git("push", "-q", "origin", f"{merge.after}:refs/heads/feature")
        payload, changes = scene.place.push_event(merge), {"github-token": None, "mode": "publish"}
        if event == "pull_request":
            payload = scene.place.pull_request_event(merge, merged=True)
        if event == "workflow_dispatch":
            payload = scene.place.dispatch_event()
            changes |= {"package": "lanternfish", "ref": "feature"}
        run = scene.run(event, payload, changes, sha=merge.after)
        assert run.status == 2
        (error,) = run.errors
        assert f"the commit {merge.after[:12]} lies on no branch that publishes (main)" in error
        wrote_no_object(scene)


def _everything(folder: Path) -> dict[str, bytes]:
    """Every file with its bytes, git's own ones too."""
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_push_is_published_from_a_clone_of_depth_one(key: Key) -> None:
    with opened(key) as scene:
        merge = scene.merge(lambda: scene.place.bump("lanternfish", "1.3.0"))
        shallow = scene.place.folder / "shallow"
        clone = ("clone", "-q", "--depth", "1", f"file://{scene.place.origin}", str(shallow))
        scene.place.git(*clone, cwd=scene.place.folder)
        assert scene.place.git("rev-list", "--count", "HEAD", cwd=shallow) == "1"
        before = _everything(shallow)
        run = scene.push(merge, {"github-token": None}, workspace=shallow)
        assert run.status == 0
        assert run.packages["lanternfish"]["previous"] == "1.2.0"
        assert run.packages["lanternfish"]["status"] == "published"
        assert list(run.packages) == ["lanternfish"]
        assert _everything(shallow) == before


def test_a_pull_request_is_previewed_from_a_checkout_of_depth_one() -> None:
    with opened() as scene:
        merge = scene.propose(lambda: scene.place.bump("lanternfish", "1.3.0"))
        shallow = scene.place.folder / "shallow"
        shallow.mkdir()
        scene.place.git("init", "-q", cwd=shallow)
        scene.place.git("remote", "add", "origin", f"file://{scene.place.origin}", cwd=shallow)
        ref = f"refs/pull/{merge.number}/merge"
        scene.place.git("fetch", "-q", "--depth", "1", "origin", ref, cwd=shallow)
        scene.place.git("checkout", "-q", "--detach", "FETCH_HEAD", cwd=shallow)
        before = _everything(shallow)
        run = scene.preview(merge, workspace=shallow)
        assert run.status == 0
        assert run.packages["lanternfish"]["previous"] == "1.2.0"
        assert list(run.packages) == ["lanternfish"]
        assert _everything(shallow) == before


def test_what_is_published_comes_from_the_commit_not_from_the_working_tree(key: Key) -> None:
    with opened(key) as scene:
        merge = scene.merge(lambda: scene.place.bump("lanternfish", "1.3.0"))
        scene.place.write("packages/lanternfish/docs/README.md", "# Never committed\n")
        scene.place.write("packages/lanternfish/docs/extra.md", "# Never committed\n")
        run = scene.push(merge, {"github-token": None})
        assert run.status == 0
        stored = objects(scene.bucket / "artifacts/static/lanternfish-1.3.0")
        assert "docs/extra.md" not in stored
        assert b"Never committed" not in b"".join(stored.values())


@pytest.mark.parametrize("where", ["title", "body", "commit", "nowhere"])
@pytest.mark.parametrize("shallow", [False, True], ids=["full", "shallow"])
def test_words_that_keep_the_merge_from_being_published_are_warned_of(
    key: Key, where: str, *, shallow: bool
) -> None:
    words = {where: "Typo [skip ci]"}
    with opened(key) as scene:
        place = scene.place

        def work() -> None:
            place.bump("tidewire", "0.5.0")
            place.commit(words.get("commit", "First"))

        merge = scene.propose(work, title=words.get("title", "Raise versions"))
        head = place.git("rev-parse", f"work-{merge.number}")
        place.git("push", "-q", "origin", f"work-{merge.number}")
        event = place.pull_request_event(merge, merged=False)
        pull = event["pull_request"]
        assert isinstance(pull, dict)
        pull |= {"body": words.get("body"), "commits": 2}
        assert isinstance(pull["head"], dict)
        pull["head"] |= {"sha": head}
        workspace = place.clone
        if shallow:
            workspace = place.folder / "shallow"
            origin = f"file://{place.origin}"
            place.git("init", "-q", str(workspace))
            place.git("remote", "add", "origin", origin, cwd=workspace)
            place.git("fetch", "-q", "--depth=1", "origin", merge.after, cwd=workspace)
            place.git("checkout", "-q", merge.after, cwd=workspace)

        run = scene.run("pull_request", event, ONLY_TOKEN, sha=merge.after, workspace=workspace)

        assert run.status == 0, run.log
        said = [line for line in run.warnings if "has [skip ci]: GitHub starts no workflow" in line]
        assert len(said) == (where != "nowhere")
        (comment,) = scene.github.comments
        assert ("starts no workflow" in comment.body) is (where != "nowhere")
        place_named = {
            "title": "the title of the",
            "body": "its description",
            "commit": "message of commit",
        }
        assert all(place_named[where] in line for line in said)
