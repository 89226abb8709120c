"""How a change comes onto a branch: every way to merge, to push, and to begin."""

import shutil
from collections.abc import Callable

import pytest

from pkgaction.model.event import Idle, Preview
from tests.e2e.conftest import Scene
from tests.edge import conftest as history
from tests.edge.conftest import ZERO, Planner, push, reasons, versions
from tests.fakes.workplace import Workplace

Merge = Callable[[Workplace, str], str]


def raise_two(place: Workplace) -> None:
    """A branch of two commits, each of which raises a package's version."""
    history.branch_off(
        place,
        "work",
        lambda: place.bump("lanternfish", "1.3.0"),
        lambda: place.bump("tidewire", "0.5.0"),
    )


BOTH = {"lanternfish": "1.3.0", "tidewire": "0.5.0"}


@pytest.mark.parametrize("commits", [0, 2], ids=["by its first parent", "however many commits it has"])
def test_e01_a_merge_commit_is_compared_with_its_first_parent(
    place: Workplace, planner: Planner, commits: int
) -> None:
    """A merge commit is compared with its first parent, in a push and in a closed pull request."""
    raise_two(place)
    before = history.advance(place)
    after = history.merge(place, "work")

    pushed = planner("push", push(before, after))
    closed = planner("pull_request", history.closed(place, "work", after, commits=commits))

    assert versions(pushed) == versions(closed) == BOTH
    assert pushed.base == closed.base == before


def test_e02_a_squash_is_compared_with_its_parent(place: Workplace, planner: Planner) -> None:
    """A squash commit is compared with its parent, however many commits the pull request had."""
    raise_two(place)
    before = history.advance(place)
    after = history.squash(place, "work")

    pushed = planner("push", push(before, after))
    closed = planner("pull_request", history.closed(place, "work", after, commits=2))

    assert versions(pushed) == versions(closed) == BOTH
    assert pushed.base == closed.base == before


@pytest.mark.parametrize("depth", ["", "--depth=1"], ids=["full", "shallow"])
def test_e03_a_rebase_is_compared_with_what_was_before_all_its_commits(
    place: Workplace, planner: Planner, depth: str
) -> None:
    """A rebase is compared with what was before the oldest of its commits, not the last one alone."""
    raise_two(place)
    before = history.advance(place)
    after = history.rebase(place, "work")
    payload = history.closed(place, "work", after, commits=2)
    clone = place.folder / "runner"
    place.git("clone", "-q", *filter(None, [depth]), f"file://{place.origin}", str(clone))

    pushed = planner("push", push(before, after), clone=clone)
    closed = planner("pull_request", payload, clone=clone)

    assert versions(pushed) == versions(closed) == BOTH
    assert pushed.base == closed.base == before
    assert planner.notices == []


def test_e03_commits_that_a_rebase_dropped_do_not_confuse_it(place: Workplace, planner: Planner) -> None:
    """A pull request's commit that the branch has already is dropped by the rebase, and not counted."""
    history.branch_off(
        place,
        "work",
        lambda: place.bump("lanternfish", "1.3.0"),
        lambda: place.write("dropped.md", "x\n"),
        lambda: place.bump("tidewire", "0.5.0"),
    )
    before = history.advance(place)
    place.git("cherry-pick", "work~2", "work")
    place.git("push", "-q", "origin", "main")

    payload = history.closed(place, "work", place.git("rev-parse", "HEAD"), commits=3)

    assert planner("pull_request", payload).base == before


def test_e03_a_pull_request_that_was_pushed_as_it_is_counts_whole(
    place: Workplace, planner: Planner
) -> None:
    """A pull request whose own commits were pushed to the branch is compared with what was before."""
    before = place.git("rev-parse", "main")
    raise_two(place)
    place.git("merge", "-q", "--ff-only", "work")
    place.git("push", "-q", "origin", "main")

    payload = history.closed(place, "work", place.git("rev-parse", "HEAD"), commits=2)

    assert planner("pull_request", payload).base == before


def test_e03_a_pull_request_whose_commits_are_gone_is_said_to_be_looked_at_in_part(
    place: Workplace, planner: Planner
) -> None:
    """Where the pull request's own commits can't be read, the last one alone is, with a warning."""
    raise_two(place)
    history.advance(place)
    after = history.rebase(place, "work")
    payload = history.closed(place, "work", after, commits=2)
    gone = "c" * 40

    made = planner("pull_request", history.having(payload, head={"sha": gone, "repo": None}))

    assert versions(made) == {"tidewire": "0.5.0"}
    (notice,) = planner.notices
    assert gone in notice
    assert "the pull request's last commit alone is looked at" in notice


def test_e04_what_a_merge_brings_along_from_its_other_parent_is_new_once(
    place: Workplace, planner: Planner
) -> None:
    """Only the first parent counts: what main had already is not new because a branch merged it, too."""
    history.branch_off(place, "work", lambda: place.bump("lanternfish", "1.3.0"))
    place.bump("tidewire", "0.5.0")
    before = place.commit("Raised on main")
    place.git("push", "-q", "origin", "main")
    place.git("checkout", "-q", "work")
    place.git("merge", "-q", "-m", "Main into work", "main")
    place.git("checkout", "-q", "main")

    made = planner("push", push(before, history.merge(place, "work")))

    assert versions(made) == {"lanternfish": "1.3.0"}


def test_e05_a_version_that_was_raised_and_put_back_in_one_push_is_none(
    place: Workplace, planner: Planner
) -> None:
    """Only the states at both ends count: raised and put back in one push is nothing to do."""
    before = place.git("rev-parse", "HEAD")
    place.bump("tidewire", "0.5.0")
    place.commit("Raise")
    place.git("revert", "--no-edit", "HEAD")

    made = planner("push", push(before, place.git("rev-parse", "HEAD")))

    assert (made.candidates, made.skipped, made.unreadable) == ((), (), ())


def test_e06_a_push_without_a_pull_request_is_published_and_in_the_summary(scene: Scene) -> None:
    """A direct push is published like any other; the summary alone reports it."""
    place = scene.place
    before = place.git("rev-parse", "HEAD")
    place.bump("lanternfish", "1.3.0")
    after = place.commit("Straight to main")
    place.git("push", "-q", "origin", "main")

    run = scene.run("push", push(before, after), {"github-token": None}, sha=after)

    assert run.status == 0, run.log
    assert run.packages["lanternfish"]["status"] == "published"
    assert "1 package published" in run.summary
    assert run.outputs["comment-url"] == ""


def queued(place: Workplace) -> tuple[str, str]:
    """A merge queue lands two pull requests in one push."""
    for name, version in (("lanternfish", "1.3.0"), ("tidewire", "0.5.0")):
        place.git("checkout", "-q", "-b", f"work-{name}", "main")
        place.bump(name, version)
        place.commit(f"Raise {name}")
    place.git("checkout", "-q", "main")
    before = place.git("rev-parse", "main")
    for number, name in enumerate(("lanternfish", "tidewire")):
        place.git("merge", "-q", "--no-ff", "-m", f"Merge {name} (#{number + 7})", f"work-{name}")
    return before, place.git("rev-parse", "main")


def test_e09_a_push_of_the_merge_queue_brings_all_its_pull_requests(
    place: Workplace, planner: Planner
) -> None:
    """One push of a merge queue publishes the packages of all its pull requests."""
    before, after = queued(place)

    assert versions(planner("push", push(before, after))) == BOTH


def test_e09_a_merge_group_is_only_looked_at(place: Workplace, planner: Planner) -> None:
    """A merge group is compared with its base, and publishes nothing."""
    before, after = queued(place)
    payload = history.queue(before, after)

    assert isinstance(planner.intent("merge_group", payload), Preview)
    assert versions(planner("merge_group", payload)) == BOTH


@pytest.fixture
def forced(place: Workplace) -> tuple[str, str]:
    """A branch that was rewritten: what it was before, and is now."""
    place.bump("lanternfish", "1.3.0")
    before = place.commit("To be rewritten")
    place.git("push", "-q", "origin", "main")
    place.git("reset", "-q", "--hard", "HEAD~1")
    place.bump("tidewire", "0.5.0")
    place.bump("lanternfish", "1.3.0")
    after = place.commit("Rewritten")
    place.git("push", "-q", "--force", "origin", "main")
    return before, after


def test_e11_a_forced_push_is_compared_with_what_was_before(
    place: Workplace, planner: Planner, forced: tuple[str, str]
) -> None:
    """A forced push is compared with the state before, as long as that can be had, and is said."""
    before, after = forced

    made = planner("push", push(before, after, forced=True))

    assert versions(made) == {"tidewire": "0.5.0"}
    (notice,) = planner.notices
    assert "rewritten by a forced push" in notice
    assert before[:12] in notice


def test_e11_a_forced_push_whose_past_is_gone_is_compared_with_the_default_branch(
    place: Workplace, planner: Planner
) -> None:
    """Where the state before is gone, the commit where the branch left the default branch is taken."""
    place.git("checkout", "-q", "-b", "stable")
    place.bump("tidewire", "0.5.0")
    after = place.commit("Rewritten")
    place.git("push", "-q", "origin", "stable")
    gone = "d" * 40

    made = planner("push", push(gone, after, "stable", forced=True), branches=("main", "stable"))

    assert versions(made) == {"tidewire": "0.5.0"}
    assert made.base == place.git("rev-parse", "main")
    (notice,) = planner.notices
    assert gone in notice
    assert "compared with the default branch instead" in notice


def test_e11_on_the_default_branch_itself_a_past_that_is_gone_makes_nothing_new(
    place: Workplace, planner: Planner, forced: tuple[str, str]
) -> None:
    """On the default branch itself there is nothing else to compare with: nothing counts as new."""
    made = planner("push", push("d" * 40, forced[1], forced=True))

    assert made.candidates == ()
    assert "lies on main itself: nothing counts as new" in made.compared


@pytest.mark.parametrize("depth", ["", "--depth=1"], ids=["full", "shallow"])
def test_e12_a_new_branch_is_compared_with_where_it_left_the_default_branch(
    place: Workplace, planner: Planner, depth: str
) -> None:
    """A new branch is compared with the commit where it left the default branch."""
    history.branch_off(
        place,
        "stable",
        lambda: place.bump("lanternfish", "1.3.0"),
        lambda: place.bump("tidewire", "0.5.0"),
    )
    left = place.git("rev-parse", "main")
    history.advance(place)
    place.git("push", "-q", "origin", "stable")
    clone = place.folder / "runner"
    options = (*filter(None, [depth]), "--branch=stable")
    place.git("clone", "-q", *options, f"file://{place.origin}", str(clone))
    payload = push(ZERO, place.git("rev-parse", "stable"), "stable")

    made = planner("push", payload, branches=("main", "stable"), clone=clone)

    assert (versions(made), made.base) == (BOTH, left)


def test_e12_a_new_branch_without_commits_of_its_own_brings_nothing(
    place: Workplace, planner: Planner
) -> None:
    """A new branch that starts at a commit of the default branch has nothing new."""
    payload = push(ZERO, place.git("rev-parse", "main"), "stable")

    made = planner("push", payload, branches=("main", "stable"))

    assert made.candidates == ()
    assert "lies on main itself" in made.compared


@pytest.mark.parametrize("deleted", [True, False], ids=["as it says", "by its zeros"])
def test_e13_a_deleted_branch_is_nothing_to_do(
    place: Workplace, planner: Planner, *, deleted: bool
) -> None:
    """The push that deletes a branch ends well with nothing to do."""
    payload = {**push(place.git("rev-parse", "HEAD"), ZERO), "deleted": deleted}

    found = planner.intent("push", payload)

    assert isinstance(found, Idle)
    assert "was deleted: there is nothing to publish" in found.reason


def test_e14_the_first_commit_of_all_publishes_nothing_by_itself(scene: Scene) -> None:
    """A repository's first commit has nothing to compare with: its packages are published by name."""
    place = scene.place
    root = place.git("rev-parse", "HEAD")

    run = scene.run("push", push(ZERO, root), {"github-token": None})
    named = scene.republish("lanternfish\nsaltmarsh", {"github-token": None})

    assert run.status == 0, run.log
    assert run.outputs["packages"] == "[]"
    for told in (run.log, run.summary):
        assert "nothing counts as new" in told
        assert "published by name" in told
    assert named.status == 0, named.log
    assert {found["status"] for found in named.packages.values()} == {"published"}


def test_e14_a_history_without_anything_in_common_has_nothing_new(
    place: Workplace, planner: Planner
) -> None:
    """A branch that has nothing in common with the default branch has no base, and nothing new."""
    place.git("checkout", "-q", "--orphan", "stable")
    head = place.commit("Alone")
    place.git("push", "-q", "origin", "stable")

    made = planner("push", push(ZERO, head, "stable"), branches=("main", "stable"))

    assert (made.candidates, made.base) == ((), "")
    assert "has no commit before it to compare with" in made.compared


def test_e15_a_tag_is_refused_unless_packages_are_named(scene: Scene) -> None:
    """The push of a tag is refused, unless packages are named; then its commit must be on a branch."""
    place = scene.place
    payload = {**push(ZERO, place.git("rev-parse", "HEAD")), "ref": "refs/tags/v1.3.0"}
    given = {"github-token": None}

    run = scene.run("push", payload, given, ref="refs/tags/v1.3.0")
    named = scene.run("push", payload, {**given, "package": "lanternfish"}, ref="refs/tags/v1.3.0")

    assert run.status == 2, run.log
    (error,) = run.errors
    assert "refs/tags/v1.3.0 is no branch" in error
    assert "name the packages" in error
    assert named.status == 0, named.log
    assert list(named.packages) == ["lanternfish"]


def test_e28_a_copy_and_a_move_are_told_by_the_names_in_their_manifests(
    place: Workplace, planner: Planner
) -> None:
    """No rename is ever guessed: what a package is, its manifest says, whatever the files look like."""
    before = place.git("rev-parse", "HEAD")
    packages = place.clone / "packages"
    shutil.copytree(packages / "tidewire", packages / "tidewire_two")
    manifest = packages / "tidewire_two" / "manifest.yml"
    manifest.write_text(manifest.read_text().replace("name: tidewire", "name: tidewire_two", 1))
    place.git("mv", "packages/saltmarsh", "packages/marsh")

    made = planner("push", push(before, place.commit("Copy and move")))

    assert versions(made) == {"tidewire_two": "0.4.0"}
    assert made.candidates[0].previous is None
    assert "its version is still" in reasons(made)["saltmarsh"]
