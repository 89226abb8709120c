"""A run that finds no package is never green, unless it was told that there may be none."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping

import pytest

from tests.e2e.conftest import Scene
from tests.fakes.workplace import ROOT, Run, objects

_NOWHERE = {"packages": "integrations/*"}
_SAID = "input packages: no package at"
Start = Callable[[Scene, Mapping[str, str]], Run]


def _push(scene: Scene, changes: Mapping[str, str]) -> Run:
    return scene.push(scene.merge(lambda: scene.place.bump("tidewire", "0.5.0")), changes)


def _preview(scene: Scene, changes: Mapping[str, str]) -> Run:
    return scene.preview(scene.propose(lambda: scene.place.bump("tidewire", "0.5.0")), changes)


def _plan(scene: Scene, changes: Mapping[str, str]) -> Run:
    return _push(scene, {**changes, "mode": "plan"})


def _audit(scene: Scene, changes: Mapping[str, str]) -> Run:
    if "allow-empty" in changes:  # a bucket that is not there is never all right
        scene.bucket.mkdir()
        scene.index.mkdir()
    return scene.run("schedule", {}, changes)


@pytest.mark.parametrize("start", [_push, _preview, _plan, _audit])
def test_globs_that_match_no_package_end_every_kind_of_run(scene: Scene, start: Start) -> None:
    run = start(scene, _NOWHERE)

    assert run.status == 2, run.log
    (error,) = run.errors
    assert _SAID in error
    assert "`integrations/*`" in error
    assert "packages/lanternfish" in error
    assert "no package at" in run.summary
    assert not scene.bucket.exists()


@pytest.mark.parametrize("start", [_push, _preview, _plan, _audit])
def test_a_repository_that_may_be_empty_is_green(scene: Scene, start: Start) -> None:
    run = start(scene, {**_NOWHERE, "allow-empty": "true"})

    assert run.status == 0, run.log
    assert run.errors == []


def test_a_name_that_no_glob_finds_is_wrong_also_where_none_must_be(scene: Scene) -> None:
    run = scene.republish("tidewire", {**_NOWHERE, "allow-empty": "true"})

    assert run.status == 2
    (error,) = run.errors
    assert "'tidewire' is in packages/tidewire, which input packages does not name" in error


def test_one_glob_of_several_that_matches_nothing_is_a_warning(scene: Scene) -> None:
    run = _push(scene, {"packages": "packages/*\nintegrations/*"})

    assert run.status == 0, run.log
    (warning,) = run.warnings
    assert "the glob `integrations/*` of input packages matches no package" in warning
    assert "artifacts/packages/tidewire-0.5.0.zip" in objects(scene.bucket)


@pytest.mark.parametrize("command", [["plan"], ["audit", "--bucket", "file:///tmp"]], ids=lambda c: c[0])
@pytest.mark.parametrize("allowed", [False, True])
def test_a_terminal_says_the_same(scene: Scene, command: list[str], *, allowed: bool) -> None:
    options = ["--packages", "integrations/*", "--repository", str(scene.place.clone)]
    done = subprocess.run(
        [sys.executable, "-m", "pkgaction", *command, *options, *(["--allow-empty"] if allowed else [])],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(scene.place.folder)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == (0 if allowed else 2), done.stderr
    assert (_SAID.replace("input ", "--") in done.stderr) is not allowed
