"""What a version has to do with the one before, and a package with its folder and its name."""

import pytest

from pkgaction.model.release import Change
from tests.e2e.conftest import Scene
from tests.edge.conftest import Planner, failures, push, reasons, versions
from tests.fakes.workplace import Workplace, objects

NO_TOKEN = {"github-token": None}
_OTHER = "format_version: 3.1.0\nname: {name}\ntitle: Other\nversion: {version}\ntype: input\n"


@pytest.fixture
def back(scene: Scene) -> Scene:
    """1.2.0 and 1.3.0 of a package are published, one after the other."""
    place = scene.place
    assert scene.republish("lanternfish", NO_TOKEN).status == 0
    merge = place.squash_merge(lambda: place.bump("lanternfish", "1.3.0"))
    assert scene.push(merge, NO_TOKEN).status == 0
    return scene


def take_back(place: Workplace) -> None:
    place.git("checkout", "-q", "HEAD~1", "--", "packages/lanternfish")


def change_it(place: Workplace) -> None:
    take_back(place)
    place.write("packages/lanternfish/docs/README.md", "# Another text\n")


@pytest.mark.parametrize("event", ["push", "pull_request"])
def test_e21_a_lower_version_that_is_published_as_it_is_is_already_published(
    back: Scene, event: str
) -> None:
    """A version that went down and is in the storage with the same content is already published."""
    before = objects(back.bucket), objects(back.index)
    place = back.place

    if event == "push":
        run = back.push(place.squash_merge(lambda: take_back(place)), NO_TOKEN)
    else:
        run = back.preview(place.open_pull_request(lambda: take_back(place)), NO_TOKEN)

    assert run.status == 0, run.log
    assert run.packages["lanternfish"]["status"] == "already-published"
    assert run.packages["lanternfish"]["version"] == "1.2.0"
    assert run.warnings == []
    assert (objects(back.bucket), objects(back.index)) == before


def test_e21_a_lower_version_with_other_content_is_refused(back: Scene) -> None:
    """A version that went down and is published with other content is refused, with both digests."""
    before = objects(back.bucket), objects(back.index)
    place = back.place

    run = back.push(place.squash_merge(lambda: change_it(place)), NO_TOKEN)

    assert run.status == 0, run.log
    assert run.outputs["packages"] == "[]"
    (warning,) = run.warnings
    assert "downgrade refused: the version went down from 1.3.0 to 1.2.0" in warning
    assert "is there with other content" in warning
    assert (objects(back.bucket), objects(back.index)) == before


def test_e21_a_lower_version_that_was_never_published_is_refused(scene: Scene) -> None:
    """A version that went down and is in no storage is refused on the default branch."""
    place = scene.place

    run = scene.push(place.squash_merge(lambda: place.bump("lanternfish", "1.1.9")), NO_TOKEN)

    assert run.status == 0, run.log
    (warning,) = run.warnings
    assert "downgrade refused: the version went down from 1.2.0 to 1.1.9" in warning
    assert not scene.bucket.exists()


def test_e22_a_new_lower_version_of_a_maintenance_branch_is_published(back: Scene) -> None:
    """A lower version is published from a maintenance branch, as long as it is new."""
    place = back.place
    place.git("checkout", "-q", "-b", "stable", "main")
    place.git("push", "-q", "origin", "stable")
    merge = place.squash_merge(lambda: place.bump("lanternfish", "1.2.1"), onto="stable")

    run = back.push(merge, {**NO_TOKEN, "branches": "main\nstable"})

    assert run.status == 0, run.log
    assert run.packages["lanternfish"]["status"] == "published"
    assert run.packages["lanternfish"]["previous"] == "1.3.0"


def test_e22_a_lower_version_of_a_maintenance_branch_that_is_taken_is_a_conflict(back: Scene) -> None:
    """A lower version from a maintenance branch that is published with other content is a conflict."""
    place = back.place
    place.git("checkout", "-q", "-b", "stable", "main")
    place.git("push", "-q", "origin", "stable")
    merge = place.squash_merge(lambda: change_it(place), onto="stable")

    run = back.push(merge, {**NO_TOKEN, "branches": "main\nstable"})

    assert run.status == 1, run.log
    assert run.packages["lanternfish"]["status"] == "conflict"


def test_e23_versions_are_ordered_as_semver_orders_them(place: Workplace, planner: Planner) -> None:
    """Versions are ordered by SemVer; another build metadata alone is refused as the same version."""
    now = {
        "0.4.1-beta.1": Change.UPGRADE,
        "0.10.0": Change.UPGRADE,
        "0.4.0-rc.1": Change.DOWNGRADE,
        "0.3.99": Change.DOWNGRADE,
        "0.4.0+again": None,
    }
    names = {f"eel_{number}": version for number, version in enumerate(now)}
    for name in names:
        place.write(f"packages/{name}/manifest.yml", _OTHER.format(name=name, version="0.4.0"))
    before = place.commit("Five packages of one version")
    for name, version in names.items():
        place.write(f"packages/{name}/manifest.yml", _OTHER.format(name=name, version=version))

    made = planner("push", push(before, place.commit("Other versions")))

    found = {c.id.version.text: c.change for c in made.candidates}
    assert found | {skip.version: skip.change for skip in made.skipped} == now
    assert set(versions(made).values()) == {v for v, change in now.items() if change is Change.UPGRADE}
    for skip in made.skipped:
        assert ("downgrade refused" if skip.change else "the same precedence") in skip.reason


def test_e24_a_removed_package_stays_published_and_is_in_the_summary(scene: Scene) -> None:
    """A package that is removed from the repository stays published, and the summary says so."""
    place = scene.place
    assert scene.republish("saltmarsh", NO_TOKEN).status == 0
    before = objects(scene.bucket), objects(scene.index)

    run = scene.push(
        place.squash_merge(lambda: _ignore(place.git("rm", "-rq", "packages/saltmarsh"))), NO_TOKEN
    )

    assert run.status == 0, run.log
    assert "the package was removed: what is published stays published" in run.summary
    assert (objects(scene.bucket), objects(scene.index)) == before


def _ignore(_: object) -> None:
    return None


@pytest.mark.parametrize("to", ["packages/wire", "packages/Tidewire", "packages/deep/tidewire"])
def test_e25_a_package_that_moves_is_the_same_package(
    place: Workplace, planner: Planner, to: str
) -> None:
    """A folder that is moved, or renamed in case alone, holds the same package: no bump, nothing."""
    before = place.git("rev-parse", "HEAD")
    (place.clone / to).parent.mkdir(exist_ok=True)
    place.git("mv", "packages/tidewire", to)
    moved = place.commit("Move")
    (place.clone / "packages/tidewire").symlink_to(place.clone / to)
    place.bump("tidewire", "0.5.0")
    (place.clone / "packages/tidewire").unlink()
    globs = ("packages/*", "packages/deep/*")

    alone = planner("push", push(before, moved), packages=globs)
    raised = planner("push", push(before, place.commit("Raise")), packages=globs)

    assert alone.candidates == ()
    assert "its version is still 0.4.0" in reasons(alone)["tidewire"]
    (candidate,) = raised.candidates
    assert (candidate.change, candidate.source.folder) == (Change.UPGRADE, to)
    assert str(candidate.previous) == "0.4.0"


def test_e26_another_name_is_a_new_package_and_said_loudly(scene: Scene) -> None:
    """A package that gets another name is a new one; the preview warns that the old one ends."""
    place = scene.place

    def work() -> None:
        manifest = place.clone / "packages/tidewire/manifest.yml"
        manifest.write_text(manifest.read_text().replace("name: tidewire", "name: wire", 1))

    run = scene.preview(place.open_pull_request(work), NO_TOKEN)

    assert run.status == 0, run.log
    assert run.packages["wire"]["status"] == "would-publish"
    assert run.packages["wire"]["previous"] is None
    (warning,) = [line for line in run.warnings if "is called wire now" in line]
    assert "what is published as tidewire stays published" in warning


def test_e27_one_name_in_two_folders_fails_both_and_no_other(place: Workplace, planner: Planner) -> None:
    """Two folders with one package name both fail; the other packages go on."""
    before = place.git("rev-parse", "HEAD")
    place.write("packages/copy/manifest.yml", _OTHER.format(name="tidewire", version="9.0.0"))
    place.bump("tidewire", "0.5.0")
    place.bump("saltmarsh", "9.9.9")

    made = planner("push", push(before, place.commit("Work")))

    assert versions(made) == {"saltmarsh": "9.9.9"}
    assert set(failures(made)) == {"packages/copy", "packages/tidewire"}
    for message in failures(made).values():
        assert "packages/copy and packages/tidewire" in message


@pytest.mark.parametrize("event", ["push", "pull_request"])
def test_e31_a_change_without_a_bump_is_warned_of_and_publishes_nothing(
    scene: Scene, event: str
) -> None:
    """Changed files under the same version are warned of, package by package; nothing is published."""
    place = scene.place

    def work() -> None:
        for name in ("tidewire", "lanternfish"):
            place.write(f"packages/{name}/docs/README.md", "# Changed\n")

    if event == "push":
        run = scene.push(place.squash_merge(work), NO_TOKEN)
    else:
        run = scene.preview(place.open_pull_request(work), NO_TOKEN)

    assert run.status == 0, run.log
    assert [line.split("::")[1] for line in run.warnings] == [
        f"warning file=packages/{name}/manifest.yml,line=4" for name in ("lanternfish", "tidewire")
    ]
    assert run.outputs["packages"] == "[]"
    assert not scene.bucket.exists()


def test_e32_a_removed_file_is_a_change_without_a_bump(place: Workplace, planner: Planner) -> None:
    """Also a file that is gone, or whose kind has changed, is a change without a bump."""
    before = place.git("rev-parse", "HEAD")
    place.git("rm", "-q", "packages/saltmarsh/docs/README.md")
    readme = place.clone / "packages/tidewire/docs/README.md"
    readme.unlink()
    readme.symlink_to("../changelog.yml")

    made = planner("push", push(before, place.commit("Work")))

    assert made.candidates == ()
    assert {name for name, said in reasons(made).items() if "its version is still" in said} == {
        "saltmarsh",
        "tidewire",
    }
