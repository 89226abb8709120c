"""What a folder's bucket keeps beside an object may be damaged, too: that is not the object's fault."""

import json
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from pkgaction.adapters.directory import DirectoryStore
from pkgaction.errors import PkgactionError
from pkgaction.inspection import Inspector
from pkgaction.model import layout
from pkgaction.model.audit import Audit, Code, Drift
from pkgaction.model.json import Json
from pkgaction.model.manifest import PackageId
from pkgaction.model.release import Signed
from pkgaction.model.version import Version
from pkgaction.ports import Verdict
from pkgaction.stages import audit, publish
from tests.fakes import release
from tests.fakes.release import FakeClock, FakeSigner, Silent, signature_of

MUDSKIPPER = PackageId(name="mudskipper", version=Version.parse("1.0.0"))
ZIP = layout.zip_name(MUDSKIPPER)
SIGNATURE = layout.signature_name(MUDSKIPPER)
MANIFEST = layout.static_name(MUDSKIPPER, "manifest.yml")
BROKEN = random.Random(12)  # noqa: S311 - the same ones each time


class FakeVerifier:
    """Trusts what `FakeSigner` makes."""

    def verify(self, zip: Path, signature: bytes) -> Verdict:  # noqa: A002
        if signature == signature_of(zip.read_bytes()):
            return Verdict(fingerprint="A" * 40)
        return Verdict(problem="it is another one")


class Folder:
    """A folder's bucket with mudskipper 1.0.0 in it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.store = folder, DirectoryStore(folder / "bucket")
        self.signed: Signed = release.signed(folder / "built", "mudskipper", "1.0.0")
        self.publish()

    def publish(self) -> None:
        bench = publish.Bench(store=self.store, signer=FakeSigner(), provenance={}, scratch=self.folder)
        publish.publish(self.signed, bench)

    def sidecar(self, name: str) -> Path:
        (found,) = (self.store.folder / ".pkgaction/headers" / name).glob("*.json")
        return found

    def audit(self, *, deep: bool = True) -> Audit:
        inspector = Inspector(store=self.store, scratch=self.folder, verifier=FakeVerifier())
        bench = audit.Bench(
            store=self.store,
            index=None,
            clock=FakeClock(),
            watch=Silent(),
            inspector=inspector if deep else None,
        )
        return audit.audit([MUDSKIPPER], bench)

    def drifts(self, *, deep: bool = True) -> list[Drift]:
        return [drift for one in self.audit(deep=deep).versions for drift in one.drifts]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def edited(path: Path, *keys: str, to: Json) -> None:
    document = json.loads(path.read_text())
    inner = document
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = to
    path.write_text(json.dumps(document))


@pytest.mark.parametrize("key", ["crc32c", "size"])
@pytest.mark.parametrize("number", [-1, 1 << 64, 1 << 200, 1.5, "7", None, True, float("nan"), [], {}])
@pytest.mark.parametrize("name", [ZIP, SIGNATURE, MANIFEST])
def test_a_number_that_cannot_be_is_no_record(folder: Folder, name: str, key: str, number: Json) -> None:
    edited(folder.sidecar(name), key, to=number)

    assert folder.drifts() == []
    folder.publish()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b"9" * 10_000, id="a long number"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'{"size": 1}', id="half"),
    ],
)
def test_text_that_is_no_record_counts_as_none(folder: Folder, data: bytes) -> None:
    folder.sidecar(ZIP).write_bytes(data)

    assert folder.drifts() == []
    folder.publish()


@pytest.mark.parametrize("name", [ZIP, SIGNATURE, MANIFEST])
@pytest.mark.parametrize("deep", [False, True])
def test_a_wrong_number_beside_sealed_bytes_is_the_records_fault(
    folder: Folder, name: str, *, deep: bool
) -> None:
    path = folder.sidecar(name)
    edited(path, "crc32c", to=json.loads(path.read_text())["crc32c"] ^ 1 << 7)

    (drift,) = folder.drifts(deep=deep)

    assert drift.code is Code.RECORD_DAMAGED
    assert "the object itself is whole" in drift.what
    assert f"rm {path}" in drift.fix.replace("'", "")
    folder.publish()


@pytest.mark.parametrize("name", [ZIP, SIGNATURE, MANIFEST])
@pytest.mark.parametrize("key", ["crc32c", "headers-crc32c", "zip-sha256", "content-sha256"])
def test_metadata_that_was_changed_is_the_records_fault_where_the_signature_is_good(
    folder: Folder, name: str, key: str
) -> None:
    path = folder.sidecar(name)
    text = json.loads(path.read_text())["metadata"][key]
    edited(path, "metadata", key, to=chr(ord(text[0]) ^ 1) + text[1:])

    (shallow,) = {drift.code for drift in folder.drifts(deep=False)} - {Code.SIGNATURE_OTHER}
    (drift,) = folder.drifts()

    assert shallow in {Code.ZIP_DAMAGED, Code.SIGNATURE_DAMAGED, Code.STATIC_DAMAGED}
    assert any("--deep" in drift.fix for drift in folder.drifts(deep=False))
    assert drift.code is Code.RECORD_DAMAGED
    path.unlink()  # as the fix says
    assert folder.drifts() == []


def test_damaged_bytes_stay_the_bytes_fault(folder: Folder) -> None:
    path = folder.store.folder / ZIP
    stored = folder.store.stat(ZIP)
    assert stored is not None
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(stored.generation, stored.generation))

    assert Code.ZIP_DAMAGED in {drift.code for drift in folder.drifts()}
    assert Code.RECORD_DAMAGED not in {drift.code for drift in folder.drifts()}


def _flipped(data: bytes) -> bytes:
    changed = bytearray(data)
    changed[BROKEN.randrange(len(data))] ^= 1 << BROKEN.randrange(8)
    return bytes(changed)


def _cut(data: bytes) -> bytes:
    return data[: BROKEN.randrange(len(data))]


def _grown(data: bytes) -> bytes:
    at = BROKEN.randrange(len(data))
    return (
        data[:at] + BROKEN.choice([b"9" * 30, b"-", b"e99", b'"', b"{", b"\\ud800", b"null"]) + data[at:]
    )


@pytest.mark.parametrize("broken", [_flipped, _cut, _grown])
@pytest.mark.parametrize("name", [ZIP, SIGNATURE, MANIFEST])
def test_whatever_lies_beside_an_object_no_zip_is_blamed_for_it(
    folder: Folder, name: str, broken: Callable[[bytes], bytes]
) -> None:
    path = folder.sidecar(name)
    before = path.read_bytes()
    for _ in range(40):
        path.write_bytes(broken(before))
        codes = {drift.code for drift in folder.drifts()}
        # in a folder the headers are part of the record: either way the object stays
        assert codes <= {Code.RECORD_DAMAGED, Code.HEADERS_WRONG}, path.read_bytes()
        folder.drifts(deep=False)
        try:
            folder.publish()
        except PkgactionError as error:
            assert error.fix  # noqa: PT017
