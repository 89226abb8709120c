"""Our entries against those that the registry itself made of the same packages."""

import json
from pathlib import Path

import pytest

from pkgaction.entry import make, stray
from pkgaction.model.json import Json, JsonObject
from pkgaction.model.tree import Bytes, Tree, TreeFile

_DATA = Path(__file__).parents[3] / "shared" / "data" / "index"
_PACKAGES = sorted(_DATA.glob("packages/*/*"))
_EXPECTED = sorted(_DATA.glob("expected/*.json"))

pytestmark = pytest.mark.skipif(
    not _EXPECTED, reason="the registry's own packages are not in this repository (their license)"
)


def _entry(folder: Path) -> JsonObject:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return make(
        Tree(
            tuple(
                TreeFile(path=f.relative_to(folder).as_posix(), content=Bytes(f.read_bytes()))
                for f in files
            )
        )
    )


@pytest.mark.parametrize("expected", _EXPECTED, ids=lambda path: path.stem)
def test_the_entry_is_the_registrys_own(expected: Path) -> None:
    wanted: Json = json.loads(expected.read_text(encoding="utf-8"))
    name, _, version = expected.stem.partition("-")

    entry = dict(_entry(_DATA / "packages" / name / version))

    entry.pop("signature_path")  # theirs were read from folders without a signature
    assert json.loads(json.dumps(entry)) == wanted
    assert list(entry) == list(wanted if isinstance(wanted, dict) else ())


@pytest.mark.parametrize("folder", _PACKAGES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_every_package_that_the_registry_serves_has_an_entry(folder: Path) -> None:
    entry = _entry(folder)

    assert (entry["name"], entry["version"]) == (folder.parent.name, folder.name)
    assert stray.reason(json.dumps(entry, allow_nan=False).encode()) == ""
