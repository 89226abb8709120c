"""A required input package that the run does not bring, though its repository has it: that is told."""

from collections.abc import Callable

import pytest

from tests.e2e.conftest import Scene
from tests.fakes import composed
from tests.fakes.workplace import Run


def _write(scene: Scene, folder: str, files: dict[str, str]) -> None:
    for path, text in files.items():
        scene.place.write(f"{folder}/{path}", text)


def _not_named(scene: Scene) -> Run:
    def work() -> None:
        _write(scene, "packages/sounder", composed.input_package())
        _write(scene, "packages/abyss", composed.integration("abyss"))

    scene.merge(work)
    return scene.republish("abyss")


def _unchanged(scene: Scene) -> Run:
    scene.merge(lambda: _write(scene, "packages/sounder", composed.input_package()))
    return scene.push(
        scene.merge(lambda: _write(scene, "packages/abyss", composed.integration("abyss")))
    )


def _outside(scene: Scene) -> Run:
    def work() -> None:
        _write(scene, "inputs/sounder", composed.input_package())
        _write(scene, "packages/abyss", composed.integration("abyss"))

    return scene.push(scene.merge(work))


def _downgraded(scene: Scene) -> Run:
    higher = composed.input_package()
    higher["manifest.yml"] = higher["manifest.yml"].replace("version: 0.3.0", "version: 0.4.0")
    scene.merge(lambda: _write(scene, "packages/sounder", higher))

    def work() -> None:
        _write(scene, "packages/sounder", composed.input_package())
        _write(scene, "packages/abyss", composed.integration("abyss"))

    return scene.push(scene.merge(work))


def _of_a_backport_branch(scene: Scene) -> Run:
    place, branch = scene.place, "backport-abyss-1.0"
    place.git("checkout", "-q", "-b", branch)
    place.git("push", "-q", "origin", branch)

    def work() -> None:
        _write(scene, "packages/sounder", composed.input_package())
        _write(scene, "packages/abyss", composed.integration("abyss"))

    merge = place.squash_merge(work, onto=branch)
    event = place.push_event(merge)
    changes = {"branches": f"main\n{branch}"}
    return scene.run("push", event, changes, sha=merge.after, ref=f"refs/heads/{branch}")


@pytest.mark.parametrize(
    ("start", "hint"),
    [
        (_not_named, "as it is not named: publish both by name, as package: sounder abyss"),
        (_unchanged, "as its version does not change: publish both by name, as package: sounder abyss"),
        (_outside, "it lies in inputs/sounder, which no glob of input packages names: add that folder"),
        (_downgraded, "this run leaves it out: downgrade refused"),
        (_of_a_backport_branch, "leaves it out: the branch backport-abyss-1.0 publishes abyss alone"),
    ],
)
def test_a_required_package_that_this_repository_has_is_told_with_what_to_do(
    scene: Scene, start: Callable[[Scene], Run], hint: str
) -> None:
    run = start(scene)

    assert run.status == 1, run.log
    assert [hint in error for error in run.errors] == [True], run.errors
