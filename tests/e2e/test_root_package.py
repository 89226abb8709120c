"""A repository that is one package: `packages: .` finds, plans, validates, publishes and audits it."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.e2e.conftest import TOKEN, Scene, entries
from tests.fakes.workplace import ROOT, Merge, Workplace, objects

_ROOT = {"packages": "."}
_NESTED = """\
format_version: 3.1.0
name: limpet
title: Limpet
version: {version}
description: A package below another one.
type: input
owner:
  github: deepwater
  type: community
"""


@pytest.fixture
def scene(scene: Scene) -> Scene:
    """The repository is lanternfish itself, with what repositories have beside a package."""
    place = scene.place
    for path in sorted((place.clone / "packages/lanternfish").iterdir()):
        path.rename(place.clone / path.name)
    place.git("rm", "-rqf", "--ignore-unmatch", "packages")
    place.write(".gitignore", "*.log\n/build/\n")
    place.write(".github/workflows/publish.yml", "on: push\n")
    place.write("README.md", "# About this repository\n")
    place.commit("One package")
    place.git("push", "-q", "origin", "main")
    return scene


def bump(place: Workplace, version: str) -> None:
    """Raise the version of the package at the root."""
    for name in ("manifest.yml", "changelog.yml"):
        path = place.clone / name
        path.write_text(path.read_text().replace("version: 1.2.0", f"version: {version}", 1))


def merged(scene: Scene, version: str = "1.3.0") -> Merge:
    return scene.merge(lambda: bump(scene.place, version))


def test_a_root_package_is_published_as_a_terminal_builds_it(scene: Scene, tmp_path: Path) -> None:
    merge = merged(scene)
    scene.place.write("build/packages/old.zip", b"PK")
    scene.place.write("docs/pump.log", "what git ignores\n")

    run = scene.push(merge, _ROOT)

    assert run.status == 0, run.log
    assert run.packages["lanternfish"]["package"] == "."
    assert run.packages["lanternfish"]["previous"] == "1.2.0"
    assert list(entries(scene.index)) == [("lanternfish", "1.3.0")]
    published = objects(scene.bucket)["artifacts/packages/lanternfish-1.3.0.zip"]
    fresh = tmp_path / "fresh"
    scene.place.git("clone", "-q", str(scene.place.origin), str(fresh))
    assert published == built_at_a_terminal(fresh, tmp_path / "out")
    with zipfile.ZipFile(tmp_path / "out/lanternfish-1.3.0.zip") as archive:
        names = {name.removeprefix("lanternfish-1.3.0/") for name in archive.namelist()}
    assert {"manifest.yml", ".gitignore", ".github/workflows/publish.yml", "README.md"} <= names
    assert not any(name.startswith((".git/", "build/")) or name.endswith(".log") for name in names)


def built_at_a_terminal(folder: Path, output: Path) -> bytes:
    command = ["build", ".", "--output", str(output), "--package-spec", "none"]
    done = subprocess.run(
        [sys.executable, "-m", "pkgaction", *command],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    (path,) = output.iterdir()
    return path.read_bytes()


def test_what_is_shown_of_a_root_package_has_its_paths_from_the_root(scene: Scene) -> None:
    place = scene.place

    def work() -> None:
        bump(place, "1.3.0")
        place.write(
            "manifest.yml", (place.clone / "manifest.yml").read_text().replace("title:", "t:", 1)
        )

    proposed = scene.propose(work)

    run = scene.preview(proposed, _ROOT)

    assert run.status == 1, run.log
    (error,) = run.errors
    assert error.startswith("::error file=manifest.yml::lanternfish: title is missing")
    (comment,) = scene.github.comments
    assert "<code>manifest.yml</code> <code>title is missing</code>" in comment.body
    assert "./" not in comment.body
    assert "/manifest.yml" not in run.log


def test_the_comment_links_to_the_root_packages_changelog(scene: Scene) -> None:
    merge = merged(scene)

    run = scene.push(merge, _ROOT)

    assert run.status == 0, run.log
    (comment,) = scene.github.comments
    assert f"(https://github.com/deepwater/packages/blob/{merge.after}/changelog.yml)" in comment.body


def test_a_root_package_is_planned_republished_and_audited(scene: Scene) -> None:
    merge = merged(scene)
    planned = scene.push(merge, {**_ROOT, "mode": "plan"})
    nowhere = scene.run("schedule", {}, _ROOT)
    scene.bucket.mkdir()
    scene.index.mkdir()
    missing = scene.run("schedule", {}, _ROOT)
    republished = scene.republish("lanternfish", _ROOT)
    audited = scene.run("schedule", {}, _ROOT)

    assert [planned.status, nowhere.status, missing.status] == [0, 2, 1]
    assert [republished.status, audited.status] == [0, 0]
    (job,) = json.loads(planned.outputs["matrix"])["include"]
    assert (job["package"], job["version"]) == ("lanternfish", "1.3.0")
    assert republished.packages["lanternfish"]["status"] == "published"


@pytest.mark.parametrize("packages", ["packages/*", "integrations/*\nmore/*"])
def test_a_root_package_that_no_glob_names_ends_the_run_with_what_to_set(
    scene: Scene, packages: str
) -> None:
    run = scene.push(merged(scene), {"packages": packages})

    assert run.status == 2
    assert any("manifest.yml at the root is a package: set packages to `.`" in e for e in run.errors)


@pytest.mark.parametrize("name", ["limpet", "lanternfish"])
def test_a_package_below_a_root_package_is_one_of_its_own(scene: Scene, name: str) -> None:
    place = scene.place
    place.write("others/limpet/manifest.yml", _NESTED.format(version="0.1.0"))
    place.commit("Another package")
    place.git("push", "-q", "origin", "main")
    globs = {"packages": "./\n./others/*/", "mode": "plan"}

    def raise_one() -> None:
        if name == "lanternfish":
            bump(place, "1.3.0")
        else:
            place.write("others/limpet/manifest.yml", _NESTED.format(version="0.2.0"))

    run = scene.push(scene.merge(raise_one), globs)

    assert run.status == 0, run.log
    assert [job["package"] for job in json.loads(run.outputs["matrix"])["include"]] == [name]
    if name == "lanternfish":
        assert run.warnings == []
        return
    (warning,) = run.warnings  # the root's zip holds what is below it
    assert "lanternfish: its files changed but its version is still 1.2.0" in warning


def test_files_beside_the_parts_of_a_root_package_belong_to_it(scene: Scene) -> None:
    work = lambda: scene.place.write("README.md", "# Other words\n")  # noqa: E731

    run = scene.preview(scene.propose(work), {**_ROOT, "github-token": TOKEN})

    assert run.status == 0, run.log
    (warning,) = run.warnings
    assert warning.startswith("::warning file=manifest.yml,")
    assert "its version is still 1.2.0" in warning
