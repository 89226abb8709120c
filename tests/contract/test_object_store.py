"""What every bucket promises: the one in memory that other tests rest on, and the one in a folder."""

import contextlib
import gzip
import hashlib
import multiprocessing
import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Protocol

import google_crc32c
import pytest

from pkgaction.adapters.clock import SystemClock
from pkgaction.adapters.directory import DirectoryStore
from pkgaction.errors import (
    AccessDeniedError,
    BucketMissingError,
    DamagedObjectError,
    StorageError,
)
from pkgaction.model.tree import Bytes
from pkgaction.ports import (
    AlreadyExistsError,
    GenerationMismatchError,
    Headers,
    ObjectStore,
)
from tests.fakes import emulator
from tests.fakes.store import MemoryStore

HEADERS = Headers(
    content_type="text/yaml; charset=utf-8",
    cache_control="no-store",
    metadata={"content-sha256": "ab" * 32, "pull-request": "https://x.example/7?a=b&c=ü"},
)
OTHER = Headers(content_type="application/zip", cache_control="public", metadata={})
_SPAWN = multiprocessing.get_context("spawn")
_PROCESSES = 8
_INCREMENTS = 20


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with emulator.running() as address:
        yield address


@pytest.fixture(params=["memory", "directory", "gcs"])
def store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ObjectStore:
    if request.param == "memory":
        return MemoryStore(clock=SystemClock())
    if request.param == "directory":
        return DirectoryStore(tmp_path / "bucket")
    server = request.getfixturevalue("server")
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", server)
    return emulator.connect(emulator.make_bucket(server) + "/some/prefix")


@pytest.fixture
def directory(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "bucket")


def read(store: ObjectStore, name: str) -> bytes:
    found = store.stat(name)
    assert found
    with store.open(name, generation=found.generation) as stream:
        return stream.read()


def test_an_object_has_the_md5_of_its_bytes_wherever_it_is_described(store: ObjectStore) -> None:
    created = store.create("a", Bytes(b"one"), HEADERS)
    wanted = hashlib.md5(b"one", usedforsecurity=False).digest()

    assert created.md5 == wanted
    assert [found.md5 for found in (store.stat("a"), *store.list("")) if found] == [wanted, wanted]


# --- look --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("create", [False, True])
def test_a_look_writes_nothing(store: ObjectStore, *, create: bool) -> None:
    store.create("a/b", Bytes(b"one"), HEADERS)

    store.look("a/probe", create=create)

    assert [found.name for found in store.list("")] == ["a/b"]


@pytest.mark.parametrize("create", [False, True])
def test_a_bucket_that_is_missing_is_told_by_a_look(
    server: str, monkeypatch: pytest.MonkeyPatch, *, create: bool
) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", server)

    with pytest.raises(BucketMissingError, match="there is no such bucket"):
        emulator.connect("gs://nobody-made-this-one").look("a/probe", create=create)


def test_a_look_at_a_folder_makes_no_folder(tmp_path: Path) -> None:
    DirectoryStore(tmp_path / "to" / "be").look("a/probe", create=True)

    assert not list(tmp_path.iterdir())


def test_a_file_in_the_place_of_a_folder_is_told_by_a_look(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(BucketMissingError, match="this is not a folder"):
        DirectoryStore(tmp_path / "file" / "bucket").look("a/probe", create=False)


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """Root may do everything, so it steps down; anybody else stays who they are."""
    mine = os.geteuid()
    if mine == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(mine)


def test_a_folder_that_may_not_be_written_to_is_told_by_a_look() -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o555)
        store = DirectoryStore(Path(folder) / "bucket")
        with as_nobody():
            store.look("a/probe", create=False)
            with pytest.raises(AccessDeniedError, match="cannot be written to"):
                store.look("a/probe", create=True)


# --- create ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("times", [1, 2_000], ids=["at once", "in chunks"])
def test_packed_bytes_are_kept_and_read_as_they_are(store: ObjectStore, times: int) -> None:
    data = b"".join(gzip.compress(os.urandom(2_000)) for _ in range(times))
    headers = replace(HEADERS, content_encoding="gzip")

    created = store.create("list.json", Bytes(data), headers)

    assert store.stat("list.json") == created
    assert created.headers == headers
    assert (created.size, created.crc32c) == (len(data), google_crc32c.value(data))
    assert read(store, "list.json") == data
    assert [found.headers.content_encoding for found in store.list("list")] == ["gzip"]


def test_a_generation_says_when_it_was_written(store: ObjectStore) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)

    first = store.create("a", Bytes(b"one"), HEADERS)
    second = store.replace("a", Bytes(b"two"), HEADERS, generation=first.generation)

    assert before <= first.created <= second.created <= datetime.now(UTC) + timedelta(seconds=1)
    assert [found.created for found in store.list("a")] == [second.created]


def test_an_object_comes_back_as_it_was_created(store: ObjectStore) -> None:
    created = store.create("a/b.yml", Bytes(b"one"), HEADERS)

    assert store.stat("a/b.yml") == created
    assert (created.name, created.size, created.headers) == ("a/b.yml", 3, HEADERS)
    assert read(store, "a/b.yml") == b"one"


@pytest.mark.parametrize(
    "data", [b"", b"123456789", bytes(range(256)) * 20_480], ids=["empty", "short", "5 MiB"]
)
def test_size_and_checksum_are_those_of_the_bytes(store: ObjectStore, data: bytes) -> None:
    created = store.create("a", Bytes(data), HEADERS)

    found = store.stat("a")

    assert found
    assert created.size == found.size == len(data)
    assert created.crc32c == found.crc32c == google_crc32c.value(data)
    assert read(store, "a") == data


def test_the_checksum_is_the_one_that_the_standard_gives(store: ObjectStore) -> None:
    created = store.create("a", Bytes(b"123456789"), HEADERS)

    assert created.crc32c == 0xE3069283  # RFC 3720, appendix B.4, and every catalogue of checksums


def test_a_second_create_is_refused_and_changes_nothing(store: ObjectStore) -> None:
    created = store.create("a/b", Bytes(b"one"), HEADERS)

    with pytest.raises(AlreadyExistsError):
        store.create("a/b", Bytes(b"another"), OTHER)

    assert store.stat("a/b") == created
    assert read(store, "a/b") == b"one"
    assert [found.name for found in store.list("")] == ["a/b"]


def test_a_create_with_the_same_bytes_is_refused_too(store: ObjectStore) -> None:
    store.create("a", Bytes(b"one"), HEADERS)

    with pytest.raises(AlreadyExistsError):
        store.create("a", Bytes(b"one"), HEADERS)


def test_content_that_breaks_off_leaves_no_object(store: ObjectStore) -> None:
    with pytest.raises(StorageError):
        _created_from_broken_content(store)

    assert store.stat("a") is None
    assert list(store.list("")) == []


def _created_from_broken_content(store: ObjectStore) -> None:
    try:
        store.create("a", _Broken(), HEADERS)
    except OSError as error:  # the bucket in memory gives it on as it is
        raise StorageError(what="broke off") from error


class _Broken:
    size = 3

    def open(self) -> BinaryIO:
        message = "gone"
        raise OSError(message)


# --- replace -----------------------------------------------------------------------------------------


def test_a_replace_of_the_right_generation_changes_bytes_and_headers(store: ObjectStore) -> None:
    first = store.create("a", Bytes(b"one"), HEADERS)

    second = store.replace("a", Bytes(b"number two"), OTHER, generation=first.generation)

    assert store.stat("a") == second
    assert (second.size, second.headers) == (10, OTHER)
    assert read(store, "a") == b"number two"


def test_a_replace_of_another_generation_is_refused_and_changes_nothing(store: ObjectStore) -> None:
    first = store.create("a", Bytes(b"one"), HEADERS)
    second = store.replace("a", Bytes(b"two"), HEADERS, generation=first.generation)

    with pytest.raises(GenerationMismatchError):
        store.replace("a", Bytes(b"three"), OTHER, generation=first.generation)

    assert store.stat("a") == second
    assert read(store, "a") == b"two"


def test_a_replace_of_nothing_is_refused_and_creates_nothing(store: ObjectStore) -> None:
    with pytest.raises(GenerationMismatchError):
        store.replace("a/b", Bytes(b"one"), HEADERS, generation=1)

    assert store.stat("a/b") is None
    assert list(store.list("")) == []


def test_every_write_gives_another_generation(store: ObjectStore) -> None:
    generations = [store.create("a", Bytes(b"same"), HEADERS).generation]

    for _ in range(20):
        last = generations[-1]
        generations.append(store.replace("a", Bytes(b"same"), HEADERS, generation=last).generation)
    store.delete("a", generation=generations[-1])
    generations.append(store.create("a", Bytes(b"same"), HEADERS).generation)

    assert len(set(generations)) == len(generations)
    assert all(generation > 0 for generation in generations)  # 0 means: there is none


# --- delete ------------------------------------------------------------------------------------------


def test_a_deleted_object_is_gone_and_its_name_free(store: ObjectStore) -> None:
    first = store.create("a/b", Bytes(b"one"), HEADERS)

    store.delete("a/b", generation=first.generation)

    assert store.stat("a/b") is None
    assert list(store.list("")) == []
    assert store.create("a/b", Bytes(b"two"), OTHER).headers == OTHER


def test_a_delete_of_another_generation_is_refused_and_changes_nothing(store: ObjectStore) -> None:
    first = store.create("a", Bytes(b"one"), HEADERS)

    with pytest.raises(GenerationMismatchError):
        store.delete("a", generation=first.generation + 1)

    assert store.stat("a") == first


def test_a_delete_of_nothing_is_refused(store: ObjectStore) -> None:
    with pytest.raises(GenerationMismatchError):
        store.delete("a", generation=1)


def test_a_delete_leaves_the_neighbours(store: ObjectStore) -> None:
    first = store.create("a/b/c", Bytes(b"one"), HEADERS)
    store.create("a/b/d", Bytes(b"two"), HEADERS)

    store.delete("a/b/c", generation=first.generation)

    assert [found.name for found in store.list("a/")] == ["a/b/d"]


# --- reading -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a", "a/b", "a/b/c"])
def test_there_is_nothing_where_nothing_was_written(store: ObjectStore, name: str) -> None:
    assert store.stat(name) is None
    assert list(store.list(name)) == []
    with pytest.raises(GenerationMismatchError):
        store.open(name, generation=1)


def test_what_others_names_lead_through_is_no_object(store: ObjectStore) -> None:
    store.create("a/b/c", Bytes(b"one"), HEADERS)

    assert store.stat("a/b") is None
    assert store.stat("a/b/c/d") is None


def test_an_outdated_generation_is_not_opened(store: ObjectStore) -> None:
    first = store.create("a", Bytes(b"one"), HEADERS)
    store.replace("a", Bytes(b"two"), HEADERS, generation=first.generation)

    with pytest.raises(GenerationMismatchError):
        store.open("a", generation=first.generation)


def test_a_deleted_generation_is_not_opened(store: ObjectStore) -> None:
    first = store.create("a", Bytes(b"one"), HEADERS)
    store.delete("a", generation=first.generation)

    with pytest.raises(GenerationMismatchError):
        store.open("a", generation=first.generation)


def test_an_open_stream_keeps_the_bytes_it_was_opened_on(store: ObjectStore) -> None:
    first = store.create("a", Bytes(b"one"), HEADERS)

    with store.open("a", generation=first.generation) as stream:
        store.replace("a", Bytes(b"two"), HEADERS, generation=first.generation)

        assert stream.read() == b"one"


# --- listing -----------------------------------------------------------------------------------------

NAMES = ["a/b", "a/b/c", "a/bc", "a/b c/d", "a/b-", "b/a/b", "c"]


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("", ["a/b c/d", "a/b-", "a/b/c", "a/bc", "b/a/b", "c"]),
        ("a/", ["a/b c/d", "a/b-", "a/b/c", "a/bc"]),
        ("a/b", ["a/b c/d", "a/b-", "a/b/c", "a/bc"]),
        ("a/b/", ["a/b/c"]),
        ("a/bc", ["a/bc"]),
        ("b", ["b/a/b"]),
        ("a/x", []),
        ("x/y/z", []),
        ("c/", []),
    ],
    ids=lambda given: repr(given) if isinstance(given, str) else "",
)
def test_a_listing_is_by_prefix_and_sorted_and_has_nothing_else(
    store: ObjectStore, prefix: str, expected: list[str]
) -> None:
    for name in reversed(NAMES[1:]):
        store.create(name, Bytes(name.encode()), HEADERS)

    found = list(store.list(prefix))

    assert [one.name for one in found] == expected
    assert found == [store.stat(name) for name in expected]


def test_objects_are_listed_with_headers_and_metadata(store: ObjectStore) -> None:
    created = store.create("a/b", Bytes(b"one"), HEADERS)

    assert list(store.list("a/")) == [created]


def test_a_bucket_that_was_written_to_here_holds_nothing_but_objects(store: ObjectStore) -> None:
    store.create("a/b", Bytes(b"one"), HEADERS)

    assert list(store.non_objects("")) == []


# --- names -------------------------------------------------------------------------------------------

ODD_NAMES = {
    "blank": "a b/c d",
    "brackets": "a[1]/(b){c}",
    "percent": "100%/%2e%2e%2f",
    "plus": "a+b/c++",
    "hash": "a#b/#",
    "question": "a?b/c?d=e",
    "umlaut": "straße/übung.md",
    "han": "文档/自述.md",
    "emoji": "img/🦀.svg",
    "no-break blank": "img/a\u00a0b.png",
    "ideographic blank": "img/a\u3000b.png",
    "backslash": "a\\b",
    "quotes": "a'b\"c",
    "dots": "a..b/...c",
    "hidden": ".hidden/.file",
    "star": "*/[a-z]*",
    "minus": "-rf/--",
    "json": "a/1.json",
    "long": f"{'a' * 200}/{'b' * 200}/{'c' * 200}",
}


@pytest.mark.parametrize("name", ODD_NAMES.values(), ids=ODD_NAMES.keys())
def test_a_name_is_taken_as_it_is(store: ObjectStore, name: str) -> None:
    created = store.create(name, Bytes(name.encode()), HEADERS)

    assert created.name == name
    assert store.stat(name) == created
    assert read(store, name) == name.encode()
    assert list(store.list(name.partition("/")[0])) == [created]
    with pytest.raises(AlreadyExistsError):
        store.create(name, Bytes(b""), HEADERS)


# --- several at once ---------------------------------------------------------------------------------


def _all_at_once(work: Callable[[int], None]) -> list[BaseException]:
    """Eight threads on one store; what they raised."""
    barrier = threading.Barrier(_PROCESSES)
    raised: list[BaseException] = []

    def run(number: int) -> None:
        barrier.wait()
        try:
            work(number)
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            raised.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(_PROCESSES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def test_of_many_threads_that_create_one_name_exactly_one_wins(store: ObjectStore) -> None:
    won: list[int] = []

    def create(number: int) -> None:
        store.create(
            "a/b", Bytes(str(number).encode()), Headers(content_type="", cache_control=str(number))
        )
        won.append(number)

    raised = _all_at_once(create)

    assert len(won) == 1
    assert all(isinstance(error, AlreadyExistsError) for error in raised)
    found = store.stat("a/b")
    assert found
    assert (read(store, "a/b").decode(), found.headers.cache_control) == (str(won[0]), str(won[0]))


def test_names_that_come_and_go_in_one_folder_do_not_disturb_one_another(store: ObjectStore) -> None:
    def come_and_go(number: int) -> None:
        for _ in range(100):
            created = store.create(f"a/b/{number}", Bytes(b"one"), HEADERS)
            store.delete(f"a/b/{number}", generation=created.generation)

    assert _all_at_once(come_and_go) == []


def test_listing_and_looking_do_not_fail_while_objects_come_and_go(store: ObjectStore) -> None:
    seen: list[str] = []

    def work(number: int) -> None:
        for _ in range(100):
            if number % 2:
                created = store.create(f"a/{number}", Bytes(b"one"), HEADERS)
                store.delete(f"a/{number}", generation=created.generation)
            else:
                found = [*store.list("a/"), store.stat(f"a/{number + 1}")]
                seen.extend(one.headers.content_type for one in found if one)

    assert _all_at_once(work) == []
    assert set(seen) <= {HEADERS.content_type}


def test_what_a_look_says_of_a_generation_is_true_while_it_is_replaced(store: ObjectStore) -> None:
    """Headers, size and checksum belong to one another."""
    first = store.create("a", Bytes(b"x"), _sized(1))
    end = threading.Event()
    wrong: list[str] = []

    def look(_: int) -> None:
        while not end.is_set():
            found = store.stat("a")
            if not found or found.headers != _sized(found.size):
                wrong.append(repr(found))
                return

    def replace() -> None:
        generation = first.generation
        for number in range(200):
            size = number % 7 + 1
            generation = store.replace(
                "a", Bytes(b"x" * size), _sized(size), generation=generation
            ).generation
        end.set()

    raised = _all_at_once(lambda number: look(number) if number else replace())

    assert raised == []
    assert wrong == []


def _sized(size: int) -> Headers:
    return Headers(content_type="text/plain", cache_control="", metadata={"size": str(size)})


# --- the folder alone --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "../a",
        "a/../../b",
        "a/..",
        "..",
        ".",
        "./a",
        "/etc/passwd",
        "a//b",
        "a/",
        "",
        ".pkgaction/lock",
        "a/.pkgaction/b",
        "a\nb",
        "a\0b",
    ],
    ids=repr,
)
@pytest.mark.parametrize("method", ["create", "replace", "stat", "open", "delete"])
def test_a_name_that_leads_out_of_the_folder_is_refused(
    directory: DirectoryStore, tmp_path: Path, name: str, method: str
) -> None:
    calls: dict[str, Callable[[], object]] = {
        "create": lambda: directory.create(name, Bytes(b""), HEADERS),
        "replace": lambda: directory.replace(name, Bytes(b""), HEADERS, generation=1),
        "stat": lambda: directory.stat(name),
        "open": lambda: directory.open(name, generation=1),
        "delete": lambda: directory.delete(name, generation=1),
    }

    with pytest.raises(StorageError):
        calls[method]()

    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "lock"] == []


def test_a_file_put_there_by_hand_is_an_object_without_metadata(directory: DirectoryStore) -> None:
    path = directory.folder / "a" / "b.svg"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"<svg/>")

    found = directory.stat("a/b.svg")

    assert found
    assert list(directory.list("a/")) == [found]
    assert (found.size, found.crc32c) == (6, google_crc32c.value(b"<svg/>"))
    assert found.headers == Headers(content_type="image/svg+xml", cache_control="")
    with pytest.raises(AlreadyExistsError):
        directory.create("a/b.svg", Bytes(b""), HEADERS)
    directory.replace("a/b.svg", Bytes(b"new"), HEADERS, generation=found.generation)
    assert read(directory, "a/b.svg") == b"new"


def test_a_link_put_there_by_hand_is_no_object(directory: DirectoryStore) -> None:
    directory.folder.mkdir()
    (directory.folder / "plain").write_text("x")
    (directory.folder / "link").symlink_to("plain")

    with pytest.raises(StorageError, match="a symbolic link lies in the place of an object"):
        directory.stat("link")
    assert [found.name for found in directory.list("")] == ["plain"]


def test_a_file_changed_by_hand_has_lost_its_metadata(directory: DirectoryStore) -> None:
    created = directory.create("a", Bytes(b"one"), HEADERS)
    (directory.folder / "a").write_bytes(b"by hand")

    found = directory.stat("a")

    assert found
    assert found.generation != created.generation
    assert (found.size, dict(found.headers.metadata)) == (7, {})


def _rotten(directory: DirectoryStore, name: str) -> None:
    """One other bit under the same generation, as a disk that loses some leaves it."""
    path = directory.folder / name
    times, data = path.stat(), path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_a_file_that_rotted_has_the_checksum_of_what_is_left_of_it(directory: DirectoryStore) -> None:
    created = directory.create("a", Bytes(b"one"), HEADERS)
    _rotten(directory, "a")

    found = directory.stat("a")

    assert found
    assert found == replace(
        created,
        crc32c=google_crc32c.value(b"ond"),
        md5=hashlib.md5(b"ond", usedforsecurity=False).digest(),
    )
    assert list(directory.list("")) == [found]


def test_a_file_that_rotted_is_not_given_out(directory: DirectoryStore) -> None:
    created = directory.create("a", Bytes(b"one"), HEADERS)
    _rotten(directory, "a")

    with pytest.raises(DamagedObjectError) as caught:
        directory.open("a", generation=created.generation)

    assert f"rm {directory.folder}/a" in caught.value.fix


def test_the_folder_holds_plain_files_by_name_and_no_leftovers(directory: DirectoryStore) -> None:
    first = directory.create("a/b", Bytes(b"one"), HEADERS)
    directory.replace("a/b", Bytes(b"two"), HEADERS, generation=first.generation)
    with pytest.raises(AlreadyExistsError):
        directory.create("a/b", Bytes(b"three"), HEADERS)
    with pytest.raises(GenerationMismatchError):
        directory.replace("a/b", Bytes(b"four"), HEADERS, generation=first.generation)

    own = directory.folder / ".pkgaction"
    files = sorted(path.relative_to(directory.folder) for path in _files(directory.folder, own))
    kept = [path for path in own.rglob("*") if path.is_file() and path.name != "lock"]

    assert files == [Path("a/b")]
    assert len(kept) == 1  # the headers of the one object
    assert (directory.folder / "a" / "b").read_bytes() == b"two"


def _files(folder: Path, own: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and own not in path.parents)


def test_the_folder_is_readable_for_others(directory: DirectoryStore) -> None:
    before = os.umask(0o022)
    try:
        directory.create("a/b", Bytes(b"one"), HEADERS)
    finally:
        os.umask(before)

    assert (directory.folder / "a" / "b").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("method", ["create", "replace", "delete"])
def test_a_folder_that_cannot_be_used_is_a_storage_error(tmp_path: Path, method: str) -> None:
    (tmp_path / "file").write_text("in the way")
    store = DirectoryStore(tmp_path / "file" / "bucket")
    calls: dict[str, Callable[[], object]] = {
        "create": lambda: store.create("a", Bytes(b""), HEADERS),
        "replace": lambda: store.replace("a", Bytes(b""), HEADERS, generation=1),
        "delete": lambda: store.delete("a", generation=1),
    }

    with pytest.raises(StorageError) as caught:
        calls[method]()

    assert caught.value.exit_status == 3
    assert str(tmp_path) in caught.value.where
    assert caught.value.fix


# --- the folder under several processes --------------------------------------------------------------


class _Pipe(Protocol):
    def recv(self) -> object: ...
    def send(self, obj: str, /) -> None: ...


def _foreign(folder: Path, work: str, pipe: _Pipe) -> None:
    """What a child does when it is told to; it answers with how that ended."""
    store = DirectoryStore(folder)
    if work == "unprivileged":
        os.setuid(65534)
    pipe.recv()
    try:
        pipe.send(_WORKS[work](store))
    except Exception as error:  # noqa: BLE001 - the parent looks at it
        pipe.send(type(error).__name__)


def _create(store: DirectoryStore) -> str:
    me = str(os.getpid())
    store.create("a/b", Bytes(me.encode()), Headers(content_type="", cache_control=me))
    return "won"


def _increment(store: DirectoryStore) -> str:
    for _ in range(_INCREMENTS):
        while True:
            found = store.stat("counter")
            assert found
            try:
                with store.open("counter", generation=found.generation) as stream:
                    number = int(stream.read())
                more = Bytes(str(number + 1).encode())
                store.replace("counter", more, HEADERS, generation=found.generation)
            except GenerationMismatchError:
                continue
            break
    return "done"


def _write_for_ever(store: DirectoryStore) -> str:
    while True:
        found = store.stat("a/b")
        assert found
        other = b"y" if store.open("a/b", generation=found.generation).read(1) == b"x" else b"x"
        headers = Headers(content_type=other.decode(), cache_control="")
        store.replace("a/b", Bytes(other * _LARGE), headers, generation=found.generation)


def _unprivileged(store: DirectoryStore) -> str:
    said = []
    calls: list[Callable[[], object]] = [
        lambda: store.create("c", Bytes(b""), HEADERS),
        lambda: list(store.list("closed/")),
        lambda: list(store.list("")),
        lambda: store.stat("closed/b"),
    ]
    for call in calls:
        try:
            call()
        except StorageError:
            said.append("StorageError")
        else:
            said.append("nothing")
    return " ".join(said)


_LARGE = 1 << 20
_WORKS: dict[str, Callable[[DirectoryStore], str]] = {
    "create": _create,
    "increment": _increment,
    "write for ever": _write_for_ever,
    "unprivileged": _unprivileged,
}


class _Child:
    def __init__(self, folder: Path, work: str) -> None:
        self.pipe, there = _SPAWN.Pipe()
        self.process = _SPAWN.Process(target=_foreign, args=(folder, work, there), daemon=True)
        self.process.start()
        there.close()

    def go(self) -> None:
        self.pipe.send("go")

    def answer(self) -> str:
        said = self.pipe.recv()
        assert isinstance(said, str)
        self.end()
        return said

    def kill(self) -> None:
        assert self.process.pid
        os.kill(self.process.pid, signal.SIGKILL)
        self.end()

    def end(self) -> None:
        self.process.join()
        self.process.close()
        self.pipe.close()


def _answers(folder: Path, work: str) -> list[str]:
    children = [_Child(folder, work) for _ in range(_PROCESSES)]
    for child in children:
        child.go()
    return [child.answer() for child in children]


def test_of_many_processes_that_create_one_name_exactly_one_wins(directory: DirectoryStore) -> None:
    said = _answers(directory.folder, "create")

    assert sorted(said) == ["AlreadyExistsError"] * (_PROCESSES - 1) + ["won"]
    found = directory.stat("a/b")
    assert found
    assert found.headers.cache_control == read(directory, "a/b").decode()


def test_no_increment_of_many_processes_is_lost(directory: DirectoryStore) -> None:
    directory.create("counter", Bytes(b"0"), HEADERS)

    said = _answers(directory.folder, "increment")

    assert said == ["done"] * _PROCESSES
    assert int(read(directory, "counter")) == _PROCESSES * _INCREMENTS


def test_a_kill_in_the_middle_of_a_write_leaves_the_old_or_the_new(directory: DirectoryStore) -> None:
    directory.create("a/b", Bytes(b"x" * _LARGE), Headers(content_type="x", cache_control=""))

    for attempt in range(5):
        child = _Child(directory.folder, "write for ever")
        child.go()
        child.process.join(0.05 + attempt * 0.013)
        child.kill()

        found = directory.stat("a/b")
        assert found
        data = read(directory, "a/b")
        assert data in {b"x" * _LARGE, b"y" * _LARGE}
        assert found.headers.content_type == data[:1].decode()
        assert (found.size, found.crc32c) == (_LARGE, google_crc32c.value(data))
        assert [one.name for one in directory.list("")] == ["a/b"]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to become somebody else")
def test_a_folder_without_rights_is_a_storage_error_and_never_an_empty_bucket() -> None:
    import tempfile

    with tempfile.TemporaryDirectory(prefix="closed-") as folder:
        Path(folder).chmod(0o755)
        store = DirectoryStore(Path(folder) / "bucket")
        store.create("closed/b", Bytes(b"one"), HEADERS)
        (store.folder / "closed").chmod(0)
        child = _Child(store.folder, "unprivileged")
        child.go()

        said = child.answer()

    assert said == "StorageError StorageError StorageError StorageError"
