"""Events that publish nothing: each ends well, and says why nothing came out."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.e2e.conftest import Scene, opened
from tests.fakes.keys import Key
from tests.fakes.workplace import Merge, Payload, Run

ZERO = "0" * 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    scene: Scene
    merge: Merge
    run: Run


def nothing_came_out(scene: Scene, run: Run) -> None:
    assert run.status == 0
    assert run.errors == []
    assert run.outputs["published"] == "false"
    assert run.outputs["packages"] == "[]"
    assert run.outputs["comment-url"] == ""
    assert not scene.bucket.exists()
    assert not scene.index.exists()


@pytest.fixture(scope="module")
def outside(key: Key) -> Iterator[Ran]:
    """A push that touches no package."""
    with opened(key) as scene:
        merge = scene.merge(lambda: scene.place.write("README.md", "# Packages\n"))
        yield Ran(scene=scene, merge=merge, run=scene.push(merge))


@pytest.fixture(scope="module")
def inside(key: Key) -> Iterator[Ran]:
    """A push that changes two packages and raises no version."""
    with opened(key) as scene:

        def work() -> None:
            for name in ("lanternfish", "tidewire"):
                scene.place.write(f"packages/{name}/docs/README.md", "# Changed\n")

        merge = scene.merge(work)
        yield Ran(scene=scene, merge=merge, run=scene.push(merge))


def test_a_push_without_a_bump_publishes_nothing(outside: Ran, inside: Ran) -> None:
    nothing_came_out(outside.scene, outside.run)
    assert inside.run.status == 0
    assert inside.run.outputs["published"] == "false"
    assert not inside.scene.bucket.exists()
    assert not inside.scene.index.exists()


def test_it_says_what_was_compared_and_that_no_package_changed(outside: Ran) -> None:
    merge = outside.merge
    compared = f"compared {merge.before[:12]} with {merge.after[:12]}: 1 changed file"
    for told in (outside.run.log, outside.run.summary):
        assert compared in told
        assert "none of them in a package" in told
    assert "Nothing to publish" in outside.run.summary


def test_it_asks_github_nothing_where_there_is_nothing_to_say(outside: Ran) -> None:
    assert outside.scene.github.requests == []


def test_it_says_what_was_compared_and_that_no_version_is_new(inside: Ran) -> None:
    merge = inside.merge
    compared = f"compared {merge.before[:12]} with {merge.after[:12]}: 2 changed files"
    for told in (inside.run.log, inside.run.summary):
        assert f"{compared}, no new package version" in told
        assert "its version is still 1.2.0" in told
        assert "its version is still 0.4.0" in told


def test_it_tells_the_pull_request_of_the_missing_bumps(inside: Ran) -> None:
    (comment,) = inside.scene.github.comments
    assert "Nothing to publish" in comment.body
    assert comment.body.count("its version is still") == 2


def test_it_needs_no_secret(scene: Scene) -> None:
    scene.inputs = {name: scene.inputs[name] for name in ("bucket", "index-bucket")}
    merge = scene.merge(lambda: scene.place.write("README.md", "# Packages\n"))
    nothing_came_out(scene, scene.push(merge))


def test_a_removed_package_stays_published(scene: Scene) -> None:
    merge = scene.merge(lambda: shutil.rmtree(scene.place.clone / "packages/saltmarsh"))
    run = scene.push(merge)
    nothing_came_out(scene, run)
    assert "the package was removed: what is published stays published" in run.log


def test_a_lower_version_is_not_published(scene: Scene) -> None:
    merge = scene.merge(lambda: scene.place.bump("saltmarsh", "1.0.2"))
    run = scene.push(merge, {"github-token": None})
    nothing_came_out(scene, run)
    assert "the version went down from 1.0.3 to 1.0.2" in run.warnings[0]


def _other_branch(merge: Merge, payload: Payload) -> Payload:
    return {**payload, "ref": "refs/heads/feature/depths"}


def _deleted(merge: Merge, payload: Payload) -> Payload:
    return {**payload, "after": ZERO, "deleted": True}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        pytest.param(_other_branch, "the branch feature/depths does not publish", id="other branch"),
        pytest.param(_deleted, "refs/heads/main was deleted", id="deleted branch"),
    ],
)
def test_a_push_of_something_else_is_left_alone_with_a_reason(
    outside: Ran, changed: Callable[[Merge, Payload], Payload], said: str
) -> None:
    scene = outside.scene
    before = len(scene.github.requests)
    payload = changed(outside.merge, scene.place.push_event(outside.merge))
    run = scene.run("push", payload)
    nothing_came_out(scene, run)
    assert said in run.log
    assert said in run.summary
    assert len(scene.github.requests) == before


def test_a_pull_request_closed_without_a_merge_publishes_nothing(scene: Scene) -> None:
    proposed = scene.propose(lambda: scene.place.bump("lanternfish", "1.3.0"))
    payload = scene.place.pull_request_event(proposed, merged=False)
    run = scene.run("pull_request", {**payload, "action": "closed"})
    nothing_came_out(scene, run)
    assert "was closed without a merge" in run.log
    assert scene.github.requests == []


def test_a_pull_request_merged_into_another_branch_publishes_nothing(scene: Scene) -> None:
    merge = scene.merge(lambda: scene.place.bump("lanternfish", "1.3.0"))
    payload = scene.place.pull_request_event(merge, merged=True)
    run = scene.run("pull_request", payload, {"branches": "release/*\nstable"})
    nothing_came_out(scene, run)
    assert "the branch main does not publish; those that do: release/*, stable" in run.log
