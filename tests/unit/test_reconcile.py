"""A run that ends early says of each package what the buckets show, not what it remembers."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pkgaction import pipeline, reconcile
from pkgaction.errors import (
    AccessDeniedError,
    BucketMissingError,
    LoginError,
    PkgactionError,
    RunnerError,
    StorageError,
)
from pkgaction.model import layout
from pkgaction.model.outcome import Ledger, Status
from pkgaction.model.tree import Bytes, Content
from pkgaction.ports import Headers, ObjectStore, StoredObject
from pkgaction.report import words
from tests.fakes import release
from tests.fakes.release import FakeClock, FakeSigner
from tests.fakes.store import MemoryStore

NAMES = ("crab", "eel", "limpet")
ZIP = "artifacts/packages/eel-1.0.0.zip"
STATIC = "artifacts/static/eel-1.0.0/changelog.yml"
CURSOR = layout.CURSOR


class Failing(MemoryStore):
    """Raises an error at one write, before or after it acted; afterwards it may answer nothing."""

    at = ""
    error: BaseException = KeyboardInterrupt()
    acts = False
    silent_afterwards = False
    hide = ""  # a name that is not shown before the failure
    _failed = False

    def create(self, name: str, content: Content, headers: Headers) -> StoredObject:
        if name == self.at and self.acts:
            super().create(name, content, headers)
        self._fail(name)
        return super().create(name, content, headers)

    def stat(self, name: str) -> StoredObject | None:
        if self._failed and self.silent_afterwards:
            raise StorageError(what="no answer")
        if name == self.hide and not self._failed:
            return None
        return super().stat(name)

    def _fail(self, name: str) -> None:
        if name == self.at:
            self._failed = True
            raise self.error


def run(
    folder: Path,
    artifacts: ObjectStore,
    index: ObjectStore | None,
) -> tuple[Ledger, BaseException | None]:
    world = release.world(
        folder, artifacts=artifacts, index=index, signer=FakeSigner(), clock=FakeClock()
    )
    candidates = [release.candidate(name) for name in NAMES]
    ledger = Ledger(candidates=candidates)
    try:
        with reconcile.at_the_end(release.job(), world, ledger):
            pipeline.release(candidates, release.job(), world, ledger, dry=False)
    except BaseException as error:  # noqa: BLE001 - whatever it is, the ledger is looked at
        return ledger, error
    return ledger, None


def statuses(ledger: Ledger) -> list[Status]:
    return [ledger.outcomes[name, "1.0.0", f"packages/{name}"].status for name in NAMES]


def failing(at: str, error: BaseException, *, acts: bool = False) -> Failing:
    store = Failing()
    store.at, store.error, store.acts = at, error, acts
    return store


def login() -> PkgactionError:
    return LoginError(what="the login is refused")


def denied() -> PkgactionError:
    return AccessDeniedError(what="a right is missing")


P, N, F, T = Status.PUBLISHED, Status.NOT_INDEXED, Status.FAILED, Status.NOT_TRIED


@pytest.mark.parametrize(
    ("error", "ended", "expected"),
    [
        (login, True, [P, F, T]),
        (lambda: BucketMissingError(what="no such bucket"), True, [P, F, T]),
        (lambda: RunnerError(what="the disk is full"), True, [P, F, T]),
        (lambda: RuntimeError("a bug"), True, [P, F, T]),
        (denied, False, [P, F, P]),
        (lambda: StorageError(what="503"), False, [P, F, P]),
        (KeyboardInterrupt, True, [N, F, T]),
        (lambda: SystemExit(143), True, [N, F, T]),
    ],
    ids=["login", "bucket", "disk", "bug", "right", "storage", "SIGINT", "SIGTERM"],
)
def test_what_ends_one_package_says_what_became_of_each(
    tmp_path: Path, error: Callable[[], BaseException], *, ended: bool, expected: list[Status]
) -> None:
    index = MemoryStore()

    ledger, raised = run(tmp_path, failing(STATIC, error()), index)

    assert (raised is not None) == ended
    assert statuses(ledger) == expected
    assert ledger.published
    assert "Nothing was published" not in words.headline(ledger)


@pytest.mark.parametrize("acts", [False, True], ids=["before the write", "after the write"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, login, lambda: RuntimeError("a bug")])
def test_a_zip_whose_create_had_no_answer_is_looked_for(
    tmp_path: Path, error: Callable[[], BaseException], *, acts: bool
) -> None:
    store = failing(ZIP, error(), acts=acts)

    ledger, _ = run(tmp_path, store, MemoryStore())

    assert statuses(ledger)[1:] == [N if acts else F, T]
    assert (ZIP in store.dump()) == acts


def test_a_zip_that_a_failing_storage_kept_all_the_same_is_said_to_be_there(tmp_path: Path) -> None:
    store = failing(ZIP, StorageError(what="503"), acts=True)

    ledger, raised = run(tmp_path, store, None)

    assert raised is None
    assert statuses(ledger) == [P, P, P]


def test_where_the_bucket_cannot_be_asked_that_is_said(tmp_path: Path) -> None:
    store = failing(ZIP, KeyboardInterrupt(), acts=True)
    store.silent_afterwards = True

    ledger, _ = run(tmp_path, store, None)

    eel = ledger.outcomes["eel", "1.0.0", "packages/eel"]
    assert eel.status is F
    assert "could not be seen" in eel.reason


@pytest.mark.parametrize("acts", [False, True], ids=["before the cursor moved", "after it moved"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, lambda: RuntimeError("a bug"), denied])
def test_whether_the_index_has_it_is_read_from_the_index(
    tmp_path: Path, error: Callable[[], BaseException], *, acts: bool
) -> None:
    index = failing(CURSOR, error(), acts=acts)

    ledger, raised = run(tmp_path, MemoryStore(), index)

    assert raised is not None
    assert statuses(ledger) == ([P, P, P] if acts else [N, N, N])


def test_an_index_that_cannot_be_read_leaves_it_open(tmp_path: Path) -> None:
    index = failing(CURSOR, KeyboardInterrupt(), acts=True)
    index.silent_afterwards = True

    ledger, _ = run(tmp_path, MemoryStore(), index)

    assert statuses(ledger) == [N, N, N]
    assert all("could not be seen" in outcome.reason for outcome in ledger.sorted())


def test_a_missing_index_bucket_is_seen_before_the_first_upload(tmp_path: Path) -> None:
    class Missing(MemoryStore):
        def look(self, name: str, *, create: bool, there: bool = False) -> None:
            raise BucketMissingError(what="there is no such bucket")

    artifacts = MemoryStore()

    ledger, raised = run(tmp_path, artifacts, Missing())

    assert isinstance(raised, BucketMissingError)
    assert not artifacts.dump()
    assert statuses(ledger) == [T, T, T]


def test_a_failing_index_is_told_beside_the_error_that_ends_the_uploads(tmp_path: Path) -> None:
    index = failing(CURSOR, StorageError(what="the index is away"))

    ledger, raised = run(tmp_path, failing(ZIP, login()), index)

    assert isinstance(raised, LoginError)
    assert [problem.what for problem in ledger.problems] == ["the index is away"]
    assert statuses(ledger) == [N, F, T]


def published_before(folder: Path) -> tuple[Failing, MemoryStore]:
    """Both buckets after a release of all three."""
    artifacts, index = Failing(), MemoryStore()
    (folder / "before").mkdir()
    ledger, _ = run(folder / "before", artifacts, index)
    assert statuses(ledger) == [P, P, P]
    return artifacts, index


def lose(store: MemoryStore, name: str) -> None:
    found = store.stat(name)
    assert found
    store.delete(name, generation=found.generation)


@pytest.mark.parametrize("name", [STATIC, f"{ZIP}.sig"], ids=["static file", "signature"])
@pytest.mark.parametrize("error", [denied, lambda: StorageError(what="503"), KeyboardInterrupt])
def test_a_version_that_is_not_whole_is_not_published_by_its_zip_and_its_entry(
    tmp_path: Path, name: str, error: Callable[[], BaseException]
) -> None:
    artifacts, index = published_before(tmp_path)
    lose(artifacts, name)
    artifacts.at, artifacts.error = name, error()

    ledger, _ = run(tmp_path, artifacts, index)

    eel = ledger.outcomes["eel", "1.0.0", "packages/eel"]
    assert eel.status is F
    assert "its zip is in the bucket, but" in eel.reason
    assert ledger.exit_status != 0
    assert ledger.published


def test_a_signature_of_another_zip_stays_a_failure(tmp_path: Path) -> None:
    artifacts, index = published_before(tmp_path)
    other = artifacts.stat("artifacts/packages/crab-1.0.0.zip.sig")
    assert other
    lose(artifacts, f"{ZIP}.sig")
    headers = replace(other.headers, metadata={"zip-sha256": "0" * 64})
    artifacts.create(f"{ZIP}.sig", Bytes(b"of another"), headers)

    ledger, _ = run(tmp_path, artifacts, index)

    crab, eel, limpet = statuses(ledger)
    assert (crab, limpet) == (Status.ALREADY_PUBLISHED, Status.ALREADY_PUBLISHED)
    assert not eel.ok
    assert ledger.exit_status != 0


def test_a_foreign_zip_under_the_name_is_not_called_absent(tmp_path: Path) -> None:
    artifacts = failing(STATIC, KeyboardInterrupt())
    artifacts.hide = ZIP
    plain = Headers(content_type="application/zip", cache_control="")
    artifacts.create(ZIP, Bytes(b"foreign"), plain)

    ledger, _ = run(tmp_path, artifacts, MemoryStore())

    assert "another zip" in ledger.outcomes["eel", "1.0.0", "packages/eel"].reason


@pytest.mark.parametrize("lost", [STATIC, f"{ZIP}.sig", "the index"])
def test_a_dry_run_calls_no_version_published_that_is_not_whole_or_not_indexed(
    tmp_path: Path, lost: str
) -> None:
    artifacts, index = published_before(tmp_path)
    if lost == "the index":
        index = MemoryStore()
    else:
        lose(artifacts, lost)
    world = release.world(tmp_path, artifacts=artifacts, index=index, clock=FakeClock())
    candidates, ledger = [release.candidate(name) for name in NAMES], Ledger(dry_run=True)

    pipeline.release(candidates, release.job(), world, ledger, dry=True)

    eel = ledger.outcomes["eel", "1.0.0", "packages/eel"]
    assert eel.status is Status.WOULD_PUBLISH
    assert "completed" in eel.reason
