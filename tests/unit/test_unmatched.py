"""Globs that match no package: never a run that looks as if there were nothing to do."""

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from pkgaction import unmatched
from pkgaction.adapters.git import GitRepository
from pkgaction.errors import UsageError
from pkgaction.model.event import Preview
from pkgaction.model.globs import PackageGlobs
from pkgaction.model.release import Plan
from pkgaction.stages import audit, plan
from tests.fakes.workplace import Workplace

_MANIFEST = "format_version: 3.1.0\nname: {}\ntitle: T\nversion: 0.1.0\ntype: input\n"


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    return Workplace.make(tmp_path)


@pytest.fixture
def repository(place: Workplace, tmp_path: Path) -> Iterator[GitRepository]:
    (tmp_path / "scratch").mkdir()
    opened = GitRepository.open(place.clone, tmp_path / "scratch", os.environ)
    yield opened
    opened.close()


def warned(repository: GitRepository, *patterns: str, allow_empty: bool = False) -> list[str]:
    packages = PackageGlobs(patterns=patterns, allow_empty=allow_empty)
    return unmatched.warnings(repository, repository.commit("HEAD"), packages)


def planned(repository: GitRepository, *patterns: str, notices: list[str] | None = None) -> Plan:
    """What the last commit brings."""
    head = repository.commit("HEAD")
    intent = Preview(head=head, base=None, pull_request=None, branch="main", default_branch="main")
    packages = PackageGlobs(patterns=patterns)
    told = [] if notices is None else notices
    return plan.between(intent, repository, packages, today=date(2026, 1, 5), notices=told)


@pytest.mark.parametrize(
    ("pattern", "fix"),
    [
        ("integrations/*", "set packages to packages/*"),
        ("packages", "set packages to packages/*"),
        ("/packages/*", "globs begin at the repository's root, without a slash"),
        ("packages/lanternfish,packages/tidewire", "write one glob a line"),
        ("packages/lanternfish packages/tidewire", "write one glob a line"),
        ('"packages/*"', "write globs without quotes"),
        ("packages\\*", "write / between folders"),
        ("packages/*/manifest.yml", "name the package's folder, not its manifest.yml"),
        ("!packages/*", "set packages to packages/*"),
        (".", "set packages to packages/*"),
    ],
)
def test_globs_that_match_nothing_are_named_with_what_there_is_and_what_to_write(
    repository: GitRepository, pattern: str, fix: str
) -> None:
    with pytest.raises(UsageError) as caught:
        warned(repository, pattern)

    assert f"`{pattern}`" in caught.value.what
    assert "packages/lanternfish, packages/saltmarsh" in caught.value.what
    assert (caught.value.where, caught.value.fix, caught.value.exit_status) == ("input packages", fix, 2)
    assert warned(repository, pattern, allow_empty=True) == []


def test_many_folders_are_counted_not_listed(place: Workplace, repository: GitRepository) -> None:
    for number in range(30):
        place.write(f"more/p{number:02}/manifest.yml", _MANIFEST.format(f"p{number}"))
    place.commit("Many")

    with pytest.raises(
        UsageError, match=r"more/p00.* and 24 more \(set packages to more/\*, packages/\*\)"
    ) as caught:
        warned(repository, "nowhere/*")

    assert len(caught.value.what) < 400


def test_a_glob_that_matches_nothing_beside_others_is_a_warning(repository: GitRepository) -> None:
    told = warned(repository, "packages/*", "/integrations/*", "more/*", "!packages/tidewire")

    first, second = told
    assert first.startswith(
        "the glob `/integrations/*` of input packages matches no package: globs begin"
    )
    assert second == "the glob `more/*` of input packages matches no package"


def test_a_glob_whose_every_package_is_taken_away_again_matches_none(
    repository: GitRepository,
) -> None:
    with pytest.raises(UsageError, match="`packages/tide\\*`, `!packages/tidewire`"):
        warned(repository, "packages/tide*", "!packages/tidewire")


def test_packages_whose_manifest_cannot_be_read_are_packages(
    place: Workplace, repository: GitRepository
) -> None:
    place.git("rm", "-rq", "packages")
    place.write("packages/eel/manifest.yml", "name: [\n")
    place.commit("Broken")

    assert warned(repository, "packages/*") == []
    with pytest.raises(UsageError, match=r"no package can be read: packages/eel/manifest\.yml"):
        audit.of_commit(repository, repository.commit("HEAD"), PackageGlobs(patterns=("packages/*",)))


@pytest.mark.parametrize("broken", [False, True], ids=["a good manifest", "a broken manifest"])
def test_a_package_at_the_root_is_named_before_all_below_it(
    place: Workplace, repository: GitRepository, *, broken: bool
) -> None:
    place.write("manifest.yml", "name: [\n" if broken else _MANIFEST.format("eel"))
    place.write("changelog.yml", "- version: 0.1.0\n")
    place.commit("At the root")

    with pytest.raises(UsageError) as caught:
        warned(repository, "nowhere/*")

    assert caught.value.fix == "manifest.yml at the root is a package: set packages to `.`"
    assert "lanternfish" not in caught.value.what


def test_another_manifest_at_the_root_is_no_package(place: Workplace, repository: GitRepository) -> None:
    place.write("manifest.yml", "kind: Deployment\n")
    place.commit("Something else")

    with pytest.raises(UsageError) as caught:
        warned(repository, "nowhere/*")

    assert caught.value.fix == "set packages to packages/*"
    assert unmatched.root_is_left_out(repository, repository.commit("HEAD"), ["packages/*"]) is False


def test_a_raised_package_at_the_root_beside_others_is_warned_of(
    place: Workplace, repository: GitRepository
) -> None:
    place.write("manifest.yml", _MANIFEST.format("eel"))
    place.bump("tidewire", "0.5.0")
    place.commit("Both")

    made = planned(repository, "packages/*")
    silenced = planned(repository, "packages/*", "!.")

    (skip,) = made.skipped
    assert (skip.folder, skip.warn) == (".", True)
    assert skip.reason == "manifest.yml at the root is a package: set packages to `.`"
    assert silenced.skipped == ()


def test_a_plan_without_changes_in_packages_looks_for_some(
    place: Workplace, repository: GitRepository
) -> None:
    place.write("README.md", "# Words\n")
    place.commit("Words")

    assert planned(repository, "packages/*").candidates == ()
    with pytest.raises(UsageError, match="`integrations/\\*`"):
        planned(repository, "integrations/*")


def test_a_first_commit_is_looked_at_too(place: Workplace, repository: GitRepository) -> None:
    place.git("checkout", "-q", "--orphan", "alone")
    place.commit("First")

    assert planned(repository, "packages/*").candidates == ()
    with pytest.raises(UsageError, match="no package at"):
        planned(repository, "integrations/*")


def test_removing_the_last_package_is_not_finding_nothing(
    place: Workplace, repository: GitRepository
) -> None:
    place.git("rm", "-rq", "packages")
    place.commit("All gone")
    notices: list[str] = []

    made = planned(repository, "packages/*", notices=notices)

    assert len(made.skipped) == 4
    (notice,) = notices
    assert notice.startswith("the last packages that input packages names were removed: the next run")
    place.write("README.md", "# Words\n")
    place.commit("After that")
    with pytest.raises(UsageError, match="no package at") as caught:
        planned(repository, "packages/*")
    assert "allow-empty" in caught.value.fix


def test_moving_all_packages_out_of_the_globs_is_finding_nothing(
    place: Workplace, repository: GitRepository
) -> None:
    place.git("mv", "packages", "integrations")
    place.commit("Moved")

    with pytest.raises(UsageError) as caught:
        planned(repository, "packages/*")

    assert caught.value.fix == "set packages to integrations/*"


def test_a_named_package_outside_of_the_globs_is_told_where_it_is(
    place: Workplace, repository: GitRepository
) -> None:
    place.git("mv", "packages/tidewire", "tidewire")
    place.commit("Moved")
    head = repository.commit("HEAD")
    globs = PackageGlobs(patterns=("packages/*",))

    with pytest.raises(
        UsageError, match="'tidewire' is in tidewire, which input packages does not name"
    ):
        plan.named(repository, head, globs, ["tidewire"], "")
    with pytest.raises(UsageError, match="no package at"):
        plan.named(repository, head, PackageGlobs(patterns=("nowhere/*",)), ["tidewire"], "")


_STREAMS = "packages/*/data_stream/*"
_POD = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: pump\n"


@pytest.mark.parametrize("pattern", [_STREAMS, "packages/*/*/*", "**/data_stream/*", "deploy/*"])
def test_manifests_that_are_no_packages_own_count_for_no_glob(
    place: Workplace, repository: GitRepository, pattern: str
) -> None:
    place.write("deploy/pump/manifest.yml", _POD)
    place.write("packages/lanternfish/data_stream/events/manifest.yml", "title: Events\ntype: logs\n")
    place.commit("Others")
    commit, globs = repository.commit("HEAD"), PackageGlobs(patterns=(pattern,))

    for look in (planned, lambda *_: audit.of_commit(repository, commit, globs)):
        with pytest.raises(UsageError) as caught:
            look(repository, pattern)
        assert caught.value.fix == "set packages to packages/*"
        assert "data_stream" not in caught.value.what.split(";")[1]
    (told,) = warned(repository, "packages/*", pattern)
    assert told == f"the glob `{pattern}` of input packages matches no package"
    _, unread = audit.of_commit(repository, commit, PackageGlobs(patterns=("packages/*", pattern)))
    assert unread == [told]


@pytest.mark.parametrize("pattern", ["**", "*/*", "data_stream/*"])
def test_a_root_package_is_not_found_by_globs_for_what_is_in_it(
    place: Workplace, repository: GitRepository, pattern: str
) -> None:
    place.git("rm", "-rq", "packages")
    place.write("manifest.yml", _MANIFEST.format("eel"))
    place.write("data_stream/events/manifest.yml", "title: Events\ntype: logs\n")
    place.commit("At the root")

    with pytest.raises(UsageError) as caught:
        planned(repository, pattern)

    assert "packages lie in the repository's root" in caught.value.what
    assert caught.value.fix == "manifest.yml at the root is a package: set packages to `.`"


def test_advice_names_no_folder_with_another_manifest(
    place: Workplace, repository: GitRepository
) -> None:
    place.git("rm", "-rq", "packages")
    place.write("deploy/pump/manifest.yml", _POD)
    place.write("deploy/several/manifest.yml", f"{_POD}---\n{_POD}")
    place.commit("Others alone")

    with pytest.raises(UsageError) as caught:
        warned(repository, "deploy/*")

    assert "deploy/pump" not in str(caught.value)
    assert "set packages" not in caught.value.fix


@pytest.mark.parametrize(
    "text",
    ["title: Eel\ntype: logs\n", "", "name: [\n", "\tx\n", "format_version: 3.1.0\n", "type: input\n"],
)
def test_a_package_whose_manifest_breaks_is_still_one(
    place: Workplace, repository: GitRepository, text: str
) -> None:
    place.write("packages/tidewire/manifest.yml", text)
    place.commit("Broken")

    (broken,) = planned(repository, "packages/*").unreadable

    assert broken.folder == "packages/tidewire"


def test_a_package_below_a_folder_with_another_manifest_is_found(
    place: Workplace, repository: GitRepository
) -> None:
    place.write("deploy/manifest.yml", _POD)
    place.write("deploy/eel/manifest.yml", _MANIFEST.format("eel"))
    place.commit("Both")

    made = planned(repository, "**")

    assert [one.id.name for one in made.candidates] == ["eel"]
    (skip,) = made.skipped
    assert (skip.folder, skip.warn) == ("deploy", True)
    assert skip.reason.startswith("its manifest.yml is not that of a package: ")


def test_a_package_that_moves_out_of_the_globs_is_told_with_its_new_folder(
    place: Workplace, repository: GitRepository
) -> None:
    (place.clone / "integrations").mkdir()
    place.git("mv", "packages/tidewire", "integrations/tidewire")
    place.commit("Moved")

    (skip,) = planned(repository, "packages/*").skipped

    assert (skip.folder, skip.previous, skip.warn) == ("integrations/tidewire", "0.4.0", True)
    assert "was moved here from packages/tidewire, and no glob" in skip.reason


def test_a_new_package_outside_of_the_globs_is_warned_of_unless_it_is_taken_away(
    place: Workplace, repository: GitRepository
) -> None:
    place.write("integrations/eel/manifest.yml", _MANIFEST.format("eel"))
    place.write("integrations/eel/data_stream/e/manifest.yml", "title: E\ntype: logs\n")
    place.write("integrations/eel/_dev/kelp/manifest.yml", _MANIFEST.format("kelp"))
    place.write("packages/tidewire/_dev/crab/manifest.yml", _MANIFEST.format("crab"))
    place.write("deploy/pump/manifest.yml", _POD)
    place.commit("New")

    skipped = planned(repository, "packages/*").skipped
    silenced = planned(repository, "packages/*", "!integrations/*").skipped

    outside = [skip for skip in skipped if skip.name != "tidewire"]
    assert [(skip.folder, skip.warn, skip.version) for skip in outside] == [
        ("integrations/eel", True, "0.1.0")
    ]
    assert "no glob of input packages names this folder" in outside[0].reason
    assert [skip.name for skip in silenced] == ["tidewire"]


def test_a_named_package_is_found_among_very_many(place: Workplace, repository: GitRepository) -> None:
    for number in range(420):
        place.write(f"integrations/a{number:03}/manifest.yml", _MANIFEST.format(f"a{number:03}"))
    place.write("integrations/zeta/manifest.yml", _MANIFEST.format("zeta"))
    place.commit("Many")
    globs = PackageGlobs(patterns=("packages/*",))

    with pytest.raises(UsageError, match="'zeta' is in integrations/zeta, which input packages"):
        plan.named(repository, repository.commit("HEAD"), globs, ["zeta"], "")
