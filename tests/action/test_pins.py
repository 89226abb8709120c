"""What we build on is pinned, images by digest and actions by commit, and all of it is renewed."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pkgaction.model.yamltext import Mapping, Scalar, Sequence, load_mapping

_ROOT = Path(__file__).parents[2]
_GITHUB = _ROOT / ".github"
_WORKFLOWS = sorted([*_GITHUB.glob("workflows/*.yml"), *(_ROOT / "examples/workflows").glob("*.yml")])
_DOCKERFILES = (_ROOT / "Dockerfile", _GITHUB / "images" / "Dockerfile")
_IMAGE = re.compile(r"[a-z0-9./-]+:[\w.-]+@sha256:[0-9a-f]{64}")
_ACTION = re.compile(r"[\w./-]+@[0-9a-f]{40}")
_OWN = re.compile(r"\./\.github/workflows/[a-z-]+\.yml|OWNER/pkgaction(/[^@]*)?@0{40}")
_HELPERS = {  # images that actions start, and what else decides which
    "docker/setup-qemu-action": "image",
    "docker/setup-buildx-action": "driver-opts",
    "docker/build-push-action": "sbom",
}
_RENEWED = {  # by what
    "Dockerfile": "docker",
    "requirements.txt": "pip",
    "go.mod": "gomod",
    "package-lock.json": "npm",
}
_OUTPUT = re.compile(r"((image|generator)=)?\$\{\{ steps\.images\.outputs\.([a-z]+) \}\}")


def _nodes(value: object) -> Iterator[Mapping]:
    """Every mapping of a document."""
    if isinstance(value, Mapping):
        yield value
        for inner in value.entries.values():
            yield from _nodes(inner)
    elif isinstance(value, Sequence):
        for item in value.items:
            yield from _nodes(item)


def _texts(path: Path, key: str) -> list[tuple[str, Mapping]]:
    """Every text under a key, with what it stands in."""
    found = []
    for node in _nodes(load_mapping(path.read_bytes())):
        value = node.entries.get(key)
        if isinstance(value, Scalar):
            found.append((value.text, node))
    return found


def _stages(path: Path) -> dict[str, str]:
    """The images that a Dockerfile begins with, by the names of their stages."""
    lines = re.findall(r"^FROM (\S+)(?: AS (\S+))?$", path.read_text(), re.MULTILINE)
    assert len(lines) == len(re.findall(r"^\s*FROM\b", path.read_text(), re.MULTILINE | re.IGNORECASE))
    names = {name for _, name in lines}
    return {name: image for image, name in lines if image not in names}


@pytest.mark.parametrize("path", _DOCKERFILES, ids=["action", "release"])
def test_images_are_named_by_their_digests(path: Path) -> None:
    stages = _stages(path)

    assert stages
    assert [image for image in stages.values() if not _IMAGE.fullmatch(image)] == []


def test_the_action_has_one_base() -> None:
    assert list(_stages(_ROOT / "Dockerfile")) == ["base"]


@pytest.mark.parametrize("path", _WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_named_by_their_commits(path: Path) -> None:
    used = [text for text, _ in _texts(path, "uses")]

    assert used
    assert [name for name in used if not (_ACTION.fullmatch(name) or _OWN.fullmatch(name))] == []


@pytest.mark.parametrize("path", _WORKFLOWS, ids=lambda path: path.name)
def test_no_job_runs_in_an_image_or_pulls_one_without_its_digest(path: Path) -> None:
    named = [text for key in ("container", "image") for text, _ in _texts(path, key)]
    for run, _ in _texts(path, "run"):
        named += re.findall(r"docker (?:pull|run|build)\b.*?(\S+:\S+|\"\$\w+\")", run)

    allowed = {'"$base"'}  # read from the Dockerfile
    literal = [name for name in named if not name.startswith("${{") and name not in allowed]
    assert [name for name in literal if not _IMAGE.search(name)] == []


def test_the_images_that_actions_start_are_those_that_are_pinned() -> None:
    path = _GITHUB / "workflows" / "release.yml"
    pinned, started = set(_stages(_GITHUB / "images" / "Dockerfile")), set()
    for uses, step in _texts(path, "uses"):
        if not (key := _HELPERS.get(uses.partition("@")[0])):
            assert not uses.startswith("docker/setup-")
            continue
        given = step.scalar("with", key)
        assert given, uses
        match = _OUTPUT.fullmatch(given.text)
        assert match, given.text
        started.add(match[3])

    assert started == pinned == {"qemu", "buildkit", "sbom"}
    reads = [run for run, _ in _texts(path, "run") if ".github/images/Dockerfile" in run]
    assert len(reads) == 1


def test_everything_that_is_pinned_is_renewed() -> None:
    updates = load_mapping((_GITHUB / "dependabot.yml").read_bytes()).get("updates")
    assert isinstance(updates, Sequence)
    renewed = set()
    for update in updates.items:
        assert isinstance(update, Mapping)
        system, one = update.scalar("package-ecosystem"), update.scalar("directory")
        many = update.get("directories")
        assert system
        folders = [one] if one else many.items if isinstance(many, Sequence) else []
        renewed |= {(system.text, folder.text) for folder in folders if isinstance(folder, Scalar)}

    tracked = subprocess.run(["git", "ls-files"], cwd=_ROOT, capture_output=True, text=True, check=True)
    paths = [Path("/", line) for line in tracked.stdout.splitlines()]
    wanted = {(_RENEWED[path.name], str(path.parent)) for path in paths if path.name in _RENEWED}
    assert {kind for kind, _ in wanted} == set(_RENEWED.values())
    wanted |= {("github-actions", "/"), ("github-actions", "/examples/workflows")}
    assert wanted == renewed
