"""A server whose answers never end: it sends a byte now and then, so that no timeout of a read ends it.

with trickling(HEADERS) as server:
    ...  # every request to server.url gets this beginning, and then one byte after the other
"""

import contextlib
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

HEADERS = b"HTTP/1.1 200 OK\r\nX-Kelp: "
BODY = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n"
REFUSAL = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 1000000000\r\n\r\n"
_EVERY = 0.01  # seconds


@dataclass(slots=True)
class Trickling:
    """What is known of the server."""

    url: str
    asked: list[str] = field(default_factory=list)  # the first line of each request


@contextlib.contextmanager
def trickling(beginning: bytes) -> Iterator[Trickling]:
    """A server on the loopback that answers so as long as the block lasts."""
    ended = threading.Event()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            known.asked.append(self.rfile.readline().decode().rstrip())
            with contextlib.suppress(OSError):
                self.connection.sendall(beginning)
                while not ended.wait(_EVERY):
                    self.connection.sendall(b"g")

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        known = Trickling(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield known
        finally:
            ended.set()
            server.shutdown()
            thread.join()
