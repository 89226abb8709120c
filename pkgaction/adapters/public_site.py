"""What anybody is answered at a public address: one HEAD, nothing secret, and an end to waiting."""

import queue
import threading
from urllib.parse import urljoin

from pkgaction.adapters.fetcher import WEB, no_credentials
from pkgaction.ports import NoAnswerError, PublicAnswer

LONGEST = 20.0  # seconds, in all: names, connections and headers may each be slow
_TIMEOUT = 10  # seconds, each to connect and to read


class PublicSite:
    """Asks web servers as a reader would, without an account."""

    def head(self, url: str) -> PublicAnswer:
        """The answer at an address; redirects are not followed.

        Raises:
            NoAnswerError: there is none in time, or the address can't be asked.
        """
        answers: queue.SimpleQueue[PublicAnswer | NoAnswerError] = queue.SimpleQueue()
        # a connection's timeouts end neither a hanging resolver nor a server that sends a byte a second
        threading.Thread(target=lambda: answers.put(_asked(url)), daemon=True).start()
        try:
            answer = answers.get(timeout=LONGEST)
        except queue.Empty:
            raise NoAnswerError(f"there was no answer within {LONGEST:.0f} seconds") from None
        if isinstance(answer, NoAnswerError):
            raise answer
        return answer


def _asked(url: str) -> PublicAnswer | NoAnswerError:
    import requests  # noqa: PLC0415 - slow to load
    from urllib3.exceptions import HTTPError  # noqa: PLC0415 - comes with it

    if not WEB.fullmatch(url):
        return NoAnswerError("it is not an address of the web")
    headers = {"User-Agent": "pkgaction", "Accept-Encoding": "identity"}
    try:
        with requests.Session() as session:
            answer = session.head(
                url, timeout=_TIMEOUT, allow_redirects=False, auth=no_credentials, headers=headers
            )
        known = {name: answer.headers.get(name, "") for name in ("Content-Length", "Content-Type")}
        where = answer.headers.get("Location", "") if answer.is_redirect else ""
        return PublicAnswer(
            status=answer.status_code,
            location=urljoin(url, where) if where else "",
            size=int(known["Content-Length"]) if known["Content-Length"].isdecimal() else None,
            content_type=known["Content-Type"],
        )
    except requests.exceptions.SSLError:
        return NoAnswerError("its certificate is not valid")
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        return NoAnswerError(f"there was no answer ({type(error).__name__})")
