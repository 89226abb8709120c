"""A version's objects are created once, in an order that lets nobody find half of them."""

import hashlib
import zipfile
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import pytest

from pkgaction import integrity, objects
from pkgaction.errors import ContentConflictError, DamagedObjectError, StorageError
from pkgaction.model.checksum import crc32c, digests, encoded
from pkgaction.model.disk import FileOnDisk
from pkgaction.model.release import Published, Signed, Stored
from pkgaction.model.tree import Bytes
from pkgaction.ports import Headers, ObjectStore, Verdict
from pkgaction.signatures import Proof
from pkgaction.stages import publish, sign
from pkgaction.stages.publish import Bench
from tests.fakes import release
from tests.fakes.forging import forged
from tests.fakes.release import FakeSigner, signature_of
from tests.fakes.store import Crashing, Damaging, Killed, MemoryStore, Misreading, Watching
from tests.unit.trees import without

BASE = "mudskipper-1.0.0"
ZIP = f"artifacts/packages/{BASE}.zip"
SIGNATURE = f"{ZIP}.sig"
STATIC = f"artifacts/static/{BASE}/"
CLAIM = f"{STATIC}manifest.yml"
PROVENANCE = {"commit": "c" * 40, "run": "https://ci.example/1"}
OBJECTS = 7
ARMORED = (
    b"-----BEGIN PGP SIGNATURE-----\n\n" + b64encode(b"of a key that nobody has") + b"\n"
    b"-----END PGP SIGNATURE-----\n"
)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def ours(tmp_path: Path) -> Signed:
    return release.signed(tmp_path / "ours")


@pytest.fixture
def theirs(tmp_path: Path) -> Signed:
    """The same version with other content, in a file that sorts before the manifest."""
    return release.signed(tmp_path / "theirs", extra={"changelog.yml": b"- version: 1.0.0 # other\n"})


def bench(store: ObjectStore, folder: Path, signer: FakeSigner | None = None) -> Bench:
    folder.mkdir(exist_ok=True)
    return Bench(store=store, signer=signer or FakeSigner(), provenance=PROVENANCE, scratch=folder)


def proof(folder: Path) -> Proof:
    """With the key at hand; nothing is to be warned of."""

    def warn(text: str) -> None:
        raise AssertionError(text)

    return Proof(signer=FakeSigner(), scratch=folder, warn=warn)


def put(signed: Signed, store: ObjectStore, folder: Path, signer: FakeSigner | None = None) -> Published:
    return publish.publish(signed, bench(store, folder / "scratch", signer))


def recompressed(signed: Signed, folder: Path) -> Signed:
    """The same files, packed by another tool."""
    folder.mkdir()
    path = folder / f"{BASE}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for file in signed.built.tree.files:
            with file.content.open() as stream:
                archive.writestr(f"{BASE}/{file.path}", stream.read())
    built = replace(signed.built, zip=path, digests=digests(FileOnDisk(path)))
    return sign.sign(built, FakeSigner())


def forget(store: MemoryStore, *names: str) -> None:
    for name in names:
        found = store.stat(name)
        assert found
        store.delete(name, generation=found.generation)


def assert_whole_and_of_one_content(store: MemoryStore, signed: Signed) -> None:
    """Every object of the version is there, and is of this content."""
    dump = store.dump()
    names = {STATIC + file.path for file in signed.built.files} | {ZIP, SIGNATURE}
    assert set(dump) == names
    digests = {headers.metadata["content-sha256"] for _, headers in dump.values()}
    assert digests == {signed.built.content_digest}
    for file in signed.built.files:
        assert hashlib.sha256(dump[STATIC + file.path][0]).hexdigest() == file.sha256
    assert dump[SIGNATURE][0] == signature_of(dump[ZIP][0])
    of = {headers.metadata["zip-sha256"] for name, (_, headers) in dump.items() if name != CLAIM}
    assert hashlib.sha256(dump[ZIP][0]).hexdigest() in of


# --- a new version -----------------------------------------------------------------------------------


def test_a_new_version_is_published_whole(store: MemoryStore, ours: Signed, tmp_path: Path) -> None:
    done = put(ours, store, tmp_path)

    assert done.stored is Stored.CREATED
    assert (done.zip_sha256, done.zip_size) == (ours.built.sha256, ours.built.size)
    assert store.data(ZIP) == ours.built.zip.read_bytes()
    assert store.data(SIGNATURE) == ours.signature.armored
    assert_whole_and_of_one_content(store, ours)


def test_the_claim_comes_first_then_static_files_signature_and_zip(
    store: MemoryStore, ours: Signed, tmp_path: Path
) -> None:
    put(ours, store, tmp_path)

    names = [call.name for call in store.writes]
    assert {call.method for call in store.writes} == {"create"}
    assert names[0] == CLAIM
    assert all(name.startswith(STATIC) for name in names[:-2])
    assert names[-2:] == [SIGNATURE, ZIP]
    assert len(names) == len(set(names)) == OBJECTS


def test_every_object_has_its_type_and_may_be_cached_for_ever_and_says_where_it_comes_from(
    store: MemoryStore, ours: Signed, tmp_path: Path
) -> None:
    put(ours, store, tmp_path)

    headers = {name.removeprefix(STATIC): headers for name, (_, headers) in store.dump().items()}
    assert {name: found.content_type for name, found in headers.items()} == {
        "manifest.yml": "text/yaml; charset=utf-8",
        "changelog.yml": "text/yaml; charset=utf-8",
        "docs/README.md": "text/markdown; charset=utf-8",
        "img/foot print [1].svg": "image/svg+xml",
        "agent/input/input.yml.hbs": "text/plain; charset=utf-8",
        SIGNATURE: "application/pgp-signature",
        ZIP: "application/zip",
    }
    expected = {
        **PROVENANCE,
        "content-sha256": ours.built.content_digest,
        "zip-sha256": ours.built.sha256,
        "zip-crc32c": encoded(crc32c(FileOnDisk(ours.built.zip))),
    }
    for name, found in headers.items():
        assert found.cache_control == "public, max-age=31536000, immutable"
        data = store.data(name if name in {ZIP, SIGNATURE} else STATIC + name)
        own = {"crc32c", "headers-crc32c"}
        assert {k: v for k, v in found.metadata.items() if k not in own} == expected
        assert found.metadata["crc32c"] == encoded(crc32c(Bytes(data)))
        assert own <= found.metadata.keys()


def test_other_versions_and_longer_names_are_not_touched(
    store: MemoryStore, ours: Signed, tmp_path: Path
) -> None:
    for version in ("1.0.0-rc.1", "1.0.01", "1.0.1"):
        name = f"artifacts/static/mudskipper-{version}/manifest.yml"
        store.create(name, Bytes(b"other"), Headers(content_type="", cache_control=""))
    before = store.dump()

    assert put(ours, store, tmp_path).stored is Stored.CREATED

    assert before.items() <= store.dump().items()


# --- the same again ----------------------------------------------------------------------------------


def test_the_same_again_writes_and_signs_nothing(
    store: MemoryStore, ours: Signed, tmp_path: Path
) -> None:
    put(ours, store, tmp_path)
    before, signer = store.dump(), FakeSigner()

    again = put(ours, store, tmp_path, signer)

    assert again.stored is Stored.UNCHANGED
    assert store.dump() == before
    assert signer.signed == []


def test_the_same_content_by_another_compressor_is_published_already(
    store: MemoryStore, ours: Signed, tmp_path: Path
) -> None:
    put(ours, store, tmp_path)
    before = store.dump()
    other = recompressed(ours, tmp_path / "other")

    again = put(other, store, tmp_path)

    assert again.stored is Stored.UNCHANGED
    assert (again.zip_sha256, again.zip_size) == (ours.built.sha256, ours.built.size)
    assert store.dump() == before


def test_other_content_is_a_conflict_that_names_both_digests(
    store: MemoryStore, ours: Signed, theirs: Signed, tmp_path: Path
) -> None:
    put(theirs, store, tmp_path)
    before = store.dump()

    with pytest.raises(ContentConflictError) as caught:
        put(ours, store, tmp_path)

    assert ours.built.content_digest in str(caught.value)
    assert theirs.built.content_digest in str(caught.value)
    assert caught.value.exit_status == 1
    assert store.dump() == before


# --- completing --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "missing",
    [
        (SIGNATURE,),
        (CLAIM,),
        (f"{STATIC}docs/README.md",),
        (f"{STATIC}img/foot print [1].svg", SIGNATURE),
        tuple(STATIC + path for path in release.files()),
    ],
    ids=["signature", "claim", "one file", "file and signature", "all files"],
)
def test_what_is_missing_is_completed_as_it_was(
    store: MemoryStore, ours: Signed, tmp_path: Path, missing: tuple[str, ...]
) -> None:
    put(ours, store, tmp_path)
    before, zips = store.dump(), store.stat(ZIP)
    forget(store, *missing)

    done = put(ours, store, tmp_path)

    assert done.stored is Stored.COMPLETED
    assert store.dump() == before
    assert store.stat(ZIP) == zips


def test_what_is_missing_comes_from_the_stored_zip_not_from_ours(
    store: MemoryStore, ours: Signed, tmp_path: Path
) -> None:
    other, signer = recompressed(ours, tmp_path / "other"), FakeSigner()
    put(other, store, tmp_path)
    before = store.dump()
    forget(store, SIGNATURE, f"{STATIC}docs/README.md")

    done = put(ours, store, tmp_path, signer)

    assert done.stored is Stored.COMPLETED
    assert done.zip_sha256 == other.built.sha256
    assert signer.signed == [other.built.sha256]
    assert store.dump() == before
    assert store.data(SIGNATURE) == other.signature.armored != ours.signature.armored


def test_completing_leaves_nothing_behind_on_disk(
    store: MemoryStore, ours: Signed, tmp_path: Path
) -> None:
    put(ours, store, tmp_path)
    forget(store, SIGNATURE)

    put(ours, store, tmp_path)

    assert list((tmp_path / "scratch").iterdir()) == []


@pytest.mark.parametrize("unfinished", [False, True], ids=["published", "unfinished"])
def test_a_damaged_static_file_is_a_storage_error(
    store: MemoryStore, ours: Signed, tmp_path: Path, *, unfinished: bool
) -> None:
    put(ours, store, tmp_path)
    if unfinished:
        forget(store, ZIP)
    name = f"{STATIC}docs/README.md"
    found = store.stat(name)
    assert found
    store.replace(name, Bytes(b"# Mudskippex\n"), found.headers, generation=found.generation)
    before = store.dump()

    with pytest.raises(StorageError, match=r"README\.md"):
        put(ours, store, tmp_path)

    assert store.dump() == before


# --- damage -------------------------------------------------------------------------------------------


ALL = [ZIP, SIGNATURE, CLAIM, f"{STATIC}docs/README.md"]


def rotten(store: MemoryStore, name: str) -> None:
    """An object with one other bit than its publisher gave it."""
    found, data = store.stat(name), store.data(name)
    assert found
    other = Bytes(data[:-1] + bytes([data[-1] ^ 1]))
    store.replace(name, other, found.headers, generation=found.generation)


def retold(store: MemoryStore, name: str, **metadata: str) -> None:
    """An object with other metadata than its publisher gave it."""
    found, data = store.stat(name), Bytes(store.data(name))
    assert found
    other = replace(found.headers, metadata={**found.headers.metadata, **metadata})
    store.replace(name, data, other, generation=found.generation)


def unrecorded(store: MemoryStore, name: str) -> None:
    """An object as a version of us that kept no checksums would have left it."""
    found, data = store.stat(name), Bytes(store.data(name))
    assert found
    kept = {k: v for k, v in found.headers.metadata.items() if "crc32c" not in k}
    store.replace(name, data, replace(found.headers, metadata=kept), generation=found.generation)


@pytest.mark.parametrize("name", ALL)
def test_what_was_damaged_on_its_way_into_the_bucket_is_never_called_published(
    store: MemoryStore, ours: Signed, tmp_path: Path, name: str
) -> None:
    for _ in range(2):
        with pytest.raises(DamagedObjectError) as caught:
            put(ours, Damaging(store, name), tmp_path)

        assert caught.value.where.endswith(name)
    forget(store, name)

    assert put(ours, store, tmp_path).stored in {Stored.CREATED, Stored.COMPLETED}
    assert_whole_and_of_one_content(store, ours)


@pytest.mark.parametrize("by", ["ours", "another compressor"])
@pytest.mark.parametrize("name", ALL)
def test_a_damaged_object_is_never_called_published_already_or_completed(
    store: MemoryStore, ours: Signed, tmp_path: Path, name: str, by: str
) -> None:
    put(ours if by == "ours" else recompressed(ours, tmp_path / "other"), store, tmp_path)
    rotten(store, name)
    forget(store, f"{STATIC}changelog.yml")  # so that there is something to complete
    before = store.dump()

    with pytest.raises(DamagedObjectError) as caught:
        put(ours, store, tmp_path)
    with pytest.raises(DamagedObjectError):
        publish.foresee(ours.built, store, proof(tmp_path))

    assert store.dump() == before
    assert "crc32c" in caught.value.what
    assert name in caught.value.fix


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("resealed", [False, True])
def test_a_wrong_record_beside_our_bytes_is_told_and_changes_nothing(
    store: MemoryStore, ours: Signed, tmp_path: Path, name: str, *, resealed: bool
) -> None:
    put(ours, store, tmp_path)
    retold(store, name, crc32c="AAAAAA==", **{"content-sha256": "0" * 64, "zip-sha256": "1" * 64})
    if resealed:
        lie = store.dump()[name][1]
        sealed = integrity.sealed(name, lie, 0)
        found = store.stat(name)
        assert found
        store.replace(name, Bytes(store.data(name)), sealed, generation=found.generation)
    told: list[str] = []
    before = store.dump()

    done = publish.publish(ours, replace(bench(store, tmp_path / "scratch"), warn=told.append))
    foreseen = publish.foresee(ours.built, store, replace(proof(tmp_path), note=told.append))

    assert done.stored is foreseen is Stored.UNCHANGED
    assert store.dump() == before
    assert len(set(told)) == 1
    assert f"/{name}: its record is wrong" in told[0]
    assert "keep the object" in told[0]
    assert "objects update" in told[0] or "rm " in told[0]


def test_many_wrong_records_are_one_warning(store: MemoryStore, ours: Signed, tmp_path: Path) -> None:
    put(ours, store, tmp_path)
    files = [name for name in store.dump() if name.startswith(STATIC)]
    for name in files:
        retold(store, name, commit="d" * 40)
    told: list[str] = []

    done = publish.publish(ours, replace(bench(store, tmp_path / "scratch"), warn=told.append))

    assert done.stored is Stored.UNCHANGED
    (warning,) = told
    assert f"the records of {len(files)} objects are wrong" in warning
    assert "audit --deep" in warning


def test_files_that_are_not_the_packages_are_warned_of_by_name(
    store: MemoryStore, ours: Signed, tmp_path: Path
) -> None:
    put(ours, store, tmp_path)
    for name in ("docs/evil.html", "docs/.DS_Store", *(f"x{n}" for n in range(9))):
        store.create(STATIC + name, Bytes(b"x"), Headers(content_type="", cache_control=""))
    told: list[str] = []
    store.calls.clear()

    done = publish.publish(ours, replace(bench(store, tmp_path / "scratch"), warn=told.append))

    assert done.stored is Stored.UNCHANGED
    (warning,) = told
    assert "not in the package: 'docs/evil.html', 'x0', 'x1', 'x2', 'x3' and 5 more" in warning
    assert [call.method for call in store.calls].count("list") == 1


@pytest.mark.parametrize("name", ALL)
def test_labels_and_headers_that_an_administrator_sets_are_no_damage(
    store: MemoryStore, ours: Signed, tmp_path: Path, name: str
) -> None:
    put(ours, store, tmp_path)
    retold(store, name, team="shelf")
    found = store.stat(name)
    assert found
    cached = replace(found.headers, cache_control="public, max-age=60")
    store.replace(name, Bytes(store.data(name)), cached, generation=found.generation)
    told: list[str] = []

    done = publish.publish(ours, replace(bench(store, tmp_path / "scratch"), warn=told.append))

    assert done.stored is Stored.UNCHANGED
    assert told == []
    found = store.stat(name)
    assert found
    assert integrity.is_proven(found)


def test_a_claim_with_a_wrong_record_claims_nothing(
    store: MemoryStore, ours: Signed, tmp_path: Path
) -> None:
    _stopped(ours, store, tmp_path, after=1)
    retold(store, CLAIM, **{"content-sha256": "0" * 64})
    told: list[str] = []

    note = replace(proof(tmp_path), note=told.append)
    assert publish.foresee(ours.built, store, note) is Stored.CREATED
    assert put(ours, store, tmp_path).stored is Stored.CREATED

    assert "its record is wrong" in told[0]


def test_metadata_that_the_clouds_own_tools_add_is_no_damage(
    store: MemoryStore, ours: Signed, tmp_path: Path
) -> None:
    put(ours, store, tmp_path)
    retold(store, ZIP, **{"goog-reserved-file-mtime": "1770000000"})

    assert put(ours, store, tmp_path).stored is Stored.UNCHANGED


@pytest.mark.parametrize("name", [ZIP, CLAIM])
def test_an_object_without_checksums_is_proven_by_what_was_built(
    store: MemoryStore, ours: Signed, tmp_path: Path, name: str
) -> None:
    put(ours, store, tmp_path)
    unrecorded(store, name)
    assert put(ours, store, tmp_path).stored is Stored.UNCHANGED
    rotten(store, name)

    with pytest.raises(DamagedObjectError):
        put(ours, store, tmp_path)


def test_a_zip_of_another_compressor_without_checksums_is_read(
    store: MemoryStore, ours: Signed, tmp_path: Path
) -> None:
    put(recompressed(ours, tmp_path / "other"), store, tmp_path)
    unrecorded(store, ZIP)
    assert put(ours, store, tmp_path).stored is Stored.UNCHANGED
    data = bytearray(store.data(ZIP))
    data[data.index(b"# Mudskipper")] ^= 1
    found = store.stat(ZIP)
    assert found
    store.replace(ZIP, Bytes(bytes(data)), found.headers, generation=found.generation)

    with pytest.raises(DamagedObjectError):
        put(ours, store, tmp_path)


# --- what others have written ------------------------------------------------------------------------


def planted(store: MemoryStore, name: str, data: bytes, ours: Signed, zip_sha256: str = "") -> None:
    """An intruder's object: all that is kept beside it says that it is ours."""
    metadata = {
        **PROVENANCE,
        "content-sha256": ours.built.content_digest,
        "zip-sha256": zip_sha256 or ours.built.sha256,
    }
    if name in store.dump():
        forget(store, name)
    headers = objects.headers(name, "text/plain", metadata, crc32c(Bytes(data)))
    store.create(name, Bytes(data), headers)


def composing(store: MemoryStore) -> MemoryStore:
    """The same objects in a bucket that keeps no MD5 of any."""
    for name, (data, headers) in store.dump().items():
        forget(store, name)
        store.composes = True
        store.create(name, Bytes(data), headers)
    store.composes = True
    return store


@pytest.mark.parametrize("composes", [False, True], ids=["MD5", "no MD5"])
@pytest.mark.parametrize("name", [CLAIM, f"{STATIC}docs/README.md"])
@pytest.mark.parametrize("there", ["nothing", "a publisher's that died", "the version"])
def test_a_static_file_with_a_forged_checksum_is_never_part_of_a_version(
    store: MemoryStore, ours: Signed, tmp_path: Path, name: str, there: str, *, composes: bool
) -> None:
    good = ours.built.tree.read(name.removeprefix(STATIC), limit=1 << 20)
    assert good
    if there != "nothing":
        put(ours, store, tmp_path)
    if there == "a publisher's that died":
        forget(store, ZIP)
    store.composes = composes
    planted(store, name, forged(good, b"evil"), ours)
    before = store.dump()

    with pytest.raises(DamagedObjectError, match="of other bytes") as caught:
        put(ours, store, tmp_path)
    with pytest.raises(DamagedObjectError, match="of other bytes"):
        publish.foresee(ours.built, store, proof(tmp_path))

    assert caught.value.where.endswith(name)
    assert (ZIP in store.dump()) == (ZIP in before)


@pytest.mark.parametrize("composes", [False, True], ids=["MD5", "no MD5"])
@pytest.mark.parametrize("missing", [(), (SIGNATURE,), (f"{STATIC}docs/README.md", SIGNATURE)])
def test_a_zip_with_a_forged_checksum_is_never_completed(
    store: MemoryStore, ours: Signed, tmp_path: Path, missing: tuple[str, ...], *, composes: bool
) -> None:
    put(ours, store, tmp_path)
    forget(store, *missing)
    store.composes = composes
    planted(store, ZIP, forged(ours.built.zip.read_bytes()), ours)
    before = store.dump()

    with pytest.raises(DamagedObjectError, match="of other bytes"):
        put(ours, store, tmp_path)
    with pytest.raises(DamagedObjectError, match="of other bytes"):
        publish.foresee(ours.built, store, proof(tmp_path))

    assert store.dump() == before


@pytest.mark.parametrize("missing", [(), (SIGNATURE,), (f"{STATIC}docs/README.md",)])
def test_a_zip_of_other_content_that_says_it_has_ours_is_never_completed(
    store: MemoryStore, ours: Signed, theirs: Signed, tmp_path: Path, missing: tuple[str, ...]
) -> None:
    put(ours, store, tmp_path)
    forget(store, *missing)
    evil = theirs.built
    planted(store, ZIP, evil.zip.read_bytes(), ours, zip_sha256=evil.sha256)
    before = store.dump()

    with pytest.raises(DamagedObjectError, match="its metadata says"):
        put(ours, store, tmp_path)
    with pytest.raises(DamagedObjectError, match="its metadata says"):
        publish.foresee(ours.built, store, proof(tmp_path))

    assert store.dump() == before
    assert [*tmp_path.rglob("stored-*")] == []


@pytest.mark.parametrize("there", ["nothing", "all but the zip", "the version"])
def test_a_signature_that_only_says_it_is_ours_is_not_believed(
    store: MemoryStore, ours: Signed, tmp_path: Path, there: str
) -> None:
    if there != "nothing":
        put(ours, store, tmp_path)
    if there == "all but the zip":
        forget(store, ZIP)
    planted(store, SIGNATURE, ARMORED, ours)
    was_there = ZIP in store.dump()

    with pytest.raises(StorageError, match=r"not a valid signature.*not of these bytes"):
        put(ours, store, tmp_path)

    assert (ZIP in store.dump()) == was_there


@dataclass(slots=True)
class Renewed(FakeSigner):
    """A key that took the place of another one: of the other's signatures it can't tell."""

    def verifies(self, path: Path, signature: bytes) -> Verdict:
        del path, signature
        return Verdict(problem="it is by another key", is_of_unknown_key=True)


def test_a_version_that_an_older_key_has_signed_stays_published_with_a_warning(
    store: MemoryStore, ours: Signed, tmp_path: Path
) -> None:
    put(ours, store, tmp_path)
    other = replace(ours, signature=replace(ours.signature, armored=ARMORED))
    planted(store, SIGNATURE, ARMORED.replace(b"b2Yg", b"b2ZG"), ours)
    told: list[str] = []

    again = publish.publish(other, replace(bench(store, tmp_path, Renewed()), warn=told.append))

    assert again.stored is Stored.UNCHANGED
    assert "nothing proves this signature" in told[0]


def test_no_zip_is_put_beside_a_signature_that_another_key_has_made(
    store: MemoryStore, ours: Signed, tmp_path: Path
) -> None:
    planted(store, SIGNATURE, ARMORED, ours)

    with pytest.raises(StorageError, match="not a valid signature"):
        put(ours, store, tmp_path, Renewed())

    assert ZIP not in store.dump()


def test_an_object_that_readers_would_unpack_is_not_ours(
    store: MemoryStore, ours: Signed, tmp_path: Path
) -> None:
    put(ours, store, tmp_path)
    found = store.stat(CLAIM)
    assert found
    headers = integrity.sealed(CLAIM, replace(found.headers, content_encoding="gzip"), found.crc32c)
    store.replace(CLAIM, Bytes(store.data(CLAIM)), headers, generation=found.generation)

    with pytest.raises(DamagedObjectError, match="Content-Encoding"):
        put(ours, store, tmp_path)


@pytest.mark.parametrize("missing", [(), (SIGNATURE,), (CLAIM, f"{STATIC}docs/README.md")])
def test_where_the_bucket_keeps_no_md5_the_bytes_say_whose_they_are(
    store: MemoryStore, ours: Signed, tmp_path: Path, missing: tuple[str, ...]
) -> None:
    put(ours, store, tmp_path)
    composing(store)
    forget(store, *missing)

    done = put(ours, store, tmp_path)

    assert done.stored is (Stored.COMPLETED if missing else Stored.UNCHANGED)
    assert_whole_and_of_one_content(store, ours)


def test_what_proving_costs_is_a_download_of_what_is_completed_from_and_of_the_signature(
    store: MemoryStore, ours: Signed, tmp_path: Path
) -> None:
    def read() -> list[str]:
        names = [call.name for call in store.calls if call.method == "open"]
        store.calls.clear()
        return names

    put(ours, store, tmp_path)
    assert read() == []
    put(ours, store, tmp_path)
    assert read() == [SIGNATURE]
    forget(store, f"{STATIC}docs/README.md")
    put(ours, store, tmp_path)
    assert sorted(set(read())) == [ZIP, SIGNATURE]


def test_a_zip_that_is_another_one_when_it_is_read_back_is_not_called_published(
    store: MemoryStore, ours: Signed, tmp_path: Path
) -> None:
    other = recompressed(ours, tmp_path / "other")

    def swap(name: str) -> None:
        if name == ZIP:
            forget(store, ZIP)
            store.create(ZIP, FileOnDisk(other.built.zip), Headers(content_type="", cache_control=""))

    with pytest.raises(StorageError, match="another zip than a moment ago"):
        put(ours, Watching(store, after=swap), tmp_path)


def test_a_zip_that_is_another_one_after_completing_is_not_called_published(
    store: MemoryStore, ours: Signed, tmp_path: Path
) -> None:
    put(ours, store, tmp_path)
    forget(store, SIGNATURE)

    def swap(name: str) -> None:
        if name == SIGNATURE:
            replaced(store, ZIP, ours.built.zip.read_bytes())

    with pytest.raises(StorageError, match="another zip than a moment ago"):
        put(ours, Watching(store, after=swap), tmp_path)


@pytest.mark.parametrize("name", [SIGNATURE, f"{STATIC}docs/README.md"])
def test_an_object_that_is_replaced_while_it_is_read_proves_nothing(
    store: MemoryStore, ours: Signed, tmp_path: Path, name: str
) -> None:
    put(ours, store, tmp_path)
    composing(store)

    class Moving(Watching):
        def open(self, asked: str, *, generation: int) -> BinaryIO:
            if asked == name:
                replaced(store, name, store.data(name))
            return super().open(asked, generation=generation)

    with pytest.raises(StorageError, match="replaced while it was read"):
        put(ours, Moving(store), tmp_path)


def replaced(store: MemoryStore, name: str, data: bytes) -> None:
    """An object of another tool: without metadata."""
    found = store.stat(name)
    assert found
    headers = Headers(content_type=found.headers.content_type, cache_control="")
    store.replace(name, Bytes(data), headers, generation=found.generation)


def test_a_signature_without_a_record_is_verified(
    store: MemoryStore, ours: Signed, tmp_path: Path
) -> None:
    told: list[str] = []
    put(ours, store, tmp_path)
    replaced(store, SIGNATURE, ours.signature.armored)

    assert put(ours, store, tmp_path).stored is Stored.UNCHANGED
    assert publish.foresee(ours.built, store, replace(proof(tmp_path), warn=told.append))
    assert told == []


def test_a_signature_without_a_record_is_verified_against_the_zip_that_is_there(
    store: MemoryStore, ours: Signed, tmp_path: Path
) -> None:
    other = recompressed(ours, tmp_path / "other")
    put(other, store, tmp_path)
    replaced(store, SIGNATURE, other.signature.armored)
    assert put(ours, store, tmp_path).stored is Stored.UNCHANGED

    replaced(store, SIGNATURE, ours.signature.armored)
    with pytest.raises(StorageError, match="signature"):
        put(ours, store, tmp_path)
    assert [*tmp_path.rglob("stored-*")] == []


@pytest.mark.parametrize(
    "signature",
    [
        pytest.param(signature_of(b"another zip"), id="another zip's"),
        pytest.param(ARMORED, id="armored, of another key"),
        pytest.param(b"", id="empty"),
        pytest.param(b"-----BEGIN PGP SIGNATURE-----\n\nAAAA", id="cut short"),
    ],
)
def test_a_signature_without_a_record_that_does_not_verify_is_not_believed(
    store: MemoryStore, ours: Signed, tmp_path: Path, signature: bytes
) -> None:
    put(ours, store, tmp_path)
    replaced(store, SIGNATURE, signature)

    with pytest.raises(StorageError, match="signature"):
        put(ours, store, tmp_path)
    with pytest.raises(StorageError, match="signature"):
        publish.foresee(ours.built, store, proof(tmp_path))


def test_where_there_is_no_key_a_signature_without_a_record_is_told_as_unproven(
    store: MemoryStore, ours: Signed, tmp_path: Path
) -> None:
    told: list[str] = []
    put(ours, store, tmp_path)
    replaced(store, SIGNATURE, ARMORED)
    keyless = replace(proof(tmp_path), signer=None, warn=told.append)

    assert publish.foresee(ours.built, store, keyless)

    (warning,) = told
    assert SIGNATURE in warning
    assert "nothing proves this signature" in warning
    replaced(store, SIGNATURE, ARMORED[:-9])
    with pytest.raises(DamagedObjectError, match="armored"):
        publish.foresee(ours.built, store, keyless)


def test_a_signature_of_another_zip_is_never_part_of_a_published_version(
    store: MemoryStore, ours: Signed, tmp_path: Path
) -> None:
    put(ours, store, tmp_path)
    found = store.stat(SIGNATURE)
    assert found
    metadata = {**found.headers.metadata, "zip-sha256": "0" * 64}
    other = Bytes(signature_of(b"another zip"))
    headers = integrity.sealed(SIGNATURE, replace(found.headers, metadata=metadata), crc32c(other))
    store.replace(SIGNATURE, other, headers, generation=found.generation)

    with pytest.raises(StorageError, match="another zip"):
        put(ours, store, tmp_path)


def test_a_damaged_listing_is_no_damage(store: MemoryStore, ours: Signed, tmp_path: Path) -> None:
    put(ours, store, tmp_path)

    assert put(ours, Misreading(store, CLAIM), tmp_path).stored is Stored.UNCHANGED


def test_damage_is_a_conflict_that_names_the_generation_to_delete() -> None:
    stored = MemoryStore().create("a b.zip", Bytes(b"x"), Headers(content_type="", cache_control=""))

    error = integrity.damaged("gs://shelf", stored, "it is damaged")

    assert isinstance(error, ContentConflictError)
    assert error.where == "gs://shelf/a b.zip"
    assert f"gcloud storage rm 'gs://shelf/a b.zip#{stored.generation}'" in error.fix


# --- zips of other tools -----------------------------------------------------------------------------


def _by_hand(store: MemoryStore, data: bytes) -> None:
    store.create(ZIP, Bytes(data), Headers(content_type="application/zip", cache_control=""))


def test_a_zip_of_another_tool_with_the_same_files_is_completed(
    store: MemoryStore, ours: Signed, tmp_path: Path
) -> None:
    other = recompressed(ours, tmp_path / "other")
    _by_hand(store, other.built.zip.read_bytes())

    done = put(ours, store, tmp_path)

    assert done.stored is Stored.COMPLETED
    assert store.data(ZIP) == other.built.zip.read_bytes()
    assert store.data(SIGNATURE) == signature_of(store.data(ZIP))
    assert done.zip_sha256 == other.built.sha256
    assert done.zip_size == other.built.size
    files = {STATIC + path: data for path, data in release.files().items()}
    assert {name: data for name, (data, _) in store.dump().items() if name in files} == files


def test_a_zip_of_another_tool_with_other_files_is_a_conflict(
    store: MemoryStore, ours: Signed, theirs: Signed, tmp_path: Path
) -> None:
    _by_hand(store, theirs.built.zip.read_bytes())
    before = store.dump()

    with pytest.raises(ContentConflictError) as caught:
        put(ours, store, tmp_path)

    assert theirs.built.content_digest in str(caught.value)
    assert store.dump() == before


def test_a_zip_of_another_tool_that_is_damaged_is_never_completed(
    store: MemoryStore, ours: Signed, tmp_path: Path
) -> None:
    _by_hand(store, ours.built.zip.read_bytes()[:-40])
    before = store.dump()

    with pytest.raises(Exception, match="zip"):
        put(ours, store, tmp_path)

    assert store.dump() == before


# --- what lies there before the zip ------------------------------------------------------------------


@pytest.mark.parametrize("stopped", [0, 1, 3, OBJECTS - 1], ids="{} written".format)
@pytest.mark.parametrize(
    ("name", "data"),
    [
        pytest.param(SIGNATURE, b"junk", id="a signature that is none"),
        pytest.param(SIGNATURE, ARMORED, id="a signature of others"),
        pytest.param(SIGNATURE, signature_of(b"another zip"), id="a signature of another zip"),
        pytest.param(CLAIM, b"junk", id="another claim"),
        pytest.param(f"{STATIC}docs/README.md", b"junk", id="another file"),
    ],
)
def test_what_lies_in_the_place_of_an_object_is_a_conflict_before_anything_is_written(
    store: MemoryStore, ours: Signed, tmp_path: Path, name: str, data: bytes, stopped: int
) -> None:
    if stopped:
        _stopped(ours, store, tmp_path, after=stopped)
    if name in store.dump():
        forget(store, name)
    store.create(name, Bytes(data), Headers(content_type="", cache_control=""))
    before = store.dump()

    with pytest.raises(StorageError) as foreseen:
        publish.foresee(ours.built, store, proof(tmp_path))
    with pytest.raises(StorageError) as met:
        put(ours, store, tmp_path)

    assert (str(foreseen.value), foreseen.value.where) == (str(met.value), met.value.where)
    assert name in str(met.value.where)
    assert store.dump() == before


def test_a_signature_for_other_content_is_a_conflict_of_contents_before_anything_is_written(
    store: MemoryStore, ours: Signed, theirs: Signed, tmp_path: Path
) -> None:
    put(theirs, store, tmp_path)
    forget(store, *(name for name in store.dump() if name != SIGNATURE))
    before = store.dump()

    with pytest.raises(ContentConflictError, match="is there with other content"):
        publish.foresee(ours.built, store, proof(tmp_path))
    with pytest.raises(ContentConflictError, match="is there with other content"):
        put(ours, store, tmp_path)

    assert store.dump() == before


def test_a_preview_without_a_key_finds_what_is_no_signature_and_warns_of_one_of_others(
    store: MemoryStore, ours: Signed, tmp_path: Path
) -> None:
    told: list[str] = []
    keyless = replace(proof(tmp_path), signer=None, warn=told.append)
    store.create(SIGNATURE, Bytes(ARMORED), Headers(content_type="", cache_control=""))

    assert publish.foresee(ours.built, store, keyless) is Stored.CREATED

    (warning,) = told
    assert "nothing proves this signature" in warning
    replaced(store, SIGNATURE, b"junk")
    with pytest.raises(DamagedObjectError, match="armored"):
        publish.foresee(ours.built, store, keyless)


def test_looking_first_costs_one_request(store: MemoryStore, ours: Signed, tmp_path: Path) -> None:
    put(ours, store, tmp_path)

    looked = [(call.method, call.name) for call in store.calls if not call.writes]

    before = [("stat", ZIP), ("list", STATIC), ("stat", SIGNATURE)]
    assert looked == [*before, ("stat", ZIP), ("stat", SIGNATURE)]
    assert len(store.calls) == 5 + OBJECTS


# --- foreseeing --------------------------------------------------------------------------------------


def test_foreseeing_a_new_version_writes_nothing(
    store: MemoryStore, ours: Signed, tmp_path: Path
) -> None:
    assert publish.foresee(ours.built, store, proof(tmp_path)) is Stored.CREATED

    assert store.writes == []


def test_foreseeing_knows_what_is_there(store: MemoryStore, ours: Signed, tmp_path: Path) -> None:
    put(ours, store, tmp_path)
    before = len(store.writes)

    assert publish.foresee(ours.built, store, proof(tmp_path)) is Stored.UNCHANGED

    assert len(store.writes) == before


@pytest.mark.parametrize("after", [1, OBJECTS], ids=["claimed", "published"])
def test_foreseeing_finds_a_conflict(
    store: MemoryStore, ours: Signed, theirs: Signed, tmp_path: Path, after: int
) -> None:
    _stopped(theirs, store, tmp_path, after=after)
    before = store.dump()

    with pytest.raises(ContentConflictError):
        publish.foresee(ours.built, store, proof(tmp_path))

    assert store.dump() == before


def test_foreseeing_an_unfinished_version_of_ours_finds_it_not_there(
    store: MemoryStore, ours: Signed, tmp_path: Path
) -> None:
    _stopped(ours, store, tmp_path, after=3)

    assert publish.foresee(ours.built, store, proof(tmp_path)) is Stored.CREATED


def test_foreseeing_judges_a_zip_of_another_tool_as_publishing_does(
    store: MemoryStore, ours: Signed, theirs: Signed, tmp_path: Path
) -> None:
    _by_hand(store, theirs.built.zip.read_bytes())

    with pytest.raises(ContentConflictError):
        publish.foresee(ours.built, store, proof(tmp_path))


# --- crashes and races -------------------------------------------------------------------------------


def _stopped(signed: Signed, store: ObjectStore, folder: Path, *, after: int) -> None:
    """A publisher that dies after so many writes."""
    try:
        put(signed, Crashing(store, after=after), folder)
    except Killed:
        (folder / "scratch").mkdir(exist_ok=True)


@pytest.mark.parametrize("acting", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("after", range(OBJECTS))
def test_a_crash_at_any_write_is_made_good_by_the_next_run(
    store: MemoryStore, ours: Signed, tmp_path: Path, *, after: int, acting: bool
) -> None:
    undisturbed = MemoryStore()
    put(ours, undisturbed, tmp_path)
    with pytest.raises(Killed):
        put(ours, Crashing(store, after=after, acting=acting), tmp_path)

    put(ours, store, tmp_path)

    assert store.dump() == undisturbed.dump()
    assert put(ours, store, tmp_path).stored is Stored.UNCHANGED


@pytest.mark.parametrize("after", range(1, OBJECTS))
def test_other_content_after_a_crash_is_a_conflict_and_changes_nothing(
    store: MemoryStore, ours: Signed, theirs: Signed, tmp_path: Path, after: int
) -> None:
    _stopped(theirs, store, tmp_path, after=after)
    before = store.dump()

    with pytest.raises(ContentConflictError):
        put(ours, store, tmp_path)

    assert store.dump() == before
    assert put(theirs, store, tmp_path).stored is Stored.CREATED
    assert_whole_and_of_one_content(store, theirs)


@pytest.mark.parametrize("after", range(1, OBJECTS))
def test_a_zip_that_another_compressor_began_is_finished_or_refused_but_never_mixed(
    store: MemoryStore, ours: Signed, tmp_path: Path, after: int
) -> None:
    other = recompressed(ours, tmp_path / "other")
    _stopped(other, store, tmp_path, after=after)
    before = store.dump()

    try:
        put(ours, store, tmp_path)
    except ContentConflictError:
        assert SIGNATURE in before
        assert ZIP not in store.dump()
        put(other, store, tmp_path)

    assert_whole_and_of_one_content(store, ours)


def _raced(
    first: Signed, second: Signed, store: MemoryStore, folder: Path, *, at: int
) -> tuple[list[Published | ContentConflictError], int]:
    """Two publishers: the second one does all its work before call `at` of the first one."""
    ended: list[Published | ContentConflictError] = []

    def run(signed: Signed, where: ObjectStore, scratch: Path) -> None:
        try:
            ended.append(put(signed, where, scratch))
        except ContentConflictError as error:
            ended.append(error)

    def before(number: int) -> None:
        if number == at:
            run(second, store, folder / "b")

    (folder / "a").mkdir(parents=True)
    (folder / "b").mkdir()
    watching = Watching(store, before=before)
    run(first, watching, folder / "a")
    return ended, watching.count


def _at_every_call(
    first: Signed,
    second: Signed,
    folder: Path,
    check: Callable[[MemoryStore, list[Published | ContentConflictError]], None],
) -> int:
    at = 0
    while True:
        store = MemoryStore()
        ended, count = _raced(first, second, store, folder / f"race-{at}", at=at)
        if at >= count and len(ended) == 1:  # the first one ended before it came to that
            return at
        check(store, ended)
        at += 1


def test_of_two_publishers_of_other_content_exactly_one_publishes_at_every_interleaving(
    ours: Signed, theirs: Signed, tmp_path: Path
) -> None:
    def check(store: MemoryStore, ended: list[Published | ContentConflictError]) -> None:
        (won,) = [end for end in ended if isinstance(end, Published)]
        (lost,) = [end for end in ended if isinstance(end, ContentConflictError)]
        assert won.stored is Stored.CREATED
        assert won.built.content_digest in str(lost)
        assert_whole_and_of_one_content(store, ours if won.built is ours.built else theirs)
        assert store.dump()[CLAIM][1].metadata["content-sha256"] == won.built.content_digest

    assert _at_every_call(ours, theirs, tmp_path, check) > OBJECTS


def test_two_publishers_of_the_same_content_both_end_well_at_every_interleaving(
    ours: Signed, tmp_path: Path
) -> None:
    twin = release.signed(tmp_path / "twin")

    def check(store: MemoryStore, ended: list[Published | ContentConflictError]) -> None:
        stored = [end.stored if isinstance(end, Published) else end for end in ended]
        assert stored in (
            [Stored.CREATED, Stored.UNCHANGED],
            [Stored.UNCHANGED, Stored.CREATED],
        )
        assert_whole_and_of_one_content(store, ours)

    assert _at_every_call(ours, twin, tmp_path, check) > OBJECTS


def test_two_compressors_of_the_same_content_never_leave_a_mixture(ours: Signed, tmp_path: Path) -> None:
    other = recompressed(ours, tmp_path / "other")

    def check(store: MemoryStore, ended: list[Published | ContentConflictError]) -> None:
        assert any(isinstance(end, Published) for end in ended)
        assert_whole_and_of_one_content(store, ours)

    assert _at_every_call(ours, other, tmp_path, check) > OBJECTS


def test_a_package_without_a_manifest_is_not_published(
    store: MemoryStore, ours: Signed, tmp_path: Path
) -> None:
    built = replace(ours.built, tree=without(ours.built.tree, ["manifest.yml"]))

    with pytest.raises(StorageError, match=r"no manifest\.yml"):
        put(replace(ours, built=built), store, tmp_path)

    assert store.dump() == {}


def test_a_claim_that_vanishes_is_a_storage_error(
    store: MemoryStore, ours: Signed, tmp_path: Path
) -> None:
    """Somebody tidies up in the very moment between the refused create and the look at it."""
    headers = Headers(content_type="", cache_control="")
    store.create(CLAIM, Bytes(b"name: other"), headers)

    def before(number: int) -> None:
        if number == 2:  # after the look at the zip and the refused create
            forget(store, CLAIM)

    with pytest.raises(StorageError, match="gone"):
        put(ours, Watching(store, before=before), tmp_path)

    assert store.dump() == {}
