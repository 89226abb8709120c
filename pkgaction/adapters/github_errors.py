"""GitHub's refusals in our words: what happened, where, what to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from pkgaction.adapters.deadline import OverdueError
from pkgaction.errors import GitHubError
from pkgaction.model.json import Json, at, text_at
from pkgaction.model.secret import Secret

_AGAIN = "run the job again: it resumes"
_PERMISSION = (
    "add `pull-requests: write` to the job's permissions; pull requests from forks get none: "
    "there, read the run's summary"
)


@contextmanager
def translated(where: str, token: Secret) -> Iterator[None]:
    """Turn every error of PyGithub and requests into ours.

    Raises:
        GitHubError: the block raised one of theirs.
    """
    # Imported on use: a run that asks GitHub nothing must not pay for it.
    from github import BadAttributeException, GithubException  # noqa: PLC0415
    from requests import RequestException  # noqa: PLC0415

    try:
        yield
    except GithubException as error:
        what, fix = refusal(error.status, error.data)
        raise GitHubError(what=masked(what, token), where=where, fix=fix) from error
    except OverdueError as error:
        what = f"GitHub's API is too slow: {error}"
        raise GitHubError(what=what, where=where, fix=_AGAIN) from error
    except RequestException as error:
        # Its text may quote the request, so only its name is shown.
        what = f"no answer from GitHub's API ({type(error).__name__})"
        raise GitHubError(what=what, where=where, fix=_AGAIN) from error
    # PyGithub asserts that addresses in answers stay on the host, and looks fields up unchecked.
    except (
        AssertionError,
        AttributeError,
        BadAttributeException,
        LookupError,
        RuntimeError,
        TypeError,
        ValueError,
    ) as error:
        what = f"GitHub's API gave an answer that makes no sense ({type(error).__name__})"
        fix = "check that GITHUB_API_URL is the address of GitHub's API"
        raise GitHubError(what=what, where=where, fix=fix) from error


def refusal(status: int, answer: Json) -> tuple[str, str]:
    """What a status of 300 or more means, and what to do about it."""
    said = _said(answer)
    known = _forbidden(status, said) if status in {403, 410, 429} else _STATUSES.get(status)
    what, fix = known or (_SERVER if status >= HTTPStatus.INTERNAL_SERVER_ERROR else _OTHER)
    return f"{what}: {status} {said}".rstrip(), fix


def is_rate_limit(status: int, said: str) -> bool:
    """Whether the text of a 403 or 429 speaks of a rate limit, primary or secondary."""
    lower = said.lower()
    limited = "rate limit" in lower or "abuse detection" in lower
    return limited or status == HTTPStatus.TOO_MANY_REQUESTS


def masked(text: str, token: Secret) -> str:
    """The text without the token, should a server have repeated it."""
    return text.replace(token.reveal(), str(token)) if token else text


_SERVER = ("GitHub's API failed", _AGAIN)
_OTHER = ("GitHub's API refused", "see what GitHub says")
_MOVED = (
    "GitHub's API redirects to another address, which is not followed",
    "check GITHUB_API_URL, and whether the repository was renamed",
)
_STATUSES = {
    **dict.fromkeys((301, 302, 303, 307, 308), _MOVED),
    401: (
        "GitHub does not accept the token",
        "pass a valid one as github-token, normally `${{ github.token }}`",
    ),
    404: (
        "GitHub does not know it, or the token may not see it",
        "check the number and that the job has the permission `pull-requests: write`",
    ),
    422: ("GitHub does not accept the content", "see what GitHub says"),
}


def _forbidden(status: int, said: str) -> tuple[str, str]:
    lower = said.lower()
    if "not accessible by" in lower:
        return "the token lacks the permission `pull-requests: write`", _PERMISSION
    if "locked" in lower:
        return "the conversation is locked", "unlock it, or read the run's summary"
    if "disabled" in lower or "archived" in lower or "read-only" in lower:
        return "comments are disabled or read-only there", "read the run's summary"
    if is_rate_limit(status, said):
        return "GitHub's rate limit is used up", "run the job again later: it resumes"
    return _OTHER


def _said(answer: Json) -> str:
    """The message and, where there is one, the first detail."""
    details = at(answer, "errors")
    first = details[0] if isinstance(details, list) and details else None
    detail = first if isinstance(first, str) else text_at(first, "message")
    return ", ".join(text for text in (text_at(answer, "message"), detail) if text)
