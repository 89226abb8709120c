"""`pkgaction plan` in a clone says what the Action would say of the same commits."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pkgaction import cli
from pkgaction.model.json import Json, JsonObject
from pkgaction.report import outputs
from tests.edge import conftest as history
from tests.edge.conftest import Planner, push
from tests.fakes.workplace import REPOSITORY_ID, Payload, Workplace

BACKPORT = "backport-lanternfish-1.2"
Rows = list[JsonObject]
Clone = Callable[[Workplace], Path]


class Terminal:
    """Runs the command, and reads what it prints."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.said = ""

    def plan(self, clone: Path, *options: str) -> Rows:
        status = cli.main(["plan", "--json", "--repository", str(clone), *options])
        printed = self._capsys.readouterr()
        self.said = printed.err
        assert status == 0, printed.err
        return [json.loads(line) for line in printed.out.splitlines()]


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(capsys)


def proposed(place: Workplace) -> None:
    """A branch of three commits that raises two packages, while main went on."""
    history.branch_off(
        place,
        "work",
        lambda: place.bump("lanternfish", "1.3.0"),
        lambda: place.bump("tidewire", "0.5.0"),
        lambda: place.write("packages/saltmarsh/docs/README.md", "# Changed\n"),
    )
    place.git("push", "-q", "origin", "work")
    place.bump("harbour_board", "9.9.9")
    place.bump("tidewire", "0.5.0")
    place.commit("The same bump of one package, on main")
    place.git("push", "-q", "origin", "main")


def by_the_action(place: Workplace, planner: Planner, branch: str = "work", base: str = "main") -> Rows:
    """The Action's plan of the pull request, of GitHub's trial merge."""
    place.git("checkout", "-q", "--detach", f"origin/{base}")
    place.git("merge", "-q", "--no-ff", "-m", "Trial merge", branch)
    merge = place.git("rev-parse", "HEAD")
    place.git("checkout", "-q", "main")
    pull: Payload = {
        "number": 7,
        "merge_commit_sha": merge,
        "base": {"ref": base},
        "head": {"sha": place.git("rev-parse", branch), "repo": {"id": REPOSITORY_ID}},
    }
    payload: Payload = {
        "action": "opened",
        "pull_request": pull,
        "repository": {"id": REPOSITORY_ID, "default_branch": "main"},
    }
    made = planner("pull_request", payload, branches=("main", "backport-*"))
    rows: list[Json] = list(outputs.plan_rows(made))
    assert rows
    return [row for row in rows if isinstance(row, dict)]


def whole(place: Workplace) -> Path:
    target = place.folder / "desk"
    place.git("clone", "-q", "--branch=work", f"file://{place.origin}", str(target), cwd=place.folder)
    return target


def worktree(place: Workplace) -> Path:
    target = place.folder / "tree"
    place.git("worktree", "add", "-q", "--detach", str(target), "origin/work", cwd=whole(place))
    return target


def detached(place: Workplace) -> Path:
    target = whole(place)
    place.git("checkout", "-q", "--detach", cwd=target)
    place.git("branch", "-q", "-D", "work", cwd=target)
    return target


def shallow(place: Workplace) -> Path:
    target = place.folder / "desk"
    options = ("--depth=1", "--branch=work", f"file://{place.origin}", str(target))
    place.git("clone", "-q", *options, cwd=place.folder)
    return target


def without_a_default(place: Workplace) -> Path:
    """As actions/checkout leaves it: the clone knows no default branch."""
    target = whole(place)
    place.git("remote", "set-head", "origin", "--delete", cwd=target)
    return target


@pytest.mark.parametrize("clone", [whole, worktree, detached, shallow, without_a_default])
def test_the_plan_of_a_clone_is_the_actions(
    place: Workplace, planner: Planner, terminal: Terminal, clone: Clone
) -> None:
    proposed(place)
    expected = by_the_action(place, planner)

    assert terminal.plan(clone(place)) == expected
    assert [row["name"] for row in expected] == ["lanternfish"]  # main has tidewire's version already


def test_the_plan_of_two_commits_is_the_one_of_their_push(
    place: Workplace, planner: Planner, terminal: Terminal
) -> None:
    before = place.git("rev-parse", "main")
    proposed(place)
    after = place.git("rev-parse", "work")

    made = planner("push", push(before, after))

    rows = terminal.plan(place.clone, "--base", before, "--head", after)
    assert rows == list(outputs.plan_rows(made))
    assert len(rows) == 2


def test_a_commit_that_is_compared_with_itself_is_told_so(place: Workplace, terminal: Terminal) -> None:
    assert terminal.plan(place.clone, "--base", "HEAD") == []
    assert "would be compared with itself" in terminal.said
    assert "no commit before it" not in terminal.said


def test_a_branch_that_goes_onto_the_remotes_as_it_is_needs_no_trial_merge(
    place: Workplace, terminal: Terminal
) -> None:
    history.branch_off(place, "work", lambda: place.bump("tidewire", "0.5.0"))

    rows = terminal.plan(place.clone, "--head", "work")

    assert [row["name"] for row in rows] == ["tidewire"]
    assert "goes onto main" in terminal.said


def test_commits_that_are_on_the_branch_already_are_compared_with_the_one_before(
    place: Workplace, terminal: Terminal
) -> None:
    place.squash_merge(lambda: place.bump("tidewire", "0.5.0"))

    rows = terminal.plan(place.clone)

    assert [row["name"] for row in rows] == ["tidewire"]
    assert "lies already on main: compared with the commit before" in terminal.said


def test_without_a_remote_the_commit_before_is_compared_and_that_is_said(
    place: Workplace, terminal: Terminal
) -> None:
    place.git("remote", "remove", "origin")
    place.bump("tidewire", "0.5.0")
    place.commit("Raise")

    rows = terminal.plan(place.clone)

    assert [row["name"] for row in rows] == ["tidewire"]
    assert "no branch of a remote is known: compared with the commit before" in terminal.said


def test_a_merge_with_conflicts_is_planned_by_where_the_branch_left(
    place: Workplace, terminal: Terminal
) -> None:
    history.branch_off(place, "work", lambda: place.bump("tidewire", "0.5.0", note="Mine."))
    place.bump("tidewire", "0.6.0", note="Theirs.")
    place.commit("Theirs")
    place.git("push", "-q", "origin", "main")

    rows = terminal.plan(place.clone, "--head", "work")

    assert [(row["name"], row["version"]) for row in rows] == [("tidewire", "0.5.0")]
    assert "can't be merged into main" in terminal.said


def test_a_maintenance_branchs_limits_hold_at_a_terminal_too(
    place: Workplace, planner: Planner, terminal: Terminal
) -> None:
    place.git("push", "-q", "origin", f"main:refs/heads/{BACKPORT}")
    place.git("fetch", "-q", "origin")
    proposed(place)
    expected = by_the_action(place, planner, base=BACKPORT)

    assert terminal.plan(place.clone, "--head", "work", "--branch", BACKPORT) == expected
    assert [row["name"] for row in expected] == ["lanternfish"]
    assert f"the branch {BACKPORT} publishes lanternfish alone" in terminal.said


def test_an_unknown_branch_is_refused(place: Workplace, capsys: pytest.CaptureFixture[str]) -> None:
    status = cli.main(["plan", "--repository", str(place.clone), "--branch", "nowhere"])

    assert status == 2
    assert "'nowhere' is no commit, branch or tag here or on the remote" in capsys.readouterr().err
