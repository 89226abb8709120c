"""GitHub's API may be slow, or anything else: all of a run is in the buckets before it is asked."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from typing_extensions import override

from tests.e2e.conftest import RecordingGitHub, Scene, usual_inputs, workplace
from tests.fakes.github import Answer, Fault
from tests.fakes.keys import Key
from tests.fakes.workplace import Merge, Run

Start = Callable[[Scene, Merge], Run]
_FIRST = "lanternfish-1.3.0.zip"


class WatchingGitHub(RecordingGitHub):
    """GitHub, which looks into the buckets whenever it is asked."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.seen: list[set[str]] = []  # names of files in the buckets, one set a request

    @override
    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        buckets = (self.folder / "bucket", self.folder / "index")
        self.seen.append({path.name for bucket in buckets for path in bucket.rglob("*")})
        return super().answer(method, target, headers, body)


@pytest.fixture
def merged(key: Key) -> Iterator[tuple[Scene, WatchingGitHub, Merge]]:
    with workplace() as place, WatchingGitHub(place.folder) as github:
        scene = Scene(place=place, github=github, inputs=usual_inputs(place.folder, key))
        merge = scene.merge(lambda: place.bump("lanternfish", "1.3.0"))
        yield scene, github, merge


@pytest.mark.parametrize(
    "fault", [None, Fault(method="GET", path="", status=401)], ids=["well", "refusing"]
)
@pytest.mark.parametrize(
    "start",
    [
        pytest.param(lambda scene, merge: scene.push(merge), id="push"),
        pytest.param(lambda scene, _: scene.republish("lanternfish"), id="republish"),
    ],
)
def test_everything_is_published_and_indexed_before_github_is_asked(
    merged: tuple[Scene, WatchingGitHub, Merge], start: Start, fault: Fault | None
) -> None:
    scene, github, merge = merged
    github.faults.extend([fault] if fault else [])

    run = start(scene, merge)

    assert run.status == 0, run.log
    assert run.outputs["published"] == "true"
    assert github.seen, "the API was asked"
    assert all({_FIRST, f"{_FIRST}.sig", "cursor.json"} <= names for names in github.seen)
