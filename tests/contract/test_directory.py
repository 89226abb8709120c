"""A folder holds what people put there: only plain files are objects, and all else is told."""

import os
import socket
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from pkgaction import generations, integrity
from pkgaction.adapters import directory_object
from pkgaction.adapters.clock import SystemClock
from pkgaction.adapters.directory import DirectoryStore
from pkgaction.aside import Aside
from pkgaction.errors import DamagedObjectError, StorageError
from pkgaction.model import layout
from pkgaction.model.checksum import Digests, checksums
from pkgaction.model.manifest import PackageId
from pkgaction.model.submission import Code, Refused
from pkgaction.model.tree import Bytes, Content
from pkgaction.model.version import Version
from pkgaction.ports import AlreadyExistsError, GenerationMismatchError, Headers, Verdict
from pkgaction.stages import accept, audit, index, publish, reindex, rollback
from tests.fakes import release
from tests.fakes.release import FakeClock, FakeSigner, Silent

HEADERS = Headers(content_type="text/plain", cache_control="", metadata={"a": "b"})
OTHER = Headers(content_type="application/zip", cache_control="", metadata={})


@pytest.fixture
def bucket(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "bucket")


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made, tempfile.TemporaryDirectory(dir="/tmp") as short:
        made.bind(f"{short}/s")
        Path(f"{short}/s").rename(path)


MAKERS: dict[str, tuple[Callable[[Path], None], str]] = {
    "link": (lambda path: path.symlink_to(__file__), "a symbolic link"),
    "dangling link": (lambda path: path.symlink_to("nothing"), "a symbolic link"),
    "folder": (Path.mkdir, "a folder"),
    "pipe": (os.mkfifo, "a named pipe"),
    "socket": (_socket, "a socket"),
}
each_kind = pytest.mark.parametrize(("make", "kind"), MAKERS.values(), ids=MAKERS)


# --- in the place of an object -----------------------------------------------------------------------


@each_kind
@pytest.mark.parametrize("method", ["create", "replace", "stat", "open", "delete"])
def test_what_lies_in_the_place_of_an_object_is_told_as_what_it_is(
    bucket: DirectoryStore, make: Callable[[Path], None], kind: str, method: str
) -> None:
    path = bucket.folder / "a" / "b"
    path.parent.mkdir(parents=True)
    make(path)
    calls: dict[str, Callable[[], object]] = {
        "create": lambda: bucket.create("a/b", Bytes(b""), HEADERS),
        "replace": lambda: bucket.replace("a/b", Bytes(b""), HEADERS, generation=1),
        "stat": lambda: bucket.stat("a/b"),
        "open": lambda: bucket.open("a/b", generation=1),
        "delete": lambda: bucket.delete("a/b", generation=1),
    }

    with pytest.raises(StorageError, match=f"{kind} lies in the place of an object") as caught:
        calls[method]()

    assert caught.value.where == f"file://{path}"
    assert "move it out" in caught.value.fix
    assert os.path.lexists(path)
    assert list(bucket.list("")) == []


def test_nothing_is_written_over_a_folder_that_leads_to_objects(bucket: DirectoryStore) -> None:
    bucket.create("a/b/c", Bytes(b"one"), HEADERS)

    with pytest.raises(StorageError, match="a folder lies in the place of an object"):
        bucket.create("a/b", Bytes(b""), HEADERS)

    assert [found.name for found in bucket.list("")] == ["a/b/c"]


@pytest.mark.parametrize("kind", ["link", "dangling link", "pipe"])
@pytest.mark.parametrize("method", ["create", "stat", "list"])
def test_no_link_is_followed_on_the_way_to_an_object(
    bucket: DirectoryStore, tmp_path: Path, kind: str, method: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "b").write_text("not ours")
    bucket.folder.mkdir()
    make = MAKERS[kind][0] if kind != "link" else lambda path: path.symlink_to(outside)
    make(bucket.folder / "a")
    calls: dict[str, Callable[[], object]] = {
        "create": lambda: bucket.create("a/c/d", Bytes(b""), HEADERS),
        "stat": lambda: bucket.stat("a/b"),
        "list": lambda: list(bucket.list("a/")),
    }

    with pytest.raises(StorageError, match="lies in the place of a folder"):
        calls[method]()

    assert [path.name for path in outside.iterdir()] == ["b"]


def test_a_file_in_the_place_of_a_folder_is_told_where_one_is_needed(bucket: DirectoryStore) -> None:
    bucket.create("a", Bytes(b"one"), HEADERS)

    assert bucket.stat("a/b") is None
    with pytest.raises(StorageError, match="a plain file lies in the place of a folder") as caught:
        bucket.create("a/b", Bytes(b""), HEADERS)

    assert caught.value.where == f"file://{bucket.folder}/a"


@each_kind
def test_what_lies_in_the_place_of_the_cursor_is_not_waited_for(
    bucket: DirectoryStore, tmp_path: Path, make: Callable[[Path], None], kind: str
) -> None:
    artifacts, clock = DirectoryStore(tmp_path / "artifacts"), FakeClock()
    crab, eel = release.published(tmp_path / "x", "crab"), release.published(tmp_path / "y", "eel")
    artifacts.create("artifacts/packages/crab-1.0.0.zip", Bytes(b"x"), HEADERS)
    first = index.add([crab], bucket, clock)
    path = bucket.folder / layout.CURSOR
    path.unlink()
    make(path)
    before = list(bucket.list(""))
    bench = reindex.Bench(store=artifacts, index=bucket, clock=clock, watch=Silent(), scratch=tmp_path)
    runs: list[Callable[[], object]] = [
        lambda: index.add([eel], bucket, clock),
        lambda: reindex.rebuild(bench),
        lambda: rollback.to(first.cursor, bucket, clock),
    ]
    began = clock.now()

    for run in runs:
        with pytest.raises(StorageError, match=f"{kind} lies in the place of an object"):
            run()

    assert clock.now() == began
    assert list(bucket.list("")) == before


def test_a_file_with_the_next_generations_number_is_not_waited_for(
    bucket: DirectoryStore, tmp_path: Path
) -> None:
    clock = FakeClock()
    first = index.add([release.published(tmp_path / "x", "crab")], bucket, clock)
    path = bucket.folder / layout.INDEX_ROOT / str(int(first.cursor) + 1)
    path.write_text("not a folder")
    began = clock.now()

    with pytest.raises(StorageError, match="a plain file lies in the place of a folder") as caught:
        index.add([release.published(tmp_path / "y", "eel")], bucket, clock)

    assert caught.value.where == f"file://{path}"
    assert clock.now() == began


@each_kind
def test_a_record_that_is_no_file_does_not_hang(
    bucket: DirectoryStore, make: Callable[[Path], None], kind: str
) -> None:
    created = bucket.create("a", Bytes(b"one"), HEADERS)
    record = bucket.folder / ".pkgaction" / "headers" / "a" / f"{created.generation}.json"
    record.unlink()
    make(record)

    with pytest.raises(StorageError):
        bucket.stat("a")

    assert kind


@pytest.mark.parametrize("part", ["", "/headers", "/headers/a", "/headers/a/b"])
@pytest.mark.parametrize("method", ["create", "replace", "delete", "stat"])
def test_no_link_in_the_buckets_own_folder_is_followed(
    bucket: DirectoryStore, tmp_path: Path, part: str, method: str
) -> None:
    created = bucket.create("a/b", Bytes(b"one"), HEADERS)
    outside, own = tmp_path / "outside", bucket.folder / f".pkgaction{part}"
    own.rename(outside)
    own.symlink_to(outside)
    before = sorted((path, path.lstat().st_mtime_ns) for path in outside.rglob("*"))
    new = "a/b/c" if part.endswith("b") else "a/c"
    calls: dict[str, Callable[[], object]] = {
        "create": lambda: bucket.create(new, Bytes(b"two"), HEADERS),
        "replace": lambda: bucket.replace("a/b", Bytes(b"two"), HEADERS, generation=created.generation),
        "delete": lambda: bucket.delete("a/b", generation=created.generation),
        "stat": lambda: bucket.stat("a/b"),
    }

    with pytest.raises(StorageError) as caught:
        calls[method]()

    if new == "a/c" or method != "create":
        assert caught.value.what == "a symbolic link lies in the place of a folder"
        assert caught.value.where == f"file://{own}"
    assert sorted((path, path.lstat().st_mtime_ns) for path in outside.rglob("*")) == before


@each_kind
def test_what_lies_in_the_place_of_the_lock_or_a_record_is_named(
    bucket: DirectoryStore, make: Callable[[Path], None], kind: str
) -> None:
    created = bucket.create("a", Bytes(b"one"), HEADERS)
    lock = bucket.folder / ".pkgaction" / "lock"
    lock.unlink()
    make(lock)

    with pytest.raises(StorageError, match=f"{kind} lies in the place of an object") as caught:
        bucket.create("b", Bytes(b"two"), HEADERS)
    assert caught.value.where == f"file://{lock}"

    record = bucket.folder / ".pkgaction" / "headers" / "a" / f"{created.generation}.json"
    record.unlink()
    make(record)

    with pytest.raises(StorageError, match=f"{kind} lies in the place of a record") as caught:
        bucket.stat("a")
    assert caught.value.where == f"file://{record}"


# --- what a listing tells ----------------------------------------------------------------------------


def test_what_cannot_be_an_object_is_told_by_its_escaped_name(
    bucket: DirectoryStore, tmp_path: Path
) -> None:
    bucket.create("a/plain", Bytes(b"one"), HEADERS)
    folder = bucket.folder / "a"
    (folder / ".pkgaction").mkdir()
    (folder / ".pkgaction" / "hidden").write_text("x")
    (folder / "two\nlines").write_text("x")
    (folder / "tab\tfolder").mkdir()
    (folder / "tab\tfolder" / "x").write_text("x")
    Path(os.fsdecode(os.fsencode(folder) + b"/latin\xff")).write_text("x")
    (folder / "dangling").symlink_to("nothing")
    (folder / "to a folder").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe")

    told = sorted(bucket.non_objects("a/"))

    assert [one.partition(":")[0] for one in told] == [
        "'a/.pkgaction' has a name that is reserved for the bucket's own folder",
        "'a/dangling' is a symbolic link, and no object",
        "'a/latin\\udcff' has a name that no object can have",
        "'a/pipe' is a named pipe, and no object",
        "'a/tab\\tfolder' has a name that no object can have",
        "'a/to a folder' is a symbolic link, and no object",
        "'a/two\\nlines' has a name that no object can have",
    ]
    assert "".join(told).isprintable()
    assert list(bucket.non_objects("b/")) == []
    assert [found.name for found in bucket.list("")] == ["a/plain"]


def test_the_buckets_own_folder_is_not_told(bucket: DirectoryStore) -> None:
    bucket.create("a/b", Bytes(b"one"), HEADERS)

    assert list(bucket.non_objects("")) == []


# --- light listings ----------------------------------------------------------------------------------

_HUGE = 200 * 1000**3  # bytes; a hole in a file takes no space, but hours to be read


def _sparse(path: Path, size: int = _HUGE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        stream.truncate(size)


class _NoVerifier:
    def verify(self, zip: Path, signature: bytes) -> Verdict:  # noqa: A002
        raise AssertionError(zip, signature)


def test_no_listing_and_no_look_reads_what_lies_there(bucket: DirectoryStore) -> None:
    _sparse(bucket.folder / "a.txt")

    (found,) = bucket.list("")
    assert bucket.stat("a.txt")
    assert (found.name, found.size) == ("a.txt", _HUGE)
    assert found.created <= datetime.now(UTC)
    bucket.open("a.txt", generation=found.generation).close()


def test_a_submission_of_200_gigabytes_is_refused_by_its_size(
    bucket: DirectoryStore, tmp_path: Path
) -> None:
    _sparse(bucket.folder / "candidates" / "reef" / "crab-1.0.0.zip")
    bucket.create("candidates/reef/crab-1.0.0.zip.sig", Bytes(b"x"), HEADERS)
    bench = accept.Bench(queue=bucket, verifier=_NoVerifier(), clock=SystemClock())

    (submission,) = accept.waiting(bench)
    refused = accept.receive(submission, bench, tmp_path)
    assert isinstance(refused, Refused)
    aside = Aside(submission, bench)
    aside.keep(tmp_path)
    aside.conclude(refused)

    assert refused.code is Code.TOO_LARGE
    assert not any(found.name.startswith("candidates/") for found in bucket.list(""))


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """No large file is read for its checksums."""

    def small(content: Content) -> tuple[int, bytes]:
        assert content.size < 1 << 20
        return checksums(content)

    monkeypatch.setattr(directory_object, "checksums", small)


_FISH = PackageId(name="mudskipper", version=Version.parse("1.0.0"))


@pytest.mark.usefixtures("unread")
@pytest.mark.parametrize(
    "name", ["artifacts/static/mudskipper-1.0.0/manifest.yml", layout.zip_name(_FISH)]
)
def test_what_has_another_size_is_told_without_reading_it(
    bucket: DirectoryStore, tmp_path: Path, name: str
) -> None:
    made = release.signed(tmp_path / "made")
    _sparse(bucket.folder / name)
    bench = publish.Bench(store=bucket, signer=FakeSigner(), provenance={}, scratch=tmp_path)

    with pytest.raises(DamagedObjectError, match="it is damaged"):
        publish.publish(made, bench)
    look = audit.Bench(store=bucket, index=None, clock=SystemClock(), watch=Silent())
    found = audit.audit([_FISH], look, everything=True)

    assert not found.ok


@pytest.mark.usefixtures("unread")
def test_a_listing_reads_no_file_of_another_tool(bucket: DirectoryStore, tmp_path: Path) -> None:
    made = release.signed(tmp_path / "made")
    bench = publish.Bench(store=bucket, signer=FakeSigner(), provenance={}, scratch=tmp_path)
    publish.publish(made, bench)
    for path in ("docs/huge.md", "img/huge.png", "huge.yml"):
        _sparse(bucket.folder / layout.static_name(_FISH, path), 1 << 32)

    look = audit.Bench(store=bucket, index=None, clock=SystemClock(), watch=Silent())
    audit.audit([_FISH], look, everything=True)

    measure = Digests(size=7, sha256="", crc32c=0, md5=b"")
    stored = bucket.stat(layout.static_name(_FISH, "huge.yml"))
    assert stored
    assert not integrity.is_same(stored, bucket, measure)
    assert "instead of 7 bytes" in integrity.damage(stored, (7, 0))


def test_checksums_of_a_listing_are_those_of_the_generation_that_was_listed(
    bucket: DirectoryStore,
) -> None:
    first = bucket.create("a", Bytes(b"one"), HEADERS)
    (unread,) = bucket.list("")
    (read,) = bucket.list("")
    assert read.crc32c == first.crc32c
    bucket.replace("a", Bytes(b"two"), HEADERS, generation=first.generation)

    assert read.md5 == first.md5
    with pytest.raises(StorageError, match="was replaced while it was read"):
        _ = unread.crc32c
    with pytest.raises(GenerationMismatchError):
        bucket.open("a", generation=unread.generation)


# --- when an object was created ----------------------------------------------------------------------


@pytest.mark.parametrize("year", [1970, 2099])
def test_a_time_that_was_set_by_hand_is_not_when_an_object_was_created(
    bucket: DirectoryStore, year: int
) -> None:
    bucket.folder.mkdir()
    (bucket.folder / "a").write_text("x")
    set_by_hand = int(datetime(year, 1, 2, tzinfo=UTC).timestamp())
    os.utime(bucket.folder / "a", (set_by_hand, set_by_hand))

    found = bucket.stat("a")

    assert found
    assert abs(found.created - datetime.now(UTC)) < timedelta(minutes=5)
    assert found.generation == set_by_hand * 10**9


def test_an_object_of_ours_keeps_its_time_when_its_rights_change(bucket: DirectoryStore) -> None:
    created = bucket.create("a", Bytes(b"one"), HEADERS)
    time.sleep(0.01)
    (bucket.folder / "a").chmod(0o600)

    assert bucket.stat("a") == created


# --- folders -----------------------------------------------------------------------------------------


def test_an_owners_folder_stays_with_its_rights_when_it_is_empty(bucket: DirectoryStore) -> None:
    folder = bucket.folder / "candidates" / "reef"
    folder.mkdir(parents=True)
    folder.chmod(0o2770)
    (folder / "crab-1.0.0.zip").write_text("x")
    (found,) = bucket.list("candidates/")

    bucket.delete(found.name, generation=found.generation)

    assert folder.stat().st_mode & 0o7777 == 0o2770


def test_folders_of_generations_go_with_what_was_in_them(bucket: DirectoryStore) -> None:
    created = bucket.create("v2/metadata/1700000000/list.json", Bytes(b"x"), HEADERS)

    bucket.delete(created.name, generation=created.generation)

    assert [path.name for path in (bucket.folder / "v2").iterdir()] == ["metadata"]
    assert list((bucket.folder / "v2" / "metadata").iterdir()) == []


# --- generations -------------------------------------------------------------------------------------

# copies of OSTree, Nix and `tar --mtime=@0` have 0; a clock that is wrong has any
ODD_TIMES = [0, -1, -(10**18), 2**62]
each_odd_time = pytest.mark.parametrize("time_ns", ODD_TIMES)


@each_odd_time
def test_any_time_of_a_file_is_a_generation(bucket: DirectoryStore, time_ns: int) -> None:
    for name in ("read", "written", "deleted"):
        bucket.create(name, Bytes(b"old"), HEADERS)
        os.utime(bucket.folder / name, ns=(time_ns, time_ns))

    with bucket.open("read", generation=time_ns) as stream:
        assert stream.read() == b"old"
    bucket.replace("written", Bytes(b"new"), HEADERS, generation=time_ns)
    bucket.delete("deleted", generation=time_ns)

    assert [(found.name, found.size) for found in bucket.list("")] == [("read", 3), ("written", 3)]
    with pytest.raises(GenerationMismatchError):
        bucket.replace("written", Bytes(b"late"), HEADERS, generation=time_ns)


@each_odd_time
def test_a_cursor_of_any_time_is_moved_on(bucket: DirectoryStore, tmp_path: Path, time_ns: int) -> None:
    artifacts, clock = DirectoryStore(tmp_path / "artifacts"), FakeClock()
    public = publish.Bench(store=artifacts, signer=FakeSigner(), provenance={}, scratch=tmp_path)
    crab, eel = (
        publish.publish(release.signed(tmp_path / name, name), public) for name in ("crab", "eel")
    )
    first = index.add([crab], bucket, clock).cursor
    bench = reindex.Bench(store=artifacts, index=bucket, clock=clock, watch=Silent(), scratch=tmp_path)
    looked = audit.Bench(store=artifacts, index=bucket, clock=clock, watch=Silent())
    runs: list[Callable[[], object]] = [
        lambda: index.add([eel], bucket, clock),
        lambda: rollback.to(first, bucket, clock),
        lambda: reindex.rebuild(bench),
    ]
    os.utime(bucket.folder / layout.CURSOR, ns=(time_ns, time_ns))
    assert not [w for w in audit.audit([], looked, everything=True).warnings if "no index at all" in w]
    began = clock.now()

    for number, run in enumerate(runs, start=1):
        os.utime(bucket.folder / layout.CURSOR, ns=(time_ns, time_ns))
        run()
        assert generations.pointed_at(bucket) == str(int(first) + number)

    assert clock.now() == began


def test_a_write_at_the_same_moment_is_another_generation(
    bucket: DirectoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 10**18)
    one = bucket.create("a", Bytes(b"one"), HEADERS)

    two = bucket.replace("a", Bytes(b"two"), OTHER, generation=one.generation)

    assert two.generation != one.generation
    assert bucket.stat("a") == two
    with pytest.raises(GenerationMismatchError):
        bucket.replace("a", Bytes(b"late"), HEADERS, generation=one.generation)
    with pytest.raises(AlreadyExistsError):
        bucket.create("a", Bytes(b"late"), HEADERS)
    assert bucket.stat("a") == two


@pytest.mark.parametrize(
    ("nanoseconds", "year"),
    [(3 * 10**20, 9000), (-(10**20), 1000), (-1, 1969), (0, 1970)],
    ids=["after 9999", "before 1", "before 1970", "1970"],
)
def test_a_time_without_a_date_is_no_traceback(
    bucket: DirectoryStore, monkeypatch: pytest.MonkeyPatch, nanoseconds: int, year: int
) -> None:
    created = bucket.create("a", Bytes(b"one"), HEADERS)
    record = bucket.folder / ".pkgaction" / "headers" / "a" / f"{created.generation}.json"
    record.rename(record.with_name(f"{nanoseconds}.json"))
    lstat = Path.lstat

    def odd(path: Path) -> object:  # not every file system keeps such times
        found = lstat(path)
        kept = {key: getattr(found, key) for key in ("st_mode", "st_size", "st_ctime_ns")}
        is_it = path == bucket.folder / "a"
        return SimpleNamespace(**kept, st_mtime_ns=nanoseconds) if is_it else found

    monkeypatch.setattr(Path, "lstat", odd)

    (listed,) = bucket.list("")

    assert listed.generation == nanoseconds
    assert listed.created.year == year
    assert listed.created + timedelta(days=36_500) > listed.created
