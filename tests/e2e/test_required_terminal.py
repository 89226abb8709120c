"""Packages that require each other, built and published at a terminal."""

import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.e2e.conftest import workplace
from tests.e2e.test_terminal import Desk
from tests.fakes import composed
from tests.fakes.keys import Key
from tests.fakes.workplace import objects

_NO_REGISTRY = ("--registry-url", "file:///nowhere")


@pytest.fixture
def desk() -> Iterator[Desk]:
    with workplace() as place:
        yield Desk(place.folder)


def _write(desk: Desk, name: str, files: Mapping[str, str]) -> Path:
    for path, text in files.items():
        target = desk.folder / name / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return desk.folder / name


@pytest.fixture
def both(desk: Desk) -> tuple[Path, Path]:
    """An integration, and the input package that it requires."""
    integration = _write(desk, "abyss", composed.integration("abyss"))
    return integration, _write(desk, "sounder", composed.input_package())


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_folders_are_built_after_what_they_require(
    desk: Desk, both: tuple[Path, Path], jobs: str
) -> None:
    other = desk.package()
    output = desk.folder / "out"

    done = desk.run(
        "build", both[0], other, both[1], "--json", "--output", output, "--jobs", jobs, *_NO_REGISTRY
    )

    assert done.status == 0, done.err
    names = [json.loads(line)["name"] for line in done.out.splitlines()]
    assert names == ["lanternfish", "sounder", "abyss"]
    with zipfile.ZipFile(output / "abyss-1.0.0.zip") as archive:
        path = "abyss-1.0.0/data_stream/bottom/agent/stream/sounder-input.yml.hbs"
        assert archive.read(path) == b"port: {{port}}\n"


def test_a_folder_is_not_built_without_what_it_requires(desk: Desk, both: tuple[Path, Path]) -> None:
    (both[1] / "changelog.yml").write_text(composed.changelog("0.2.0"))
    other = desk.package()

    done = desk.run("build", *both, other, "--output", desk.folder / "out", *_NO_REGISTRY)

    assert done.status == 1
    assert "it requires sounder 0.3.0, but sounder 0.3.0 failed in this run" in done.err
    assert [path.name for path in (desk.folder / "out").glob("*.zip")] == ["lanternfish-1.2.0.zip"]


def test_folders_in_a_circle_are_not_built(desk: Desk) -> None:
    one = _write(desk, "abyss", composed.integration("abyss", "brine", "1.0.0"))
    other = _write(desk, "brine", composed.integration("brine", "abyss", "1.0.0"))

    done = desk.run("build", one, other, "--output", desk.folder / "out", *_NO_REGISTRY)

    assert done.status == 1
    assert "abyss 1.0.0 → brine 1.0.0 → abyss 1.0.0" in done.err
    assert "brine 1.0.0 → abyss 1.0.0 → brine 1.0.0" in done.err
    assert list((desk.folder / "out").iterdir()) == []


def test_a_path_that_is_no_package_does_not_hold_the_others_back(
    desk: Desk, both: tuple[Path, Path]
) -> None:
    broken = _write(desk, "broken", {"manifest.yml": "name: [\n"})
    output = desk.folder / "out"

    done = desk.run("build", both[0], broken, both[1], "--output", output, *_NO_REGISTRY)

    assert done.status == 1
    assert "broken" in done.err
    assert len(list(output.glob("*.zip"))) == 2


def test_folders_are_published_after_what_they_require(
    desk: Desk, both: tuple[Path, Path], key: Key
) -> None:
    done = desk.run("publish", *both, *desk.to_bucket, "--json", *_NO_REGISTRY, key=key)

    assert done.status == 0, done.err
    written = {name: (desk.bucket / name).stat().st_mtime_ns for name in objects(desk.bucket)}
    sounders = [at for name, at in written.items() if "sounder-0.3.0" in name]
    others = [at for name, at in written.items() if "/abyss-1.0.0" in name]
    assert max(sounders) <= min(others)


def test_a_folder_is_published_with_a_zip_that_it_requires(
    desk: Desk, both: tuple[Path, Path], key: Key
) -> None:
    output = desk.folder / "out"
    assert desk.run("build", both[1], "--output", output).status == 0
    zipped = output / "sounder-0.3.0.zip"

    done = desk.run("publish", both[0], zipped, *desk.to_bucket, *_NO_REGISTRY, key=key)

    assert done.status == 0, done.err
    assert (desk.bucket / "artifacts/packages/abyss-1.0.0.zip").exists()


def test_a_zip_is_not_published_without_the_zip_that_it_requires(
    desk: Desk, both: tuple[Path, Path], key: Key
) -> None:
    output = desk.folder / "out"
    assert desk.run("build", *both, "--output", output, *_NO_REGISTRY).status == 0
    assert desk.run("publish", output / "sounder-0.3.0.zip", *desk.to_bucket, key=key).status == 0
    (both[1] / "agent/input/input.yml.hbs").write_text("port: 9\n")
    assert desk.run("build", both[1], "--output", output).status == 0
    zips = sorted(output.glob("*.zip"))

    done = desk.run("publish", *zips, *desk.to_bucket, "--json", *_NO_REGISTRY, key=key)

    rows = {row["name"]: row for row in map(json.loads, done.out.splitlines())}
    assert done.status == 1
    assert {name: row["status"] for name, row in rows.items()} == {
        "abyss": "failed",
        "sounder": "conflict",
    }
    assert "sounder 0.3.0 is published with other content" in rows["abyss"]["reason"]
    assert not list(desk.bucket.rglob("abyss*"))
