"""The wording of READMEs comes from the commit that is built, never from what lies beside it."""

import zipfile
from collections.abc import Iterator

import pytest

from tests.e2e.conftest import Scene, opened
from tests.e2e.test_bad_input import NO_KEY, refused
from tests.fakes.keys import Key
from tests.fakes.workplace import Merge

_PACKAGE = "packages/lanternfish"


@pytest.fixture(scope="module")
def merged(key: Key) -> Iterator[tuple[Scene, Merge]]:
    with opened(key) as scene:

        def work() -> None:
            scene.place.bump("lanternfish", "1.3.0")
            scene.place.write(f"{_PACKAGE}/_dev/build/docs/README.md", '{{ fields "glow" }}\n')
            scene.place.write("docs/phrases.yml", 'exported_fields: "As committed\\n\\n"\n')
            scene.place.write("docs/large.yml", "a" * 6_000_000)
            (scene.place.clone / "docs" / "link.yml").symlink_to("phrases.yml")
            (scene.place.clone / "linked").symlink_to("docs")

        merge = scene.merge(work)
        scene.place.write("docs/phrases.yml", 'exported_fields: "As planted\\n\\n"\n')
        scene.place.write("planted.yml", 'exported_fields: "As planted\\n\\n"\n')
        yield scene, merge


@pytest.mark.parametrize(
    ("path", "words"),
    [
        pytest.param("planted.yml", ["can't be read", "has no file 'planted.yml'"], id="untracked"),
        pytest.param("docs", ["can't be read", "has no file 'docs'"], id="folder"),
        pytest.param("docs/link.yml", ["'docs/link.yml' is a symbolic link"], id="link"),
        pytest.param("linked/phrases.yml", ["has no file"], id="below a link"),
        pytest.param("docs/../../x.yml", ["is not a path in the repository"], id="outside"),
        pytest.param("docs/large.yml", ["phrases: the file has more than 5242880 bytes"], id="large"),
        pytest.param("/etc/hostname", ["is not a path in the repository"], id="absolute"),
    ],
)
def test_what_is_no_plain_file_of_the_commit_is_refused(
    merged: tuple[Scene, Merge], path: str, words: list[str]
) -> None:
    scene, merge = merged

    run = scene.push(merge, {**NO_KEY, "readme-phrases": path})

    refused(scene, run, "::error::input readme-phrases: ", *words)


def test_the_commits_wording_is_published(merged: tuple[Scene, Merge]) -> None:
    scene, merge = merged

    run = scene.push(merge, {"readme-phrases": "./docs/phrases.yml"})

    assert run.status == 0, run.log
    path = next(one for one in scene.bucket.rglob("lanternfish-1.3.0.zip") if zipfile.is_zipfile(one))
    with zipfile.ZipFile(path) as archive:
        text = archive.read("lanternfish-1.3.0/docs/README.md").decode()
    assert "As committed" in text
    assert "As planted" not in text
