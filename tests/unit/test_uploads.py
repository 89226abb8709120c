"""Uploads to Google Cloud Storage: one that the server ends is begun again, and it checks them."""

import base64
import errno
import io
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO
from urllib.parse import parse_qs, urlsplit

import google_crc32c
import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import AuthorizedSession

from pkgaction.adapters.gcs import GcsStore
from pkgaction.adapters.gcs_retry import DamagedError, Tries
from pkgaction.adapters.gcs_upload import CHUNK
from pkgaction.errors import DamagedObjectError, LoginError, StorageError
from pkgaction.model.tree import Bytes
from pkgaction.ports import GenerationMismatchError, Headers
from tests.fakes.release import FakeClock

HEADERS = Headers(content_type="a/b", cache_control="no-store", metadata={"k": "v"})
LARGE = os.urandom(2 * CHUNK + 1000)  # three chunks
START, FIRST, SECOND, LAST = 1, 2, 3, 4  # requests of its upload


def answered(status: int, body: object = None, **headers: str) -> requests.Response:
    found = requests.Response()
    found.status_code = status
    found._content = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    found.headers.update(headers)
    found.request = requests.Request("GET", "https://storage.example/").prepare()
    return found


def encoded(data: bytes) -> str:
    return base64.b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode()


@dataclass(slots=True)
class _Session:
    name: str
    generation: int
    resource: dict[str, object]
    data: bytes = b""


Odd = Callable[[], requests.Response | None]


@dataclass(slots=True)
class Server(AuthorizedSession):
    """The storage, as far as uploads go; the n-th request may be answered oddly."""

    odd: dict[int, Odd] = field(default_factory=dict)  # before it acted; None: it acts
    after: dict[int, Odd] = field(default_factory=dict)  # after it acted
    overwriting: bool = True
    flips: int = 0  # so many uploads are kept with one bit flipped
    objects: dict[str, dict[str, object]] = field(default_factory=dict)
    data: dict[str, bytes] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)
    sessions: dict[str, _Session] = field(default_factory=dict)
    generation: int = 0

    def __post_init__(self) -> None:
        AuthorizedSession.__init__(self, AnonymousCredentials())

    def request(self, method: str, url: str, **more: object) -> requests.Response:  # type: ignore[override]
        number = len(self.seen) + 1
        self.seen.append(f"{method.upper()} {url}")
        if number in self.odd and (said := self.odd[number]()) is not None:
            return said
        headers = {k.lower(): v for k, v in dict(more.get("headers") or {}).items()}  # type: ignore[call-overload]
        if "x-goog-hash" in headers:
            self.hashes.append(headers["x-goog-hash"])
        body = json.dumps(more["json"]).encode() if more.get("json") else more.get("data") or b""
        assert isinstance(body, bytes)
        said = self._act(method.upper(), url, headers, body)
        oddly = self.after[number]() if number in self.after else None
        return said if oddly is None else oddly  # an answer of 400 and above is falsy

    def _act(self, method: str, url: str, headers: dict[str, str], body: bytes) -> requests.Response:
        query = {k: v[0] for k, v in parse_qs(urlsplit(url).query).items()}
        if method == "GET":
            found = self.objects.get(urlsplit(url).path.rpartition("/o/")[2])
            return (
                answered(200, found)
                if found
                else answered(404, {"error": {"message": "No such object"}})
            )
        if upload := query.get("upload_id"):
            return self._chunk(upload, headers["content-range"], body)
        generation = int(query["ifGenerationMatch"])
        if generation and not self.overwriting:
            return answered(403, {"error": {"message": "x does not have storage.objects.delete access"}})
        if query["uploadType"] == "resumable":
            self.sessions[str(len(self.sessions))] = _Session(
                query["name"], generation, json.loads(body)
            )
            return answered(
                200, Location=f"https://storage.example/up?upload_id={len(self.sessions) - 1}"
            )
        boundary = b"\r\n--" + headers["content-type"].rpartition("=")[2].encode()
        _, first, second, _ = (b"\r\n" + body).split(boundary)
        content = second.partition(b"\r\n\r\n")[2]
        return self._keep(
            query["name"], generation, json.loads(first.partition(b"\r\n\r\n")[2]), content
        )

    def _chunk(self, upload: str, said: str, body: bytes) -> requests.Response:
        session = self.sessions.get(upload)
        if session is None:
            return answered(404)
        where, _, total = said.removeprefix("bytes ").partition("/")
        if where != "*":
            assert int(where.partition("-")[0]) == len(session.data)
            session.data += body
        if len(session.data) < int(total):
            held = {"Range": f"bytes=0-{len(session.data) - 1}"} if session.data else {}
            return answered(308, **held)
        del self.sessions[upload]
        return self._keep(session.name, session.generation, session.resource, session.data)

    def _keep(
        self, name: str, generation: int, resource: dict[str, object], data: bytes
    ) -> requests.Response:
        there = self.objects.get(name)
        if generation != int(str(there["generation"]) if there else 0):
            return answered(412)
        if self.flips:
            self.flips -= 1
            data = data[:-1] + bytes([data[-1] ^ 1])
        elif resource["crc32c"] != encoded(data):
            return answered(400, {"error": {"message": "Provided CRC32C doesn't match"}})
        self.generation += 1
        self.data[name] = data
        self.objects[name] = {
            **resource,
            "name": name,
            "crc32c": encoded(data),
            "size": str(len(data)),
            "generation": str(self.generation),
            "timeCreated": "2026-01-01T00:00:00Z",
        }
        return answered(200, self.objects[name])


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def store(server: Server) -> GcsStore:
    made = GcsStore.connect("gs://shelf", AnonymousCredentials(), FakeClock(), connections=1)
    made.client._http_internal = server
    return made


def created(store: GcsStore, server: Server, data: bytes = LARGE) -> None:
    """It is whole, and there once."""
    made = store.create("a", Bytes(data), HEADERS)

    assert server.data == {"a": data}
    assert made == store.stat("a")
    assert made.headers == HEADERS


# --- sessions that end -------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize("number", [FIRST, SECOND, LAST])
def test_an_upload_that_the_server_has_ended_is_begun_again(
    store: GcsStore, server: Server, number: int, status: int
) -> None:
    server.odd[number] = lambda: answered(status)

    created(store, server)

    assert sum("uploadType=resumable" in line for line in server.seen) == 2


@pytest.mark.parametrize("status", [404, 410])
def test_an_upload_that_ends_each_time_is_a_storage_error_and_no_missing_bucket(
    store: GcsStore, server: Server, status: int
) -> None:
    server.odd = {number: lambda: lost(server, status) for number in range(1, 100)}

    with pytest.raises(StorageError) as caught:
        store.create("a", Bytes(LARGE), HEADERS)

    assert caught.value.exit_status == 3
    assert "no such bucket" not in str(caught.value)
    assert "DamagedError" not in str(caught.value)
    assert len(server.seen) < 20


def lost(server: Server, status: int) -> requests.Response | None:
    return answered(status) if server.seen[-1].startswith("PUT") else None


def test_a_missing_bucket_at_the_start_of_an_upload_is_named(store: GcsStore, server: Server) -> None:
    server.odd[START] = lambda: answered(
        404, {"error": {"message": "The specified bucket does not exist."}}
    )

    with pytest.raises(LoginError, match="no such bucket"):
        store.create("a", Bytes(LARGE), HEADERS)


@pytest.mark.parametrize("data", [LARGE, b"small"], ids=["in chunks", "at once"])
def test_an_upload_that_is_refused_as_gone_at_its_start_is_tried_again(
    store: GcsStore, server: Server, data: bytes
) -> None:
    server.odd[START] = lambda: answered(410)

    created(store, server, data)


def test_an_upload_that_a_server_error_has_ended_is_begun_again(store: GcsStore, server: Server) -> None:
    def ended() -> requests.Response:
        server.sessions.clear()
        return answered(503)

    server.odd[SECOND] = ended

    created(store, server)


@pytest.mark.parametrize("said", ["", "bytes=0-99", "bytes=0-99999999", "nonsense"])
def test_a_server_that_holds_less_or_more_than_it_said_before_is_sent_all_of_it_again(
    store: GcsStore, server: Server, said: str
) -> None:
    server.odd[SECOND] = lambda: answered(308, **({"Range": said} if said else {}))

    created(store, server)


def test_a_server_that_takes_no_more_is_given_up(store: GcsStore, server: Server) -> None:
    def stuck() -> requests.Response | None:
        held = {"Range": f"bytes=0-{CHUNK - 1}"}
        return answered(308, **held) if server.seen[-1].startswith("PUT") else None

    server.odd = dict.fromkeys(range(SECOND, 1000), stuck)

    with pytest.raises(StorageError):
        store.create("a", Bytes(LARGE), HEADERS)

    assert len(server.seen) < 50


def test_a_server_that_goes_back_and_forth_is_given_up(store: GcsStore, server: Server) -> None:
    def restless() -> requests.Response | None:
        more = 99 + len(server.seen) % 2
        held = {"Range": f"bytes=0-{CHUNK + more}"}
        return answered(308, **held) if server.seen[-1].startswith("PUT") else None

    server.odd = dict.fromkeys(range(SECOND, 1000), restless)

    with pytest.raises(StorageError):
        store.create("a", Bytes(LARGE), HEADERS)

    assert len(server.seen) < 50


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"name": "a"}', b"\xff\xfe"],
    ids=["no body", "cut", "list", "half", "binary"],
)
@pytest.mark.parametrize("data", [LARGE, b"small"], ids=["in chunks", "at once"])
def test_an_unreadable_answer_to_a_finished_upload_is_settled_by_a_look(
    store: GcsStore, server: Server, data: bytes, body: bytes
) -> None:
    server.after[LAST if data == LARGE else 1] = lambda: answered(200, body)

    created(store, server, data)

    assert server.generation == 1


def test_an_upload_that_was_finished_before_its_session_ended_is_not_sent_twice(
    store: GcsStore, server: Server
) -> None:
    server.after[LAST] = lambda: answered(410)

    created(store, server)

    assert sum("uploadType=resumable" in line for line in server.seen) == 1


def test_a_start_without_an_address_is_tried_again(store: GcsStore, server: Server) -> None:
    server.odd[START] = lambda: answered(200)

    created(store, server)


# --- checksums ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [LARGE, b"small"], ids=["in chunks", "at once"])
def test_the_last_request_of_an_upload_carries_the_checksum(
    store: GcsStore, server: Server, data: bytes
) -> None:
    created(store, server, data)

    assert server.hashes == [f"crc32c={encoded(data)}"]


@pytest.mark.parametrize("data", [LARGE, b"small"], ids=["in chunks", "at once"])
def test_bytes_that_the_server_refuses_are_sent_again(
    store: GcsStore, server: Server, data: bytes
) -> None:
    refusal = {"error": {"message": "Provided CRC32C doesn't match"}}
    server.odd[LAST if data == LARGE else 1] = lambda: answered(400, refusal)

    created(store, server, data)


@pytest.mark.parametrize("data", [LARGE, b"small"], ids=["in chunks", "at once"])
def test_what_a_server_keeps_damaged_is_written_over_where_that_is_allowed(
    store: GcsStore, server: Server, data: bytes
) -> None:
    server.flips = 1

    created(store, server, data)

    assert server.generation == 2


@pytest.mark.parametrize("data", [LARGE, b"small"], ids=["in chunks", "at once"])
def test_what_a_server_keeps_damaged_is_a_conflict_where_it_may_not_be_written_over(
    store: GcsStore, server: Server, data: bytes
) -> None:
    server.flips, server.overwriting = 1, False

    with pytest.raises(DamagedObjectError) as caught:
        store.create("a", Bytes(data), HEADERS)

    kept = server.data["a"]
    assert encoded(kept) in caught.value.what
    assert encoded(data) in caught.value.what
    assert "gcloud storage rm 'gs://shelf/a#1'" in caught.value.fix


def test_a_server_that_damages_all_it_is_given_is_given_up(store: GcsStore, server: Server) -> None:
    server.flips = 100

    with pytest.raises(DamagedObjectError):
        store.create("a", Bytes(b"small"), HEADERS)

    assert server.generation < 10


def test_what_another_one_wrote_after_a_damaged_answer_is_left_alone(
    store: GcsStore, server: Server
) -> None:
    first = store.create("a", Bytes(b"one"), HEADERS)

    def overtaken() -> requests.Response:
        mine = dict(server.objects["a"])
        theirs = {**server.objects["a"], "generation": "99", "crc32c": encoded(b"theirs"), "size": "6"}
        server.objects["a"], server.data["a"] = {**theirs, "metadata": {}}, b"theirs"
        return answered(200, {**mine, "size": "4"})

    server.after[len(server.seen) + 1] = overtaken

    with pytest.raises(GenerationMismatchError):
        store.replace("a", Bytes(b"two"), HEADERS, generation=first.generation)

    assert server.data["a"] == b"theirs"


def test_content_that_is_shorter_than_it_says_is_never_sent_as_whole(
    store: GcsStore, server: Server
) -> None:
    for content in (_Short(b"small"), _Short(LARGE)):
        with pytest.raises(StorageError, match="bytes were read"):
            store.create("a", content, HEADERS)

    assert server.data == {}


@dataclass(frozen=True, slots=True)
class _Short:
    """Content of which the last byte is gone."""

    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)

    def open(self) -> BinaryIO:
        return io.BytesIO(self.data[:-1])


@pytest.mark.parametrize("opens", [0, 1], ids=["for the checksum", "to be sent"])
def test_content_that_cannot_be_read_is_a_storage_error(
    store: GcsStore, server: Server, opens: int
) -> None:
    with pytest.raises(StorageError, match="No space left"):
        store.create("a", _Broken(opens), HEADERS)

    assert server.data == {}


@dataclass(slots=True)
class _Broken:
    """Content that can be opened so many times."""

    opens: int
    size: int = len(LARGE)

    def open(self) -> BinaryIO:
        if not self.opens:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.opens -= 1
        return io.BytesIO(LARGE)


def test_bytes_that_stay_damaged_are_a_storage_error_with_words() -> None:
    tries = Tries(FakeClock(), "gs://shelf/a", "shelf", "")

    def damaged() -> None:
        raise DamagedError("the bytes that came are not those that are kept")

    with pytest.raises(StorageError, match="the bytes that came are not those that are kept"):
        tries.run(damaged)
