"""Whether readers will find what a run has published: by an index, and at the public address.

Nothing here changes the result: what is wrong is told, and all that is published stays so.
"""

from urllib.parse import urlsplit

from pkgaction.model.outcome import Ledger, Status
from pkgaction.ports import NoAnswerError, PublicAnswer, PublicSite
from pkgaction.report import words

NO_INDEX = "no index is kept: no registry will find these versions"
_REDIRECTS = 2  # on the same site: to https, to another spelling
_THERE = (Status.PUBLISHED, Status.COMPLETED, Status.ALREADY_PUBLISHED)  # whose address is tried first
_OK = 200
_FIX = "set public-url to the address where the public bucket is served, readable without a login"


def check(ledger: Ledger, *, has_index: bool, site: PublicSite | None) -> None:
    """Say what would keep readers from finding the versions of a run.

    Args:
        ledger: how the run ended; it gets the notices and warnings.
        has_index: whether the run keeps a search index.
        site: asks at the public address; None: there is nobody to ask.
    """
    good = [outcome for outcome in ledger.sorted() if outcome.status.ok]
    if good and not has_index and NO_INDEX not in ledger.notices:
        ledger.notices.append(NO_INDEX)
    if site is None or words.foresees(ledger):
        return
    there = [(one, one.urls.zip) for one in good if one.status in _THERE and one.urls]
    if not there:
        return
    outcome, url = min(there, key=lambda found: _THERE.index(found[0].status))
    if why := _unreadable(url, outcome.size, site):
        ledger.warnings.append(f"{url} is published, but readers do not get it there: {why} ({_FIX})")


def _unreadable(url: str, size: int, site: PublicSite) -> str:
    """Why a published zip is not what its address answers; empty where it is."""
    try:
        for _ in range(_REDIRECTS + 1):
            answer = site.head(url)
            if not answer.location:
                return _wrong(answer, size)
            if urlsplit(answer.location).hostname != urlsplit(url).hostname:
                return f"it redirects to another site, {urlsplit(answer.location).hostname}"
            url = answer.location
    except (NoAnswerError, ValueError) as error:
        return str(error)
    return f"it redirects more than {_REDIRECTS} times"


def _wrong(answer: PublicAnswer, size: int) -> str:
    if answer.status != _OK:
        return f"the answer was {answer.status}"
    if answer.content_type.partition(";")[0].strip().lower() == "text/html":
        return "the answer is a web page, as of a login"
    if answer.size is not None and answer.size != size:
        return f"the answer has {answer.size} bytes, the zip has {size}"
    return ""
