"""What lies in the place of an object of a folder's bucket ends a release at once, and is named."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Scene
from tests.fakes.workplace import objects

_SOON = 60  # seconds; it took more than a hundred to give up
STATIC = "artifacts/static/lanternfish-1.3.0"
ZIP = "artifacts/packages/lanternfish-1.3.0.zip"
CURSOR = "v2/metadata/cursor.json"


def _link(path: Path) -> None:
    path.symlink_to(__file__)


@pytest.mark.parametrize(
    ("name", "make", "kind"),
    [
        (f"bucket:{STATIC}/manifest.yml", os.mkfifo, "a named pipe"),
        (f"bucket:{STATIC}/docs", _link, "a symbolic link"),
        (f"bucket:{ZIP}", Path.mkdir, "a folder"),
        (f"bucket:{ZIP}.sig", _link, "a symbolic link"),
        (f"index:{CURSOR}", Path.mkdir, "a folder"),
        (f"index:{CURSOR}", _link, "a symbolic link"),
    ],
    ids=["pipe for a file", "link for a folder", "folder for a zip", "link for a signature",
         "folder for the cursor", "link for the cursor"],
)  # fmt: skip
def test_what_lies_in_the_way_of_a_release_is_named_at_once(
    scene: Scene, name: str, make: Callable[[Path], None], kind: str
) -> None:
    bucket, _, name = name.partition(":")
    folder = scene.bucket if bucket == "bucket" else scene.index
    path = folder / name
    path.parent.mkdir(parents=True)
    make(path)
    began = time.monotonic()

    run = scene.push(scene.merge(lambda: scene.place.bump("lanternfish", "1.3.0")))

    assert time.monotonic() - began < _SOON
    assert run.status == 3
    assert f"{kind} lies in the place of" in run.log
    assert "move it out of the bucket" in run.log
    assert os.path.lexists(path)
    path.rmdir() if kind == "a folder" else path.unlink()
    assert scene.push(scene.merge(lambda: scene.place.bump("lanternfish", "1.3.1"))).status == 0
    assert ZIP.replace("1.3.0", "1.3.1") in objects(scene.bucket)
