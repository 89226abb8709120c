"""A zip in the bucket that is never read to its end, or has no room, is named; the others go on."""

import argparse
import contextlib
import errno
import faulthandler
import os
import resource
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from pkgaction import inspection, objects
from pkgaction.adapters.directory import DirectoryStore
from pkgaction.bounded import Limits
from pkgaction.commands.context import Context
from pkgaction.commands.repair import Repair
from pkgaction.entry import bounds
from pkgaction.entry.catalog import dump
from pkgaction.errors import NoRoomError, PackageError, RunnerError, StorageError
from pkgaction.inputs import Inputs
from pkgaction.inspection import Downloaded, Inspected, Inspector
from pkgaction.model import layout
from pkgaction.model.audit import Code
from pkgaction.model.json import JsonObject
from pkgaction.model.manifest import PackageId
from pkgaction.model.version import Version
from pkgaction.ports import ObjectStore
from pkgaction.stages import audit, reindex
from pkgaction.zipwork import ZipWork
from tests.fakes import release
from tests.fakes.release import FakeClock, Silent
from tests.fakes.store import MemoryStore
from tests.unit.test_audit_stage import FakeVerifier
from tests.unit.test_reindex_stage import NAMES, Place

_LIMITS = Limits(seconds=0.2, memory=64 << 20)
EEL = PackageId(name="eel", version=Version.parse("1.0.0"))


@dataclass(frozen=True, slots=True)
class _Zip:
    path: Path


def _slow(_: _Zip) -> str:
    while True:
        pass


def _large(_: _Zip) -> str:
    return "x" * (1 << 30)


def _crash(_: _Zip) -> str:
    faulthandler.disable()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.abort()


def _killed(_: _Zip) -> str:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def _once(zip_: _Zip) -> str:
    if not zip_.path.exists():
        zip_.path.touch()
        _killed(zip_)
    return "ONCE"


def _raise(error: Exception) -> str:
    raise error


_KINDS: dict[str, Callable[[_Zip], str]] = {
    "slow": _slow,
    "large": _large,
    "crash": _crash,
    "killed": _killed,
    "once": _once,
    "bug": lambda _: _raise(TypeError()),
    "deep": lambda _: _raise(RecursionError()),
    "refused": lambda _: _raise(PackageError(what="it is no zip")),
    "full": lambda _: _raise(OSError(errno.ENOSPC, "No space left on device")),
}


def _work(zip_: _Zip) -> str:
    name = zip_.path.name
    return _KINDS[name](zip_) if name in _KINDS else name.upper()


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("slow", "took more processor time than it may (0.2 seconds are the most)"),
        ("large", "needed more memory than it may have (64 MiB are the most)"),
        ("crash", "its process crashed"),
        ("killed", "its process was killed by something else"),
        ("bug", "pkgaction itself failed at it: TypeError"),
        ("deep", "pkgaction itself failed at it: RecursionError"),
        ("refused", "it is no zip"),
    ],
)
def test_what_gives_nothing_is_refused_and_the_others_go_on(
    tmp_path: Path, name: str, what: str
) -> None:
    work = ZipWork(_work, 2, _LIMITS)
    try:
        done = {zip_.path.name: r for zip_, r in work.each(_Zip(tmp_path / n) for n in ("a", name, "b"))}
    finally:
        work.close()

    assert (done["a"](), done["b"]()) == ("A", "B")
    with pytest.raises(PackageError) as caught:
        done[name]()
    assert what in caught.value.what


def test_what_was_killed_once_by_something_else_is_tried_again(tmp_path: Path) -> None:
    work = ZipWork(_work, 1, _LIMITS)
    try:
        assert work.one(_Zip(tmp_path / "once")) == "ONCE"
        assert work.one(_Zip(tmp_path / "a")) == "A"
    finally:
        work.close()


def test_a_machine_that_is_out_of_something_is_not_a_zips_fault(tmp_path: Path) -> None:
    work = ZipWork(_work, 1, _LIMITS)
    try:
        with pytest.raises(RunnerError):
            work.one(_Zip(tmp_path / "full"))
    finally:
        work.close()
    work.close()


def _endless(package: PackageId, path: Path, *, doubted: bool = False) -> JsonObject:
    while package == EEL:
        pass
    return _ENTRY_OF(package, path, doubted=doubted)


_ENTRY_OF = inspection.entry_of


def _read_endless(zip_: Downloaded) -> Inspected:
    while zip_.package == EEL:
        pass
    return Inspected(drifts=())


@pytest.fixture(params=["memory", "directory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    store: ObjectStore = MemoryStore()
    if request.param == "directory":
        store = DirectoryStore(tmp_path / "bucket")
    made = Place(store, MemoryStore(), tmp_path)
    made.add(*NAMES, indexed=False)
    return made


def inspector(place: Place, *, endless: bool = False) -> Inspector:
    plain = Inspector(store=place.store, scratch=place.folder, verifier=FakeVerifier())
    return replace(plain, reading=ZipWork(_read_endless, 1, _LIMITS)) if endless else plain


def test_an_endless_zip_gives_no_entry_to_a_rebuilt_index_and_the_others_do(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspection, "entry_of", _endless)
    monkeypatch.setattr(reindex, "ZipWork", partial(ZipWork, limits=_LIMITS))

    found = place.rebuild()

    assert place.names() == ["crab", "squid"]
    (told,) = found.unreadable
    assert told.startswith("eel-1.0.0: to read it, it took more processor time than it may")
    assert [*place.folder.glob("stored-*")] == []


def test_an_endless_zip_is_drift_in_a_deep_audit_and_the_others_are_looked_at(place: Place) -> None:
    ids = [PackageId(name=name, version=Version.parse("1.0.0")) for name in NAMES]
    reading = inspector(place, endless=True)
    bench = audit.Bench(
        store=place.store, index=None, clock=FakeClock(), watch=Silent(), inspector=reading
    )

    found = audit.audit(ids, bench)
    reading.reading.close()

    assert [[d.code for d in one.drifts] for one in found.versions] == [[], [Code.ENTRY_REFUSED], []]
    (drift,) = found.versions[1].drifts
    assert "took more processor time" in drift.what
    assert "administrator" in drift.fix


def test_an_endless_zip_is_not_repaired(tmp_path: Path) -> None:
    store = MemoryStore()
    place = Place(store, MemoryStore(), tmp_path)
    place.add("eel")
    place.take("artifacts/static/eel-1.0.0/docs/README.md")
    bench = audit.Bench(store=store, index=place.index, clock=FakeClock(), watch=Silent())
    world = release.world(tmp_path, artifacts=store, index=place.index)
    with contextlib.ExitStack() as stack:
        context = Context(argparse.Namespace(), Inputs(), tmp_path, {}, stack)
        reading = inspector(place, endless=True)
        stack.callback(reading.reading.close)

        found = Repair(context, world, bench, reading).repaired(audit.audit([EEL], bench))

    (drift,) = found.versions[0].drifts
    assert "the repair failed" in drift.fix
    assert "took more processor time" in drift.fix


def test_a_zip_larger_than_any_is_named_and_not_read(tmp_path: Path) -> None:
    place = Place(DirectoryStore(tmp_path / "bucket"), MemoryStore(), tmp_path)
    place.add(*NAMES, indexed=False)
    huge = tmp_path / "bucket" / layout.zip_name(PackageId(name="dab", version=EEL.version))
    huge.touch()
    os.truncate(huge, layout.LARGEST_ZIP + 1)  # it takes no room

    found = place.rebuild()
    audited = audit.audit(
        [],
        audit.Bench(store=place.store, index=place.index, clock=FakeClock(), watch=Silent()),
        everything=True,
    )

    assert place.names() == list(NAMES)
    assert "dab-1.0.0: it is damaged: no zip of a package has 4294967297 bytes" in found.unreadable[0]
    assert Code.ZIP_DAMAGED in [drift.code for drift in audited.versions[1].drifts]
    reading = inspector(place)
    stored = place.store.stat("artifacts/packages/dab-1.0.0.zip")
    assert stored
    (drift,) = reading.inspect(PackageId(name="dab", version=EEL.version), stored, None).drifts
    assert drift.code is Code.ZIP_DAMAGED


class _Usage(NamedTuple):
    free: int


def _full_for(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk with less room than that."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: _Usage(size - 1))


def test_a_large_zip_without_room_is_named_and_the_others_go_on(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.add("wolf_" * 30, indexed=False)
    large = max(built.zip.stat().st_size for built in place.built.values())
    monkeypatch.setattr(objects, "_COMMON", large - 1)
    _full_for(large, monkeypatch)

    found = place.rebuild()

    assert place.names() == list(NAMES)
    assert "no space left on the runner's disk for its" in found.unreadable[0]


def test_a_disk_without_room_for_a_common_zip_ends_the_run_and_names_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    _full_for(10, monkeypatch)

    with pytest.raises(NoRoomError, match=r"artifacts/packages/(crab|eel|squid)-1.0.0.zip: no space"):
        place.rebuild()
    stored = place.store.stat("artifacts/packages/eel-1.0.0.zip")
    assert stored
    with pytest.raises(NoRoomError, match=r"eel-1.0.0.zip: no space"):
        inspector(place).inspect(EEL, stored, None)
    monkeypatch.setattr(objects, "_COMMON", 0)
    (drift,) = inspector(place).inspect(EEL, stored, None).drifts
    assert drift.code is Code.ENTRY_REFUSED


def test_other_failures_of_a_download_are_told_as_they_are(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise StorageError(what="the network is down")

    monkeypatch.setattr(shutil, "copyfileobj", fail)

    with pytest.raises(StorageError, match="the network is down"):
        place.rebuild()


def test_an_entry_that_no_list_can_hold_is_refused_with_its_zip(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.add("wolf_" * 30, indexed=False)
    size = max(len(dump(place.built[name].entry)) for name in NAMES)
    monkeypatch.setattr(bounds, "LARGEST_ENTRY", size)

    found = place.rebuild()

    assert place.names() == list(NAMES)
    assert f"its entry has over {size} bytes" in found.unreadable[0]
