"""Files by address, from a server on the loopback that does what servers do wrong."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pkgaction.adapters import fetcher as module
from pkgaction.adapters.fetcher import Fetcher, FetchError, NotThereError, fetched
from pkgaction.errors import SourceMissingError, SourceUnavailableError
from tests.fakes.release import FakeClock

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass(slots=True)
class Server:
    """Answers by path; what is not known is 404."""

    url: str = ""
    answers: dict[str, list[Answer]] = field(default_factory=dict)  # one a request, the last stays
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.append((handler.path, {k.lower(): v for k, v in handler.headers.items()}))
        known = self.answers.get(handler.path, [status(404)])
        (known.pop(0) if len(known) > 1 else known[0])(handler)


def body(data: bytes) -> Answer:
    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return send


def cut(data: bytes) -> Answer:
    """Less than it promises."""

    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data) + 1))
        handler.end_headers()
        handler.wfile.write(data)

    return send


def status(code: int, location: str = "") -> Answer:
    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        if location:
            handler.send_header("Location", location)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return send


@pytest.fixture
def server() -> Iterator[Server]:
    known = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known.url = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield known
    http.shutdown()
    http.server_close()
    thread.join()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def get(clock: FakeClock) -> Callable[[str], bytes]:
    fetcher = Fetcher(clock)
    return lambda url: fetcher.get(url, limit=1000)


Get = Callable[[str], bytes]


def test_a_file_on_a_server_is_fetched_without_credentials(
    server: Server, get: Get, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login crab password shell\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    server.answers["/kelp"] = [body(b"green")]

    assert get(f"{server.url}/kelp") == b"green"

    ((_, headers),) = server.asked
    assert not {"authorization", "cookie"} & set(headers)


def test_a_file_on_disk_is_fetched(get: Get, tmp_path: Path) -> None:
    (tmp_path / "a b").write_bytes(b"green")

    assert get(f"file://{tmp_path}/a%20b") == b"green"
    assert get(f"file://{tmp_path}/a b") == b"green"


@pytest.mark.parametrize("passing", [500, 502, 503, 504, 429, 408])
def test_what_passes_is_tried_again(server: Server, get: Get, clock: FakeClock, passing: int) -> None:
    server.answers["/kelp"] = [status(passing), status(passing), body(b"green")]
    before = clock.now()

    assert get(f"{server.url}/kelp") == b"green"
    assert clock.now() > before


def test_a_broken_off_answer_is_tried_again(server: Server, get: Get) -> None:
    server.answers["/kelp"] = [cut(b"gre"), body(b"green")]

    assert get(f"{server.url}/kelp") == b"green"


def test_patience_ends(server: Server, get: Get) -> None:
    server.answers["/kelp"] = [status(503)]

    with pytest.raises(FetchError, match="503"):
        get(f"{server.url}/kelp")

    assert len(server.asked) == module.RETRIES + 1


def test_nobody_there_is_said(get: Get) -> None:
    with pytest.raises(FetchError, match="no answer"):
        get("http://127.0.0.1:1/kelp")


@pytest.mark.parametrize("gone", [404, 410])
def test_what_is_not_there_is_not_tried_again(server: Server, get: Get, gone: int) -> None:
    server.answers["/kelp"] = [status(gone)]

    with pytest.raises(NotThereError):
        get(f"{server.url}/kelp")

    assert len(server.asked) == 1


@pytest.mark.parametrize("refused", [401, 403, 400])
def test_a_refusal_is_no_absence_and_not_tried_again(server: Server, get: Get, refused: int) -> None:
    server.answers["/kelp"] = [status(refused)]

    with pytest.raises(FetchError, match=str(refused)) as caught:
        get(f"{server.url}/kelp")

    assert not isinstance(caught.value, NotThereError)
    assert len(server.asked) == 1


def test_redirects_are_followed(server: Server, get: Get) -> None:
    server.answers["/old"] = [status(302, "/new")]
    server.answers["/new"] = [body(b"green")]

    assert get(f"{server.url}/old") == b"green"


def test_redirects_in_a_circle_end(server: Server, get: Get) -> None:
    server.answers["/a"] = [status(301, "/a")]

    with pytest.raises(FetchError, match="redirects more than") as caught:
        get(f"{server.url}/a")

    assert not isinstance(caught.value, NotThereError)  # the server is to blame
    assert len(server.asked) == module.REDIRECTS + 1


@pytest.mark.parametrize("target", ["file:///etc/hostname", "ftp://127.0.0.1/a", "gopher://x/"])
def test_a_redirect_leads_to_the_web_only(server: Server, get: Get, target: str) -> None:
    server.answers["/a"] = [status(302, target)]

    with pytest.raises(NotThereError, match="it redirects to what is not an address of the web"):
        get(f"{server.url}/a")


def test_a_redirect_to_an_address_with_credentials_is_refused(server: Server, get: Get) -> None:
    server.answers["/a"] = [status(302, server.url.replace("//", "//crab:shell@"))]

    with pytest.raises(NotThereError, match="it redirects to what is not an address of the web"):
        get(f"{server.url}/a")


def test_an_answer_has_a_limit(server: Server, get: Get, tmp_path: Path) -> None:
    server.answers["/kelp"] = [body(b"g" * 1001)]
    (tmp_path / "kelp").write_bytes(b"g" * 1001)

    with pytest.raises(FetchError, match="more than 1000 bytes") as caught:
        get(f"{server.url}/kelp")
    with pytest.raises(NotThereError, match="more than 1000 bytes"):
        get(f"file://{tmp_path}/kelp")

    assert not isinstance(caught.value, NotThereError)  # the server is to blame
    assert len(server.asked) == 1


def test_a_slow_answer_ends(server: Server, monkeypatch: pytest.MonkeyPatch, get: Get) -> None:
    monkeypatch.setattr(module, "LONGEST", -1.0)
    server.answers["/kelp"] = [body(b"green")]

    with pytest.raises(FetchError, match="took more than"):
        get(f"{server.url}/kelp")


def test_headers_that_trickle_for_ever_end(
    server: Server, monkeypatch: pytest.MonkeyPatch, get: Get
) -> None:
    ended = threading.Event()

    def trickle(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Kelp: ")
        while not ended.wait(0.01):
            handler.wfile.write(b"g")
            handler.wfile.flush()

    monkeypatch.setattr(module, "LONGEST", 0.2)
    server.answers["/kelp"] = [trickle]

    try:
        with pytest.raises(FetchError, match="took more than"):
            get(f"{server.url}/kelp")
    finally:
        ended.set()


@pytest.mark.parametrize(
    "flood", [b"X-Kelp: g\r\n" * 101, b"X-Kelp: " + b"g" * 65536 + b"\r\n"], ids=["many", "long"]
)
def test_a_flood_of_headers_is_told_as_one_and_not_asked_for_again(
    server: Server, get: Get, flood: bytes
) -> None:
    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + flood)

    server.answers["/kelp"] = [send]

    with pytest.raises(FetchError, match="more or longer headers"):
        get(f"{server.url}/kelp")

    assert len(server.asked) == 1


def test_an_endless_body_is_told_as_one(server: Server, get: Get) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        with contextlib.suppress(OSError):
            while True:
                handler.wfile.write(b"g" * 4096)

    server.answers["/kelp"] = [endless]

    with pytest.raises(SourceUnavailableError, match="more than 1000 bytes"):
        fetched(Fetcher(FakeClock()), "ECS v1", f"{server.url}/kelp", 1000)


def test_a_server_that_gives_nothing_is_not_asked_for_ever(server: Server, clock: FakeClock) -> None:
    fetcher, before = Fetcher(clock), clock.now()
    server.answers |= {f"/{number}": [status(503)] for number in range(40)}

    for number in range(40):
        with pytest.raises(FetchError):
            fetcher.get(f"{server.url}/{number}", limit=10)

    assert (clock.now() - before).total_seconds() <= module.LONGEST
    server.answers["/39"] = [body(b"green")]
    with pytest.raises(FetchError, match="is not asked again"):
        fetcher.get(f"{server.url}/39", limit=10)
    assert fetcher.get(f"{server.url.replace('127.0.0.1', 'localhost')}/39", limit=10) == b"green"


def test_a_try_does_not_begin_where_no_time_is_left_for_it(
    server: Server, get: Get, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST", 2.5)  # seconds: the second pause is longer than what is left
    server.answers["/kelp"] = [status(503)]

    with pytest.raises(FetchError, match="not asked again"):
        get(f"{server.url}/kelp")

    assert len(server.asked) == 2


def test_files_that_come_are_not_counted(
    server: Server, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST", 0.3)
    fetcher = Fetcher(clock)

    def slow(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(0.02)
        body(b"green")(handler)

    server.answers |= {"/kelp": [slow], "/none": [status(404)], "/refused": [status(403)]}

    for _ in range(20):
        assert fetcher.get(f"{server.url}/kelp", limit=10) == b"green"
        for path in ("none", "refused"):
            with pytest.raises(FetchError, match="40"):
                fetcher.get(f"{server.url}/{path}", limit=10)


@pytest.mark.parametrize("url", ["gs://a/b", "http://", "http://[", "", "https://a:b@c/d"])
def test_what_is_no_address_is_refused(get: Get, url: str) -> None:
    with pytest.raises(FetchError):
        get(url)


@pytest.mark.parametrize("path", ["", "/missing", "/a/b", "/pipe", "/nul%00"])
def test_on_disk_plain_files_only(get: Get, tmp_path: Path, path: str) -> None:
    import os

    (tmp_path / "a").write_text("x")
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(FetchError):
        get(f"file://{tmp_path}{path}")


def test_an_error_names_what_and_from_where(tmp_path: Path) -> None:
    where = f"file://{tmp_path}/missing"

    with pytest.raises(SourceMissingError) as caught:
        fetched(Fetcher(FakeClock()), "ECS v1", where, 10)
    assert caught.value.where == where
    assert "ECS v1 is not there" in caught.value.what

    with pytest.raises(SourceUnavailableError, match=r"127\.0\.0\.1:1"):
        fetched(Fetcher(FakeClock()), "ECS v1", "http://127.0.0.1:1/ecs", 10)
