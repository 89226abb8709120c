"""Our verdicts are the official ones, after each package's validation.yml; each other one is named."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from pkgaction.adapters import folder
from pkgaction.adapters import specification as source
from pkgaction.adapters.cache import Cache
from pkgaction.adapters.clock import SystemClock
from pkgaction.adapters.fetcher import Fetcher
from pkgaction.model.finding import Finding, errors
from pkgaction.model.json import Json, at, text_at
from pkgaction.model.looseversion import LooseVersion
from pkgaction.rules.package import Mode
from pkgaction.rules.spec import items
from pkgaction.rules.spec.documents import Documents
from pkgaction.rules.spec.items import Item
from pkgaction.rules.spec.schemas import Schemas
from pkgaction.rules.spec.specification import Specification
from pkgaction.stages import validate

_SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
_DATA = _SHARED / "validation"
_REPOSITORY = _SHARED / "build" / "repo" / "test" / "packages"

# what is invalid, and why
_INVALID_SOURCES = {
    "composable/02_ci_composable_integration",  # names a package beside it that is not in this half
    "composable/07_ci_composable_dual_input",  # an unknown key in _dev; the zip has no _dev
    "false_positives/ecs_external_false_positive_asserts",  # no owner.type; it was not built either
}


def _lines(name: str) -> list[Json]:
    path = _DATA / name
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


_EXPECTED, _BUILT = _lines("expected.jsonl"), _lines("expected_built.jsonl")
_PACKAGES = sorted(p.parent for p in _REPOSITORY.glob("*/*/manifest.yml") if p.parts[-3] != "edge")

pytestmark = pytest.mark.skipif(
    not _EXPECTED, reason="the official validator's packages are not here (their licence)"
)


@cache
def _specification() -> Specification:
    place = str(_SHARED / "spec-3.6.6") + f"#sha256={source.DIGEST}"
    found = source.load(place, Fetcher(SystemClock()), Cache(None))
    return Specification(found.files, found.name, source.READ_AT)


@cache
def _found(package: Path, mode: Mode) -> tuple[Finding, ...]:
    return errors(validate.findings(folder.package(package, beyond=2), _specification(), mode))


def _package(line: Json, parent: str) -> Path:
    return _DATA / parent / text_at(line, "package")


def _name(line: Json) -> str:
    return text_at(line, "package")


@pytest.mark.parametrize("line", _EXPECTED, ids=_name)
@pytest.mark.parametrize("mode", [Mode.LEGACY, Mode.SOURCE])
def test_a_package_has_the_official_verdict(line: Json, mode: Mode) -> None:
    found = _found(_package(line, "packages"), mode)

    assert bool(found) is (text_at(line, "verdict_filtered") != "ok"), found


@pytest.mark.parametrize("line", _BUILT, ids=_name)
def test_a_built_package_has_the_official_verdict(line: Json) -> None:
    found = _found(_package(line, "built_packages"), Mode.BUILD)

    assert bool(found) is (text_at(line, "verdict_filtered") != "ok"), found


def _schemas(item: Item) -> Iterator[str]:
    yield from (item.schema,) if item.schema else ()
    for inner in item.contents:
        yield from _schemas(inner)


@pytest.mark.parametrize("package_type", ["integration", "input", "content"])
def test_each_version_of_the_specification_can_be_read(package_type: str) -> None:
    documents = Documents(_specification().files)

    for version in {LooseVersion("", entry.numbers) for entry in documents.versions}:
        root = items.root(documents, package_type, version)
        schemas = Schemas(documents, version)
        assert root is not None
        assert all(schemas.get(path) for path in _schemas(root))


def _ours(line: Json) -> tuple[Finding, ...]:
    """What we find in a package, of whichever list it is."""
    if line in _BUILT:
        return _found(_package(line, "built_packages"), Mode.BUILD)
    return _found(_package(line, "packages"), Mode.LEGACY)


def _wanted(line: Json) -> list[Mapping[str, Json]]:
    found = at(line, "errors")
    items = found if isinstance(found, list) else []
    return [item for item in items if isinstance(item, Mapping) and not item.get("excluded")]


@pytest.mark.parametrize("line", [*_EXPECTED, *_BUILT], ids=_name)
def test_each_official_error_is_found_in_the_same_file(line: Json) -> None:
    files = {finding.file for finding in _ours(line)}

    missed = [one for one in _wanted(line) if one["file"] not in files and (one["file"] or not files)]
    assert missed == []


@pytest.mark.parametrize("line", [*_EXPECTED, *_BUILT], ids=_name)
def test_each_official_code_is_ours(line: Json) -> None:
    codes = {finding.official for finding in _ours(line)}

    assert {text_at(one, "code") for one in _wanted(line) if text_at(one, "code")} == codes - {""}


@pytest.mark.parametrize(
    "package", _PACKAGES, ids=[p.relative_to(_REPOSITORY).as_posix() for p in _PACKAGES]
)
def test_a_package_that_the_reference_has_built_is_valid(package: Path) -> None:
    found = _found(package, Mode.SOURCE)

    assert bool(found) is (package.relative_to(_REPOSITORY).as_posix() in _INVALID_SOURCES), found
