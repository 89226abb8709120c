"""What lies between us and the storage: a loopback proxy that can hurt the n-th request of a run.

It also mends one fault of the emulator: asked how far an upload in chunks got, the emulator would end
the upload; the proxy answers that question itself, as the real server does.
"""

import http.client
import json
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar, Protocol, TypeAlias
from urllib.parse import parse_qs, unquote, urlsplit

from tests.fakes import emulator

_QUESTION = re.compile(r"bytes \*/[0-9]+")
_HOP = {"connection", "transfer-encoding", "content-length", "host", "accept-encoding"}
_DESCRIBED = re.compile(rb'"name":\s*"([^"]+)"')  # in the first part of a small upload
_ADDRESS = re.compile(r"/storage/v1/b/([^/?]+)(?:/iam/.+|/o(?:/(.+))?)?$")


Refused: TypeAlias = tuple[int, str] | None


class Kind(Enum):
    """What can happen to a request."""

    STATUS_408 = 408
    STATUS_429 = 429
    STATUS_500 = 500
    STATUS_502 = 502
    STATUS_503 = 503
    STATUS_504 = 504
    RESET_BEFORE = "reset before the server acted"
    RESET_AFTER = "reset after the server acted"
    STATUS_AFTER = "503 after the server acted"
    STALL = "no answer for longer than the client waits"
    TRUNCATED = "the body ends early"
    SLOW = "the body comes slowly"


@dataclass(slots=True)
class Seen:
    """One request that came through."""

    number: int  # from 1
    method: str
    path: str
    name: str  # of the object, where one is written
    status: int = 0

    @property
    def writes(self) -> bool:
        """Whether it can change the bucket."""
        return self.method != "GET" and "/b?" not in self.path

    @property
    def bucket(self) -> str:
        """The bucket that is asked for; empty where none is."""
        found = _ADDRESS.search(urlsplit(self.path).path)
        return unquote(found[1]) if found else ""

    @property
    def object(self) -> str:
        """The object that is written or read; of a listing the prefix."""
        split = urlsplit(self.path)
        found = _ADDRESS.search(split.path)
        read = unquote(found[2] or "") if found else ""
        return self.name or read or parse_qs(split.query).get("prefix", [""])[0]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer in the server's place."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


class Between(Protocol):
    """Who stands between client and server, and sees each body."""

    def request(self, seen: Seen, headers: Mapping[str, str], body: bytes) -> tuple[bytes, Refused]:
        """What is passed on, or the status and the words with which it is refused instead."""
        ...

    def answer(self, seen: Seen, status: int, headers: Mapping[str, str], body: bytes) -> bytes:
        """What is passed back."""
        ...


@dataclass(slots=True)
class Proxy:
    """Faults by number of the request, and what was seen."""

    upstream: str
    faults: dict[int, Kind] = field(default_factory=dict)
    stall: float = 5.0  # seconds
    seen: list[Seen] = field(default_factory=list)
    after_write: Callable[[int], None] | None = None  # told the number of each write that was done
    refuse: Callable[[Seen], Refusal | None] | None = None  # asked before the server acts
    reply: Callable[[Seen], Refusal | None] | None = None  # asked after it acted, before the answer
    between: Sequence[Between] = ()  # from the client to the server
    url: str = ""
    bytes_sent: int = 0  # of bodies, towards the server
    _writes: int = 0
    _offsets: dict[str, str] = field(default_factory=dict)  # of uploads in chunks: the last Range
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, method: str, path: str, body: bytes) -> Seen:
        """Count a request."""
        with self._lock:
            query = parse_qs(urlsplit(path).query)
            described = _DESCRIBED.search(body[:4096]) if query.get("uploadType") else None
            name = query.get("name", [described[1].decode() if described else ""])[0]
            one = Seen(len(self.seen) + 1, method, path, name)
            self.seen.append(one)
            return one

    def wrote(self) -> None:
        """Count a write that the server has done."""
        with self._lock:
            self._writes += 1
            number = self._writes
        if self.after_write:
            self.after_write(number)

    def reset(self) -> None:
        """Forget what was seen, and the faults."""
        with self._lock:
            self.seen.clear()
            self.faults.clear()
            self._writes = self.bytes_sent = 0
            self.after_write = self.refuse = self.reply = None
            self.between = ()

    @property
    def writes(self) -> int:
        """How many writes the server has done."""
        return self._writes


@contextmanager
def running() -> Iterator[Proxy]:
    """An emulator with the proxy before it."""
    port = emulator.free_port()
    with emulator.running(external=f"http://127.0.0.1:{port}") as upstream:
        proxy = Proxy(upstream, url=f"http://127.0.0.1:{port}")
        handler = type("Handler", (_Handler,), {"proxy": proxy})
        with _Server(("127.0.0.1", port), handler) as server:
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            yield proxy
            server.shutdown()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed is no error here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits for the client's delayed acknowledgement
    proxy: ClassVar[Proxy]

    def do_GET(self) -> None:
        self._pass()

    def do_POST(self) -> None:
        self._pass()

    def do_PUT(self) -> None:
        self._pass()

    def do_DELETE(self) -> None:
        self._pass()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing."""

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        proxy, seen = self.proxy, self.proxy.begin(self.command, self.path, body)
        fault = proxy.faults.get(seen.number)
        if proxy.refuse and (refusal := proxy.refuse(seen)):
            seen.status = refusal.status
            self._answer(refusal.status, dict(refusal.headers), refusal.body)
            return
        if fault in {Kind.RESET_BEFORE, Kind.STALL}:
            if fault is Kind.STALL:
                time.sleep(proxy.stall)
            self._reset()
            return
        if fault is not None and isinstance(fault.value, int):
            self._answer(fault.value, {"Retry-After": "1"} if fault.value == 429 else {}, b"{}")
            return
        status, headers, data = self._through(seen, body)
        seen.status = status
        if proxy.reply and (refusal := proxy.reply(seen)):
            self._answer(refusal.status, dict(refusal.headers), refusal.body)
        elif fault is Kind.RESET_AFTER:
            self._reset()
        elif fault is Kind.STATUS_AFTER:
            self._answer(503, {}, b"{}")
        else:
            self._answer(status, headers, data, fault)

    def _through(self, seen: Seen, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """To the server and back, past those between."""
        between, sent = self.proxy.between, dict(self.headers.items())
        for one in between:
            body, refused = one.request(seen, sent, body)
            if refused:
                error = {"error": {"code": refused[0], "message": refused[1]}}
                return refused[0], {}, json.dumps(error).encode()
        status, headers, data = self._forward(body)
        for one in reversed(between):
            data = one.answer(seen, status, headers, data)
        return status, headers, data

    def _forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        upload = parse_qs(urlsplit(self.path).query).get("upload_id", [""])[0]
        content_range = self.headers.get("Content-Range", "")
        if upload and _QUESTION.fullmatch(content_range) and upload in self.proxy._offsets:
            held = self.proxy._offsets[upload]
            return 308, {"Range": held} if held else {}, b""
        address = urlsplit(self.proxy.upstream)
        server = http.client.HTTPConnection(str(address.hostname), address.port, timeout=60)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in _HOP}
        server.request(self.command, self.path, body, headers | {"Accept-Encoding": "identity"})
        answer = server.getresponse()
        data = answer.read()
        found = {k: v for k, v in answer.getheaders() if k.lower() not in _HOP}
        server.close()
        if "Location" in found:  # the emulator names itself as it was asked, which is by us
            found["Location"] = found["Location"].replace(self.proxy.upstream, self.proxy.url)
        self._note(upload, found, answer.status, len(body))
        return answer.status, found, data

    def _note(self, upload: str, headers: dict[str, str], status: int, sent: int) -> None:
        """Remember how far an upload got, and count the writes that are done."""
        proxy = self.proxy
        proxy.bytes_sent += sent
        location = headers.get("Location", "")
        started = parse_qs(urlsplit(location).query).get("upload_id", [""])[0]
        if started:
            proxy._offsets[started] = ""
        elif upload and status == 308:
            proxy._offsets[upload] = headers.get("Range", "")
        elif upload:
            proxy._offsets.pop(upload, None)
        done = self.command in {"POST", "PUT", "DELETE"} and status in {200, 204} and not started
        if done and not self.path.startswith("/storage/v1/b?"):
            proxy.wrote()

    def _answer(
        self, status: int, headers: dict[str, str], data: bytes, fault: Kind | None = None
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if fault is Kind.TRUNCATED:
            self.wfile.write(data[: len(data) // 2])
            self._reset()
        elif fault is Kind.SLOW:
            for start in range(0, len(data), max(1, len(data) // 5)):
                self.wfile.write(data[start : start + max(1, len(data) // 5)])
                time.sleep(0.05)
        else:
            self.wfile.write(data)

    def _reset(self) -> None:
        """End the connection as a broken network does."""
        self.close_connection = True
        linger = struct.pack("ii", 1, 0)
        try:
            self.wfile.flush()
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
        except OSError:
            pass
