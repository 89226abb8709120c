"""Bytes first, then the record: what is kept beside an object that is whole never condemns it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from pkgaction import generations, integrity, wiring
from pkgaction.adapters.directory import DirectoryStore
from pkgaction.entry.catalog import Catalog
from pkgaction.errors import IndexUnsafeError
from pkgaction.inspection import Inspector
from pkgaction.model.audit import Code, Drift, Rebuilt
from pkgaction.model.checksum import crc32c, decoded, encoded
from pkgaction.model.record import CONTENT, CRC32C, OURS, SEAL, ZIP, ZIP_CRC32C
from pkgaction.model.release import Published, Signed
from pkgaction.model.tree import Bytes
from pkgaction.ports import Headers, ObjectStore, Verdict
from pkgaction.stages import audit, index, publish, reindex
from tests.fakes import release
from tests.fakes.release import FakeClock, FakeSigner, Silent, signature_of
from tests.fakes.store import MemoryStore

BASE = "mudskipper-1.0.0"
NAME = f"artifacts/packages/{BASE}.zip"
SIGNATURE = f"{NAME}.sig"
README = f"artifacts/static/{BASE}/docs/README.md"
LIES = {CRC32C: "AAAAAA==", ZIP: "0" * 64, CONTENT: "1" * 64, ZIP_CRC32C: "BBBBBB=="}


class _Trusting:
    def verify(self, zip: Path, signature: bytes) -> Verdict:  # noqa: A002
        good = signature == signature_of(zip.read_bytes())
        return Verdict(fingerprint="A" * 40) if good else Verdict(problem="it is another one")


def _resealed(name: str, headers: Headers) -> Headers:
    """The same, so that nothing in it contradicts itself: anybody can do that."""
    said = decoded(headers.metadata[CRC32C])
    assert said is not None
    return integrity.sealed(name, headers, said)


class Shelf:
    """Both buckets with mudskipper 1.0.0 in them."""

    def __init__(self, store: ObjectStore, folder: Path) -> None:
        self.store, self.index, self.folder = store, MemoryStore(), folder
        self.signed: Signed = release.signed(folder / "built")
        index.add([self.publish()], self.index, FakeClock())

    def publish(self) -> Published:
        bench = publish.Bench(store=self.store, signer=FakeSigner(), provenance={}, scratch=self.folder)
        return publish.publish(self.signed, bench)

    def rewritten(
        self, name: str, said: Mapping[str, str], data: bytes | None = None, *, resealed: bool
    ) -> None:
        """The object with other metadata, and with other bytes where they are given."""
        stored = self.store.stat(name)
        assert stored is not None
        if data is None:
            with self.store.open(name, generation=stored.generation) as stream:
                data = stream.read()
        headers = replace(stored.headers, metadata={**stored.headers.metadata, **said})
        if resealed:  # `sealed` writes a true checksum: a liar takes its seal for another one
            headers = _resealed(name, headers)
        self.store.replace(name, Bytes(data), headers, generation=stored.generation)

    def drifts(self, *, deep: bool) -> list[Drift]:
        inspector = Inspector(store=self.store, scratch=self.folder, verifier=_Trusting())
        bench = audit.Bench(
            store=self.store,
            index=self.index,
            clock=FakeClock(),
            watch=Silent(),
            inspector=inspector if deep else None,
        )
        found = audit.audit([self.signed.built.id], bench)
        return [drift for one in found.versions for drift in one.drifts]

    def rebuilt(self) -> Rebuilt:
        bench = reindex.Bench(
            store=self.store,
            index=self.index,
            clock=FakeClock(),
            watch=Silent(),
            scratch=self.folder,
        )
        return reindex.rebuild(bench)

    def catalog(self) -> Catalog:
        return generations.current(self.index, FakeClock()).catalog


@pytest.fixture(params=["memory", "folder"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    store = MemoryStore() if request.param == "memory" else DirectoryStore(tmp_path / "bucket")
    return Shelf(store, tmp_path)


def test_the_seal_covers_each_key_that_publishing_writes() -> None:
    kept = wiring.provenance(commit="c", repository="r", run="u", pull_request="p")

    assert {*kept, CONTENT, ZIP, ZIP_CRC32C, CRC32C} <= OURS
    headers = integrity.sealed("a", Headers(content_type="", cache_control="", metadata=kept), 1)
    for key in (*kept, CRC32C):
        other = replace(headers, metadata={**headers.metadata, key: "other"})
        assert integrity.sealed("a", other, 1).metadata[SEAL] != headers.metadata[SEAL] or key == CRC32C


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("name", [NAME, SIGNATURE, README])
def test_labels_cache_control_and_their_like_are_no_drift(
    shelf: Shelf, name: str, *, deep: bool
) -> None:
    stored = shelf.store.stat(name)
    assert stored is not None
    with shelf.store.open(name, generation=stored.generation) as stream:
        data = Bytes(stream.read())
    metadata = {**stored.headers.metadata, "team": "shelf"}
    headers = replace(stored.headers, cache_control="public, max-age=60", metadata=metadata)
    shelf.store.replace(name, data, headers, generation=stored.generation)

    assert shelf.drifts(deep=deep) == []
    rebuilt = shelf.rebuilt()
    assert (rebuilt.ok, rebuilt.warnings) == (True, ())


@pytest.mark.parametrize("key", LIES)
@pytest.mark.parametrize("resealed", [False, True])
@pytest.mark.parametrize("name", [NAME, SIGNATURE])
def test_a_lie_beside_what_a_good_signature_proves_is_the_records_fault(
    shelf: Shelf, name: str, key: str, *, resealed: bool
) -> None:
    shelf.rewritten(name, {key: LIES[key]}, resealed=resealed)

    (drift,) = shelf.drifts(deep=True)

    assert drift.code is Code.RECORD_DAMAGED
    assert name in drift.what
    assert drift.fix.startswith("keep the object")
    assert all("--deep" in one.fix for one in shelf.drifts(deep=False))


@pytest.mark.parametrize("resealed", [False, True])
def test_a_lie_beside_a_static_file_of_the_zip_is_the_records_fault(
    shelf: Shelf, *, resealed: bool
) -> None:
    shelf.rewritten(README, {CRC32C: LIES[CRC32C]}, resealed=resealed)

    assert [drift.code for drift in shelf.drifts(deep=True)] == [Code.RECORD_DAMAGED]
    (shallow,) = shelf.drifts(deep=False)
    assert shallow.fix.startswith("run audit with --deep")


def test_a_zips_broken_record_does_not_condemn_its_signature(shelf: Shelf) -> None:
    shelf.rewritten(NAME, {ZIP: LIES[ZIP]}, resealed=False)

    drifts = shelf.drifts(deep=False)

    assert Code.SIGNATURE_OTHER not in {drift.code for drift in drifts}
    assert all(drift.fix.startswith("run audit with --deep") for drift in drifts)


def test_reading_the_zip_tells_whose_signature_it_is(shelf: Shelf) -> None:
    other = signature_of(b"another zip")
    true = encoded(crc32c(Bytes(other)))
    shelf.rewritten(SIGNATURE, {ZIP: LIES[ZIP], CRC32C: true}, other, resealed=True)

    found = {drift.code: drift for drift in shelf.drifts(deep=True)}

    assert found.keys() == {Code.SIGNATURE_INVALID, Code.SIGNATURE_OTHER}
    assert found[Code.SIGNATURE_OTHER].fix.startswith("delete the signature")
    (shallow,) = shelf.drifts(deep=False)
    assert shallow.fix.startswith("run audit with --deep")


@pytest.mark.parametrize("key", LIES)
@pytest.mark.parametrize("resealed", [False, True])
def test_a_rebuilt_index_is_of_the_zips_bytes_whatever_their_record_says(
    shelf: Shelf, key: str, *, resealed: bool
) -> None:
    before = shelf.catalog().texts
    shelf.rewritten(NAME, {key: LIES[key]}, resealed=resealed)
    shelf.index = MemoryStore()  # the index is lost

    rebuilt = shelf.rebuilt()

    assert rebuilt.ok
    assert shelf.catalog().texts == before
    is_seen = not resealed or key == CRC32C
    assert [BASE in warning and "--deep" in warning for warning in rebuilt.warnings] == [True] * is_seen


def test_a_rebuild_without_any_entry_does_not_advise_a_rebuild(shelf: Shelf) -> None:
    shelf.rewritten(NAME, {}, b"no zip", resealed=False)
    shelf.index = MemoryStore()

    with pytest.raises(IndexUnsafeError, match="none of 1 zips gives an entry") as caught:
        shelf.rebuilt()

    assert "reindex" not in str(caught.value)
    assert "audit --all --deep" in caught.value.fix
    assert shelf.index.dump() == {}
