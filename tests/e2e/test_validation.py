"""What validation means for a run: it is told, it stops what does not pass, and it is never left out."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pkgaction.adapters import specification as source
from tests.e2e.conftest import Scene
from tests.fakes import specification
from tests.fakes.workplace import Merge, Run, objects

_LAMPS = "packages/lamps"
_MANIFEST = """\
format_version: 4.0.0
name: lamps
title: lamps
version: {version}
description: Lamps of a lighthouse.
type: integration
owner:
  github: deepwater
  type: community
"""
_CHANGELOG = """\
- version: {version}
  changes:
    - description: Brighter.
      type: enhancement
      link: https://github.com/deepwater/packages/pull/3
"""
_README = "# Lamps\n"


def _written(scene: Scene, version: str = "1.0.0", **files: str) -> Callable[[], None]:
    def work() -> None:
        texts = {
            "manifest.yml": _MANIFEST.format(version=version),
            "changelog.yml": _CHANGELOG.format(version=version),
            "docs/README.md": _README,
        }
        for path, text in {**texts, **files}.items():
            scene.place.write(f"{_LAMPS}/{path}", text)

    return work


def _run(scene: Scene, merge: Merge, where: str) -> Run:
    return scene.push(merge, {"package-spec": where})


@pytest.fixture
def lighthouse(tmp_path: Path) -> Path:
    """A specification that a lamps package follows."""
    return Path(shutil.copytree(specification.FOLDER, tmp_path / "lighthouse"))


def test_without_a_specification_the_report_says_core_checks_only(scene: Scene) -> None:
    run = _run(scene, scene.merge(_written(scene)), "none")

    assert run.status == 0, run.log
    assert "Validation: core checks only" in run.log
    assert "core checks only" in scene.github.comments[0].body


def test_a_specification_is_named_in_the_report(scene: Scene, lighthouse: Path) -> None:
    run = _run(scene, scene.merge(_written(scene)), str(lighthouse))

    assert run.status == 0, run.log
    assert f"package-spec from {lighthouse} and core checks" in run.log
    assert "artifacts/packages/lamps-1.0.0.zip" in objects(scene.bucket)


def test_a_package_that_the_specification_refuses_is_not_published(
    scene: Scene, lighthouse: Path
) -> None:
    merge = scene.merge(_written(scene, **{"lamps/lamps-red.yml": "---\nwats: 1\n", "lamps/ab/x": ""}))
    run = _run(scene, merge, str(lighthouse))

    assert run.status == 1, run.log
    assert objects(scene.bucket) == {}
    (error,) = run.errors
    assert f"file={_LAMPS}/lamps/lamps-red.yml,line=2,col=1" in error
    assert "did you mean watts?" in error


def test_what_passes_as_source_but_not_as_built_is_not_signed(scene: Scene, lighthouse: Path) -> None:
    spec = lighthouse / "spec/integration/spec.yml"
    docs = "- {type: folder, name: fog, release: beta, additionalContents: true}"
    only_source = docs.replace("release: beta", "validationMode: source")
    text = spec.read_text().replace(docs, only_source)
    spec.write_text(text)

    run = _run(scene, scene.merge(_written(scene, **{"fog/horn.txt": "x"})), str(lighthouse))

    assert run.status == 1, run.log
    assert objects(scene.bucket) == {}
    assert "Validate the zips" in run.log


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("/nowhere/at/all", "no such folder"),
        ("file:///nowhere.tar.gz", "can't be had"),
        (f"{specification.FOLDER}#sha256={source.DIGEST}", "digest"),
    ],
    ids=["no folder", "no archive", "other files"],
)
def test_a_specification_that_can_not_be_had_stops_everything(
    scene: Scene, where: str, says: str
) -> None:
    run = _run(scene, scene.merge(_written(scene)), where)

    assert run.status == 3, run.log
    assert objects(scene.bucket) == {}
    assert any(says in error for error in run.errors), run.log


def test_a_run_without_a_bump_needs_no_specification(scene: Scene) -> None:
    merge = scene.merge(lambda: scene.place.write("README.md", "x"))

    assert _run(scene, merge, "/nowhere/at/all").status == 0


def test_outputs_say_what_failed(scene: Scene, lighthouse: Path) -> None:
    merge = scene.merge(_written(scene, **{"docs/more.md": "x"}))

    packages = json.loads(_run(scene, merge, str(lighthouse)).outputs["packages"])

    assert [(p["name"], p["status"]) for p in packages] == [("lamps", "failed")]
