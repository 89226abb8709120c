"""Servers that never come to an end are given up, each in its own words, whatever part trickles."""

import gc
import threading
import warnings
from collections.abc import Callable, Iterator

import google.auth
import pytest
from google.auth.credentials import AnonymousCredentials

from pkgaction.adapters import fetcher, github_api, google_login, login_transport, workload_identity
from pkgaction.adapters.clock import SystemClock
from pkgaction.adapters.deadline import Limit
from pkgaction.adapters.fetcher import Fetcher, fetched
from pkgaction.adapters.gcs import GcsStore
from pkgaction.adapters.gcs_upload import CHUNK
from pkgaction.adapters.github_api import GitHubPullRequests
from pkgaction.errors import (
    GitHubError,
    LoginUnavailableError,
    SourceUnavailableError,
    StorageError,
)
from pkgaction.model.secret import Secret
from pkgaction.model.tree import Bytes
from pkgaction.parallel import over_cores
from pkgaction.ports import Headers
from tests.fakes.release import FakeClock
from tests.fakes.trickling import BODY, HEADERS, REFUSAL, trickling

_PLAIN = Headers(content_type="a/b", cache_control="no-store", metadata={})
_GIVEN_UP = "the storage failed: (it took more than|hardly anything came for)"


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """What was given up ends with its server. Python warns that nobody closes its connections."""
    before = {*threading.enumerate()}
    yield
    for thread in {*threading.enumerate()} - before:
        thread.join(5.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def _listed(store: GcsStore) -> None:
    list(store.list("a"))


def _opened(store: GcsStore) -> None:
    store.open("a", generation=1).close()


def _created(store: GcsStore) -> None:
    store.create("a", Bytes(b"one"), _PLAIN)


def _created_in_chunks(store: GcsStore) -> None:
    store.create("a", Bytes(bytes(CHUNK + 1)), _PLAIN)


@pytest.mark.parametrize("beginning", [HEADERS, BODY, REFUSAL], ids=["headers", "body", "refusal"])
@pytest.mark.parametrize("ask", [_listed, _opened, _created, _created_in_chunks])
def test_a_storage_that_trickles_for_ever_is_given_up(
    monkeypatch: pytest.MonkeyPatch, beginning: bytes, ask: Callable[[GcsStore], None]
) -> None:
    with trickling(beginning) as server:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
        store = GcsStore.connect(
            "gs://any",
            AnonymousCredentials(),
            FakeClock(),
            connections=1,
            limit=Limit(base=0.05, rate=1e9),
        )

        with pytest.raises(StorageError, match=_GIVEN_UP) as told:
            ask(store)

    assert told.value.fix == "run the job again: it goes on where this one stopped"
    assert server.asked


def test_a_download_that_was_fast_at_first_has_not_saved_up_hours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limit = Limit(base=0.2, rate=100.0)  # bytes that would be worth hours, and then a byte now and then
    with trickling(BODY + bytes(4_000_000)) as server:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
        store = GcsStore.connect(
            "gs://any", AnonymousCredentials(), FakeClock(), connections=1, limit=limit
        )

        with pytest.raises(StorageError, match="hardly anything came for"):
            _opened(store)


@pytest.mark.parametrize("beginning", [HEADERS, BODY], ids=["headers", "body"])
def test_all_that_is_asked_of_github_has_one_limit(
    monkeypatch: pytest.MonkeyPatch, beginning: bytes
) -> None:
    monkeypatch.setattr(github_api, "TALK_BUDGET", 0.2)
    with trickling(beginning) as server:
        pulls = GitHubPullRequests(
            repository="acme/packages",
            repository_id=0,
            token=Secret("any"),
            api_url=server.url,
            clock=FakeClock(),
        )
        for _ in range(2):
            with pytest.raises(GitHubError, match="too slow: it took more than 0 seconds in all"):
                pulls.merged_with("ab" * 20, base="main")

    assert len(server.asked) == 1


@pytest.mark.parametrize("beginning", [HEADERS, BODY], ids=["headers", "body"])
def test_all_tries_of_a_login_have_one_limit(monkeypatch: pytest.MonkeyPatch, beginning: bytes) -> None:
    monkeypatch.setattr(login_transport, "LONGEST", 0.1)
    monkeypatch.setattr(login_transport, "WHOLE", 2.0)  # the second pause is longer than what is left
    clock = FakeClock()
    with trickling(beginning) as server:
        login = workload_identity.credentials(
            provider="projects/1/locations/global/workloadIdentityPools/p/providers/q",
            service_account="",
            environ={
                "ACTIONS_ID_TOKEN_REQUEST_URL": f"{server.url}/?kelp=1",
                "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "any",
            },
            clock=clock,
        )

        with pytest.raises(LoginUnavailableError, match=r"no answer \(it took more than"):
            login.before_request(None, "GET", "https://storage.example/", {})

    assert len(server.asked) <= 2


@pytest.mark.parametrize(
    "beginning",
    [HEADERS, BODY, b"HTTP/1.1 200 OK\r\n"],
    ids=["headers", "body", "many headers"],
)
@pytest.mark.parametrize("jobs", [1, 2], ids=["here", "in processes"])
def test_all_files_of_a_server_have_one_limit(
    monkeypatch: pytest.MonkeyPatch, beginning: bytes, jobs: int
) -> None:
    monkeypatch.setattr(fetcher, "LONGEST", 0.3)
    web = Fetcher(SystemClock())

    def ask(number: int) -> str:
        with pytest.raises(SourceUnavailableError) as told:
            fetched(web, "ECS", f"{server.url}/{number}", 1 << 20)
        return told.value.what

    with trickling(beginning) as server:
        for _ in range(3):  # each time, other processes are forked
            for result in over_cores(ask, range(4), jobs=jobs):
                assert "more than 0 seconds of this run, and is not asked again" in result()

    assert len(server.asked) <= jobs


def test_default_credentials_that_are_never_found_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    monkeypatch.setattr(google_login, "LONGEST", 0.1)
    monkeypatch.setattr(google.auth, "default", lambda scopes: ended.wait(60))

    try:
        with pytest.raises(LoginUnavailableError, match=r"no answer \(it took more than"):
            workload_identity.credentials(provider="", service_account="", environ={}, clock=FakeClock())
    finally:
        ended.set()
