"""What others submit is published as it is, or refused with a reason; nothing is lost on the way."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from pkgaction import acceptance, reconcile
from pkgaction.acceptance import Gate
from pkgaction.errors import AccessDeniedError, LoginError, PkgactionError, StorageError
from pkgaction.model import layout
from pkgaction.model.outcome import Ledger, Status
from pkgaction.model.owners import Owners, OwnersProblemError
from pkgaction.model.tree import Bytes, Content
from pkgaction.pace import Pace
from pkgaction.ports import Headers, ObjectStore, StoredObject, Verdict
from pkgaction.stages import accept
from tests.fakes import release
from tests.fakes.release import FakeClock, keys_of, listed
from tests.fakes.store import Crashing, Killed, MemoryStore, Watching

OURS, THEIRS = "A" * 40, "B" * 40
_HEADERS = Headers(content_type="application/zip", cache_control="")
_OWNERS = Owners({OURS: ("crab", "eel*"), THEIRS: ("whelk",)})


def signature(data: bytes, by: str = OURS) -> bytes:
    said = f"{hashlib.sha256(data).hexdigest()} by {by}"
    return f"-----BEGIN PGP SIGNATURE-----\n\n{said}\n-----END PGP SIGNATURE-----\n".encode()


class TrustsBoth:
    """Takes the signatures above, as gpg would."""

    def verify(self, zip: Path, signature: bytes) -> Verdict:  # noqa: A002
        for key in (OURS, THEIRS):
            if signature == _signature_of(zip, key):
                return Verdict(fingerprint=key)
        readable = signature.startswith(b"-----BEGIN PGP SIGNATURE-----")
        return Verdict(problem="no trusted key made it", fix="sign it", is_readable=readable)


def _signature_of(path: Path, key: str) -> bytes:
    return signature(path.read_bytes(), key)


@dataclass(slots=True)
class Port:
    """The buckets around the job."""

    folder: Path
    clock: FakeClock = field(default_factory=FakeClock)
    artifacts: MemoryStore = field(default_factory=MemoryStore)
    index: MemoryStore = field(default_factory=MemoryStore)
    pace: Pace = field(default_factory=Pace)
    queue: MemoryStore = field(init=False)

    def __post_init__(self) -> None:
        self.queue = MemoryStore(clock=self.clock)
        self.artifacts.clock = self.index.clock = self.clock

    def zipped(
        self, name: str = "crab", version: str = "1.0.0", extra: Mapping[str, bytes] | None = None
    ) -> bytes:
        return release.built(self.folder / "made", name, version, extra).zip.read_bytes()

    def submit(self, name: str, data: bytes, sig: bytes | None = None) -> None:
        self.queue.create(f"candidates/{name}", Bytes(data), _HEADERS)
        beside = signature(data) if sig is None else sig
        self.queue.create(f"candidates/{name}.sig", Bytes(beside), _HEADERS)

    def run(
        self,
        *,
        queue: ObjectStore | None = None,
        artifacts: ObjectStore | None = None,
        index: ObjectStore | None = None,
        dry_run: bool = False,
        owners: Owners = _OWNERS,
    ) -> Ledger:
        gate = Gate(queue=queue or self.queue, verifier=TrustsBoth(), owners=owners, pace=self.pace)
        scratch = self.folder / "scratch"
        scratch.mkdir(parents=True, exist_ok=True)
        world = release.world(
            scratch,
            artifacts=artifacts or self.artifacts,
            index=index or self.index,
            clock=self.clock,
        )
        ledger = Ledger(dry_run=dry_run)
        acceptance.run(gate, replace(release.job(), dry_run=dry_run), world, ledger)
        return ledger

    def statuses(self, ledger: Ledger) -> Mapping[str, Status]:
        return {outcome.name: outcome.status for outcome in ledger.sorted()}

    def indexed(self) -> list[tuple[str, str]]:
        if not self.index.dump():
            return []
        cursor = json.loads(self.index.data(layout.CURSOR))["current"]
        return keys_of(listed(self.index.data(layout.full_index_name(cursor))))

    def reason(self, name: str) -> dict[str, object]:
        (found,) = [
            path
            for path in self.queue.dump()
            if path.startswith(f"refused/{name}/") and path.endswith("/reason.json")
        ]
        document: dict[str, object] = json.loads(self.queue.data(found))
        return document


@pytest.fixture
def port(tmp_path: Path) -> Port:
    return Port(tmp_path)


# --- accepted ----------------------------------------------------------------------------------------


def test_what_is_accepted_is_published_as_it_was_submitted_and_leaves_the_queue(port: Port) -> None:
    data = port.zipped()
    port.submit("crab-1.0.0.zip", data)

    ledger = port.run()

    assert ledger.exit_status == 0
    assert port.statuses(ledger) == {"crab": Status.PUBLISHED}
    assert port.artifacts.data("artifacts/packages/crab-1.0.0.zip") == data
    assert port.artifacts.data("artifacts/packages/crab-1.0.0.zip.sig") == signature(data)
    assert port.indexed() == [("crab", "1.0.0")]
    assert port.queue.dump() == {}


def test_many_submissions_are_one_generation_of_the_index(port: Port) -> None:
    for name in ("crab", "eel", "eel_2"):
        port.submit(f"{name}-1.0.0.zip", port.zipped(name))

    port.run()

    assert [one[0] for one in port.indexed()] == ["crab", "eel", "eel_2"]
    assert len([call for call in port.index.writes if call.name == layout.CURSOR]) == 1


def test_the_job_of_the_storage_leaves_its_own_commit_out(port: Port) -> None:
    port.submit("crab-1.0.0.zip", port.zipped())

    port.run()

    metadata = port.artifacts.dump()["artifacts/packages/crab-1.0.0.zip"][1].metadata
    assert "run" in metadata
    assert "commit" not in metadata


def test_the_same_again_is_already_published(port: Port) -> None:
    data = port.zipped()
    port.submit("crab-1.0.0.zip", data)
    port.run()
    before = port.artifacts.dump()
    port.submit("crab-1.0.0.zip", data)

    ledger = port.run()

    assert port.statuses(ledger) == {"crab": Status.ALREADY_PUBLISHED}
    assert (port.artifacts.dump(), port.queue.dump()) == (before, {})


def test_a_dry_run_says_it_and_writes_nothing(port: Port) -> None:
    port.submit("crab-1.0.0.zip", port.zipped())
    port.submit("whelk-1.0.0.zip", port.zipped("whelk"))
    before = port.queue.dump()

    ledger = port.run(dry_run=True)

    assert port.statuses(ledger) == {"crab": Status.WOULD_PUBLISH, "whelk": Status.FAILED}
    assert (port.artifacts.dump(), port.index.dump(), port.queue.dump()) == ({}, {}, before)


# --- refused -----------------------------------------------------------------------------------------


def test_a_name_that_the_key_may_not_publish_is_refused(port: Port) -> None:
    data = port.zipped("whelk")
    port.submit("whelk-1.0.0.zip", data)

    ledger = port.run()

    assert ledger.exit_status == 1
    reason = port.reason("whelk-1.0.0.zip")
    assert (reason["code"], reason["fingerprint"]) == ("not-owner", OURS)
    kept = {path.rpartition("/")[2]: body for path, (body, _) in port.queue.dump().items()}
    assert kept["package.zip"] == data
    assert kept["package.zip.sig"] == signature(data)
    assert not any(path.startswith("candidates/") for path in port.queue.dump())
    assert (port.artifacts.dump(), port.index.dump()) == ({}, {})


def test_a_refused_one_does_not_hold_the_others_back(port: Port) -> None:
    port.submit("whelk-1.0.0.zip", port.zipped("whelk"))
    port.submit("crab-1.0.0.zip", port.zipped())

    ledger = port.run()

    assert port.statuses(ledger) == {"crab": Status.PUBLISHED, "whelk": Status.FAILED}
    assert port.indexed() == [("crab", "1.0.0")]


@pytest.mark.parametrize(
    ("name", "change", "code"),
    [
        ("crab-1.0.0.zip", lambda data: (data + b"\0", signature(data)), "untrusted"),
        ("crab-1.0.0.zip", lambda data: (data, signature(data, "C" * 40)), "untrusted"),
        ("crab-1.0.0.zip", lambda data: (data, b"\x88\x75\x04\x00"), "unsigned"),
        ("crab-1.0.0.zip", lambda data: (data, b"x" * 70_000), "unsigned"),
        ("crab-1.0.0.zip", lambda data: (data, b"hello\n" + signature(data)), "unsigned"),
        ("crab-1.0.0.zip", lambda data: (data[:-9], signature(data[:-9])), "no-package"),
        ("crab-1.0.0.zip", lambda _: (b"", signature(b"")), "no-package"),
        ("crab-1.0.1.zip", lambda data: (data, signature(data)), "misnamed"),
        ("eel-1.0.0.zip", lambda data: (data, signature(data)), "misnamed"),
    ],
    ids=["bytes", "stranger", "binary", "large", "text before", "cut", "empty", "version", "name"],
)
def test_what_can_not_be_trusted_is_refused_with_a_code(
    port: Port, name: str, change: Callable[[bytes], tuple[bytes, bytes]], code: str
) -> None:
    data, sig = change(port.zipped())
    port.submit(name, data, sig)

    ledger = port.run()

    assert port.reason(name)["code"] == code
    assert ledger.exit_status == 1
    assert (port.artifacts.dump(), port.index.dump()) == ({}, {})


def test_a_package_with_errors_is_refused_with_its_findings(port: Port) -> None:
    port.submit("crab-1.0.0.zip", port.zipped(extra={"changelog.yml": b"[]"}))

    port.run()

    reason = port.reason("crab-1.0.0.zip")
    assert reason["code"] == "invalid"
    assert reason["findings"]


def test_other_content_of_a_published_version_is_a_conflict(port: Port) -> None:
    port.submit("crab-1.0.0.zip", port.zipped())
    port.run()
    before = port.artifacts.dump()
    port.submit("crab-1.0.0.zip", port.zipped(extra={"docs/more": b"more"}))

    ledger = port.run()

    assert port.reason("crab-1.0.0.zip")["code"] == "conflict"
    assert port.statuses(ledger) == {"crab": Status.CONFLICT}
    assert port.artifacts.dump() == before


@pytest.mark.parametrize("dry_run", [False, True])
def test_of_two_submissions_of_a_version_the_one_with_other_content_is_a_conflict(
    port: Port, *, dry_run: bool
) -> None:
    port.submit("reef/crab-1.0.0.zip", port.zipped())
    port.clock.sleep(1)
    port.submit("tide/crab-1.0.0.zip", port.zipped(extra={"docs/more": b"more"}))

    ledger = port.run(dry_run=dry_run)

    assert ledger.exit_status == 1
    statuses = [one.status for one in ledger.sorted()]
    assert statuses.count(Status.CONFLICT) == 1, statuses
    assert (Status.WOULD_PUBLISH if dry_run else Status.PUBLISHED) in statuses
    if not dry_run:
        assert port.reason("tide/crab-1.0.0.zip")["code"] == "conflict"


def test_a_zip_beyond_all_measure_is_not_even_fetched(
    port: Port, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accept, "LARGEST", 100)
    port.submit("crab-1.0.0.zip", port.zipped())

    port.run()

    reason = port.reason("crab-1.0.0.zip")
    assert (reason["code"], reason["kept"]) == ("too-large", False)
    assert not [call for call in port.queue.calls if call.method == "open" and call.name.endswith("zip")]
    assert not any(path.startswith("candidates/") for path in port.queue.dump())


# --- waiting -----------------------------------------------------------------------------------------


def test_a_zip_waits_for_its_signature_and_is_refused_after_an_hour(port: Port) -> None:
    port.queue.create("candidates/crab-1.0.0.zip", Bytes(port.zipped()), _HEADERS)

    assert port.statuses(port.run()) == {}
    port.clock.sleep(3601)
    assert port.statuses(port.run()) == {"crab": Status.FAILED}

    reason = port.reason("crab-1.0.0.zip")
    assert (reason["code"], reason["kept"]) == ("unsigned", True)
    kept = {path.rpartition("/")[2]: body for path, (body, _) in port.queue.dump().items()}
    assert kept["package.zip"] == port.zipped()


def test_a_signature_without_a_zip_goes_after_a_day(port: Port) -> None:
    port.queue.create("candidates/crab-1.0.0.zip.sig", Bytes(b"x"), _HEADERS)

    port.run()
    assert port.queue.dump()
    port.clock.sleep(24 * 3600 + 1)
    port.run(dry_run=True)
    assert port.queue.dump()
    port.run()

    assert port.queue.dump() == {}


def test_other_objects_of_the_queue_are_left_alone(port: Port) -> None:
    for name in (
        "candidates/notes.txt",
        "candidates/too/deep/crab-1.0.0.zip",
        "candidates/.odd/crab-1.0.0.zip",
        "crab-1.0.0.zip",
    ):
        port.queue.create(name, Bytes(b"x"), _HEADERS)
    before = port.queue.dump()
    port.clock.sleep(10 * 24 * 3600)

    assert port.run().exit_status == 0

    assert port.queue.dump() == before


# --- races and crashes -------------------------------------------------------------------------------


def test_a_submission_that_ends_us_does_not_hold_the_others_back(port: Port) -> None:
    port.submit("crab-1.0.0.zip", port.zipped("crab"))
    port.clock.sleep(1)
    port.submit("eel-1.0.0.zip", port.zipped("eel"))

    def break_down(name: str) -> None:
        if "static/crab" in name:
            raise ZeroDivisionError

    ledger = port.run(artifacts=Watching(port.artifacts, after=break_down))

    assert port.indexed() == [("eel", "1.0.0")]
    assert ledger.exit_status == 1
    assert ledger.problems[0].where == "crab-1.0.0.zip"
    assert any(name.startswith("candidates/crab") for name in port.queue.dump())


def test_a_name_as_long_as_one_may_be_is_decided(port: Port) -> None:
    name = "x" * 1_000 + ".zip"
    port.submit(name, b"no zip", b"no signature")

    port.run()

    names = list(port.queue.dump())
    assert names
    assert all(name.startswith("refused/") and len(name.encode()) <= 1_024 for name in names)


def test_a_candidate_that_is_replaced_meanwhile_waits_for_the_next_run(port: Port) -> None:
    old, new = port.zipped(), port.zipped(extra={"docs/more": b"more"})
    port.submit("crab-1.0.0.zip", old)

    def replace_it(number: int) -> None:
        if number == 1:  # it was listed, and not yet fetched
            for name, data in (("crab-1.0.0.zip", new), ("crab-1.0.0.zip.sig", signature(new))):
                found = port.queue.stat(f"candidates/{name}")
                assert found
                port.queue.replace(found.name, Bytes(data), _HEADERS, generation=found.generation)

    first = port.run(queue=Watching(port.queue, before=replace_it))
    second = port.run()

    assert port.statuses(first) == {}
    assert port.statuses(second) == {"crab": Status.PUBLISHED}
    assert port.artifacts.data("artifacts/packages/crab-1.0.0.zip") == new


def test_a_storage_that_fails_leaves_the_submission_in_the_queue(port: Port) -> None:
    class Down(MemoryStore):
        def stat(self, name: str) -> None:
            raise StorageError(what="it is down", where=name, fix="run the job again")

    port.submit("crab-1.0.0.zip", port.zipped())
    before = port.queue.dump()

    ledger = port.run(artifacts=Down())

    assert ledger.exit_status == 3
    assert port.queue.dump() == before


@pytest.mark.parametrize("name", ["crab-1.0.0.zip", "whelk-1.0.0.zip"], ids=["accepted", "refused"])
@pytest.mark.parametrize("acting", [False, True], ids=["before", "after"])
def test_a_kill_at_any_write_is_made_good_by_the_next_run(port: Port, name: str, acting: bool) -> None:  # noqa: FBT001
    data = port.zipped(name.partition("-")[0])
    untouched = Port(port.folder / "untouched")
    untouched.submit(name, data)
    untouched.run()
    for after in range(40):
        place = Port(port.folder / f"{after}")
        place.submit(name, data)
        dying = Crashing(place.queue, after=after, acting=acting)
        try:
            place.run(
                queue=dying,
                artifacts=dying.beside(place.artifacts),
                index=dying.beside(place.index),
            )
        except Killed:
            place.run()
        else:
            break
        place.clock.sleep(2 * 24 * 3600)
        place.run()

        assert place.artifacts.dump() == untouched.artifacts.dump()
        assert place.indexed() == untouched.indexed()
        assert place.queue.dump() == untouched.queue.dump()
    assert after > 2


# --- the owner map -----------------------------------------------------------------------------------


def test_a_key_may_publish_what_the_map_says_and_nothing_else() -> None:
    owners = Owners.parse(f"{OURS.lower()}: [crab, 'eel_*', '!eel_x']\n'BBBB {'B' * 36}': whelk\n")

    assert owners.may(OURS, "crab")
    assert owners.may(OURS, "eel_2")
    assert not owners.may(OURS, "eel_x")
    assert not owners.may(OURS, "whelk")
    assert owners.may(THEIRS, "whelk")
    assert not owners.may("C" * 40, "crab")
    assert not Owners({}).may(OURS, "crab")
    assert not Owners({OURS: ()}).may(OURS, "crab")


@pytest.mark.parametrize(
    ("name", "taken"),
    [("reef/crab-1.0.0.zip", True), ("crab-1.0.0.zip", False), ("eel/crab-1.0.0.zip", False)],
)
def test_what_a_bound_key_has_signed_counts_in_its_folder_only(
    port: Port, name: str, *, taken: bool
) -> None:
    port.submit(name, port.zipped())

    port.run(owners=Owners.parse(f"{OURS}: {{packages: [crab], folder: reef}}"))

    assert port.indexed() == ([("crab", "1.0.0")] if taken else [])
    if not taken:
        reason = port.reason(name)
        assert (reason["code"], reason["fix"]) == ("misplaced", "put it to candidates/reef/")


@pytest.mark.parametrize(
    "text",
    [
        "[a]",
        "a: [b]",
        "a: [",
        f"{OURS}: [[a]]",
        f"{OURS}: ~",
        f"{OURS}: a\n0x{OURS}: b",
        f"{OURS}: {{a: b}}",
        f"{OURS}: {{packages: a}}",
        f"{OURS}: {{folder: a}}",
        f"{OURS}: {{packages: a, folder: a, b: c}}",
        f"{OURS}: {{packages: a, folder: a/b}}",
        f"{OURS}: {{packages: a, folder: ''}}",
        f"{OURS}: {{packages: a, folder: [a]}}",
        f"{OURS}: {{packages: {{a: b}}, folder: a}}",
        f"{OURS}: {{packages: ~, folder: a}}",
    ],
)
def test_a_text_that_is_no_owner_map_is_refused(text: str) -> None:
    with pytest.raises(OwnersProblemError):
        Owners.parse(text)


# --- however it ends ---------------------------------------------------------------------------------


class Refusing(MemoryStore):
    """Raises an error at the creation of one object, before or after it acted."""

    at = ""
    error: BaseException = KeyboardInterrupt()
    acts = False

    def create(self, name: str, content: Content, headers: Headers) -> StoredObject:
        if name == self.at and self.acts:
            super().create(name, content, headers)
        if name == self.at:
            raise self.error
        return super().create(name, content, headers)


def refusing(at: str, error: BaseException, *, acts: bool = False) -> Refusing:
    store = Refusing()
    store.at, store.error, store.acts = at, error, acts
    return store


def ended(port: Port, artifacts: ObjectStore) -> tuple[Ledger, BaseException | None]:
    """A run of three submissions, and what ended it."""
    for name in ("crab", "eel", "eel_2"):
        port.submit(f"{name}-1.0.0.zip", port.zipped(name))
    gate = Gate(queue=port.queue, verifier=TrustsBoth(), owners=_OWNERS)
    scratch = port.folder / "scratch"
    scratch.mkdir()
    world = release.world(scratch, artifacts=artifacts, index=port.index, clock=port.clock)
    ledger = Ledger()
    try:
        with reconcile.at_the_end(release.job(), world, ledger):
            acceptance.run(gate, release.job(), world, ledger)
    except BaseException as error:  # noqa: BLE001 - whatever it is, the ledger is looked at
        return ledger, error
    return ledger, None


_ZIP = "artifacts/packages/eel-1.0.0.zip"


@pytest.mark.parametrize(
    ("error", "crab"),
    [
        (KeyboardInterrupt(), Status.NOT_INDEXED),
        (LoginError(what="refused"), Status.PUBLISHED),
    ],
    ids=["cancel", "login"],
)
def test_a_run_that_ends_early_names_every_submission(
    port: Port, error: BaseException, crab: Status
) -> None:
    ledger, raised = ended(port, refusing(_ZIP, error))

    assert raised is error
    assert port.statuses(ledger) == {
        "crab": crab,
        "eel": Status.FAILED,
        "eel_2": Status.NOT_TRIED,
    }
    assert len([name for name in port.queue.dump() if name.endswith(".zip")]) == 3
    assert ledger.published


@pytest.mark.parametrize("acts", [False, True], ids=["not there", "there all the same"])
@pytest.mark.parametrize(
    ("error", "status"),
    [(StorageError(what="503"), 3), (AccessDeniedError(what="a right is missing"), 2)],
    ids=["storage", "right"],
)
def test_a_submission_that_the_storage_refuses_is_told_by_name_and_stays(
    port: Port, error: PkgactionError, status: int, *, acts: bool
) -> None:
    ledger, raised = ended(port, refusing(_ZIP, error, acts=acts))

    assert raised is None
    eel = Status.NOT_INDEXED if acts else Status.FAILED
    assert port.statuses(ledger) == {
        "crab": Status.PUBLISHED,
        "eel": eel,
        "eel_2": Status.PUBLISHED,
    }
    assert ledger.exit_status == status
    assert "candidates/eel-1.0.0.zip" in port.queue.dump()
    assert not [name for name in port.queue.dump() if name.startswith("refused/")]


def test_what_nobody_looks_at_in_the_queue_is_named(tmp_path: Path) -> None:
    port = Port(tmp_path)
    for name in (
        "crab-1.0.0.zip",
        "candidates/too/deep/crab-1.0.0.zip",
        "candidates/README.md",
        "candidates/reef/whelk-1.0.0.zip",
        "candidates/reef/whelk-1.0.0.zip.sig",
        "in-hand/0123.json",
        "candidates/eel-1.0.0.zip",
        "candidates/whelk-1.0.0.zip",
        "candidates/whelk-1.0.0.zip.sig",
        "refused/eel-0.9.0.zip/1/reason.json",
    ):
        port.queue.create(name, Bytes(b"x"), _HEADERS)

    strange, alone = accept.overlooked(port.queue, port.clock)

    assert "crab-1.0.0.zip" in strange
    assert "candidates/too/deep/crab-1.0.0.zip" in strange
    assert "candidates/README.md" in strange
    assert "put packages to candidates/NAME-VERSION.zip or candidates/OWNER/" in strange
    assert not any(known in strange for known in ("reef", "in-hand", "refused"))
    assert alone.endswith("left to wait: candidates/eel-1.0.0.zip")


def test_a_strange_name_in_the_queue_is_told_in_one_line(tmp_path: Path) -> None:
    port = Port(tmp_path)
    for name in ("candidates/a\nb/crab-1.0.0.zip", "\x1b[2Jx", "candidates/\udcff.txt", "é.zip"):
        port.queue.create(name, Bytes(b"x"), _HEADERS)

    (strange,) = accept.overlooked(port.queue, port.clock)

    assert strange.isprintable()
    for said in (r"candidates/a\nb/crab-1.0.0.zip", r"\x1b[2Jx", r"candidates/\udcff.txt", "é.zip"):
        assert said in strange


def test_a_queue_with_submissions_alone_is_not_warned_of(tmp_path: Path) -> None:
    port = Port(tmp_path)
    port.submit("crab-1.0.0.zip", b"x")

    assert accept.overlooked(port.queue, port.clock) == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (f"{OURS}: crab\n{OURS.lower()}: eel\n", f"line 2: the key {OURS} is there twice"),
        (
            f"{OURS[:16]}: crab\n",
            "line 1: what stands there is not a key's whole fingerprint, 40 digits",
        ),
    ],
    ids=["twice, in other letters", "a key's id"],
)
def test_what_is_wrong_with_a_key_of_the_owner_map_is_told_as_that(text: str, what: str) -> None:
    with pytest.raises(OwnersProblemError) as caught:
        Owners.parse(text)

    assert str(caught.value) == what
