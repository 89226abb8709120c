"""Which pull requests hear of a push, and what happens where they can't."""

import os
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from pkgaction.adapters.directory import DirectoryStore
from pkgaction.adapters.git import GitRepository
from pkgaction.adapters.github_api import GitHubPullRequests
from pkgaction.discovery import Discovery
from pkgaction.model.event import Release
from pkgaction.model.outcome import Ledger
from pkgaction.model.secret import Secret
from pkgaction.stages import plan
from tests.e2e.conftest import TOKEN, Scene
from tests.fakes.github import WRITE, Fault, Pull
from tests.fakes.release import NOW, FakeClock
from tests.fakes.workplace import REPOSITORY, REPOSITORY_ID, Merge

PAGES = f"https://github.com/{REPOSITORY}"


def bump(scene: Scene, name: str = "lanternfish", version: str = "1.3.0") -> Merge:
    return scene.merge(lambda: scene.place.bump(name, version))


# --- finding them ---------------------------------------------------------------------------------


def discovered(scene: Scene, merge: Merge, clock: FakeClock, scratch: Path) -> Ledger:
    """What a run on this push finds out, by a clock that loses no time."""
    intent = Release(head=merge.after, base=merge.before, branch="main", default_branch="main")
    ledger = Ledger(intent=intent)
    api = GitHubPullRequests(
        repository=REPOSITORY,
        repository_id=REPOSITORY_ID,
        token=Secret(TOKEN),
        api_url=scene.github.url,
        clock=clock,
    )
    with closing(GitRepository.open(scene.place.clone, scratch, os.environ)) as repository:
        ledger.plan = plan.compare(
            repository, merge.before, merge.after, ["packages/*"], maintenance=False
        )
        Discovery(ledger=ledger, api=lambda: api, pages=PAGES, repository=repository).ask()
    return ledger


def found(ledger: Ledger) -> dict[str, list[int]]:
    return {folder: [p.number for p in pulls] for folder, pulls in (ledger.brought_by or {}).items()}


@pytest.mark.parametrize("status", [200, 409], ids=["empty", "409"])
def test_e07_a_list_that_comes_late_is_waited_for(scene: Scene, tmp_path: Path, status: int) -> None:
    """The list of a commit's pull requests may come late: it is asked for again, and then complete."""
    merge, clock = bump(scene), FakeClock()
    late = Fault(method="GET", path="/commits/", status=status, body=[] if status == 200 else None)
    scene.github.faults.extend([late] * 5)

    ledger = discovered(scene, merge, clock, tmp_path)

    assert found(ledger) == {"packages/lanternfish": [merge.number]}
    assert ledger.notices == []
    assert 0 < clock.seconds - NOW <= 60


def test_e07_a_list_that_never_comes_is_given_up_after_a_minute(scene: Scene, tmp_path: Path) -> None:
    """Where it never comes, a notice says so after a minute, and the summary has the result."""
    merge, clock = bump(scene), FakeClock()
    scene.github.pulls.clear()

    ledger = discovered(scene, merge, clock, tmp_path)

    assert found(ledger) == {"packages/lanternfish": []}
    (notice,) = ledger.notices
    assert "no pull request is known for packages/lanternfish" in notice
    assert len(scene.github.calls("GET", "/commits/")) == 6
    assert clock.seconds - NOW <= 60


def test_e07_the_subjects_number_is_followed_meanwhile(scene: Scene, tmp_path: Path) -> None:
    """The number in the commit's subject is another source, believed if that merge is in this push."""
    merge = bump(scene)
    (pull,) = scene.github.pulls
    scene.github.pulls[:] = [replace(pull, merge_commit=merge.after)]
    scene.github.faults.extend([Fault(method="GET", path="/commits/", status=200, body=[])] * 6)

    ledger = discovered(scene, merge, FakeClock(), tmp_path)

    assert found(ledger) == {"packages/lanternfish": [merge.number]}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"merged": False}, id="open"),
        pytest.param({"base": "backport-1"}, id="into another branch"),
        pytest.param({"base_repository_id": 1}, id="into another repository"),
    ],
)
def test_e08_only_what_was_merged_into_this_branch_counts(
    scene: Scene, tmp_path: Path, change: dict[str, bool | str | int]
) -> None:
    """A pull request counts that was merged, into this branch, of this repository."""
    merge = bump(scene)
    other = Pull(number=99, commits=(merge.after,))
    for name, value in change.items():
        setattr(other, name, value)
    scene.github.pulls.append(other)

    ledger = discovered(scene, merge, FakeClock(), tmp_path)

    assert found(ledger) == {"packages/lanternfish": [merge.number]}


# --- several in one push --------------------------------------------------------------------------


def test_e09_each_pull_request_of_a_queue_hears_of_its_own_packages(scene: Scene) -> None:
    """A push of the merge queue publishes all packages; each pull request hears of its own alone."""
    place, github = scene.place, scene.github
    first = bump(scene)
    second = scene.merge(lambda: _two(scene))
    third = scene.merge(lambda: place.write("NOTES.md", "Nothing of a package.\n"))

    run = scene.push(replace(third, before=first.before))

    assert run.status == 0
    assert {name: one["status"] for name, one in run.packages.items()} == dict.fromkeys(
        ("harbour_board", "lanternfish", "tidewire"), "published"
    )
    told = {comment.number: comment.body for comment in github.comments}
    assert sorted(told) == [first.number, second.number]
    assert "1 package published" in told[first.number]
    assert "2 packages published" in told[second.number]
    assert "tidewire" not in told[first.number]
    assert "lanternfish" not in told[second.number]
    store = DirectoryStore(scene.bucket)
    for name, number in (("lanternfish-1.3.0", first.number), ("tidewire-0.5.0", second.number)):
        stored = store.stat(f"artifacts/packages/{name}.zip")
        assert stored
        assert stored.headers.metadata["pull-request"] == str(number)


def _two(scene: Scene) -> None:
    scene.place.bump("tidewire", "0.5.0")
    scene.place.bump("harbour_board", "2.1.0")


def test_e09_a_rebased_pull_request_hears_once(scene: Scene) -> None:
    """The commits of a rebase are one pull request's, which gets one comment on all of them."""
    place, before = scene.place, scene.place.git("rev-parse", "main")
    made = []
    for name, version in (("lanternfish", "1.3.0"), ("tidewire", "0.5.0")):
        place.bump(name, version)
        made.append(place.commit(f"Raise {name}"))
    place.git("push", "-q", "origin", "main")
    scene.github.pulls.append(Pull(number=12, merge_commit=made[-1], commits=tuple(made)))
    merge = Merge(before=before, after=made[-1], number=12, title="Raise", branch="main")

    run = scene.push(merge)

    assert run.status == 0
    (comment,) = scene.github.comments
    assert comment.number == 12
    assert "2 packages published" in comment.body


def test_e42_nothing_is_asked_that_github_cuts_off(scene: Scene) -> None:
    """Lists that GitHub cuts off, of files and of commits, are neither asked for nor read."""
    merge = bump(scene)
    payload = {**scene.place.push_event(merge), "commits": [], "head_commit": None}

    run = scene.run("push", payload, sha=merge.after)

    assert run.packages["lanternfish"]["status"] == "published"
    assert len(scene.github.comments) == 1
    assert not scene.github.calls("GET", r"/files|/compare/|/commits\?|/git/|/contents/")
    asked = {call.path.split("?")[0].rsplit("/", 1)[-1] for call in scene.github.calls("GET")}
    assert asked == {"pulls", "comments", "user", "github-actions%5Bbot%5D"} & asked


@pytest.mark.parametrize("renamed", [False, True], ids=["another of that name", "renamed"])
def test_e51_a_repository_is_known_by_its_id(scene: Scene, *, renamed: bool) -> None:
    """A repository is known by its id: one of the same name is another, a renamed one is the same."""
    merge = bump(scene)
    pull = scene.github.pulls[0]
    pull.base_repository = "deepwater/renamed" if renamed else None
    pull.base_repository_id = None if renamed else 1
    other = Pull(number=98, commits=(merge.after,))  # so that nobody waits for a late list
    scene.github.pulls.append(replace(other, merged=False))

    run = scene.push(merge)

    assert run.status == 0
    assert [comment.number for comment in scene.github.comments] == ([merge.number] if renamed else [])
    notice = "::notice::no pull request is known for packages/lanternfish"
    assert (notice in run.log) is not renamed
    assert ("no pull request is known" in run.summary) is not renamed


# --- where a comment can't be written -------------------------------------------------------------


@pytest.mark.parametrize(
    ("obstacle", "told"),
    [
        pytest.param(None, f"the token lacks the permission `{WRITE}`", id="no permission"),
        pytest.param("locked", "the conversation is locked", id="locked"),
        pytest.param(
            Fault(method="POST", path="", status=410, message="Issues are disabled for this repo"),
            "comments are disabled or read-only there",
            id="disabled",
        ),
        pytest.param(
            Fault(method="GET", path="/comments", status=429, headers={"Retry-After": "9999"}),
            "GitHub's rate limit is used up",
            id="limited for hours",
        ),
    ],
)
def test_e52_a_comment_that_can_not_be_written_changes_nothing_but_is_told(
    scene: Scene, obstacle: Fault | str | None, told: str
) -> None:
    """A comment that can't be written changes nothing in the result; a warning says so, and why."""
    merge, github = bump(scene), scene.github
    github.add_comment(merge.number, "Somebody was here.")
    if obstacle is None:
        github.permissions.discard(WRITE)
    elif isinstance(obstacle, Fault):
        github.faults.append(obstacle)
    else:
        github.pulls[0].locked = True

    run = scene.push(merge)

    assert run.status == 0
    assert run.packages["lanternfish"]["status"] == "published"
    assert run.outputs["comment-url"] == ""
    assert [comment.body for comment in github.comments] == ["Somebody was here."]
    (said,) = [line for line in run.warnings if "no comment was written" in line]
    assert told in said
    assert "no comment was written" in run.summary


def test_e52_a_server_that_fails_changes_nothing_but_is_told(scene: Scene) -> None:
    """The same where GitHub's servers fail again and again."""
    merge = bump(scene)
    scene.github.faults.extend([Fault(method="POST", path="/comments", status=502)] * 3)

    run = scene.push(merge)

    assert run.status == 0
    assert run.packages["lanternfish"]["status"] == "published"
    assert scene.github.comments == []
    (said,) = [line for line in run.warnings if "no comment was written" in line]
    assert "GitHub's API failed: 502" in said


def test_e52_one_pull_request_that_can_not_be_written_to_does_not_silence_the_others(
    scene: Scene,
) -> None:
    """Of several pull requests, one that can't be written to does not keep the others from theirs."""
    first, second = bump(scene), bump(scene, "tidewire", "0.5.0")
    scene.github.pulls[0].locked = True

    run = scene.push(replace(second, before=first.before))

    assert run.status == 0
    assert [comment.number for comment in scene.github.comments] == [second.number]
    assert len([line for line in run.warnings if "conversation is locked" in line]) == 1


def test_e56_an_enterprise_servers_pages_are_linked_and_its_links_are_followed(scene: Scene) -> None:
    """On an enterprise server, its API is asked, its pages are linked, links into it are followed."""
    merge = bump(scene)
    place, server = scene.place, "https://git.deepwater.example"
    (pull,) = scene.github.pulls
    changelog = place.clone / "packages/lanternfish/changelog.yml"
    changelog.write_text(changelog.read_text().replace("https://github.com/", f"{server}/"))
    after = place.commit("Links of this server")
    place.git("push", "-q", "origin", "main")
    # no list knows the commit: what is left is the changelog's link to pull request 7
    scene.github.pulls[:] = [replace(pull, number=7, commits=(), merge_commit=merge.after)]
    scene.github.pulls.append(Pull(number=98, merged=False, commits=(after,)))

    environ = {"GITHUB_API_URL": scene.github.url, "GITHUB_SERVER_URL": server}
    event = place.push_event(replace(merge, after=after))
    run = place.run("push", event, scene.inputs, sha=after, environ=environ)

    assert run.status == 0
    (comment,) = scene.github.comments
    assert comment.number == 7
    assert f"]({server}/{REPOSITORY}/commit/{after})" in comment.body
    assert "github.com" not in comment.body
