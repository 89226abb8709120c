"""What two commits of a real repository say is new, and why anything else is left out."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from pkgaction.adapters.git import GitRepository
from pkgaction.errors import UsageError
from pkgaction.model.globs import PackageGlobs
from pkgaction.model.release import Change, Plan
from pkgaction.report import outputs
from pkgaction.stages import plan
from tests.fakes.workplace import Workplace

_OTHER = """\
format_version: 3.1.0
name: {name}
title: Other
version: {version}
type: input
"""


class Compare(Protocol):
    def __call__(self, packages: tuple[str, ...] = ..., *, maintenance: bool = ...) -> Plan: ...


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    return Workplace.make(tmp_path)


@pytest.fixture
def compare(place: Workplace, tmp_path: Path) -> Iterator[Compare]:
    """Commit what was done to the clone, and compare with the commit before."""
    opened: list[GitRepository] = []

    def compared(packages: tuple[str, ...] = ("packages/*",), *, maintenance: bool = False) -> Plan:
        scratch = tmp_path / f"scratch-{len(opened)}"
        scratch.mkdir()
        base, head = place.git("rev-parse", "origin/main"), place.commit("Work")
        repository = GitRepository.open(place.clone, scratch, os.environ)
        opened.append(repository)
        return plan.compare(repository, base, head, packages, maintenance=maintenance)

    yield compared
    for repository in opened:
        repository.close()


def _rows(made: Plan) -> list[tuple[str, str, str, Change | None]]:
    return [
        (c.id.name, c.previous.text if c.previous else "", c.id.version.text, c.change)
        for c in made.candidates
    ]


def _reasons(made: Plan) -> dict[str, str]:
    return {skip.name: skip.reason for skip in made.skipped}


def _manifest(place: Workplace, name: str) -> Path:
    return place.clone / "packages" / name / "manifest.yml"


def test_a_raised_version_is_a_candidate(place: Workplace, compare: Compare) -> None:
    place.bump("tidewire", "0.5.0")

    made = compare()

    assert _rows(made) == [("tidewire", "0.4.0", "0.5.0", Change.UPGRADE)]
    assert (made.skipped, made.unreadable) == ((), ())
    (candidate,) = made.candidates
    assert candidate.source.folder == "packages/tidewire"
    assert candidate.version_line == 4
    assert candidate.source.tree.get("manifest.yml")
    assert "1 new package versions" in made.compared


def test_a_new_folder_is_a_new_package(place: Workplace, compare: Compare) -> None:
    place.write("packages/eel/manifest.yml", _OTHER.format(name="eel", version="0.1.0"))

    assert _rows(compare()) == [("eel", "", "0.1.0", Change.NEW)]


def test_a_change_without_a_bump_is_left_out_loudly(place: Workplace, compare: Compare) -> None:
    place.write("packages/tidewire/docs/README.md", "# Other\n")

    made = compare()

    assert made.candidates == ()
    (skip,) = made.skipped
    assert (skip.name, skip.warn, skip.change) == ("tidewire", True, None)
    assert "still 0.4.0" in skip.reason


def test_nothing_in_a_package_is_nothing_to_do(place: Workplace, compare: Compare) -> None:
    place.write("README.md", "# Packages\n")

    made = compare()

    assert (made.candidates, made.skipped, made.unreadable) == ((), (), ())
    assert "none of them in a package" in made.compared


def test_a_lower_version_is_left_out(place: Workplace, compare: Compare) -> None:
    place.bump("tidewire", "0.3.9")

    made = compare()

    assert made.candidates == ()
    (skip,) = made.skipped
    assert (skip.change, skip.previous, skip.version) == (Change.DOWNGRADE, "0.4.0", "0.3.9")


def test_a_lower_version_is_fine_on_a_maintenance_branch(place: Workplace, compare: Compare) -> None:
    place.bump("tidewire", "0.3.9")

    assert _rows(compare(maintenance=True)) == [("tidewire", "0.4.0", "0.3.9", Change.DOWNGRADE)]


def test_build_metadata_makes_no_newer_version(place: Workplace, compare: Compare) -> None:
    place.bump("tidewire", "0.4.0+again")

    made = compare()

    assert made.candidates == ()
    assert "build metadata does not count" in _reasons(made)["tidewire"]


def test_a_version_raised_and_put_back_is_nothing_new(place: Workplace, compare: Compare) -> None:
    place.bump("tidewire", "0.5.0")
    place.commit("Raise")
    place.git("revert", "--no-edit", "HEAD")

    made = compare()

    assert (made.candidates, made.skipped) == ((), ())


def test_a_removed_package_is_left_out_quietly(place: Workplace, compare: Compare) -> None:
    place.git("rm", "-rq", "packages/tidewire")

    made = compare()

    assert made.candidates == ()
    (skip,) = made.skipped
    assert (skip.name, skip.change, skip.warn) == ("tidewire", Change.REMOVED, False)


def test_a_moved_folder_is_the_same_package(place: Workplace, compare: Compare) -> None:
    place.git("mv", "packages/tidewire", "packages/wire")

    made = compare()

    assert made.candidates == ()
    assert list(_reasons(made)) == ["tidewire"]


def test_a_moved_folder_with_a_bump_is_an_upgrade(place: Workplace, compare: Compare) -> None:
    place.git("mv", "packages/tidewire", "packages/wire")
    place.bump("wire", "0.5.0")

    assert _rows(compare()) == [("tidewire", "0.4.0", "0.5.0", Change.UPGRADE)]


def test_another_name_is_another_package(place: Workplace, compare: Compare) -> None:
    manifest = _manifest(place, "tidewire")
    manifest.write_text(manifest.read_text().replace("name: tidewire", "name: wire", 1))

    made = compare()

    assert _rows(made) == [("wire", "", "0.4.0", Change.NEW)]
    assert [(s.name, s.change) for s in made.skipped] == [("tidewire", Change.REMOVED)]


def test_one_name_in_two_folders_fails_and_the_others_go_on(place: Workplace, compare: Compare) -> None:
    place.write("packages/copy/manifest.yml", _OTHER.format(name="tidewire", version="9.0.0"))
    place.bump("tidewire", "0.5.0")
    place.bump("saltmarsh", "9.9.9")

    made = compare()

    assert [row[0] for row in _rows(made)] == ["saltmarsh"]
    assert [(u.folder, u.finding.code) for u in made.unreadable] == [
        ("packages/copy", "name-twice"),
        ("packages/tidewire", "name-twice"),
    ]


def test_a_name_taken_by_a_folder_that_did_not_change_fails(place: Workplace, compare: Compare) -> None:
    place.write("packages/copy/manifest.yml", _OTHER.format(name="tidewire", version="9.0.0"))

    made = compare()

    assert made.candidates == ()
    assert "packages/copy and packages/tidewire" in made.unreadable[0].finding.message


def test_a_manifest_that_can_not_be_read_fails_with_its_line(place: Workplace, compare: Compare) -> None:
    _manifest(place, "tidewire").write_text("name: tidewire\nname: twice\n")

    made = compare()

    assert (made.candidates, made.skipped) == ((), ())
    (broken,) = made.unreadable
    assert (broken.folder, broken.name) == ("packages/tidewire", "tidewire")
    assert broken.finding.place == "manifest.yml:2:1"


def test_a_folder_without_a_manifest_is_no_package(place: Workplace, compare: Compare) -> None:
    place.write("packages/notes/README.md", "Not a package.\n")

    made = compare()

    assert made.unreadable == ()
    assert _reasons(made) == {"notes": "it has no manifest.yml, so it is no package"}


@pytest.mark.parametrize("packages", ["packages/*", "packages/**"])
def test_manifests_inside_a_package_are_no_packages(
    place: Workplace, compare: Compare, packages: str
) -> None:
    text = _OTHER.format(name="fixture", version="1.0.0")
    place.write("packages/tidewire/_dev/test/packages/fixture/manifest.yml", text)
    place.write("packages/lanternfish/data_stream/glow/manifest.yml", "title: Other\ntype: logs\n")
    place.bump("lanternfish", "9.9.9")
    place.bump("tidewire", "0.5.0")

    made = compare((packages,))

    assert [row[0] for row in _rows(made)] == ["lanternfish", "tidewire"]
    assert (made.skipped, made.unreadable) == ((), ())


def test_packages_may_lie_deeper(place: Workplace, compare: Compare) -> None:
    place.write("packages/sea/eel/manifest.yml", _OTHER.format(name="eel", version="0.1.0"))
    place.write("packages/sea/eel/docs/README.md", "# Eel\n")

    made = compare(("packages/**",))

    assert _rows(made) == [("eel", "", "0.1.0", Change.NEW)]
    assert made.unreadable == ()


def test_a_package_folder_that_is_a_symbolic_link_is_none(place: Workplace, compare: Compare) -> None:
    (place.clone / "packages" / "link").symlink_to("tidewire")

    made = compare()

    assert (made.candidates, made.unreadable) == ((), ())


def test_a_manifest_that_is_a_symbolic_link_is_not_followed(place: Workplace, compare: Compare) -> None:
    folder = place.clone / "packages" / "eel"
    folder.mkdir()
    (folder / "manifest.yml").symlink_to("../tidewire/manifest.yml")

    assert compare().candidates == ()


@pytest.mark.parametrize(
    "name",
    [b"new\nline", b'quo"te', b"back\\slash", "größe".encode(), b"\xff\xfe", b"tab\t", b":(top)x", b"*"],
    ids=repr,
)
def test_a_file_of_any_name_belongs_to_its_package(
    place: Workplace, compare: Compare, name: bytes
) -> None:
    place.bump("tidewire", "0.5.0")
    path = os.fsencode(place.clone / "packages" / "tidewire" / "docs") + b"/" + name
    Path(os.fsdecode(path)).write_text("x")

    (candidate,) = compare().candidates

    assert candidate.source.tree.get(os.fsdecode(b"docs/" + name))


@pytest.mark.parametrize("name", [b"new\nline", b'quo"te', b"\xff\xfe", b":(top)x", b"*"], ids=repr)
def test_a_folder_of_any_name_may_be_a_package(place: Workplace, compare: Compare, name: bytes) -> None:
    folder = Path(os.fsdecode(os.fsencode(place.clone / "packages") + b"/" + name))
    folder.mkdir()
    (folder / "manifest.yml").write_text(_OTHER.format(name="eel", version="0.1.0"))

    assert [row[0] for row in _rows(compare())] == ["eel"]


def test_globs_take_folders_away(place: Workplace, compare: Compare) -> None:
    place.bump("tidewire", "0.5.0")
    place.bump("saltmarsh", "9.9.9")

    made = compare(("packages/*", "!packages/tidewire"))

    assert [row[0] for row in _rows(made)] == ["saltmarsh"]


@pytest.fixture
def repository(place: Workplace, tmp_path: Path) -> Iterator[GitRepository]:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    opened = GitRepository.open(place.clone, scratch, os.environ)
    yield opened
    opened.close()


def _named(place: Workplace, repository: GitRepository, *names: str, version: str = "") -> Plan:
    head = place.git("rev-parse", "HEAD")
    return plan.named(repository, head, PackageGlobs(patterns=("packages/*",)), names, version)


def test_named_packages_are_candidates_as_they_are(place: Workplace, repository: GitRepository) -> None:
    made = _named(place, repository, "tidewire", version="0.4.0")

    assert _rows(made) == [("tidewire", "", "0.4.0", None)]
    assert made.base == ""


@pytest.mark.parametrize(
    ("name", "version", "what"),
    [
        pytest.param("eel", "", "not in the repository", id="unknown"),
        pytest.param("packages/tidewire", "", "not in the repository", id="a folder"),
        pytest.param("tidewire", "0.5.0", "has the version 0.4.0", id="other version"),
    ],
)
def test_a_name_that_is_not_there_is_wrong_use(
    place: Workplace, repository: GitRepository, name: str, version: str, what: str
) -> None:
    with pytest.raises(UsageError, match=what):
        _named(place, repository, name, version=version)


def test_all_wrong_names_are_told_at_once(place: Workplace, repository: GitRepository) -> None:
    with pytest.raises(UsageError, match=r"'eel'.*'moray'"):
        _named(place, repository, "eel", "tidewire", "moray")


def test_a_plan_as_json_has_every_package_that_changed_its_version(
    place: Workplace, compare: Compare
) -> None:
    place.bump("tidewire", "0.5.0")
    place.bump("lanternfish", "0.0.1")
    place.git("rm", "-rq", "packages/saltmarsh")
    place.write("packages/harbour_board/docs/README.md", "# Other\n")

    rows = {row["name"]: (row["version"], row["change"]) for row in outputs.plan_rows(compare())}

    assert rows == {
        "tidewire": ("0.5.0", "upgrade"),
        "lanternfish": ("0.0.1", "downgrade"),
        "saltmarsh": (None, "removed"),
    }


def test_a_commit_without_one_before_has_nothing_new() -> None:
    made = plan.nothing_to_compare("a" * 40)

    assert (made.candidates, made.base) == ((), "")
    assert "nothing counts as new" in made.compared
