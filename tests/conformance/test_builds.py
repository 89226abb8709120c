"""Every package the reference tool built: ours is the same tree, byte for byte."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pkgaction import materials
from pkgaction.adapters import folder
from pkgaction.errors import PackageError
from pkgaction.inputs import Inputs
from pkgaction.materials import Place
from pkgaction.model.tree import Tree
from pkgaction.stages import build
from tests.fakes.release import FakeClock

_DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "build"
_EXPECTED = sorted(p for p in _DATA.glob("expected/*/*/*") if p.is_dir())
_PACKAGES = {p.parent for p in _DATA.glob("repo/test/packages/*/*/manifest.yml")}
_GIVEN = {
    "ecs-url": f"file://{_DATA}/ecs",
    "registry-url": f"file://{_DATA}/epr",
    "registry-public-keys": "unsigned",
    "elastic-package-url": f"file://{_DATA}/elastic-package",
    "readme-phrases": f"{_DATA}/phrases.yml",
}
_LARGEST = 1 << 30  # bytes

pytestmark = pytest.mark.skipif(
    not _EXPECTED, reason="the reference's builds are not beside the project"
)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The reference's packages in a repository, as they were when it built them."""
    copy = tmp_path_factory.mktemp("reference") / "repo"
    shutil.copytree(_DATA / "repo", copy, symlinks=True)
    (copy / ".git").mkdir()
    yield copy
    shutil.rmtree(copy, ignore_errors=True)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[build.Bench]:
    """What building works with, as the command line makes it; ECS is read once."""
    inputs, problems = Inputs.parse(_GIVEN, bucket_required=False)
    assert not problems
    with contextlib.ExitStack() as stack:
        place = Place(
            scratch=tmp_path_factory.mktemp("scratch"),
            cache=None,
            environ={},
            clock=FakeClock(),
            stack=stack,
        )
        sources = materials.sources(inputs, place, own=None)
        yield build.Bench(sources=sources, phrases=materials.phrases(inputs), jobs=1)


def built(package: Path, bench: build.Bench) -> dict[str, bytes]:
    """The files of the package that we build."""
    return _held(build.files(folder.package(package), bench))


def _held(tree: Tree) -> dict[str, bytes]:
    return {file.path: tree.read(file.path, limit=_LARGEST) or b"" for file in tree.files}


def _on_disk(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def _source(repository: Path, expected: Path) -> Path:
    return repository / "test" / "packages" / expected.parent.parent.name / expected.parent.name


def test_every_package_but_the_one_that_must_fail_has_an_expected_tree() -> None:
    built = {_source(_DATA / "repo", expected) for expected in _EXPECTED}

    assert {p.name for p in _PACKAGES - built} <= {"ecs_external_false_positive_asserts"}


@pytest.mark.parametrize(
    "expected", _EXPECTED, ids=[str(p.relative_to(_DATA / "expected")) for p in _EXPECTED]
)
def test_a_package_is_built_as_the_reference_does(
    repository: Path, bench: build.Bench, expected: Path
) -> None:
    source = _source(repository, expected)
    before = _on_disk(source)

    ours, theirs = built(source, bench), _on_disk(expected)

    differing = [path for path in sorted({*ours, *theirs}) if ours.get(path) != theirs.get(path)]
    assert differing == []
    assert _on_disk(source) == before  # the source is never written to


@pytest.mark.skipif(
    not any(p.name == "ecs_external_false_positive_asserts" for p in _PACKAGES),
    reason="the package that must fail is not beside the project",
)
def test_a_field_that_must_not_be_at_the_top_level_fails_the_build(
    repository: Path, bench: build.Bench
) -> None:
    name = "false_positives/ecs_external_false_positive_asserts"

    with pytest.raises(PackageError) as caught:
        built(repository / "test" / "packages" / name, bench)

    assert "geo.city_name" in str(caught.value)
    assert "top level" in str(caught.value)
