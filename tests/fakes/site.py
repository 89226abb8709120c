"""A web server on the loopback that serves a bucket's folder to anybody, or answers as it is told."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

Answer = Callable[[BaseHTTPRequestHandler], None]
Asked = tuple[str, str, dict[str, str]]  # method, path, headers by lower-case names
_PREFIX = "/shelf/"


@dataclass(slots=True)
class Site:
    """Where a bucket is served."""

    folder: Path
    url: str = ""
    answer: Answer | None = None  # instead of the bucket's
    asked: list[Asked] = field(default_factory=list)

    @classmethod
    @contextmanager
    def of(cls, folder: Path) -> Iterator["Site"]:
        """Serve a folder until the block ends."""
        known = cls(folder)

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                headers = {name.lower(): text for name, text in self.headers.items()}
                known.asked.append((self.command, self.path, headers))
                (known.answer or known._file)(self)

            def log_message(self, *_: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
            known.url = f"http://127.0.0.1:{http.server_port}/shelf"
            threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
            yield known
            http.shutdown()

    def _file(self, handler: BaseHTTPRequestHandler) -> None:
        path = self.folder / handler.path.removeprefix(_PREFIX)
        answer = size(path.stat().st_size) if path.is_file() else status(404)
        answer(handler)


def status(code: int, location: str = "") -> Answer:
    """No file, or another address."""

    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        if location:
            handler.send_header("Location", location)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return send


def size(count: int | None, kind: str = "application/zip") -> Answer:
    """A file of so many bytes; None: it does not say."""

    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", kind)
        if count is not None:
            handler.send_header("Content-Length", str(count))
        handler.end_headers()

    return send


page: Answer = size(None, "text/html; charset=utf-8")
