"""An input package and the integrations that require it, new in one pull request."""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.conftest import TOKEN, Scene, entries, opened
from tests.fakes import composed
from tests.fakes.keys import Key
from tests.fakes.workplace import Run, objects


def _write(scene: Scene, name: str, files: dict[str, str]) -> None:
    for path, text in files.items():
        scene.place.write(f"packages/{name}/{path}", text)


def sounder(scene: Scene, version: str = "0.3.0", template: str = "port: {{port}}\n") -> None:
    """An input package, written into the checkout."""
    _write(scene, "sounder", composed.input_package(version, template))


def integration(
    scene: Scene, name: str, required: str = "sounder", version: str = "0.3.0", stream: str = "bottom"
) -> None:
    """An integration that is composed of another package, by a name that stands before that one's."""
    _write(scene, name, composed.integration(name, required, version, stream))


def _statuses(run: Run) -> dict[str, str]:
    return {name: str(found["status"]) for name, found in run.packages.items()}


def _template(zip_: Path, name: str = "abyss-1.0.0") -> str:
    """What a built integration has taken from the input package."""
    with zipfile.ZipFile(zip_) as archive:
        path = f"{name}/data_stream/bottom/agent/stream/sounder-input.yml.hbs"
        return archive.read(path).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    scene: Scene
    run: Run


@pytest.fixture(scope="module")
def released(key: Key) -> Iterator[Ran]:
    with opened(key) as scene:

        def work() -> None:
            sounder(scene)
            integration(scene, "abyss")
            integration(scene, "brine")

        yield Ran(scene=scene, run=scene.push(scene.merge(work)))


def test_one_run_publishes_an_input_package_and_what_requires_it(released: Ran) -> None:
    assert released.run.status == 0, released.run.log
    assert set(_statuses(released.run).values()) == {"published"}
    assert set(entries(released.scene.index)) == {
        ("abyss", "1.0.0"),
        ("brine", "1.0.0"),
        ("sounder", "0.3.0"),
    }
    for name in ("abyss", "brine"):
        path = released.scene.bucket / f"artifacts/packages/{name}-1.0.0.zip"
        assert _template(path, f"{name}-1.0.0") == "port: {{port}}\n"


def test_the_input_package_is_whole_in_the_bucket_before_the_first_object_of_what_requires_it(
    released: Ran,
) -> None:
    written = {
        name: (released.scene.bucket / name).stat().st_mtime_ns
        for name in objects(released.scene.bucket)
    }
    others = [at for name, at in written.items() if "sounder-0.3.0" not in name]

    assert max(at for name, at in written.items() if "sounder-0.3.0" in name) <= min(others)


def test_a_preview_of_both_needs_neither_a_key_nor_a_registry() -> None:
    with opened() as scene:

        def work() -> None:
            sounder(scene)
            integration(scene, "abyss")

        run = scene.preview(scene.propose(work), {"github-token": TOKEN})

    assert run.status == 0, run.log
    assert _statuses(run) == {"abyss": "would-publish", "sounder": "would-publish"}
    assert run.errors == []


def test_an_integration_that_is_named_alone_takes_its_input_package_from_the_bucket(
    scene: Scene,
) -> None:
    scene.push(scene.merge(lambda: sounder(scene)))
    scene.merge(lambda: integration(scene, "abyss"))

    run = scene.republish("abyss")

    assert run.status == 0, run.log
    assert _statuses(run) == {"abyss": "published"}


def test_an_integration_fails_with_its_input_package_and_names_it(scene: Scene) -> None:
    def work() -> None:
        sounder(scene)
        scene.place.write("packages/sounder/changelog.yml", composed.changelog("0.2.0"))
        integration(scene, "abyss")
        scene.place.bump("lanternfish", "1.3.0")

    run = scene.push(scene.merge(work))

    assert run.status == 1
    assert _statuses(run) == {"abyss": "failed", "lanternfish": "published", "sounder": "failed"}
    reason = str(run.packages["abyss"]["reason"])
    assert "it requires sounder 0.3.0, but sounder 0.3.0 failed in this run" in reason
    assert "packages/abyss/manifest.yml" in reason
    assert all("lanternfish" in name for name in objects(scene.bucket))


@pytest.mark.parametrize("dry", [True, False], ids=["dry run", "release"])
def test_nothing_is_published_that_was_built_of_other_bytes_than_those_in_the_bucket(
    scene: Scene, *, dry: bool
) -> None:
    scene.push(scene.merge(lambda: sounder(scene)))

    def work() -> None:
        sounder(scene, template="port: 9\n")
        integration(scene, "abyss")

    scene.merge(work)
    before = objects(scene.bucket)
    run = scene.republish("abyss\nsounder", {"dry-run": "true"} if dry else {})

    assert run.status == 1
    assert _statuses(run) == {"abyss": "failed", "sounder": "conflict"}
    reason = str(run.packages["abyss"]["reason"])
    assert "sounder 0.3.0 is published with other content" in reason
    assert objects(scene.bucket) == before


def test_packages_in_a_circle_are_refused_and_the_circle_is_named(scene: Scene) -> None:
    def work() -> None:
        integration(scene, "abyss", "brine", "1.0.0")
        integration(scene, "brine", "abyss", "1.0.0")
        scene.place.bump("lanternfish", "1.3.0")

    run = scene.push(scene.merge(work))

    assert run.status == 1
    assert _statuses(run) == {"abyss": "failed", "brine": "failed", "lanternfish": "published"}
    assert "abyss 1.0.0 → brine 1.0.0 → abyss 1.0.0" in str(run.packages["abyss"]["reason"])
    assert "brine 1.0.0 → abyss 1.0.0 → brine 1.0.0" in str(run.packages["brine"]["reason"])


def test_who_requires_another_version_than_the_runs_is_told_of_that_one(scene: Scene) -> None:
    def work() -> None:
        sounder(scene, version="0.4.0")
        integration(scene, "abyss", version="0.3.0")

    run = scene.push(scene.merge(work))

    assert _statuses(run) == {"abyss": "failed", "sounder": "published"}
    assert "this run brings sounder 0.4.0" in run.log


def test_a_version_that_was_published_before_is_still_taken_from_the_bucket(scene: Scene) -> None:
    scene.push(scene.merge(lambda: sounder(scene)))

    def work() -> None:
        sounder(scene, version="0.4.0", template="port: 9\n")
        integration(scene, "abyss", version="0.3.0")

    run = scene.push(scene.merge(work))

    assert run.status == 0, run.log
    path = scene.bucket / "artifacts/packages/abyss-1.0.0.zip"
    assert _template(path) == "port: {{port}}\n"


def test_a_matrix_has_one_job_for_both(scene: Scene) -> None:
    def work() -> None:
        sounder(scene)
        integration(scene, "abyss")
        scene.place.bump("lanternfish", "1.3.0")

    run = scene.push(scene.merge(work), {"mode": "plan"})

    assert re.findall(r'"package":"([^"]*)"', run.outputs["matrix"]) == [
        r"abyss\nsounder",
        "lanternfish",
    ]


def test_a_data_stream_that_would_not_be_in_the_zip_is_refused_with_the_cause(scene: Scene) -> None:
    def work() -> None:
        sounder(scene)
        integration(scene, "abyss", stream="build")

    run = scene.preview(scene.propose(work))

    assert run.status == 1
    assert _statuses(run) == {"abyss": "failed", "sounder": "would-publish"}
    (error,) = [line for line in run.errors if "data_stream/build" in line]
    assert "every folder called build is left out" in error
