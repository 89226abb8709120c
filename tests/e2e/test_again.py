"""The same job again, other content under a published version, and what is missing completed."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pkgaction.adapters.directory import DirectoryStore
from pkgaction.model.json import text_at
from tests.e2e.conftest import Scene, entries, opened
from tests.fakes import keys
from tests.fakes.keys import Key
from tests.fakes.workplace import Merge, Run, objects

ZIP = "artifacts/packages/lanternfish-1.3.0.zip"
STATIC = "artifacts/static/lanternfish-1.3.0"
COMMENTLESS = {"github-token": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Twice:
    scene: Scene
    before: dict[str, bytes] = field(repr=False)
    generations: dict[str, int]
    index: dict[str, bytes] = field(repr=False)
    again: Run


def generations(scene: Scene) -> dict[str, int]:
    return {found.name: found.generation for found in DirectoryStore(scene.bucket).list("")}


def bump_two(scene: Scene) -> None:
    scene.place.bump("lanternfish", "1.3.0")
    scene.place.bump("tidewire", "0.5.0-beta.1")


@pytest.fixture(scope="module")
def twice(key: Key) -> Iterator[Twice]:
    with opened(key) as scene:
        merge = scene.merge(lambda: bump_two(scene))
        assert scene.push(merge).status == 0
        before, index = objects(scene.bucket), objects(scene.index)
        at_first = generations(scene)
        yield Twice(
            scene=scene, before=before, generations=at_first, index=index, again=scene.push(merge)
        )


def test_the_same_job_again_succeeds(twice: Twice) -> None:
    assert twice.again.status == 0
    assert twice.again.outputs["published"] == "true"
    assert {name: found["status"] for name, found in twice.again.packages.items()} == {
        "lanternfish": "already-published",
        "tidewire": "already-published",
    }
    assert "2 packages: already published, nothing changed" in twice.again.log


def test_the_same_job_again_leaves_every_object_as_it_is(twice: Twice) -> None:
    assert objects(twice.scene.bucket) == twice.before
    assert generations(twice.scene) == twice.generations


def test_the_same_job_again_leaves_the_index_as_it_is(twice: Twice) -> None:
    assert objects(twice.scene.index) == twice.index


def test_the_same_job_again_edits_its_one_comment(twice: Twice) -> None:
    (comment,) = twice.scene.github.comments
    assert "already published" in comment.body


def _lower(scene: Scene) -> None:
    scene.place.git("checkout", "HEAD~1", "--", "packages/lanternfish")


def _raise_with_other_content(scene: Scene) -> None:
    scene.place.bump("lanternfish", "1.3.0")
    scene.place.write("packages/lanternfish/docs/README.md", "# Another text\n")
    scene.place.bump("saltmarsh", "1.1.0")


@pytest.fixture(scope="module")
def conflict(key: Key) -> Iterator[Twice]:
    """1.3.0 is published, taken back, and comes again with other content, beside a good package."""
    with opened(key) as scene:
        first = scene.merge(lambda: scene.place.bump("lanternfish", "1.3.0"))
        assert scene.push(first).status == 0
        scene.merge(lambda: _lower(scene))
        merge = scene.merge(lambda: _raise_with_other_content(scene))
        before, index = objects(scene.bucket), objects(scene.index)
        at_first = generations(scene)
        yield Twice(
            scene=scene, before=before, generations=at_first, index=index, again=scene.push(merge)
        )


def _two_digests(scene: Scene, reason: object) -> None:
    stored = DirectoryStore(scene.bucket).stat(ZIP)
    assert stored is not None
    words = str(reason).replace(",", " ").split()
    digests = [word for word in words if len(word) == 64]
    assert stored.headers.metadata["content-sha256"] in digests
    assert len(set(digests)) == 2


def test_other_content_under_a_published_version_is_a_conflict(conflict: Twice) -> None:
    found = conflict.again.packages["lanternfish"]
    assert conflict.again.status == 1
    assert found["status"] == "conflict"
    _two_digests(conflict.scene, found["reason"])
    (error,) = conflict.again.errors
    assert error.startswith("::error file=packages/lanternfish/manifest.yml,line=4::")
    _two_digests(conflict.scene, error)
    assert "raise the version" in error


def test_a_conflict_is_in_the_comment(conflict: Twice) -> None:
    body = conflict.scene.github.comments[-1].body
    assert "**conflict**" in body
    assert "1 package published, 1 not" in body


def test_a_conflict_replaces_nothing(conflict: Twice) -> None:
    now, then = objects(conflict.scene.bucket), generations(conflict.scene)
    assert {name: now[name] for name in conflict.before} == conflict.before
    assert {name: then[name] for name in conflict.generations} == conflict.generations
    assert [name for name in now if name not in conflict.before and "saltmarsh" not in name] == []


def test_a_conflict_does_not_stop_the_other_package(conflict: Twice) -> None:
    assert conflict.again.packages["saltmarsh"]["status"] == "published"
    assert conflict.again.outputs["published"] == "true"
    assert set(entries(conflict.scene.index)) == {("lanternfish", "1.3.0"), ("saltmarsh", "1.1.0")}


def test_a_republish_of_changed_content_is_a_conflict(scene: Scene) -> None:
    first = scene.merge(lambda: scene.place.bump("lanternfish", "1.3.0"))
    assert scene.push(first, COMMENTLESS).status == 0
    before, index = objects(scene.bucket), objects(scene.index)
    scene.merge(lambda: scene.place.write("packages/lanternfish/docs/README.md", "# Other\n"))
    run = scene.republish("lanternfish")
    assert run.status == 1
    assert run.outputs["published"] == "false"
    assert run.packages["lanternfish"]["status"] == "conflict"
    _two_digests(scene, run.packages["lanternfish"]["reason"])
    assert (objects(scene.bucket), objects(scene.index)) == (before, index)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A scene with one version published, and a copy of its buckets."""

    scene: Scene
    merge: Merge
    copy: Path

    def restore(self) -> None:
        for name in ("bucket", "index"):
            shutil.rmtree(self.scene.place.folder / name, ignore_errors=True)
            shutil.copytree(self.copy / name, self.scene.place.folder / name)


@pytest.fixture(scope="module")
def published(key: Key) -> Iterator[Shelf]:
    with opened(key) as scene:
        merge = scene.merge(lambda: scene.place.bump("lanternfish", "1.3.0"))
        assert scene.push(merge, COMMENTLESS).status == 0
        copy = scene.place.folder / "copy"
        for name in ("bucket", "index"):
            shutil.copytree(scene.place.folder / name, copy / name)
        yield Shelf(scene=scene, merge=merge, copy=copy)


@pytest.fixture
def shelf(published: Shelf) -> Shelf:
    published.restore()
    return published


def _delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


@pytest.mark.parametrize(
    "missing",
    [
        pytest.param([f"bucket/{ZIP}.sig"], id="signature"),
        pytest.param([f"bucket/{STATIC}/docs/README.md"], id="static file"),
        pytest.param([f"bucket/{STATIC}/manifest.yml"], id="static manifest"),
        pytest.param([f"bucket/{STATIC}"], id="all static files"),
        pytest.param([f"bucket/{ZIP}.sig", f"bucket/{STATIC}", "index"], id="all but the zip"),
        pytest.param(["index"], id="index"),
    ],
)
def test_a_republish_completes_what_is_missing_from_the_stored_zip(
    shelf: Shelf, key: Key, missing: list[str]
) -> None:
    scene = shelf.scene
    before, at_first, index = objects(scene.bucket), generations(scene), entries(scene.index)
    for path in missing:
        _delete(scene.place.folder / path)
    run = scene.republish("lanternfish")
    assert run.status == 0
    assert run.packages["lanternfish"]["status"] == "completed"
    assert run.outputs["published"] == "true"
    after = objects(scene.bucket)
    if f"bucket/{ZIP}.sig" in missing:  # a new one may differ by the time in it
        assert after.keys() == before.keys()
        del before[f"{ZIP}.sig"], after[f"{ZIP}.sig"]
    assert after == before
    assert generations(scene)[ZIP] == at_first[ZIP]
    assert keys.verify(key, scene.bucket / f"{ZIP}.sig", scene.bucket / ZIP)
    assert entries(scene.index) == index


def test_what_is_completed_carries_the_versions_digests(shelf: Shelf) -> None:
    (shelf.scene.bucket / f"{ZIP}.sig").unlink()
    assert shelf.scene.republish("lanternfish").status == 0
    store = DirectoryStore(shelf.scene.bucket)
    stored, signature = store.stat(ZIP), store.stat(f"{ZIP}.sig")
    assert stored is not None
    assert signature is not None
    for name in ("content-sha256", "zip-sha256"):
        assert signature.headers.metadata[name] == stored.headers.metadata[name]


def test_a_republish_of_a_whole_version_changes_nothing(shelf: Shelf) -> None:
    scene = shelf.scene
    before, index = objects(scene.bucket), objects(scene.index)
    run = scene.republish("lanternfish", {"version": "1.3.0", "ref": "main"})
    assert run.status == 0
    assert run.packages["lanternfish"]["status"] == "already-published"
    assert (objects(scene.bucket), objects(scene.index)) == (before, index)


def test_a_job_that_ended_before_the_zip_goes_on_from_there(shelf: Shelf) -> None:
    before = objects(shelf.scene.bucket)
    (shelf.scene.bucket / ZIP).unlink()
    shutil.rmtree(shelf.scene.index)
    run = shelf.scene.push(shelf.merge, COMMENTLESS)
    assert run.status == 0
    assert run.packages["lanternfish"]["status"] == "published"
    assert objects(shelf.scene.bucket) == before
    assert set(entries(shelf.scene.index)) == {("lanternfish", "1.3.0")}


def test_a_static_file_with_other_bytes_is_not_replaced(shelf: Shelf) -> None:
    path = shelf.scene.bucket / STATIC / "docs/README.md"
    path.write_text("# Somebody else's\n")
    run = shelf.scene.republish("lanternfish")
    assert run.status == 3
    assert f"{STATIC}/docs/README.md" in run.errors[0]
    assert path.read_text() == "# Somebody else's\n"


def test_a_republish_adds_a_version_beside_the_others(shelf: Shelf) -> None:
    run = shelf.scene.republish("saltmarsh\ntidewire")
    assert run.status == 0
    assert {found["status"] for found in run.packages.values()} == {"published"}
    found = entries(shelf.scene.index)
    assert len(found) == 3
    assert text_at(found["tidewire", "0.4.0"], "type") == "input"
