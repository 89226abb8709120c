"""An audit finds what is not as promised, by listings; with an inspector also inside the zips."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from pkgaction import deltas, generations, integrity
from pkgaction.adapters.directory import DirectoryStore
from pkgaction.errors import IndexUnsafeError, StorageError
from pkgaction.inspection import Inspector
from pkgaction.model import event, layout
from pkgaction.model.audit import Audit, Code
from pkgaction.model.checksum import crc32c, encoded
from pkgaction.model.json import Json, JsonObject
from pkgaction.model.manifest import PackageId
from pkgaction.model.outcome import Ledger
from pkgaction.model.record import CONTENT, ZIP
from pkgaction.model.release import Built
from pkgaction.model.tree import Bytes
from pkgaction.model.version import Version
from pkgaction.ports import Headers, ObjectStore, Verdict
from pkgaction.report import annotations, storage, words
from pkgaction.stages import audit, index, publish, reindex
from tests.fakes import release
from tests.fakes.forging import forged
from tests.fakes.release import FakeClock, FakeSigner, Silent, signature_of
from tests.fakes.store import MemoryStore, Misreading, Watching

BASE = "mudskipper-1.0.0"
ZIP_NAME = f"artifacts/packages/{BASE}.zip"
SIGNATURE = f"{ZIP_NAME}.sig"
STATIC = f"artifacts/static/{BASE}/"
PLAIN = Headers(content_type="application/octet-stream", cache_control="")


class FakeVerifier:
    """Trusts what `FakeSigner` makes."""

    def verify(self, zip: Path, signature: bytes) -> Verdict:  # noqa: A002
        if signature == signature_of(zip.read_bytes()):
            return Verdict(fingerprint="A" * 40)
        return Verdict(problem="it is another one")


@dataclass(slots=True)
class Place:
    """Two buckets, with mudskipper 1.0.0 in them."""

    store: ObjectStore
    index: ObjectStore
    folder: Path
    built: list[Built] = field(default_factory=list)

    def add(self, version: str = "1.0.0", name: str = "mudskipper") -> Built:
        folder = self.folder / f"{name}-{version}"
        made = release.signed(folder, name, version)
        bench = publish.Bench(store=self.store, signer=FakeSigner(), provenance={}, scratch=self.folder)
        index.add([publish.publish(made, bench)], self.index, FakeClock())
        self.built.append(made.built)
        return made.built

    def take(self, name: str) -> None:
        stored = self.store.stat(name)
        assert stored is not None
        self.store.delete(name, generation=stored.generation)

    def put(self, name: str, data: bytes, headers: Headers = PLAIN) -> None:
        stored = self.store.stat(name)
        if stored is None:
            self.store.create(name, Bytes(data), headers)
        else:
            self.store.replace(name, Bytes(data), headers, generation=stored.generation)

    def list_entries(self, *entries: JsonObject) -> None:
        """Another generation of the index, with just these entries."""
        packages: list[Json] = [{"package_manifest": entry} for entry in entries]
        pointer = self.index.stat(layout.CURSOR)
        assert pointer is not None
        data = Bytes(json.dumps({"packages": packages}).encode())
        self.index.create(layout.full_index_name("1779999999"), data, PLAIN)
        cursor = Bytes(b'{"current": "1779999999"}')
        self.index.replace(layout.CURSOR, cursor, PLAIN, generation=pointer.generation)

    def audit(self, *wanted: str, deep: bool = False, everything: bool = False) -> Audit:
        ids = [PackageId(name="mudskipper", version=Version.parse(version)) for version in wanted]
        inspector = Inspector(store=self.store, scratch=self.folder, verifier=FakeVerifier())
        bench = audit.Bench(
            store=self.store,
            index=self.index,
            clock=FakeClock(),
            watch=Silent(),
            inspector=inspector if deep else None,
        )
        return audit.audit(ids, bench, everything=everything)


@pytest.fixture(params=["memory", "directory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    memory = request.param == "memory"
    store = MemoryStore() if memory else DirectoryStore(tmp_path / "bucket")
    kept = MemoryStore() if memory else DirectoryStore(tmp_path / "index")
    made = Place(store, kept, tmp_path)
    made.add()
    return made


def codes(found: Audit) -> list[Code]:
    return [drift.code for one in found.versions for drift in one.drifts]


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("everything", [False, True])
def test_what_was_published_is_as_promised(place: Place, *, deep: bool, everything: bool) -> None:
    place.add("1.1.0")

    found = place.audit("1.0.0", "1.1.0", deep=deep, everything=everything)

    assert [str(one.id) for one in found.versions] == ["mudskipper 1.0.0", "mudskipper 1.1.0"]
    assert found.ok
    assert found.warnings == ()


def test_only_the_named_versions_are_looked_at(place: Place) -> None:
    place.add("1.1.0")
    place.take(SIGNATURE)

    assert place.audit("1.1.0").ok


@pytest.mark.parametrize("composes", [False, True], ids=["MD5", "no MD5"])
def test_a_forged_static_file_is_found_by_reading_the_zip(tmp_path: Path, *, composes: bool) -> None:
    store = MemoryStore()
    place = Place(store, MemoryStore(), tmp_path)
    place.add()
    name = f"{STATIC}docs/README.md"
    stored = store.stat(name)
    assert stored is not None
    store.composes = composes
    place.put(name, forged(store.data(name), b"evil"), stored.headers)

    assert codes(place.audit("1.0.0", deep=True)) == [Code.STATIC_DIFFERS]


def test_where_the_bucket_keeps_no_md5_static_files_are_read(tmp_path: Path) -> None:
    place = Place(MemoryStore(composes=True), MemoryStore(), tmp_path)
    place.add()

    assert place.audit("1.0.0", deep=True).ok


def test_a_version_that_was_never_published_is_missing(place: Place) -> None:
    found = place.audit("2.0.0")

    assert codes(found) == [Code.ZIP_MISSING]
    assert "package: mudskipper" in found.versions[0].drifts[0].fix


def other_signature(place: Place) -> None:
    stored = place.store.stat(SIGNATURE)
    assert stored is not None
    metadata = {**stored.headers.metadata, ZIP: "0" * 64}
    headers = integrity.sealed(SIGNATURE, replace(stored.headers, metadata=metadata), _crc32c(b"other"))
    place.put(SIGNATURE, b"other", headers)


def flipped(data: bytes) -> bytes:
    """The same with one bit that is not."""
    return data[:-1] + bytes([data[-1] ^ 1])


def damaged(place: Place, name: str) -> None:
    """An object with other bytes than its publisher had."""
    stored = place.store.stat(name)
    assert stored is not None
    with place.store.open(name, generation=stored.generation) as stream:
        data = stream.read()
    place.put(name, flipped(data), stored.headers)


def retold(place: Place, name: str, **changes: str) -> None:
    """An object with other metadata than its publisher gave it."""
    stored = place.store.stat(name)
    assert stored is not None
    with place.store.open(name, generation=stored.generation) as stream:
        data = stream.read()
    metadata = {**stored.headers.metadata, **changes}
    place.put(name, data, replace(stored.headers, metadata=metadata))


def _crc32c(data: bytes) -> int:
    return crc32c(Bytes(data))


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        pytest.param(lambda p: p.take(SIGNATURE), Code.SIGNATURE_MISSING, id="no signature"),
        pytest.param(other_signature, Code.SIGNATURE_OTHER, id="signature of another zip"),
        pytest.param(
            lambda p: p.take(f"{STATIC}docs/README.md"), Code.STATIC_MISSING, id="no static file"
        ),
        pytest.param(
            lambda p: p.put(f"{STATIC}more.txt", b"x"), Code.STATIC_EXTRA, id="one file too many"
        ),
        pytest.param(lambda p: p.list_entries(p.add("1.1.0").entry), Code.ENTRY_MISSING, id="no entry"),
        pytest.param(lambda p: damaged(p, ZIP_NAME), Code.ZIP_DAMAGED, id="a flipped bit in the zip"),
        pytest.param(
            lambda p: damaged(p, SIGNATURE), Code.SIGNATURE_DAMAGED, id="a flipped bit in the signature"
        ),
        pytest.param(
            lambda p: damaged(p, f"{STATIC}docs/README.md"),
            Code.STATIC_DAMAGED,
            id="a flipped bit in a static file",
        ),
        pytest.param(
            lambda p: retold(p, ZIP_NAME, **{"content-sha256": "0" * 64}),
            Code.ZIP_DAMAGED,
            id="other metadata of the zip",
        ),
        pytest.param(
            lambda p: retold(p, SIGNATURE, commit="d" * 40),
            Code.SIGNATURE_DAMAGED,
            id="other metadata of the signature",
        ),
        pytest.param(
            lambda p: p.put(ZIP_NAME, flipped(p.built[0].zip.read_bytes())),
            Code.ZIP_DAMAGED,
            id="another zip without metadata beside the signature of ours",
        ),
    ],
)
def test_damage_is_found_by_listings(
    place: Place, damage: Callable[[Place], None], expected: Code
) -> None:
    damage(place)

    assert codes(place.audit("1.0.0")) == [expected]


def unproven(place: Place) -> None:
    """What is no zip, beside a signature of another tool."""
    place.put(SIGNATURE, b"no signature")
    place.put(ZIP_NAME, b"no zip")


def wrong_zip(place: Place) -> None:
    """A whole zip of another version, under this name."""
    other = place.add("1.1.0")
    place.put(ZIP_NAME, other.zip.read_bytes())


def rewritten_zip(place: Place) -> None:
    """The same version with another file, beside the old digests."""
    stored = place.store.stat(ZIP_NAME)
    assert stored is not None
    made = release.built(place.folder / "other", extra={"docs/README.md": b"# Other\n"})
    place.put(ZIP_NAME, made.zip.read_bytes(), stored.headers)


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        pytest.param(unproven, Code.ZIP_DAMAGED, id="no zip at all"),
        pytest.param(wrong_zip, Code.ZIP_OTHER, id="another version"),
        pytest.param(rewritten_zip, Code.CONTENT_DIFFERS, id="other content"),
        pytest.param(lambda p: p.put(SIGNATURE, b"no"), Code.SIGNATURE_INVALID, id="bad signature"),
        pytest.param(
            lambda p: p.put(f"{STATIC}docs/README.md", b"# Mudskippex\n"),
            Code.STATIC_DIFFERS,
            id="static file with other bytes of the same size",
        ),
        pytest.param(
            lambda p: p.list_entries({**p.built[0].entry, "title": "Other"}),
            Code.ENTRY_DIFFERS,
            id="another entry",
        ),
    ],
)
def test_damage_inside_is_found_by_reading(
    place: Place, damage: Callable[[Place], None], expected: Code
) -> None:
    damage(place)

    assert expected not in codes(place.audit("1.0.0"))
    assert expected in codes(place.audit("1.0.0", deep=True))


def test_a_zip_whose_bytes_rotted_is_damaged(tmp_path: Path) -> None:
    place = Place(MemoryStore(), MemoryStore(), tmp_path)
    place.add()
    assert isinstance(place.store, MemoryStore)
    stored, data = place.store._objects[ZIP_NAME]
    place.store._objects[ZIP_NAME] = stored, data[:-1] + bytes([data[-1] ^ 1])

    found = place.audit("1.0.0", deep=True)

    assert Code.ZIP_DAMAGED in codes(found)
    assert "crc32c" in found.versions[0].drifts[0].what


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        pytest.param("artifacts/static/", Code.STATIC_ALONE, id="a dead publisher's claim"),
        pytest.param(".zip.sig", Code.SIGNATURE_ALONE, id="a signature"),
        pytest.param("nothing", Code.ENTRY_ALONE, id="an entry"),
    ],
)
def test_what_was_left_without_a_zip_is_found(place: Place, left: str, expected: Code) -> None:
    gone = place.add("1.1.0")
    if left != "nothing":
        place.list_entries(place.built[0].entry)
    for stored in list(place.store.list("artifacts/")):
        if "-1.1.0" in stored.name and left not in stored.name:
            place.take(stored.name)

    found = place.audit(everything=True)

    assert [one.ok for one in found.versions] == [True, False]
    assert found.versions[1].id == gone.id
    assert codes(found) == [expected]


def test_what_belongs_to_no_version_is_named(place: Place) -> None:
    place.put("artifacts/packages/notes.txt", b"x")
    place.put("artifacts/static/Odd/manifest.yml", b"x")

    found = place.audit(everything=True)

    assert found.ok
    assert [warning.split(" belongs")[0] for warning in found.warnings] == [
        "artifacts/packages/notes.txt",
        "Odd",
    ]


def test_a_zip_of_another_tool_is_judged_by_what_is_known(place: Place) -> None:
    place.put(ZIP_NAME, place.built[0].zip.read_bytes())

    assert place.audit("1.0.0", deep=True).ok
    assert place.audit("1.0.0").warnings == ()  # the signature has the zip's checksum


def test_versions_without_checksums_are_named_where_bodies_are_not_read(place: Place) -> None:
    place.put(ZIP_NAME, place.built[0].zip.read_bytes())
    place.put(SIGNATURE, signature_of(place.built[0].zip.read_bytes()))

    (warning,) = place.audit("1.0.0").warnings

    assert "1 version" in warning
    assert BASE in warning
    assert "--deep" in warning
    assert place.audit("1.0.0", deep=True).warnings == ()


def test_an_answer_that_is_damaged_is_no_drift(tmp_path: Path) -> None:
    store = MemoryStore()
    place = Place(store, MemoryStore(), tmp_path)
    place.add()
    place.store = Misreading(store, SIGNATURE)

    assert place.audit("1.0.0").ok


def test_a_damaged_object_comes_with_the_command_that_deletes_exactly_it(place: Place) -> None:
    damaged(place, ZIP_NAME)
    stored = place.store.stat(ZIP_NAME)
    assert stored is not None

    (drift,) = place.audit("1.0.0").versions[0].drifts

    assert encoded(stored.crc32c) in drift.what
    assert ZIP_NAME in drift.fix


def test_metadata_names_are_those_of_publishing(place: Place) -> None:
    stored = place.store.stat(ZIP_NAME)

    assert stored is not None
    assert {CONTENT, ZIP} <= stored.headers.metadata.keys()


def test_listings_are_enough_however_many_versions_there_are(tmp_path: Path) -> None:
    store, kept = MemoryStore(), MemoryStore()
    place = Place(store, kept, tmp_path)
    versions = [f"1.{minor}.0" for minor in range(5)]
    for version in versions:
        place.add(version)
    store.calls.clear()
    kept.calls.clear()

    assert place.audit(*versions, everything=True).ok

    assert [(call.method, call.name) for call in store.calls] == [
        ("look", layout.ARTIFACT_PROBE),
        ("list", "artifacts/packages/"),
        ("list", "artifacts/static/"),
    ]
    assert [call.method for call in kept.calls] == [
        "look",
        *["stat", "open"] * 3,  # the cursor, the whole list, the list of changes
        "list",  # which generations there are
    ]


@pytest.mark.parametrize("without", ["an index", "its entry"])
def test_files_that_nothing_names_are_told_as_not_looked_for(tmp_path: Path, without: str) -> None:
    store, kept = MemoryStore(), MemoryStore()
    place = Place(store, MemoryStore(), tmp_path)
    made = place.add()
    for path in ("changelog.yml", "docs/README.md"):
        place.take(STATIC + path)
    Place(store, kept, tmp_path).add(name="crab")
    index = kept if without == "its entry" else None
    bench = audit.Bench(store=store, index=index, clock=FakeClock(), watch=Silent())
    deep = Inspector(store=store, scratch=tmp_path, verifier=FakeVerifier())

    found = audit.audit([made.id], bench)
    read = audit.audit([made.id], replace(bench, inspector=deep))

    assert f"looked for manifest.yml alone among the extracted files of {BASE}" in found.warnings[0]
    assert read.warnings == ()
    assert Code.STATIC_MISSING in codes(read)


def test_no_bit_flips_unseen_in_the_entries_of_a_list_of_changes(tmp_path: Path) -> None:
    store, kept = MemoryStore(), MemoryStore()
    place = Place(store, kept, tmp_path)
    place.add()
    place.add("1.1.0")
    name = layout.delta_index_name(generations.pointed_at(kept))
    good, current = kept.data(name), generations.current(kept, FakeClock())
    deltas.require_fitting(current.cursor, current.catalog, kept)

    for at in range(len(good)):
        place_in(kept, name, good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        with pytest.raises(IndexUnsafeError, match="list of changes"):
            deltas.require_fitting(current.cursor, current.catalog, kept)


@pytest.mark.parametrize("said", ["1.0.0", "/epr/", '"updated":[]', "crab"])
def test_a_list_of_changes_that_leads_elsewhere_is_drift_and_the_audit_goes_on(
    tmp_path: Path, said: str
) -> None:
    store, kept = MemoryStore(), MemoryStore()
    made = Place(store, kept, tmp_path).add(name="crab")
    name = layout.delta_index_name(generations.pointed_at(kept))
    other = said.upper() if said.upper() != said else "1.0.1"
    place_in(kept, name, kept.data(name).replace(said.encode(), other.encode(), 1))
    bench = audit.Bench(store=store, index=kept, clock=FakeClock(), watch=Silent())

    found = audit.audit([made.id], bench)

    assert not found.ok
    assert [one.ok for one in found.versions] == [True] * len(found.versions)
    (drift,) = found.index
    assert drift.code is Code.CHANGES_DIFFER
    assert f"{kept.url}/{name}: the list of changes is not that of the whole list" in drift.what
    assert "reindex" in drift.fix
    assert "find out who wrote it" in drift.fix
    (row,) = (line for line in storage.table(found) if not line.endswith("ok"))
    assert row.startswith("index  changes-differ: ")
    ledger = Ledger(intent=event.Audit(head="c" * 40), audit=found)
    assert any("(changes-differ)" in row for block in storage.blocks(ledger) for row in block.rows)
    assert any("[changes-differ]" in one.message for one in annotations.of(ledger))
    assert "the index is not as promised" in words.headline(ledger)


@pytest.mark.parametrize("is_new", [True, False], ids=["a new version", "nothing new"])
def test_publishing_warns_of_a_list_of_changes_that_leads_elsewhere_and_followers_load_all(
    tmp_path: Path, *, is_new: bool
) -> None:
    kept, clock = MemoryStore(), FakeClock()
    crab, eel = (release.published(tmp_path / name, name) for name in ("crab", "eel"))
    name = layout.delta_index_name(index.add([crab], kept, clock).cursor)
    place_in(kept, name, kept.data(name).replace(b"/epr/crab", b"/epr/evil"))

    done = index.add([eel if is_new else crab], kept, clock)

    (warning,) = done.warnings
    assert f"{kept.url}/{name}: the list of changes is not that of the whole list" in warning
    assert ("every reader loads the new whole list" if is_new else "reindex") in warning
    assert (kept.stat(layout.delta_index_name(done.cursor)) is None) is is_new
    if is_new:
        assert index.add([crab], kept, clock).warnings == ()


def place_in(kept: MemoryStore, name: str, data: bytes) -> None:
    stored = kept.stat(name)
    assert stored is not None
    kept.replace(name, Bytes(data), stored.headers, generation=stored.generation)


def test_nothing_is_written(tmp_path: Path) -> None:
    store, kept = MemoryStore(), MemoryStore()
    place = Place(store, kept, tmp_path)
    place.add()
    place.take(SIGNATURE)
    before = len(store.writes), len(kept.writes)

    place.audit("1.0.0", deep=True, everything=True)

    assert (len(store.writes), len(kept.writes)) == before


def test_a_version_that_is_published_meanwhile_is_no_drift(tmp_path: Path) -> None:
    store, kept = MemoryStore(), MemoryStore()
    place = Place(store, kept, tmp_path)
    place.add()
    other = Place(store, kept, tmp_path / "other")

    def publish_one(number: int) -> None:
        if number == 0:
            other.add("1.1.0")

    place.store = Watching(store, before=publish_one)

    found = place.audit(everything=True)

    assert found.ok
    assert len(found.versions) == 2


def test_without_an_index_only_the_bucket_is_looked_at(tmp_path: Path) -> None:
    store = MemoryStore()
    made = Place(store, MemoryStore(), tmp_path).add()
    bench = audit.Bench(store=store, index=None, clock=FakeClock(), watch=Silent())

    assert audit.audit([made.id], bench, everything=True).ok


def test_a_broken_index_ends_the_audit(place: Place) -> None:
    place.index.create(layout.full_index_name("1779999999"), Bytes(b"{"), PLAIN)
    pointer = place.index.stat(layout.CURSOR)
    assert pointer is not None
    cursor = Bytes(b'{"current": "1779999999"}')
    place.index.replace(layout.CURSOR, cursor, PLAIN, generation=pointer.generation)

    with pytest.raises(IndexUnsafeError) as caught:
        place.audit("1.0.0")

    assert "reindex" in caught.value.fix


def test_a_list_whose_bytes_rotted_ends_the_audit_and_a_rebuild_replaces_it(tmp_path: Path) -> None:
    kept = DirectoryStore(tmp_path / "index")
    place = Place(MemoryStore(), kept, tmp_path)
    place.add()
    before = generations.current(kept, FakeClock())
    path = kept.folder / layout.full_index_name(before.cursor)
    times = path.stat()
    path.write_bytes(path.read_bytes().replace(b"Mudskipper", b"Mudskippes"))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    with pytest.raises(IndexUnsafeError, match="damaged"):
        place.audit("1.0.0")
    reindex.rebuild(
        reindex.Bench(store=place.store, index=kept, clock=FakeClock(), watch=Silent(), scratch=tmp_path)
    )

    assert generations.current(kept, FakeClock()).catalog.texts == before.catalog.texts
    assert place.audit("1.0.0").ok


def test_a_damaged_zip_gives_no_new_entry_to_a_rebuilt_index(place: Place) -> None:
    damaged(place, ZIP_NAME)

    rebuilt = reindex.rebuild(
        reindex.Bench(
            store=place.store,
            index=place.index,
            clock=FakeClock(),
            watch=Silent(),
            scratch=place.folder,
        )
    )

    assert not rebuilt.ok
    assert "damaged" in rebuilt.unreadable[0]
    assert rebuilt.entries == 1  # the one that was there stays


def test_a_zip_that_is_replaced_while_it_is_read_fails_the_run(tmp_path: Path) -> None:
    store = MemoryStore()
    place = Place(store, MemoryStore(), tmp_path)
    place.add()
    place.store = Watching(store, before=lambda n: place_again(store) if n == 2 else None)

    with pytest.raises(StorageError):
        place.audit("1.0.0", deep=True)


def place_again(store: MemoryStore) -> None:
    stored = store.stat(ZIP_NAME)
    assert stored is not None
    store.replace(ZIP_NAME, Bytes(b"x"), PLAIN, generation=stored.generation)
