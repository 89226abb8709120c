"""Entries that lead readers elsewhere than to their own version are told, and never spread."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from pkgaction.entry import stray
from pkgaction.entry.catalog import Catalog
from pkgaction.errors import UsageError
from pkgaction.model import layout
from pkgaction.model.audit import Audit, Code
from pkgaction.model.json import Json, JsonObject
from pkgaction.model.names import unsafe
from pkgaction.model.release import Built
from pkgaction.model.tree import Bytes
from pkgaction.ports import Headers
from pkgaction.report import storage
from pkgaction.stages import audit, index, publish, reindex, rollback
from tests.fakes import release
from tests.fakes.release import FakeClock, FakeSigner, Silent
from tests.fakes.store import MemoryStore

PLAIN = Headers(content_type="application/json", cache_control="")
EVIL = "/package/evil/9.9.9/img/a.svg"
NAMED = ("Goby", "гоби", "../x", "crab-1", "a b")


def astray(entry: JsonObject, key: str) -> JsonObject:
    """The same entry with one address of another package."""
    changes: Mapping[str, Json] = {
        "download": "/epr/evil/evil-9.9.9.zip",
        "path": "/package/evil/9.9.9",
        "signature_path": "/epr/evil/evil-9.9.9.zip.sig",
        "readme": "https://evil.example/README.md",
        "icons": [{"src": "/img/a.svg", "path": EVIL}],
        "screenshots": [{"src": "/img/a.svg", "path": f"{entry['path']}/../../evil/a.svg"}],
        "assets": [EVIL],
        "policy_templates": [{"name": "a", "icons": [{"src": "/img/a.svg", "path": EVIL}]}],
    }
    return {**entry, key: changes[key]}


KEYS = (
    *("download", "path", "signature_path", "readme"),
    *("icons", "screenshots", "assets", "policy_templates"),
)


@pytest.fixture
def made(tmp_path: Path) -> Built:
    return release.built(tmp_path / "crab", "crab")


def test_an_entry_of_ours_leads_to_its_own_version(made: Built) -> None:
    assert stray.reason(json.dumps(made.entry).encode()) == ""


def test_what_an_entry_leaves_out_leads_nowhere() -> None:
    bare = {"name": "crab", "version": "1.0.0", "format_version": "3.0.0", "icons": None, "readme": ""}

    assert stray.reason(json.dumps(bare).encode()) == ""


@pytest.mark.parametrize("key", KEYS)
def test_each_address_of_another_package_is_told_by_its_key(made: Built, key: str) -> None:
    told = stray.reason(json.dumps(astray(made.entry, key)).encode())

    assert key in told or (key == "policy_templates" and "icons" in told)
    assert "evil" in told


ODD_PATHS = (
    *("../../../evil/9.9.9/a.svg", "docs/../../../../evil/9.9.9/a.svg", "..", "docs/..", ".", "./a.svg"),
    *("%2e%2e/%2e%2e/evil/9.9.9/a.svg", "%2E./.%2e/evil/9.9.9/a.svg", "docs%2f..%2f..%2fevil/a.svg"),
    *("%252e%252e/%252e%252e/evil/a.svg", "%25252e%25252e/evil/a.svg", "%5c..%5c..%5cevil"),
    *("..\\..\\evil\\9.9.9\\a.svg", "docs\\..\\..\\a.svg", "docs\\a.svg"),
    *(".\t./.\t./evil/9.9.9/a.svg", ".\n./a.svg", "a\r.svg", "a\0.svg", "a%00.svg", "\x7f", ".. ", ". "),
    *(
        "/evil.example/a.svg",
        "docs//a.svg",
        "docs/",
        "/",
        "",
        "a.svg?to=evil",
        "a\u200b.svg",
        "a\u202e.svg",
    ),
)


@pytest.mark.parametrize("key", ["readme", "icons", "screenshots", "assets", "policy_templates"])
@pytest.mark.parametrize("path", ODD_PATHS)
def test_an_address_below_the_version_is_a_plain_path_for_every_reader(
    made: Built, key: str, path: str
) -> None:
    address = f"{made.entry['path']}/{path}"
    of_image: list[Json] = [{"src": "/img/a.svg", "path": address}]
    value: Mapping[str, Json] = {
        "readme": address,
        "icons": of_image,
        "screenshots": of_image,
        "assets": [address],
        "policy_templates": [{"name": "a", "readme": address}],
    }

    told = stray.reason(json.dumps({**made.entry, key: value[key]}).encode())

    assert told.endswith(f" has {address[:80]!r}")


@pytest.mark.parametrize(
    "address",
    [
        *("//evil.example/a", "https://evil.example/a", "https:/package/crab/1.0.0/a", "javascript:a"),
        *("package/crab/1.0.0/a", "\\package\\crab\\1.0.0\\a", "/package//crab/1.0.0/a", " /package/a"),
        *(
            "/package/crab/1.0.0",
            "/package/crab/1.0.00/a",
            "/package/crab%2f1.0.0/a",
            "/Package/crab/1.0.0/a",
        ),
    ],
)
def test_an_address_begins_with_the_versions_own_one(made: Built, address: str) -> None:
    assert "assets" in stray.reason(json.dumps({**made.entry, "assets": [address]}).encode())


@pytest.mark.parametrize(
    "path",
    [
        *(
            "img/a b.png",
            "kibana/tag/Überblick-海.json",
            "docs/.hidden/a..b.md",
            "a-_~!$&'()+,;=@[]^`{}#.md",
        ),
        *("docs/100%.md", "docs/100%25 sure.md", "img/a%20b.png", "data_stream/logs/manifest.yml"),
    ],
)
def test_whatever_file_a_package_may_have_is_its_own(made: Built, path: str) -> None:
    address = f"{made.entry['path']}/{path}"
    image = {"src": f"/{path}", "path": address}
    entry = {**made.entry, "assets": [address], "icons": [image], "screenshots": [{"src": path}]}

    assert unsafe(path) == ""
    assert stray.reason(json.dumps(entry).encode()) == ""


@pytest.mark.parametrize(
    "src", ["/../../evil/9.9.9/a.svg", "img/%2e%2e/%2e%2e/a.svg", "https://evil.example/a"]
)
def test_a_pictures_source_is_looked_at_too(made: Built, src: str) -> None:
    entry = {**made.entry, "icons": [{"src": src}]}

    assert "src" in stray.reason(json.dumps(entry).encode())


@pytest.mark.parametrize("path", ["../../evil", "%2e%2e", "a\\b"])
def test_a_data_streams_folder_is_looked_at_too(made: Built, path: str) -> None:
    entry = {**made.entry, "data_streams": [{"type": "logs", "path": path}]}

    assert "data_streams" in stray.reason(json.dumps(entry).encode())


@pytest.mark.parametrize("name", NAMED)
def test_what_no_package_may_be_called_is_told(made: Built, name: str) -> None:
    assert "no package" in stray.reason(json.dumps({**made.entry, "name": name}).encode())


class Place:
    """Two buckets with crab 1.0.0 in them, and an index that somebody else has written to."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, FakeClock()
        self.store, self.index = MemoryStore(), MemoryStore("memory://index")
        self.crab = self.add("crab").entry

    def add(self, name: str) -> Built:
        made = release.signed(self.folder / name, name)
        bench = publish.Bench(store=self.store, signer=FakeSigner(), provenance={}, scratch=self.folder)
        self.indexed = index.add([publish.publish(made, bench)], self.index, self.clock)
        return made.built

    def cursor(self) -> str:
        return str(json.loads(self.index.data(layout.CURSOR))["current"])

    def write(self, *entries: JsonObject) -> None:
        """Other entries in the current list."""
        name = layout.full_index_name(self.cursor())
        stored = self.index.stat(name)
        assert stored
        wrapped: list[Json] = [{"package_manifest": one} for one in entries]
        data = Bytes(json.dumps({"packages": wrapped}).encode())
        self.index.replace(name, data, PLAIN, generation=stored.generation)
        delta = self.index.stat(layout.delta_index_name(self.cursor()))
        if delta:
            self.index.delete(delta.name, generation=delta.generation)

    def audit(self, *, everything: bool = True) -> Audit:
        bench = audit.Bench(store=self.store, index=self.index, clock=self.clock, watch=Silent())
        return audit.audit([], bench, everything=everything)

    def catalog(self) -> Catalog:
        return Catalog.parse(self.index.data(layout.full_index_name(self.cursor())))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.mark.parametrize("everything", [False, True])
@pytest.mark.parametrize("name", NAMED)
def test_an_audit_tells_a_foreign_name_as_drift_with_the_list_and_what_to_do(
    place: Place, name: str, *, everything: bool
) -> None:
    place.write(place.crab, {**place.crab, "name": name})

    found = place.audit(everything=everything)

    assert not found.ok
    (bad,) = [one for one in found.versions if not one.ok]
    (drift,) = bad.drifts
    assert (bad.id.name, drift.code) == (name, Code.ENTRY_FOREIGN)
    assert f"memory://index/{layout.full_index_name(place.cursor())}" in drift.what
    assert "reindex" in drift.fix
    assert found.warnings == ()


@pytest.mark.parametrize("everything", [False, True])
@pytest.mark.parametrize("key", KEYS)
def test_an_audit_tells_foreign_addresses_once(place: Place, key: str, *, everything: bool) -> None:
    place.write(astray(place.crab, key))

    found = place.audit(everything=everything)

    foreign = [d for one in found.versions for d in one.drifts if d.code is Code.ENTRY_FOREIGN]
    assert len(foreign) == 1
    assert not found.ok


def test_publishing_loses_nothing_and_warns_by_name_once(place: Place) -> None:
    goby = {**place.crab, "name": "Goby"}
    place.write(goby, astray(place.crab, "download"))

    place.add("eel")

    assert place.catalog().texts.keys() == {("Goby", "1.0.0"), ("crab", "1.0.0"), ("eel", "1.0.0")}
    (warning,) = place.indexed.warnings
    assert "'Goby' 1.0.0" in warning
    assert "'crab' 1.0.0" in warning
    assert "reindex" in warning
    place.add("eel")  # published already: nothing is written, and it is told all the same
    assert place.indexed.warnings == (warning,)


def test_very_many_are_counted(place: Place) -> None:
    place.write(*({**place.crab, "name": f"Goby{number}"} for number in range(500)))

    place.add("eel")

    (warning,) = place.indexed.warnings
    assert "and 490 more" in warning
    assert len(warning) < 1000


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_list_that_leads_astray_is_not_brought_back(place: Place, *, dry_run: bool) -> None:
    old = place.cursor()
    place.write(place.crab, {**place.crab, "name": "Goby"})
    reindex.rebuild(
        reindex.Bench(
            store=place.store,
            index=place.index,
            clock=place.clock,
            watch=Silent(),
            scratch=place.folder,
        )
    )
    before = place.index.dump()

    with pytest.raises(UsageError, match="Goby") as caught:
        rollback.to(old, place.index, place.clock, dry_run=dry_run)

    assert layout.full_index_name(old) in caught.value.where
    assert "reindex" in caught.value.fix
    assert place.index.dump() == before


def test_one_that_leads_no_further_astray_than_the_current_one_is_brought_back(place: Place) -> None:
    old = place.cursor()
    place.write(place.crab, {**place.crab, "name": "Goby"})
    place.add("eel")

    done = rollback.to(old, place.index, place.clock)

    assert done.removed == ("eel-1.0.0",)
    assert "Goby" in done.warnings[0]


@pytest.mark.parametrize("key", [*KEYS, ""])
def test_of_a_zip_that_gives_no_entry_only_its_own_one_is_kept_and_either_is_told(
    place: Place, key: str
) -> None:
    place.add("eel")
    zip_ = place.store.stat("artifacts/packages/crab-1.0.0.zip")
    assert zip_
    place.store.delete(zip_.name, generation=zip_.generation)
    place.store.create(zip_.name, Bytes(b"no zip"), PLAIN)
    place.write(astray(place.crab, key) if key else place.crab, {**place.crab, "name": "Goby"})
    bench = reindex.Bench(
        store=place.store,
        index=place.index,
        clock=place.clock,
        watch=Silent(),
        scratch=place.folder,
    )

    done = reindex.rebuild(bench)

    kept = {("eel", "1.0.0")} if key else {("eel", "1.0.0"), ("crab", "1.0.0")}
    assert place.catalog().texts.keys() == kept
    (told,) = done.unreadable
    assert told.startswith("crab-1.0.0: ")
    assert ("no entry of its own" if key else "is kept") in told
    said = list(storage.of_rebuilt(done))
    assert "removed: Goby-1.0.0: there is no zip of it" in said
    assert ("removed: crab-1.0.0" in said) is bool(key)
