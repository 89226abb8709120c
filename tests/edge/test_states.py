"""What lies in the storage already, and runs that were killed, replaced or started again."""

import shutil

import pytest

from tests.e2e.conftest import Scene, entries
from tests.edge.conftest import push, queue
from tests.fakes.workplace import Merge, objects

NO_TOKEN = {"github-token": None}
ZIP = "artifacts/packages/lanternfish-1.3.0.zip"


def statuses(run: object) -> dict[str, object]:
    """What became of each package."""
    return {name: found["status"] for name, found in run.packages.items()}  # type: ignore[attr-defined]


def raised(scene: Scene, version: str = "1.3.0") -> Merge:
    """A merge that raises one version."""
    return scene.place.squash_merge(lambda: scene.place.bump("lanternfish", version))


def without(scene: Scene) -> dict[str, bytes]:
    """The bucket but for signatures, which differ by their time."""
    return {n: data for n, data in objects(scene.bucket).items() if not n.endswith(".sig")}


@pytest.mark.parametrize("event", ["pull_request", "merge_group"])
def test_e10_the_second_of_two_equal_bumps_is_told_that_the_version_is_taken(
    scene: Scene, event: str
) -> None:
    """Of two equal bumps the second one is told, before its merge, that the version is taken."""
    place = scene.place
    second = place.open_pull_request(lambda: place.bump("lanternfish", "1.3.0", note="Mine."))
    place.git("checkout", "-q", "main")
    assert scene.push(raised(scene), NO_TOKEN).status == 0
    before = objects(scene.bucket)

    if event == "pull_request":
        run = scene.preview(second, NO_TOKEN)
    else:
        payload = queue(second.before, second.after)
        run = scene.run("merge_group", payload, NO_TOKEN, sha=second.after)

    assert run.status == 1, run.log
    assert statuses(run) == {"lanternfish": "conflict"}
    assert "raise the version" in run.errors[0]
    assert objects(scene.bucket) == before


def test_e10_a_second_bump_on_top_of_the_first_is_no_bump(scene: Scene) -> None:
    """Once the branch has the first of two equal bumps, the second one is a change without a bump."""
    place = scene.place
    raised(scene)

    def work() -> None:
        place.write("packages/lanternfish/docs/README.md", "# Mine\n")

    run = scene.preview(place.open_pull_request(work), NO_TOKEN)

    assert run.status == 0, run.log
    assert "its version is still 1.3.0" in run.warnings[0]


def test_e29_one_package_that_fails_leaves_the_other_published(scene: Scene) -> None:
    """A package that fails does not hold the other back: one is published, and the job is red."""
    place = scene.place

    def work() -> None:
        place.bump("lanternfish", "1.3.0")
        place.bump("tidewire", "0.5.0")
        place.write("packages/tidewire/changelog.yml", "- version: 0.4.0\n")

    run = scene.push(place.squash_merge(work), NO_TOKEN)

    assert run.status == 1, run.log
    assert statuses(run) == {"lanternfish": "published", "tidewire": "failed"}
    assert "1 package published, 1 not" in run.summary


def test_e30_many_packages_are_one_generation_of_the_index(scene: Scene) -> None:
    """However many packages a merge raises, the index is written once."""
    place, count = scene.place, 24

    def work() -> None:
        for number in range(count):
            shutil.copytree(
                place.clone / "packages/tidewire", place.clone / f"packages/tidewire_{number}"
            )
            for name in ("manifest.yml", "docs/README.md"):
                path = f"packages/tidewire_{number}/{name}"
                text = (place.clone / path).read_text()
                place.write(path, text.replace("name: tidewire", f"name: tidewire_{number}", 1))

    run = scene.push(place.squash_merge(work), {**NO_TOKEN, "jobs": "4"})

    assert run.status == 0, run.log
    assert set(statuses(run).values()) == {"published"}
    assert len(run.packages) == len(entries(scene.index)) == count
    assert len([name for name in objects(scene.index) if name.endswith("-all.json")]) == 1


def test_e33_the_same_content_again_is_already_published(scene: Scene) -> None:
    """The same version with the same content is already published: green, and nothing is written."""
    merge = raised(scene)
    assert scene.push(merge, NO_TOKEN).status == 0
    before = objects(scene.bucket), objects(scene.index)

    run = scene.push(merge, NO_TOKEN)

    assert run.status == 0, run.log
    assert statuses(run) == {"lanternfish": "already-published"}
    assert (objects(scene.bucket), objects(scene.index)) == before


def test_e34_other_content_under_a_published_version_is_a_conflict(scene: Scene) -> None:
    """The same version with other content is a conflict: red, both digests shown, nothing replaced."""
    place = scene.place
    assert scene.push(raised(scene), NO_TOKEN).status == 0
    before = objects(scene.bucket), objects(scene.index)
    place.squash_merge(lambda: place.write("packages/lanternfish/docs/README.md", "# Other\n"))

    run = scene.republish("lanternfish", NO_TOKEN)

    assert run.status == 1, run.log
    assert statuses(run) == {"lanternfish": "conflict"}
    words = str(run.packages["lanternfish"]["reason"]).replace(",", " ").split()
    assert len({word for word in words if len(word) == 64}) == 2
    assert (objects(scene.bucket), objects(scene.index)) == before


@pytest.mark.parametrize("left", ["signature", "index", "before the zip"])
def test_e35_what_is_missing_is_completed_and_nothing_replaced(scene: Scene, left: str) -> None:
    """What a version lacks is completed out of its stored zip, and all ends as if it never lacked it."""
    merge = raised(scene)
    assert scene.push(merge, NO_TOKEN).status == 0
    before, index = without(scene), entries(scene.index)
    if left == "signature":
        (scene.bucket / f"{ZIP}.sig").unlink()
    else:
        shutil.rmtree(scene.index)
    if left == "before the zip":
        (scene.bucket / ZIP).unlink()

    run = scene.push(merge, NO_TOKEN)

    assert run.status == 0, run.log
    done = "published" if left == "before the zip" else "completed"
    assert statuses(run) == {"lanternfish": done}
    assert (without(scene), entries(scene.index)) == (before, index)
    assert f"{ZIP}.sig" in objects(scene.bucket)


def test_e44_an_old_run_fills_the_gap_of_its_own_commit(scene: Scene) -> None:
    """A run that starts again fills the gap of its own commit, and a newer version stays the newest."""
    old = raised(scene)
    new = raised(scene, "1.4.0")
    assert scene.push(new, NO_TOKEN).status == 0
    newest = entries(scene.index)["lanternfish", "1.4.0"]

    run = scene.push(old, NO_TOKEN)

    assert run.status == 0, run.log
    assert (run.packages["lanternfish"]["version"], statuses(run)) == (
        "1.3.0",
        {"lanternfish": "published"},
    )
    found = entries(scene.index)
    assert list(found) == [("lanternfish", "1.3.0"), ("lanternfish", "1.4.0")]
    assert found["lanternfish", "1.4.0"] == newest


def test_e46_what_a_replaced_run_left_out_is_found_and_published_by_name(scene: Scene) -> None:
    """What a run never came to is found by the audit, and published by its name."""
    place = scene.place
    raised(scene)  # its run was replaced while it waited
    merge = place.squash_merge(lambda: place.bump("tidewire", "0.5.0"))
    assert scene.push(merge, NO_TOKEN).status == 0
    present = scene.republish("harbour_board\nsaltmarsh", NO_TOKEN)
    assert present.status == 0

    audit = scene.run("schedule", push("", ""), NO_TOKEN)
    again = scene.republish("lanternfish", NO_TOKEN)
    after = scene.run("schedule", push("", ""), NO_TOKEN)

    assert audit.status == 1, audit.log
    assert all("lanternfish 1.3.0" in error for error in audit.errors)
    assert again.status == after.status == 0, again.log + after.log
