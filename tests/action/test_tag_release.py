"""The script that makes a release's tag: the Action of the tag is the published image."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pkgaction import __version__
from pkgaction.model.yamltext import load_mapping
from tests.fakes.workplace import ROOT, Workplace

_IMAGE = f"ghcr.io/deepwater/pkgaction@sha256:{'5' * 64}"


@pytest.fixture
def project(tmp_path: Path) -> Workplace:
    """A repository of the Action, as far as a release goes, with its remote."""
    place = Workplace(tmp_path)
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", place.origin], check=True)
    subprocess.run(["git", "init", "-q", "-b", "main", place.clone], check=True)
    place.git("remote", "add", "origin", str(place.origin))
    for name in ("action.yml", "pkgaction/__init__.py", ".github/tag-release"):
        (place.clone / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, place.clone / name)
    place.commit("All of it")
    place.git("push", "-q", "-u", "origin", "main")
    return place


def released(
    project: Workplace, version: str = __version__, image: str = _IMAGE
) -> subprocess.CompletedProcess[str]:
    project.git("checkout", "-q", "main")
    return subprocess.run(
        [project.clone / ".github" / "tag-release"],
        cwd=project.clone,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(project.folder),
            "VERSION": version,
            "IMAGE": image,
            "TOKEN": "ghs_the_token_of_the_job",
        },
        capture_output=True,
        text=True,
        check=False,
    )


def tags(project: Workplace) -> dict[str, str]:
    """The remote's tags, and the commit of each."""
    lines = project.git("ls-remote", "--tags", "origin").splitlines()
    return {
        line.split("refs/tags/")[1].removesuffix("^{}"): line.split()[0]
        for line in lines
        if line.endswith("^{}")
    }


def test_the_tags_action_is_the_image_and_the_branch_stays_as_it_is(project: Workplace) -> None:
    before = project.git("ls-remote", "--heads", "origin")

    done = released(project)

    assert done.returncode == 0, done.stderr
    made = tags(project)
    assert set(made) == {f"v{__version__}", f"v{__version__.partition('.')[0]}"}
    (commit,) = set(made.values())
    action = project.git("show", f"{commit}:action.yml").encode()
    image = load_mapping(action).scalar("runs", "image")
    assert image
    assert image.text == f"docker://{_IMAGE}"
    assert project.git("diff", "--stat", "main", commit).splitlines()[-1].startswith(" 1 file changed")
    assert project.git("ls-remote", "--heads", "origin") == before


def test_the_token_is_shown_to_nobody(project: Workplace) -> None:
    done = released(project)

    shown = [line for line in done.stdout.splitlines() if not line.startswith("::add-mask::")]
    assert "ghs_" not in "".join([*shown, done.stderr])


def test_a_release_never_changes(project: Workplace) -> None:
    assert released(project).returncode == 0
    before = tags(project)

    again = released(project, image=_IMAGE[:-1] + "6")

    assert again.returncode == 2
    assert "a release never changes" in again.stderr
    assert tags(project) == before


@pytest.mark.parametrize(
    ("version", "image"),
    [
        ("99.0.0", _IMAGE),
        (f"v{__version__}", _IMAGE),
        (__version__, "ghcr.io/deepwater/pkgaction:latest"),
        (__version__, f"ghcr.io/deep|water@sha256:{'5' * 64}"),
    ],
)
def test_nothing_is_tagged_with_another_version_or_without_a_digest(
    project: Workplace, version: str, image: str
) -> None:
    done = released(project, version, image)

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert tags(project) == {}
