"""A runner whose clock is ahead or behind, on a storage that says so."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.e2e.conftest import Scene
from tests.fakes import emulator
from tests.fakes.dated import dated


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with emulator.running() as address:
        yield address


@pytest.fixture
def cloud(scene: Scene, server: str, monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", server)
    scene.inputs["bucket"] = emulator.make_bucket(server)
    scene.inputs["index-bucket"] = emulator.make_bucket(server)
    return scene


def names(cloud: Scene) -> list[str]:
    urls = (cloud.inputs["bucket"], cloud.inputs["index-bucket"])
    return [found.name for url in urls for found in emulator.connect(url).list("")]


@pytest.mark.parametrize("hours", [3, -3], ids=["behind", "ahead"])
def test_a_release_by_a_wrong_clock_ends_before_anything_is_signed(
    cloud: Scene, server: str, hours: int
) -> None:
    merge = cloud.merge(lambda: cloud.place.bump("lanternfish", "1.3.0"))

    with dated(server, timedelta(hours=hours)) as address:
        cloud.place.environ["STORAGE_EMULATOR_HOST"] = address
        run = cloud.push(merge)

    assert run.status == 2
    assert f"the clock of this machine is 3 hours {'behind' if hours > 0 else 'ahead'}" in run.log
    assert names(cloud) == []


def test_a_release_by_a_clock_that_is_off_by_minutes_warns(cloud: Scene, server: str) -> None:
    merge = cloud.merge(lambda: cloud.place.bump("lanternfish", "1.3.0"))

    with dated(server, timedelta(minutes=-4)) as address:
        cloud.place.environ["STORAGE_EMULATOR_HOST"] = address
        run = cloud.push(merge)

    assert run.status == 0, run.log
    assert any("the clock of this machine is 4 minutes ahead" in warning for warning in run.warnings)
    assert "artifacts/packages/lanternfish-1.3.0.zip" in names(cloud)
