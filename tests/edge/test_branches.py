"""Which branches publish, and which of their packages: allow lists, maintenance, republishing."""

from collections.abc import Mapping

import pytest

from pkgaction.errors import UsageError
from pkgaction.model.event import Idle
from tests.e2e.conftest import Scene
from tests.edge.conftest import TODAY, Planner, closed, having, push, queue, reasons, versions
from tests.edge.test_states import statuses
from tests.fakes.workplace import Merge, Payload, Workplace

NO_TOKEN: Mapping[str, str | None] = {"github-token": None}
BRANCHES = "main\nbackport-*"
BRANCH = "backport-lanternfish-1.2"
NO_SECRETS = {
    "gpg-private-key": None,
    "gpg-passphrase": None,
    "gpg-fingerprint": None,
    "github-token": None,
}


def test_e47_a_branch_that_is_not_in_the_list_publishes_nothing(scene: Scene) -> None:
    """A push to a branch outside the list ends well: it does not publish, and that is said."""
    place = scene.place
    place.git("checkout", "-q", "-b", "feature/depths", "main")
    merge = place.squash_merge(lambda: place.bump("lanternfish", "1.3.0"), onto="feature/depths")

    run = scene.push(merge, {**NO_TOKEN, "branches": BRANCHES})

    assert run.status == 0, run.log
    assert "the branch feature/depths does not publish; those that do: main, backport-*" in run.log
    assert "the branch feature/depths does not publish" in run.summary
    assert not scene.bucket.exists()


@pytest.mark.parametrize("action", ["closed", "synchronize"])
def test_e48_a_pull_request_into_such_a_branch_publishes_nothing(
    place: Workplace, planner: Planner, action: str
) -> None:
    """A pull request into a branch outside the list publishes nothing, neither merged nor open."""
    payload = closed(place, "main", "a" * 40, commits=1, base="feature")

    found = planner.intent("pull_request", {**payload, "action": action})

    assert isinstance(found, Idle)
    assert "the branch feature does not publish; those that do: main" in found.reason


def test_e48_a_queue_of_such_a_branch_publishes_nothing(planner: Planner) -> None:
    """The merge queue of a branch outside the list has nothing to look at."""
    payload = queue("a" * 40, "b" * 40, "feature")

    assert isinstance(planner.intent("merge_group", payload), Idle)


def maintained(place: Workplace, branch: str = BRANCH) -> None:
    """A branch of main, which goes on."""
    place.git("checkout", "-q", "-b", branch, "main")
    place.git("push", "-q", "origin", branch)
    place.git("checkout", "-q", "main")
    place.bump("lanternfish", "2.0.0")
    place.commit("On main")
    place.git("push", "-q", "origin", "main")


def inventory(place: Workplace, **other: str) -> None:
    """An inventory on main."""
    entry = {
        "package": "lanternfish",
        "branch": BRANCH,
        "base_version": '"1.2.0"',
        "base_commit": '"1234567"',
        "maintained_until": "null",
        "archived": "false",
        **other,
    }
    lines = [f"    {name}: {text}" for name, text in entry.items()]
    text = "\n".join(["backports:", "  - package: eel", "    branch: other", "  -", *lines, ""])
    place.git("checkout", "-q", "main")
    place.write(".backports.yml", text)
    place.commit("Inventory")
    place.git("push", "-q", "origin", "main")


def fix(place: Workplace, branch: str = BRANCH, version: str = "1.2.1") -> Merge:
    """A fix of two packages on a maintenance branch."""

    def work() -> None:
        place.bump("lanternfish", version)
        place.bump("tidewire", "0.4.1")

    return place.squash_merge(work, onto=branch)


def pushed(merge: Merge) -> Payload:
    """The push of it, as the planner takes it."""
    return push(merge.before, merge.after, merge.branch)


def test_e49_a_branch_named_for_a_package_publishes_that_one_alone(scene: Scene) -> None:
    """A branch called backport-NAME-VERSION publishes that package alone, also a lower version."""
    maintained(scene.place)

    run = scene.push(fix(scene.place), {**NO_TOKEN, "branches": BRANCHES})

    assert run.status == 0, run.log
    assert statuses(run) == {"lanternfish": "published"}
    assert run.packages["lanternfish"]["version"] == "1.2.1"
    (warning,) = run.warnings
    assert f"tidewire: the branch {BRANCH} publishes lanternfish alone" in warning


def test_e49_a_branch_that_is_for_no_one_package_publishes_all(
    place: Workplace, planner: Planner
) -> None:
    """A maintenance branch whose name is for no one package publishes all that are raised on it."""
    maintained(place, "stable")

    made = planner("push", pushed(fix(place, "stable")), branches=("main", "stable"))

    assert set(versions(made)) == {"lanternfish", "tidewire"}


def test_e49_the_inventory_counts_more_than_the_name(place: Workplace, planner: Planner) -> None:
    """The inventory of the default branch says which package a branch is for, whatever its name says."""
    maintained(place)
    inventory(place, package="tidewire", base_version='"0.4.0"')

    made = planner("push", pushed(fix(place)), branches=("main", "backport-*"))

    assert versions(made) == {"tidewire": "0.4.1"}
    assert f"the branch {BRANCH} publishes tidewire alone" in reasons(made)["lanternfish"]


@pytest.mark.parametrize(
    "other",
    [{}, {"maintained_until": f'"{TODAY.isoformat()}"'}, {"maintained_until": TODAY.isoformat()}],
    ids=["without end", "until today", "until today, unquoted"],
)
def test_e49_a_branch_that_is_maintained_publishes(
    place: Workplace, planner: Planner, other: dict[str, str]
) -> None:
    """A branch publishes as long as it is maintained, the last day included."""
    maintained(place)
    inventory(place, **other)

    made = planner("push", pushed(fix(place)), branches=("main", "backport-*"))

    assert versions(made) == {"lanternfish": "1.2.1"}


@pytest.mark.parametrize(
    ("other", "what"),
    [
        pytest.param({"archived": "true"}, "it is archived", id="archived"),
        pytest.param(
            {"maintained_until": '"2026-01-04"'}, "it was maintained until 2026-01-04", id="ended"
        ),
        pytest.param({"archived": "["}, "is not closed", id="no YAML"),
    ],
)
def test_e49_a_branch_that_ended_or_a_broken_inventory_refuses(
    place: Workplace, planner: Planner, other: dict[str, str], what: str
) -> None:
    """An archived branch, one past its day, and an inventory that can't be read publish nothing."""
    maintained(place)
    inventory(place, **other)

    with pytest.raises(UsageError, match=what) as caught:
        planner("push", pushed(fix(place)), branches=("main", "backport-*"))

    assert caught.value.where.startswith(".backports.yml:")
    assert caught.value.fix


def test_e49_a_version_below_the_one_a_branch_started_from_is_refused(
    place: Workplace, planner: Planner
) -> None:
    """A version below the one that a branch started from is refused."""
    maintained(place)
    inventory(place)

    made = planner("push", pushed(fix(place, version="1.1.9")), branches=("main", "backport-*"))

    assert made.candidates == ()
    assert "downgrade refused: 1.1.9 is below 1.2.0" in reasons(made)["lanternfish"]


def test_e49_an_open_pull_request_into_an_archived_branch_is_told_before_its_merge(
    scene: Scene,
) -> None:
    """A pull request into an archived branch is told so in its preview."""
    place = scene.place
    maintained(place)
    merge = fix(place)
    inventory(place, archived="true")
    payload = place.pull_request_event(merge, merged=False)

    run = scene.run("pull_request", payload, {**NO_TOKEN, "branches": BRANCHES}, sha=merge.after)

    assert run.status == 2, run.log
    (error,) = run.errors
    assert f"the branch {BRANCH} publishes no more: it is archived" in error


def from_a_fork(place: Workplace, merge: Merge) -> Payload:
    """A pull request of a fork that is gone."""
    return place.pull_request_event(merge, merged=True)


def test_e50_a_merged_pull_request_of_a_fork_without_a_key_is_told_to_use_push(scene: Scene) -> None:
    """A merged pull request of a fork has no key: it ends well, with the hint to publish on push."""
    merge = scene.place.squash_merge(lambda: scene.place.bump("lanternfish", "1.3.0"))

    run = scene.run("pull_request", from_a_fork(scene.place, merge), NO_SECRETS, sha=merge.after)

    assert run.status == 0, run.log
    assert "this run has no signing key: publish on push" in run.summary


@pytest.mark.parametrize("whose", ["a fork's", "our own"])
def test_e50_a_merged_pull_request_of_a_fork_without_a_login_is_told_to_use_push(
    scene: Scene, whose: str
) -> None:
    """With a key and no login it is the same; where it is no fork's, the missing login is an error."""
    place = scene.place
    merge = place.squash_merge(lambda: place.bump("lanternfish", "1.3.0"))
    payload = from_a_fork(place, merge)
    if whose == "our own":
        own: Payload = {"repo": {"id": 4242}, "sha": merge.after, "ref": "work"}
        payload = having(payload, head=own)
    provider = "projects/1/locations/global/workloadIdentityPools/p/providers/q"
    cloud = {**NO_TOKEN, "bucket": "gs://shelf", "workload-identity-provider": provider}

    run = scene.run("pull_request", payload, {**cloud, "index-bucket": None}, sha=merge.after)

    if whose == "a fork's":
        assert run.status == 0, run.log
        assert "this run has no login for the bucket: publish on push" in run.summary
    else:
        assert run.status == 2, run.log
        assert "id-token: write" in " ".join(run.errors)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        pytest.param({}, "an empty list never means all", id="empty"),
        pytest.param({"package": "eel"}, "'eel' is not in the repository", id="unknown package"),
        pytest.param(
            {"package": "tidewire\nlanternfish", "version": "0.4.0"},
            "lanternfish has the version 1.2.0",
            id="unknown version",
        ),
        pytest.param(
            {"package": "tidewire", "ref": "feature"}, "lies on no branch that publishes", id="ref"
        ),
        pytest.param(
            {"package": "lanternfish\ntidewire", "ref": BRANCH, "branches": BRANCHES},
            f"tidewire 0.4.1: the branch {BRANCH} publishes lanternfish alone",
            id="another package than the branch's",
        ),
    ],
)
def test_e53_a_dispatch_of_what_is_not_there_or_not_allowed_is_refused(
    scene: Scene, changes: Mapping[str, str], what: str
) -> None:
    """An unknown package, version or ref, or an empty list, is refused before anything is uploaded."""
    place = scene.place
    place.git("push", "-q", "origin", "HEAD:refs/heads/feature")
    place.git("checkout", "-q", "-b", "feature", "main")
    place.write("extra.md", "x\n")
    place.commit("Feature")
    place.git("push", "-q", "origin", "feature")
    place.git("checkout", "-q", "-b", BRANCH, "main")
    place.git("push", "-q", "origin", BRANCH)
    fix(place)
    place.git("checkout", "-q", "main")

    run = scene.run("workflow_dispatch", place.dispatch_event(), {**NO_TOKEN, **changes})

    assert run.status == 2, run.log
    (error,) = run.errors
    assert what in error
    assert not scene.bucket.exists()


@pytest.mark.parametrize("ref", ["branch", "commit"])
def test_e53_a_branch_is_published_from_the_default_branchs_workflow(scene: Scene, ref: str) -> None:
    """A dispatch on the default branch publishes another branch by its name, or a commit of it."""
    place = scene.place
    maintained(place)
    merge = fix(place)
    place.git("checkout", "-q", "main")
    given = {"branches": BRANCHES, "ref": BRANCH if ref == "branch" else merge.after}

    run = scene.republish("lanternfish", {**NO_TOKEN, **given})

    assert run.status == 0, run.log
    assert run.packages["lanternfish"]["version"] == "1.2.1"
    assert statuses(run) == {"lanternfish": "published"}


def test_e53_an_archived_branch_is_not_published_by_name_either(scene: Scene) -> None:
    """A dispatch of an archived branch is refused as its push is."""
    place = scene.place
    maintained(place)
    fix(place)
    inventory(place, archived="true")

    run = scene.republish("lanternfish", {**NO_TOKEN, "branches": BRANCHES, "ref": BRANCH})

    assert run.status == 2, run.log
    assert "it is archived" in run.errors[0]
    assert not scene.bucket.exists()


@pytest.mark.parametrize("event", ["repository_dispatch", "push", "schedule", "workflow_dispatch"])
def test_e54_named_packages_mean_the_same_however_the_workflow_was_started(
    scene: Scene, event: str
) -> None:
    """Named packages mean the same by another dispatch, or in a workflow that another one calls."""
    payload = push("a" * 40, scene.place.git("rev-parse", "HEAD"))
    changes = {**NO_TOKEN, "package": "tidewire", "version": "0.4.0", "dry-run": "true"}

    run = scene.run(event, payload, changes)

    assert run.status == 0, run.log
    assert statuses(run) == {"tidewire": "would-publish"}
