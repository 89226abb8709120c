"""What is around a package on disk: its repository, with or without git."""

from pathlib import Path

import pytest

from pkgaction.adapters import folder


@pytest.fixture
def package(tmp_path: Path) -> Path:
    made = tmp_path / "exported" / "deep" / "packages" / "lanternfish"
    made.mkdir(parents=True)
    (made / "manifest.yml").write_text("name: lanternfish\n")
    return made


def test_the_repository_is_the_nearest_folder_with_git(package: Path) -> None:
    (package.parents[1] / ".git").mkdir()
    (package.parents[1] / ".git/HEAD").write_text("ref: refs/heads/main\n")
    (package.parents[0] / "LICENSE.txt").write_text("Free.\n")
    (package.parents[1] / "LICENSE.txt").write_text("Free, too.\n")

    source = folder.package(package)

    assert source.folder == "packages/lanternfish"
    assert source.repository.find("LICENSE.txt") is not None


@pytest.mark.parametrize("name", ["LICENSE.txt", "links_table.yml"])
def test_an_archive_of_a_repository_is_known_by_what_only_its_root_has(package: Path, name: str) -> None:
    (package.parents[2] / name).write_text("x: y\n")

    source = folder.package(package)

    assert source.folder == "deep/packages/lanternfish"
    assert source.repository.find(name) is not None


def test_a_licence_of_the_package_itself_makes_no_repository(package: Path) -> None:
    (package / "LICENSE.txt").write_text("Free.\n")
    other = package.parent / "manifest.yml"
    other.write_text("name: outer\n")
    (package.parent / "LICENSE.txt").write_text("Free.\n")

    assert folder.package(package).folder == "lanternfish"
