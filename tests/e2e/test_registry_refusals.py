"""What a registry does not start with is refused wherever it comes from, and stops nothing else."""

import shutil
from pathlib import Path

import pytest

from pkgaction.model.json import at
from tests.e2e.conftest import Scene, entries
from tests.e2e.test_accept import subkeyed as subkeyed  # noqa: PLC0414 - a fixture
from tests.e2e.test_accept import trust
from tests.e2e.test_terminal import Desk
from tests.e2e.test_terminal import desk as desk  # noqa: PLC0414 - a fixture
from tests.fakes.keys import Key
from tests.fakes.workplace import objects

_STREAM = "data_stream/glow/manifest.yml"
_SAID = "has a dash"
_BASE = "lanternfish-1.2.0"


def _dashed(desk: Desk) -> Path:
    """A package that only a registry refuses: its dataset has a dash."""
    package = desk.package()
    manifest = package / _STREAM
    manifest.write_text(manifest.read_text() + "dataset: lanternfish.deep-glow\n")
    return package


def _zip(desk: Desk) -> Path:
    """The same, built by somebody who asked nobody."""
    done = desk.run("build", _dashed(desk), "--no-validate", "--output", desk.folder)
    assert done.status == 0, done.err
    return desk.folder / f"{_BASE}.zip"


@pytest.mark.parametrize(
    ("kind", "command"),
    [
        ("folder", ("validate",)),
        ("folder", ("build", "--output", "{folder}/out")),
        ("folder", ("entry",)),
        ("zip", ("validate",)),
        ("zip", ("entry",)),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_a_terminal_says_what_the_action_would(desk: Desk, command: tuple[str, ...], kind: str) -> None:
    path = _dashed(desk) if kind == "folder" else _zip(desk)
    arguments = [part.format(folder=desk.folder) for part in command]

    done = desk.run(*arguments, path)

    assert done.status == 1, done.err
    assert f"{path}/{_STREAM}:" in done.err
    assert _SAID in done.err
    assert "registry-data-stream" in done.err
    assert not list(desk.folder.glob("out/*.zip"))


@pytest.mark.parametrize("more", [(), ("--dry-run",)], ids=["publish", "dry run"])
@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_nothing_of_it_is_published_from_a_terminal(
    desk: Desk, key: Key, kind: str, more: tuple[str, ...]
) -> None:
    path = _dashed(desk) if kind == "folder" else _zip(desk)

    done = desk.run("publish", path, *desk.to_bucket, *more, key=key)

    assert done.status == 1
    assert _SAID in done.err
    assert not objects(desk.bucket)


def test_rules_that_are_asked_for_by_name_are_all_that_is_said(desk: Desk) -> None:
    done = desk.run("validate", _dashed(desk), "--rules", "source")

    assert done.status == 0, done.err


def test_a_template_that_cannot_be_rendered_is_told_without_building(desk: Desk) -> None:
    package = desk.package()
    (package / "_dev/build/docs").mkdir(parents=True)
    (package / "_dev/build/docs/README.md").write_text("# Deep\n\n{{nothing}}\n")

    done = desk.run("validate", package)

    assert done.status == 1, done.err
    assert "build-refused" in done.err
    assert "docs/README.md" in done.err


def test_what_cannot_be_downloaded_is_said_and_the_files_are_judged_as_they_are(desk: Desk) -> None:
    package = _dashed(desk)
    (package / "_dev/build").mkdir(parents=True)
    (package / "_dev/build/build.yml").write_text("dependencies: {ecs: {reference: git@v8.17.0}}\n")
    fields = package / "data_stream/glow/fields"
    for file in fields.iterdir():
        file.write_text(file.read_text().replace("  type: date\n", "  external: ecs\n"))

    done = desk.run("validate", package, "--ecs-url", f"file://{desk.folder}/nowhere")

    assert done.status == 1
    assert "of its files as they are" in done.err
    assert _SAID in done.err
    assert "registry-fields" not in done.err


def _raise(scene: Scene) -> None:
    scene.place.bump("lanternfish", "1.3.0")
    scene.place.bump("tidewire", "0.5.0")
    path = f"packages/lanternfish/{_STREAM}"
    text = (scene.place.clone / path).read_text()
    scene.place.write(path, text + "dataset: lanternfish.deep-glow\n")


def test_the_preview_and_the_release_name_file_and_line(scene: Scene) -> None:
    preview = scene.preview(scene.propose(lambda: _raise(scene)))

    assert preview.status == 1
    (error,) = preview.errors
    assert f"file=packages/lanternfish/{_STREAM},line=" in error
    assert _SAID in error


def test_a_release_publishes_the_others(scene: Scene) -> None:
    run = scene.push(scene.merge(lambda: _raise(scene)))

    assert run.status == 1
    assert {name: one["status"] for name, one in run.packages.items()} == {
        "lanternfish": "failed",
        "tidewire": "published",
    }
    assert set(entries(scene.index)) == {("tidewire", "0.5.0")}
    assert not [name for name in objects(scene.bucket) if "lanternfish" in name]
    (comment,) = scene.github.comments
    assert "registry-data-stream" in comment.body


def test_a_submission_is_refused(desk: Desk, subkeyed: Key) -> None:
    zipped = _zip(desk)
    assert desk.run("sign", zipped, key=subkeyed).status == 0

    done = desk.run("accept", zipped, *trust(desk, subkeyed, "*"))

    assert done.status == 1
    assert "invalid" in done.err
    assert not objects(desk.bucket)


def test_one_that_is_stored_keeps_its_entry_and_stops_nothing(desk: Desk, key: Key) -> None:
    """Readers of the index are served it, so a new index has it, too; audit goes on."""
    other = desk.package("harbour_board")
    buckets = (*desk.to_bucket, "--index-bucket", f"file://{desk.folder}/index")
    assert desk.run("publish", other, *buckets, key=key).status == 0
    zipped = _zip(desk)
    assert desk.run("sign", zipped, key=key).status == 0
    for path in (zipped, Path(f"{zipped}.sig")):
        shutil.copy(path, desk.bucket / "artifacts/packages")

    again = desk.run("reindex", *buckets, key=key)
    audit = desk.run("audit", "--all", "--deep", *buckets, key=key)

    assert again.status == 0, again.err
    assert {name for name, _ in entries(desk.folder / "index")} == {"harbour_board", "lanternfish"}
    entry = entries(desk.folder / "index")["lanternfish", "1.2.0"]
    assert at(entry, "data_streams") is not None
    assert audit.status in {0, 1}, audit.err  # its static files are not there: it was not published here
    assert "harbour_board-2.0.1: " not in audit.err
