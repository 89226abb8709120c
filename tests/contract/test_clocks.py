"""A clock that is ahead or behind is seen by the answers of servers, before anything is signed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from pkgaction.adapters import openpgp
from pkgaction.adapters.clock import SystemClock
from pkgaction.adapters.gcs import GcsStore
from pkgaction.adapters.github_api import GitHubPullRequests
from pkgaction.adapters.openpgp import GpgSigner
from pkgaction.errors import UsageError
from pkgaction.model.secret import Secret
from tests.contract.test_openpgp import scratch, zipped
from tests.fakes import emulator, keys
from tests.fakes.dated import dated
from tests.fakes.github import LoopbackGitHub, Pull
from tests.fakes.keys import Key

__all__ = ["scratch", "zipped"]  # fixtures


@pytest.fixture(scope="module")
def key() -> Key:
    return keys.make("")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with emulator.running() as address:
        yield address


@contextmanager
def signer(scratch: Path, key: Key, clock: SystemClock) -> Iterator[GpgSigner]:
    environ = {"PATH": os.environ["PATH"]}
    given = {"key": Secret(key.private), "passphrase": Secret("")}
    with openpgp.opened(scratch, environ, clock, **given, fingerprint="") as found:
        yield found


@contextmanager
def storage(
    server: str, ahead: timedelta, clock: SystemClock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[GcsStore]:
    """A bucket of a server whose clock is so far ahead of ours."""
    from google.auth.credentials import AnonymousCredentials

    with dated(server, ahead) as address:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", address)
        url = emulator.make_bucket(server)
        yield GcsStore.connect(url, AnonymousCredentials(), clock, connections=1)


@pytest.mark.parametrize(
    ("ahead", "words"),
    [(timedelta(hours=-1), "60 minutes ahead"), (timedelta(minutes=20), "20 minutes behind")],
    ids=str,
)
def test_nothing_is_signed_where_the_storage_is_of_another_time(
    scratch: Path,
    key: Key,
    zipped: Path,
    server: str,
    ahead: timedelta,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = SystemClock()
    with storage(server, ahead, clock, monkeypatch) as store, signer(scratch, key, clock) as gpg:
        assert store.stat("v2/metadata/cursor.json") is None

        with pytest.raises(UsageError, match=words):
            gpg.preflight()
        with pytest.raises(UsageError, match=words):
            gpg.sign(zipped)


def test_a_few_minutes_are_warned_of(
    scratch: Path, key: Key, zipped: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SystemClock()
    far = timedelta(minutes=5)
    with storage(server, far, clock, monkeypatch) as store, signer(scratch, key, clock) as gpg:
        assert list(store.list("")) == []

        (warning,) = gpg.preflight()
        assert gpg.sign(zipped).fingerprint == key.fingerprint

    assert "5 minutes behind" in warning
    assert "127.0.0.1" in warning


def test_a_storage_of_the_same_time_says_nothing(
    scratch: Path, key: Key, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SystemClock()
    with storage(server, timedelta(), clock, monkeypatch) as store, signer(scratch, key, clock) as gpg:
        assert list(store.list("")) == []

        assert list(gpg.preflight()) == []
        assert clock.skew.nearest is not None


def test_github_says_it_too(scratch: Path, key: Key) -> None:
    clock = SystemClock()
    with (
        LoopbackGitHub() as github,
        dated(github.url, timedelta(hours=-5)) as address,
        signer(scratch, key, clock) as gpg,
    ):
        github.pulls.append(Pull(number=7, title="Bump kelp", commits=("a" * 40,)))
        pulls = GitHubPullRequests(
            repository=github.repository,
            repository_id=0,
            token=Secret(github.token),
            api_url=address,
            clock=clock,
        )
        pulls.merged_with("a" * 40, base="main")

        with pytest.raises(UsageError, match="5 hours ahead"):
            gpg.preflight()
