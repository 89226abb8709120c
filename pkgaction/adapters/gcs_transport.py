"""The connections to Google Cloud Storage: each request ends, whatever the server does."""

from collections.abc import Mapping
from contextlib import closing
from functools import partial
from typing import BinaryIO

import requests
from requests.adapters import HTTPAdapter
from typing_extensions import override

from pkgaction.adapters.deadline import Limit, Pace, within

# A chunk of 4 MiB has 124 seconds; a download goes on at any speed above the rate.
LIMIT = Limit(base=60.0, rate=64 * 1024.0)


class BoundedAdapter(HTTPAdapter):
    """Sends a request and reads its answer within the time that the request's size allows.

    Of an answer that is to be streamed only the headers are read, unless it is a refusal.
    """

    def __init__(self, limit: Limit, *, connections: int) -> None:
        super().__init__(pool_connections=connections, pool_maxsize=connections)
        self._limit = limit

    @override
    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """The answer to one request.

        Raises:
            OverdueError: it did not come in time.
        """
        send = partial(super().send, request, stream, timeout, verify, cert, proxies)

        def answer() -> requests.Response:
            answered = send()
            if not stream or answered.status_code not in {requests.codes.ok, requests.codes.partial}:
                with closing(answered):  # its connection goes back to the others
                    _ = answered.content  # it is kept
            return answered

        size = len(request.body) if isinstance(request.body, bytes | str) else 0
        return within(self._limit.seconds(size), answer)


class Noting:
    """A file that a download is written to; what comes is noted."""

    def __init__(self, file: BinaryIO, pace: Pace) -> None:
        self._file = file
        self._pace = pace

    def write(self, data: bytes) -> int:
        """Write what came."""
        self._pace.note(len(data))
        return self._file.write(data)
