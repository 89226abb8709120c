"""What the real Action published, the real Package Registry serves, in both of its released modes.

Its incremental mode is in no release: `tests/storage/reader.py` does what that would do.
"""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from pkgaction.model.json import Json, JsonObject, at, text_at
from tests.fakes.keys import Key
from tests.registry.conftest import MODES, Cloud, Registry, cloud
from tests.storage import reader

_FIRST = {"lanternfish": "1.3.0", "harbour_board": "2.1.0", "tidewire": "0.5.0-beta.1"}
_TYPES = {".svg": "image/svg+xml", ".md": "text/markdown; charset=utf-8"}
_TYPES |= {".yml": "text/yaml; charset=utf-8", ".json": "application/json"}


@dataclass(frozen=True, slots=True)
class Shelf:
    """A release, and a registry that has loaded it."""

    cloud: Cloud
    registry: Registry

    def entries(self) -> Mapping[str, JsonObject]:
        """The index as it was published, by NAME-VERSION."""
        index = self.cloud.index
        found = reader.entries(index, reader.cursor(index))
        return {f"{n}-{v}": one for (n, v), one in found.items() if isinstance(one, dict)}

    def object(self, name: str) -> bytes:
        """An object of the public bucket."""
        data = reader.read(self.cloud.artifacts, name)
        assert data is not None
        return data


@pytest.fixture(scope="module", params=MODES)
def shelf(
    request: pytest.FixtureRequest, server: str, key: Key, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shelf]:
    with cloud(server, key) as made:
        made.release(**_FIRST)
        with made.registry(tmp_path_factory.mktemp("epr"), request.param) as registry:
            yield Shelf(made, registry)


def test_search_shows_exactly_what_was_published(shelf: Shelf) -> None:
    released = sorted(f"{name}-{version}" for name, version in _FIRST.items())

    assert shelf.registry.versions() == released
    shown = shelf.registry.json("/search")
    assert isinstance(shown, list)
    assert sorted(text_at(one, "name") for one in shown) == ["harbour_board", "lanternfish"]


def test_a_package_is_its_entry(shelf: Shelf) -> None:
    for base, entry in shelf.entries().items():
        name, _, version = base.partition("-")

        assert shelf.registry.json(f"/package/{name}/{version}/") == entry
        assert list(_keys(shelf.registry.json(f"/package/{name}/{version}/"))) == list(entry)


def _keys(document: Json) -> JsonObject:
    assert isinstance(document, dict)
    return document


def test_categories_count_what_the_entries_say(shelf: Shelf) -> None:
    counted = shelf.registry.json("/categories?prerelease=true&include_policy_templates=false")
    assert isinstance(counted, list)

    for entry in shelf.entries().values():
        named = at(entry, "categories")
        assert named is None or isinstance(named, list)
        assert set(named or ()) <= {at(category, "id") for category in counted}


def test_zip_and_signature_come_through_as_they_were_uploaded(shelf: Shelf) -> None:
    for base, entry in shelf.entries().items():
        for key, ending in (("download", ".zip"), ("signature_path", ".zip.sig")):
            answer = shelf.registry.get(text_at(entry, key))

            assert answer.status_code == 200
            assert answer.content == shelf.object(f"artifacts/packages/{base}{ending}")


def test_every_asset_is_served_with_its_bytes_and_its_type(shelf: Shelf) -> None:
    for base, entry in shelf.entries().items():
        zipped = zipfile.ZipFile(io.BytesIO(shelf.object(f"artifacts/packages/{base}.zip")))
        assets = at(entry, "assets")
        assert isinstance(assets, list)
        assert len(assets) == sum(not one.is_dir() for one in zipped.infolist())
        for asset in map(str, assets):
            inside = asset.split("/", 4)[4]
            answer = shelf.registry.get(asset)

            assert answer.status_code == 200, asset
            assert answer.content == zipped.read(f"{base}/{inside}")
            wanted = _TYPES.get(Path(asset).suffix, "text/plain; charset=utf-8")
            assert answer.headers["Content-Type"] == wanted, asset


def test_icons_and_readmes_that_entries_name_are_there(shelf: Shelf) -> None:
    named = [text_at(entry, "readme") for entry in shelf.entries().values()]
    for entry in shelf.entries().values():
        icons = at(entry, "icons")
        named += [text_at(icon, "path") for icon in icons] if isinstance(icons, list) else []

    assert any(path.endswith(".svg") for path in named)
    assert {path: shelf.registry.get(path).status_code for path in named} == dict.fromkeys(named, 200)


def test_a_second_release_is_picked_up_while_the_registry_runs(shelf: Shelf) -> None:
    shelf.cloud.release(lanternfish="1.4.0", saltmarsh="2.0.0")

    assert shelf.registry.wait_for(lambda: "saltmarsh-2.0.0" in shelf.registry.versions())
    assert {"lanternfish-1.3.0", "lanternfish-1.4.0"} < set(shelf.registry.versions())
    newest = shelf.registry.json("/search?package=lanternfish")
    assert isinstance(newest, list)
    assert [text_at(one, "version") for one in newest] == ["1.4.0"]
    assert shelf.registry.get("/package/saltmarsh/2.0.0/docs/README.md").status_code == 200
    assert shelf.registry.errors() == []


def test_all_that_is_served_is_json_of_the_index(shelf: Shelf) -> None:
    """The whole, so nothing that other tests don't look at is lost."""
    found = shelf.registry.json("/search?all=true&prerelease=true")
    assert isinstance(found, list)

    for one in found:
        entry = shelf.entries()[f"{text_at(one, 'name')}-{text_at(one, 'version')}"]
        same = {key for key in _keys(one) if key not in {"policy_templates", "data_streams"}}
        assert {key: _keys(one)[key] for key in same} == {key: entry[key] for key in same}
    assert json.dumps(found)
