"""Where the Action finds the commits: every checkout that a runner may have."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Scene, opened
from tests.edge.snapshot import snapshot
from tests.fakes.keys import Key
from tests.fakes.workplace import Merge, Workplace, objects

NO_TOKEN = {"github-token": None}
Checkout = Callable[[Workplace], Path]


def cloned(place: Workplace, *options: str) -> Path:
    target = place.folder / "runner"
    place.git("clone", "-q", *options, f"file://{place.origin}", str(target), cwd=place.folder)
    return target


def partial(place: Workplace, what: str) -> Path:
    place.git("config", "uploadpack.allowFilter", "true", cwd=place.origin)
    place.git("config", "uploadpack.allowAnySHA1InWant", "true", cwd=place.origin)
    target = cloned(place, "--no-checkout", f"--filter={what}")
    listed = place.git("rev-list", "--objects", "--all", "--missing=print", cwd=target)
    assert "?" in listed, "something is missing"
    return target


def sparse(place: Workplace) -> Path:
    target = partial(place, "blob:none")
    place.git("sparse-checkout", "set", "packages/tidewire", cwd=target)
    place.git("checkout", "-q", "main", cwd=target)
    assert not (target / "packages/lanternfish").exists()
    return target


def worktree(place: Workplace) -> Path:
    target = place.folder / "tree"
    place.git("worktree", "add", "-q", "--detach", str(target), "main", cwd=cloned(place))
    return target


def as_checkout_does(place: Workplace) -> Path:
    """One commit, on no branch, and no word about the remote's default branch."""
    target = place.folder / "runner"
    place.git("init", "-q", str(target), cwd=place.folder)
    place.git("remote", "add", "origin", f"file://{place.origin}", cwd=target)
    place.git("fetch", "-q", "--depth=1", "origin", "main", cwd=target)
    place.git("checkout", "-q", "--detach", "FETCH_HEAD", cwd=target)
    return target


def submodule(place: Workplace) -> Path:
    """The repository as a submodule of another one: its .git is a file."""
    outer = place.folder / "outer"
    place.git("init", "-q", "-b", "main", str(outer), cwd=place.folder)
    add = ("submodule", "add", "-q", f"file://{place.origin}", "runner")
    place.git("-c", "protocol.file.allow=always", *add, cwd=outer)
    assert (outer / "runner/.git").is_file()
    return outer / "runner"


CHECKOUTS = {
    "e16 depth 1": as_checkout_does,
    "e16 depth 1 of a branch": lambda place: cloned(place, "--depth=1"),
    "e17 without blobs": lambda place: partial(place, "blob:none"),
    "e17 without trees": lambda place: partial(place, "tree:0"),
    "e17 sparse": sparse,
    "e19 worktree": worktree,
    "e19 submodule": submodule,
}


def raised(scene: Scene) -> Merge:
    """A merge that raises one version; the same commit in every repository."""
    return scene.place.squash_merge(lambda: scene.place.bump("lanternfish", "1.3.0"))


@pytest.fixture
def merge(scene: Scene) -> Merge:
    """A merge that raises one version."""
    return raised(scene)


@pytest.fixture(scope="module")
def whole(key: Key) -> dict[str, bytes]:
    """What is published from a whole clone."""
    with opened(key) as scene:
        return published(scene, raised(scene), scene.place.clone)


def published(scene: Scene, merge: Merge, workspace: Path) -> dict[str, bytes]:
    """Publish from a checkout; what is in the bucket, and nothing else has changed."""
    before = snapshot(workspace)

    run = scene.push(merge, NO_TOKEN, workspace=workspace)

    assert run.status == 0, run.log
    assert {name: found["status"] for name, found in run.packages.items()} == {
        "lanternfish": "published"
    }
    assert run.packages["lanternfish"]["previous"] == "1.2.0"
    assert snapshot(workspace) == before
    return {name: data for name, data in objects(scene.bucket).items() if not name.endswith(".sig")}


@pytest.mark.parametrize("case", [name for name in CHECKOUTS if name.startswith("e16")])
def test_e16_what_a_shallow_checkout_lacks_is_fetched(
    scene: Scene, merge: Merge, whole: dict[str, bytes], case: str
) -> None:
    """What a shallow checkout lacks is fetched, and lands outside of the workspace."""
    assert published(scene, merge, CHECKOUTS[case](scene.place)) == whole


@pytest.mark.parametrize("case", [name for name in CHECKOUTS if name.startswith("e17")])
def test_e17_blobs_and_trees_that_a_partial_checkout_lacks_are_fetched(
    scene: Scene, merge: Merge, whole: dict[str, bytes], case: str
) -> None:
    """A partial or sparse checkout publishes the same: the rest is fetched from the remote."""
    assert published(scene, merge, CHECKOUTS[case](scene.place)) == whole


@pytest.mark.parametrize("missing", ["the commit", "the checkout"])
def test_e18_a_commit_that_is_not_there_is_named_with_the_one_that_is(
    scene: Scene, merge: Merge, missing: str
) -> None:
    """A commit that can't be had is an error that names it, and what is checked out instead."""
    nowhere, place = "c" * 40, scene.place
    workspace = place.clone if missing == "the commit" else place.folder / "empty"
    workspace.mkdir(exist_ok=True)
    payload = {**place.push_event(merge), "after": nowhere}

    run = scene.run("push", payload, NO_TOKEN, sha=nowhere, workspace=workspace)

    assert run.status == 2, run.log
    (error,) = run.errors
    names = [nowhere, merge.after] if missing == "the commit" else ["check the repository out first"]
    assert all(name in error for name in names)


@pytest.mark.parametrize("case", [name for name in CHECKOUTS if name.startswith("e19")])
def test_e19_the_repository_is_the_one_around_the_workspace(
    scene: Scene, merge: Merge, whole: dict[str, bytes], case: str
) -> None:
    """The repository is found from the workspace upward, be it a worktree or a submodule."""
    assert published(scene, merge, CHECKOUTS[case](scene.place)) == whole


def test_e19_two_uses_in_one_job_share_nothing(scene: Scene, merge: Merge) -> None:
    """Two uses in one job, one of them in a sub-folder, each publish to their own bucket."""
    first = scene.push(merge, NO_TOKEN)
    other = {**NO_TOKEN, "bucket": f"file://{scene.place.folder}/other", "index-bucket": None}
    second = scene.push(merge, other, workspace=scene.place.clone / "packages" / "tidewire")

    assert [run.packages["lanternfish"]["status"] for run in (first, second)] == ["published"] * 2
    assert objects(scene.bucket).keys() == objects(scene.place.folder / "other").keys()
    assert list(scene.temporary.iterdir()) == []


def test_e20_a_run_keeps_to_the_runners_limits(scene: Scene) -> None:
    """At most ten errors are annotated, the worst first; the summary has them all."""
    place = scene.place

    def work() -> None:
        for number in range(14):
            place.write(f"packages/eel_{number}/manifest.yml", "name: [eel\n")

    run = scene.push(place.squash_merge(work), NO_TOKEN)

    assert run.status == 1, run.log
    assert len(run.errors) == 10
    assert "5 more: see the summary of the run" in run.errors[-1]
    assert all(f"eel_{number}" in run.summary for number in range(14))


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to give files away")
def test_e20_a_workspace_that_belongs_to_another_user_is_read_and_left_alone(
    scene: Scene, merge: Merge
) -> None:
    """A workspace of another user is read all the same, and nothing of ours is left in it."""
    runner = cloned(scene.place, "--depth=1")
    for path in (runner, *runner.rglob("*")):
        os.chown(path, 1001, 1001, follow_symlinks=False)

    published(scene, merge, runner)

    assert {path.lstat().st_uid for path in (runner, *runner.rglob("*"))} == {1001}
