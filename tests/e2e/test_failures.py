"""What can't be published: named with its file and line, and the other packages go on."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.e2e.conftest import Scene, entries, opened
from tests.fakes.keys import Key
from tests.fakes.workplace import Run, objects


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    scene: Scene
    run: Run


def _raise_without_changelog(scene: Scene, name: str, before: str, after: str) -> None:
    path = f"packages/{name}/manifest.yml"
    text = (scene.place.clone / path).read_text()
    scene.place.write(path, text.replace(f"version: {before}", f"version: {after}"))


@pytest.fixture(scope="module")
def mixed(key: Key) -> Iterator[Ran]:
    """One good package, one whose changelog is behind, one whose manifest is broken."""
    with opened(key) as scene:

        def work() -> None:
            scene.place.bump("tidewire", "0.5.0")
            _raise_without_changelog(scene, "lanternfish", "1.2.0", "1.3.0")
            path = "packages/saltmarsh/manifest.yml"
            text = (scene.place.clone / path).read_text()
            broken = text.replace("title: Saltmarsh\n", "title: Saltmarsh\ntitle: [twice\n")
            scene.place.write(path, broken)

        yield Ran(scene=scene, run=scene.push(scene.merge(work)))


def test_a_failing_package_does_not_stop_the_others(mixed: Ran) -> None:
    assert mixed.run.status == 1
    assert mixed.run.outputs["published"] == "true"
    assert {name: found["status"] for name, found in mixed.run.packages.items()} == {
        "lanternfish": "failed",
        "saltmarsh": "failed",
        "tidewire": "published",
    }
    assert set(entries(mixed.scene.index)) == {("tidewire", "0.5.0")}


def test_nothing_of_a_failing_package_is_published(mixed: Ran) -> None:
    names = objects(mixed.scene.bucket)
    assert all("tidewire-0.5.0" in name for name in names)


def test_the_report_names_what_is_missing_and_what_to_do(mixed: Ran) -> None:
    (comment,) = mixed.scene.github.comments
    for told in (comment.body, mixed.run.summary):
        assert "1 package published, 2 not" in told
        assert "<b>lanternfish</b>" in told
        assert "<b>saltmarsh</b>" in told
        assert "changelog-not-current" in told
        assert "manifest-unreadable" in told
        assert "**What to do:**" in told


@pytest.mark.parametrize(
    ("file", "line", "said"),
    [
        ("packages/lanternfish/changelog.yml", 1, "add an entry for this version at the top"),
        ("packages/saltmarsh/manifest.yml", 4, ""),
    ],
    ids=["changelog", "manifest"],
)
def test_annotations_point_at_file_and_line(mixed: Ran, file: str, line: int, said: str) -> None:
    (error,) = [found for found in mixed.run.errors if f"file={file}," in found]
    assert f"line={line}" in error.partition("::")[2].partition("::")[0].split(",")
    assert said in error


def test_there_is_one_annotation_a_problem(mixed: Ran) -> None:
    assert len(mixed.run.errors) == 2


def test_of_many_findings_those_in_what_was_changed_are_annotations(scene: Scene) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"

    def before() -> None:
        for number in range(12):
            scene.place.write(f"packages/saltmarsh/img/a{number}.png", pointer)

    def work() -> None:
        scene.place.bump("saltmarsh", "1.1.0")
        scene.place.write("packages/saltmarsh/img/z.png", pointer)

    scene.merge(before)
    run = scene.push(scene.merge(work))

    assert len(run.errors) == 10
    assert "file=packages/saltmarsh/img/z.png::" in run.errors[0]
    assert "4 more" in run.errors[-1]


def _ecs(scene: Scene) -> None:
    scene.place.bump("lanternfish", "1.3.0")
    folder = "packages/lanternfish"
    build = "dependencies:\n  ecs:\n    reference: git@v8.17.0\n"
    scene.place.write(f"{folder}/_dev/build/build.yml", build)
    fields = "- name: message\n  external: ecs\n"
    scene.place.write(f"{folder}/data_stream/glow/fields/ecs.yml", fields)


def _readme(scene: Scene) -> None:
    scene.place.bump("tidewire", "0.5.0")
    scene.place.write("packages/tidewire/_dev/build/docs/README.md", '# Tidewire\n\n{{shell "id"}}\n')


def _required(scene: Scene) -> None:
    scene.place.bump("saltmarsh", "1.1.0")
    path = "packages/saltmarsh/manifest.yml"
    text = (scene.place.clone / path).read_text()
    scene.place.write(
        path, f"{text}requires:\n  input:\n    - package: tidewire\n      version: 0.4.0\n"
    )


def _saved_objects(scene: Scene) -> None:
    scene.place.bump("harbour_board", "2.1.0")
    dashboard = '{"type": "dashboard", "attributes": "Berths"}\n'
    scene.place.write("packages/harbour_board/kibana/dashboard/harbour_board-berths.json", dashboard)


@pytest.fixture(scope="module")
def unbuildable(key: Key) -> Iterator[Ran]:
    """Four packages, and each asks for what can't be had, or can't be built."""
    with opened(key) as scene:

        def work() -> None:
            for prepare in (_ecs, _readme, _required, _saved_objects):
                prepare(scene)

        yield Ran(scene=scene, run=scene.push(scene.merge(work)))


@pytest.mark.parametrize(
    ("name", "what", "where"),
    [
        pytest.param(
            "lanternfish",
            "ECS v8.17.0 is not there",
            "/outside/ecs/v8.17.0/generated/ecs/ecs_nested.yml",
            id="ECS",
        ),
        pytest.param(
            "tidewire",
            "shell is no function",
            "packages/tidewire/_dev/build/docs/README.md:3",
            id="template",
        ),
        pytest.param(
            "saltmarsh",
            "the input package tidewire 0.4.0 is needed, and no keys are given",
            "input registry-public-keys",
            id="required input",
        ),
        pytest.param(
            "harbour_board",
            "attributes",
            "packages/harbour_board/kibana/dashboard/harbour_board-berths.json",
            id="saved object",
        ),
    ],
)
def test_a_package_that_cant_be_built_says_what_is_missing_and_where(
    unbuildable: Ran, name: str, what: str, where: str
) -> None:
    found = unbuildable.run.packages[name]
    assert found["status"] == "failed"
    assert where in str(found["reason"])
    assert what in str(found["reason"])
    (error,) = [line for line in unbuildable.run.errors if f"file=packages/{name}/" in line]
    assert what in error


def test_nothing_of_a_refused_package_is_published(unbuildable: Ran) -> None:
    assert unbuildable.run.status == 1
    assert unbuildable.run.outputs["published"] == "false"
    assert not unbuildable.scene.bucket.exists()
    assert not unbuildable.scene.index.exists()
    (comment,) = unbuildable.scene.github.comments
    assert "4 packages not published" in comment.body


def test_a_bucket_that_cannot_be_one_is_told_before_anything_is_built(scene: Scene) -> None:
    merge = scene.merge(lambda: scene.place.bump("lanternfish", "1.3.0"))
    scene.place.folder.joinpath("file").write_text("not a folder\n")
    run = scene.push(merge, {"bucket": f"file://{scene.place.folder}/file"})
    assert run.status == 2
    assert run.packages["lanternfish"]["status"] == "not-tried"
    assert run.outputs["published"] == "false"
    (error,) = run.errors
    assert "this is not a folder" in error
    (comment,) = scene.github.comments
    assert "Nothing was published: the run stopped" in comment.body
    assert "::group::Build" not in run.log
    assert not scene.index.exists()


def test_a_storage_that_fails_ends_the_job_with_three(scene: Scene) -> None:
    merge = scene.merge(lambda: scene.place.bump("lanternfish", "1.3.0"))
    scene.bucket.mkdir()
    (scene.bucket / "artifacts").write_text("not a folder\n")
    run = scene.push(merge)
    assert run.status == 3
    assert run.packages["lanternfish"]["status"] == "failed"
    assert run.outputs["published"] == "false"
    (error,) = run.errors
    assert "run the job again" in error
    assert "Traceback" not in run.log
    (comment,) = scene.github.comments
    assert "1 package not published" in comment.body
    assert not scene.index.exists()


def test_a_broken_index_is_left_alone_and_the_job_ends_with_three(scene: Scene) -> None:
    cursor = scene.index / "v2/metadata/cursor.json"
    cursor.parent.mkdir(parents=True)
    cursor.write_text('{"current": "soon"}')
    merge = scene.merge(lambda: scene.place.bump("lanternfish", "1.3.0"))
    run = scene.push(merge, {"github-token": None})
    assert run.status == 3
    assert objects(scene.index) == {"v2/metadata/cursor.json": b'{"current": "soon"}'}
    assert run.packages["lanternfish"]["status"] == "not-indexed"
    assert run.outputs["published"] == "true"
    assert "in the bucket, but the index failed" in str(run.packages["lanternfish"]["reason"])
    cursor.unlink()
    again = scene.push(merge, {"github-token": None})
    assert again.status == 0
    assert set(entries(scene.index)) == {("lanternfish", "1.3.0")}


def test_e52_a_comment_that_cant_be_written_changes_no_result(scene: Scene) -> None:
    """A comment that can't be written changes no result, and is itself reported."""
    merge = scene.merge(lambda: scene.place.bump("lanternfish", "1.3.0"))
    scene.github.token = "another"
    run = scene.push(merge)
    assert run.status == 0
    assert run.packages["lanternfish"]["status"] == "published"
    assert run.outputs["comment-url"] == ""
    (said,) = run.warnings
    assert "no comment was written" in said
    assert "GitHub does not accept the token" in said
