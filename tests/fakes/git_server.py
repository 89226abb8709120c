"""A git server on the loopback: git's own program behind http(s), which keeps each request's headers."""

import os
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass(slots=True)
class GitServer:
    """What is served, and what was asked for."""

    projects: Path  # folder of bare repositories, as OWNER/NAME.git
    authorization: str = ""  # that a request must have; empty: anyone may read
    url: str = ""
    asked: list[list[str]] = field(default_factory=list)  # the Authorization headers of each request
    paths: list[str] = field(default_factory=list)
    during: Callable[[], None] = lambda: None  # called while a request is under way
    failing: list[int] = field(default_factory=list)  # statuses of the next answers; 0: as it should be

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Hand a request to git."""
        sent = handler.headers.get_all("Authorization") or []
        self.asked.append(sent)
        self.paths.append(handler.path)
        self.during()
        if self.failing and (status := self.failing.pop(0)):
            handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
            handler.send_response(status)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        if self.authorization and sent != [self.authorization]:
            handler.send_response(401)
            handler.send_header("WWW-Authenticate", 'Basic realm="git"')
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        head, _, body = self._git(handler).partition(b"\r\n\r\n")
        lines = [line.decode().split(": ", 1) for line in head.split(b"\r\n")]
        said = next((value for key, value in lines if key == "Status"), "200 OK")
        handler.send_response(int(said.split()[0]))
        for key, value in lines:
            if key != "Status":
                handler.send_header(key, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def _git(self, handler: BaseHTTPRequestHandler) -> bytes:
        path, _, query = handler.path.partition("?")
        env = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.projects),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": handler.headers.get("Git-Protocol", ""),
            "GIT_CONFIG_COUNT": "2",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
            "GIT_CONFIG_KEY_1": "uploadpack.allowAnySHA1InWant",
            "GIT_CONFIG_VALUE_1": "true",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": handler.command,
            "CONTENT_TYPE": handler.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": handler.headers.get("Content-Length", ""),
            "HTTP_CONTENT_ENCODING": handler.headers.get("Content-Encoding", ""),
        }
        sent = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        done = subprocess.run(
            ["git", "http-backend"], env=env, input=sent, capture_output=True, check=False
        )
        return done.stdout


@contextmanager
def serving(
    projects: Path, authorization: str = "", context: ssl.SSLContext | None = None
) -> Iterator[GitServer]:
    """Serve a folder of repositories; with a context by https, as `localhost`."""
    server = GitServer(projects, authorization)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            server.answer(self)

        def do_POST(self) -> None:
            server.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        server.url = f"http://127.0.0.1:{listening.server_port}"
        if context:
            listening.socket = context.wrap_socket(listening.socket, server_side=True)
            server.url = f"https://localhost:{listening.server_port}"
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            listening.shutdown()
