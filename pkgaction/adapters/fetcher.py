"""Files by address: `https://`, `http://` and `file://`.

No credentials are sent, redirects are few and lead to the web only, and every answer has a limit. So has
every server: what it takes without giving anything is counted over all files and processes of a run.
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

from pkgaction.adapters.account import Account
from pkgaction.adapters.clock import pauses
from pkgaction.adapters.deadline import Allowance, Limit, OverdueError
from pkgaction.errors import SourceMissingError, SourceUnavailableError
from pkgaction.ports import Clock

if TYPE_CHECKING:
    import requests

TIMEOUT = 15  # seconds, each to connect and to read
LONGEST = 120.0  # seconds that a server may cost a run: files, tries and pauses together
FREE = Limit(base=2.0, rate=65536.0)  # what a file may take without being counted
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


class _RefusedError(FetchError):
    """The server answers, and gives nothing."""


@dataclass(slots=True)
class Fetcher:
    """Gets files. Safe to use from several threads."""

    clock: Clock
    _account: Account = field(default_factory=Account, repr=False)
    _session: "requests.Session | None" = field(default=None, repr=False)
    _owner: int = 0  # process whose connections these are: a forked one would read another's answers

    def get(self, url: str, *, limit: int) -> bytes:
        """The bytes at an address.

        Raises:
            NotThereError: there is nothing.
            FetchError: no answer after retries, none that is understood, or more than `limit` bytes.
        """
        if url.startswith(_FILE):
            return _from_disk(Path(unquote(url.removeprefix(_FILE))), limit)
        _require_web(url)
        server = url.split("/")[2]
        begin, spent = self.clock.now().timestamp(), self._account.spent(server)
        if spent >= LONGEST:
            raise _given_up()
        allowance, free = Allowance(LONGEST - spent, self.clock), 0.0
        try:
            data = self._tried(url, limit, allowance)
            free = FREE.seconds(len(data))
        except OverdueError:
            self._account.give_up(server)
            raise _given_up() from None
        except (NotThereError, _RefusedError):
            free = FREE.seconds(0)
            raise
        else:
            return data
        finally:
            self._account.spend(server, begin, allowance.total - allowance.left - free)

    def _tried(self, url: str, limit: int, allowance: Allowance) -> bytes:
        """As many tries as help, each from the first connection to the last byte."""
        for pause in pauses(RETRIES):
            try:
                return allowance.within(partial(self._followed, url, limit, allowance.left))
            except _PassingError:
                allowance.sleep(pause)
        return allowance.within(partial(self._followed, url, limit, allowance.left))

    def _followed(self, url: str, limit: int, seconds: float) -> bytes:
        """One try, over redirects."""
        deadline = time.monotonic() + seconds
        for _ in range(REDIRECTS + 1):
            found = self._once(url, limit, deadline)
            if isinstance(found, bytes):
                return found
            is_kept = found.startswith("https://") or url.startswith("http://")
            if not (WEB.fullmatch(found) and is_kept):
                raise NotThereError("it redirects to what is not an address of the web, or not as safe")
            url = found
        raise FetchError(f"it redirects more than {REDIRECTS} times")

    def _once(self, url: str, limit: int, deadline: float) -> bytes | str:
        """The bytes, or the address that the answer redirects to."""
        import requests  # noqa: PLC0415 - slow to load
        from urllib3.exceptions import HTTPError  # noqa: PLC0415 - comes with it

        _require_web(url)
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
            raise _unanswered(error) from error
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


def _require_web(url: str) -> None:
    if not WEB.fullmatch(url):
        raise NotThereError("it is no address of the web without credentials")


def _refuse(status: int) -> None:
    """Pass on an answer with a file."""
    if status == HTTPStatus.OK:
        return
    what = f"the answer was {status}"
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        raise NotThereError(f"there is no such file ({what})")
    raise _PassingError(what) if status in _PASSING else _RefusedError(what)


def _given_up() -> FetchError:
    what = f"its server took more than {LONGEST:.0f} seconds of this run, and is not asked again"
    return FetchError(what)


def _unanswered(error: BaseException) -> FetchError:
    """What kept the answer from coming. Python's limits for headers are told by their text alone."""
    from http.client import HTTPException  # noqa: PLC0415 - slow to load

    inner: BaseException | None = error
    while inner:
        if isinstance(inner, HTTPException) and "got more than" in str(inner):
            return FetchError("its answer has more or longer headers than the answer with a file has")
        inner = inner.__cause__ or inner.__context__
    return _PassingError(f"no answer ({type(error).__name__})")


def _arriving(answer: "requests.Response") -> Iterator[bytes]:
    """What has come, as it comes: a chunk is not waited for until it is full."""
    while chunk := answer.raw.read1(_CHUNK, decode_content=True):
        yield chunk


def _read(chunks: Iterator[bytes], limit: int, deadline: float) -> bytes:
    data = bytearray()
    for chunk in chunks:
        data += chunk
        if len(data) > limit:
            raise FetchError(f"its answer has more than {limit} bytes")
        if time.monotonic() > deadline:  # nobody waits for it any more
            raise FetchError("it took too long")
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
