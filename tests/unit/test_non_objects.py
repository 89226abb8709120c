"""What lies in a folder's bucket and is no object is named by audit and accept, and ends neither."""

import os
import shutil
from pathlib import Path

import pytest

from pkgaction.adapters.directory import DirectoryStore
from pkgaction.inspection import Inspector
from pkgaction.model import layout
from pkgaction.model.audit import Audit, Code
from pkgaction.model.manifest import PackageId
from pkgaction.model.version import Version
from pkgaction.stages import accept, audit, publish
from tests.fakes import release
from tests.fakes.release import FakeClock, FakeSigner, Silent
from tests.unit.test_sidecars import FakeVerifier

CRAB, EEL = (PackageId(name=name, version=Version.parse("1.0.0")) for name in ("crab", "eel"))


def _audit(store: DirectoryStore, scratch: Path) -> Audit:
    bench = audit.Bench(
        store=store,
        index=None,
        clock=FakeClock(),
        watch=Silent(),
        inspector=Inspector(store=store, scratch=scratch, verifier=FakeVerifier()),
    )
    return audit.audit([CRAB, EEL], bench)


def _published(tmp_path: Path) -> DirectoryStore:
    store = DirectoryStore(tmp_path / "bucket")
    bench = publish.Bench(store=store, signer=FakeSigner(), provenance={}, scratch=tmp_path)
    for package in (CRAB, EEL):
        publish.publish(release.signed(tmp_path / package.name, package.name, "1.0.0"), bench)
    return store


def test_a_link_in_the_place_of_a_zip_is_named_and_the_other_zips_are_read(tmp_path: Path) -> None:
    store = _published(tmp_path)
    path = store.folder / layout.zip_name(CRAB)
    path.rename(tmp_path / "moved.zip")
    path.symlink_to(tmp_path / "moved.zip")

    found = _audit(store, tmp_path)

    by_name = {one.id.name: [drift.code for drift in one.drifts] for one in found.versions}
    assert by_name == {"crab": [Code.STATIC_ALONE, Code.SIGNATURE_ALONE], "eel": []}
    (warning,) = found.warnings
    assert f"{store.url}: '{layout.zip_name(CRAB)}' is a symbolic link" in warning
    assert "move it out of the bucket" in warning


def test_of_very_many_only_some_are_named(tmp_path: Path) -> None:
    store = _published(tmp_path)
    for number in range(30):
        os.mkfifo(store.folder / "artifacts" / "static" / f"{number}")

    found = _audit(store, tmp_path)

    assert len(found.warnings) == 21
    assert found.warnings[-1].endswith("there is more like that")


POINTER = (
    b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
)


@pytest.mark.parametrize("data", [POINTER, b"hello", b"<html>", b"\0" * 500], ids=str)
def test_other_bytes_in_the_place_of_a_zip_are_told_as_such_and_no_advice_names_what_is_not_there(
    tmp_path: Path, data: bytes
) -> None:
    store = _published(tmp_path)
    shutil.rmtree(store.folder / layout.RESERVED)  # a copy by git, or without names that begin by a dot
    (store.folder / layout.zip_name(CRAB)).write_bytes(data)

    found = _audit(store, tmp_path)

    by_name = {one.id.name: {drift.code: drift for drift in one.drifts} for one in found.versions}
    assert by_name["eel"] == {}
    assert "a zip" in by_name["crab"][Code.ZIP_DAMAGED].what
    assert Code.HEADERS_WRONG not in by_name["crab"]
    assert not [drift for drift in by_name["crab"].values() if layout.RESERVED in drift.fix]


def test_what_lies_in_a_queue_under_a_name_of_two_lines_is_told(tmp_path: Path) -> None:
    queue = DirectoryStore(tmp_path / "queue")
    (queue.folder / "candidates").mkdir(parents=True)
    (queue.folder / "candidates" / "crab\n-1.0.0.zip").write_text("x")

    (told,) = accept.overlooked(queue, FakeClock())

    assert "'candidates/crab\\n-1.0.0.zip' has a name that no object can have" in told
