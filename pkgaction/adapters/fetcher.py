"""Files by address: `https://`, `http://` and `file://`.

No credentials are sent, redirects are few and lead to the web only, and every answer has a limit.
Importing requests takes long, so it is done at the first request.
"""

import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin

from pkgaction.adapters.clock import pauses
from pkgaction.adapters.deadline import OverdueError, within
from pkgaction.errors import SourceMissingError, SourceUnavailableError
from pkgaction.ports import Clock

if TYPE_CHECKING:
    import requests

TIMEOUT = 15  # seconds, each to connect and to read
LONGEST = 120.0  # seconds of one download
RETRIES = 3
REDIRECTS = 5
_CHUNK = 1 << 16
_FILE = "file://"
WEB = re.compile(r"https?://[^/@\\]+/[^@]*")
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


class FetchError(Exception):
    """It can't be had now, and why (no sentence); it may be had another time."""


class NotThereError(FetchError):
    """There is nothing at the address, or what no file is: it won't be had another time either."""


class _PassingError(FetchError):
    """Worth another try."""


@dataclass(slots=True)
class Fetcher:
    """Gets files. Safe to use from several threads."""

    clock: Clock
    _session: "requests.Session | None" = field(default=None, repr=False)
    _owner: int = 0  # process whose connections these are: a forked one would read another's answers

    def get(self, url: str, *, limit: int) -> bytes:
        """The bytes at an address.

        Raises:
            NotThereError: there is nothing, or more than `limit` bytes.
            FetchError: no answer after retries, or none that is understood.
        """
        if url.startswith(_FILE):
            return _from_disk(Path(unquote(url.removeprefix(_FILE))), limit)
        for pause in pauses(RETRIES):
            try:
                return self._in_time(url, limit)
            except _PassingError:
                self.clock.sleep(pause)
        return self._in_time(url, limit)

    def _in_time(self, url: str, limit: int) -> bytes:
        """One try, from the first connection to the last byte."""
        try:
            return within(LONGEST, partial(self._followed, url, limit))
        except OverdueError:
            raise FetchError(f"it took more than {LONGEST:.0f} seconds") from None

    def _followed(self, url: str, limit: int) -> bytes:
        """One try, over redirects."""
        deadline = time.monotonic() + LONGEST
        for _ in range(REDIRECTS + 1):
            found = self._once(url, limit, deadline)
            if isinstance(found, bytes):
                return found
            if not found.startswith("https://") and not url.startswith("http://"):
                raise NotThereError("it redirects to something unsafe")
            url = found
        raise NotThereError(f"it redirects more than {REDIRECTS} times")

    def _once(self, url: str, limit: int, deadline: float) -> bytes | str:
        """The bytes, or the address that the answer redirects to."""
        import requests  # noqa: PLC0415 - slow to load
        from urllib3.exceptions import HTTPError  # noqa: PLC0415 - comes with it

        if not WEB.fullmatch(url):
            raise NotThereError("it is no address of the web without credentials")
        if self._session is None or self._owner != os.getpid():
            self._session, self._owner = requests.Session(), os.getpid()
        try:
            answer = self._session.get(
                url,
                timeout=TIMEOUT,
                allow_redirects=False,
                stream=True,
                auth=no_credentials,
                headers={"User-Agent": "pkgaction"},
            )
            with closing(answer):
                if answer.is_redirect:
                    return urljoin(url, answer.headers["location"])
                _refuse(answer.status_code)
                return _read(_arriving(answer), limit, deadline)
        except (requests.RequestException, HTTPError, OSError) as error:
            raise _PassingError(f"no answer ({type(error).__name__})") from error
        except ValueError as error:
            raise NotThereError("it is no address that can be asked") from error


def fetched(fetcher: Fetcher, name: str, where: str, limit: int) -> bytes:
    """What lies at an address; `name` says what it is.

    Raises:
        SourceMissingError: there is nothing of the kind.
        SourceUnavailableError: it could not be had.
    """
    try:
        return fetcher.get(where, limit=limit)
    except NotThereError as error:
        what, fix = f"{name} is not there: {error}", "correct the name or version, or the address"
        raise SourceMissingError(what=what, where=where, fix=fix) from error
    except FetchError as error:
        what, fix = f"{name} can't be had: {error}", "run the job again, or name another address"
        raise SourceUnavailableError(what=what, where=where, fix=fix) from error


def _refuse(status: int) -> None:
    """Pass on an answer with a file."""
    if status == HTTPStatus.OK:
        return
    what = f"the answer was {status}"
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        raise NotThereError(f"there is no such file ({what})")
    raise _PassingError(what) if status in _PASSING else FetchError(what)


def _arriving(answer: "requests.Response") -> Iterator[bytes]:
    """What has come, as it comes: a chunk is not waited for until it is full."""
    while chunk := answer.raw.read1(_CHUNK, decode_content=True):
        yield chunk


def _read(chunks: Iterator[bytes], limit: int, deadline: float) -> bytes:
    data = bytearray()
    for chunk in chunks:
        data += chunk
        if len(data) > limit:
            raise NotThereError(f"it has more than {limit} bytes")
        if time.monotonic() > deadline:
            raise FetchError(f"it took more than {LONGEST:.0f} seconds")
    return bytes(data)


def _from_disk(path: Path, limit: int) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise NotThereError("it is no plain file")
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotThereError("there is no such file") from error
    except (OSError, ValueError) as error:
        raise FetchError(f"it can't be read ({type(error).__name__})") from error
    if len(data) > limit:
        raise NotThereError(f"it has more than {limit} bytes")
    return data


def no_credentials(request: "requests.PreparedRequest") -> "requests.PreparedRequest":
    """Instead of what a .netrc says."""
    return request
