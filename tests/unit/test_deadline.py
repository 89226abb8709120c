"""Waiting ends: for a server that never answers, and for all that is asked of GitHub."""

import threading

import pytest

from pkgaction.adapters import github_requester as module
from pkgaction.adapters.deadline import OverdueError, within
from pkgaction.adapters.github_requester import PatientRequester
from pkgaction.errors import GitHubError
from pkgaction.model.secret import Secret
from tests.fakes.release import FakeClock


def test_what_is_done_in_time_is_given_back_or_raised() -> None:
    def fail() -> int:
        raise LookupError

    assert within(60.0, lambda: 7) == 7
    with pytest.raises(LookupError):
        within(60.0, fail)


def test_what_never_ends_is_given_up() -> None:
    never = threading.Event()

    with pytest.raises(OverdueError):
        within(0.05, never.wait)

    never.set()


def test_all_requests_to_github_share_one_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TALK_BUDGET", 0.05)
    requester = PatientRequester(token=Secret("any"), api_url="https://api.x.example", clock=FakeClock())
    never = threading.Event()

    def hang() -> tuple[int, dict[str, str], str]:
        never.wait()
        return 200, {}, ""

    for _ in range(2):
        with pytest.raises(GitHubError, match="took more than 0 seconds in all"):
            requester._in_time(hang)

    never.set()
