"""A build.yml refers to a version of ECS, or to a file of the repository and no other one."""

import pytest

from pkgaction.errors import BuildRefusedError, SourceMissingError
from pkgaction.model.ecs import EcsSchema
from pkgaction.model.tree import Kind
from pkgaction.transforms.ecs_reference import schema_of
from tests.fakes.sources import MemorySources
from tests.unit.trees import GOOD, around, file, source

_SCHEMA = """\
tide:
  fields:
    tide.height: {name: height, type: float}
"""


def test_a_version_comes_from_outside() -> None:
    known = EcsSchema()

    assert schema_of("git@v1.0.0", source(), MemorySources({"git@v1.0.0": known})) is known
    with pytest.raises(SourceMissingError):
        schema_of("git@v1.0.1", source(), MemorySources())


@pytest.mark.parametrize("reference", ["file://../../ecs.yml", "file://./../kelp/../../ecs.yml"])
def test_a_file_of_the_repository_is_read_from_the_packages_folder(reference: str) -> None:
    found = source(GOOD, around(file("ecs.yml", _SCHEMA)))

    assert schema_of(reference, found, MemorySources()).find("tide.height")


@pytest.mark.parametrize(
    "reference",
    [
        pytest.param("file:///etc/passwd", id="absolute"),
        pytest.param("file://../../../ecs.yml", id="out of the repository"),
        pytest.param("file://../../missing.yml", id="missing"),
        pytest.param("file://../../symlink", id="symbolic link"),
        pytest.param("file://../../text", id="no schema"),
        pytest.param("file://", id="folder"),
        pytest.param("file://a\0b", id="no text"),
    ],
)
def test_what_leads_to_no_schema_of_the_repository_is_refused(reference: str) -> None:
    files = (file("ecs.yml", _SCHEMA), file("text", "- a"), file("symlink", "", Kind.SYMLINK))

    with pytest.raises(BuildRefusedError, match="reference"):
        schema_of(reference, source(GOOD, around(*files)), MemorySources())
