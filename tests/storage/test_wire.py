"""Google Cloud Storage behind a network that breaks: what was written is there once, and whole."""

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest

from pkgaction.adapters.gcs import GcsStore
from pkgaction.errors import LoginError, OutsideError
from pkgaction.model.tree import Bytes
from pkgaction.ports import AlreadyExistsError, Headers
from tests.fakes import emulator, proxy
from tests.fakes.proxy import Kind, Proxy
from tests.fakes.release import FakeClock

_HEADERS = Headers(content_type="a/b", cache_control="no-store", metadata={"k": "v"})
_SMALL, _LARGE = 5, 9 * 1024 * 1024  # bytes; the second one goes in three chunks
_REQUESTS = {_SMALL: 2, _LARGE: 5}  # of an upload and a look at it


@pytest.fixture(scope="module")
def wire() -> Iterator[Proxy]:
    with proxy.running() as running:
        running.stall = 1.0
        yield running


@pytest.fixture
def store(wire: Proxy, monkeypatch: pytest.MonkeyPatch) -> GcsStore:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", wire.url)
    wire.reset()
    url = emulator.make_bucket(wire.url)
    wire.reset()
    return replace(emulator.connect(url), clock=FakeClock(), timeout=(0.5, 0.5))


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.name)
@pytest.mark.parametrize("size", [_SMALL, _LARGE], ids=["small", "large"])
def test_a_create_survives_each_fault_on_each_request(
    wire: Proxy, store: GcsStore, kind: Kind, size: int
) -> None:
    for number in range(1, _REQUESTS[size] + 1):
        wire.reset()
        wire.faults[number] = kind
        data = os.urandom(size)

        created = store.create(f"object-{number}", Bytes(data), _HEADERS)

        assert store.stat(f"object-{number}") == created
        with store.open(f"object-{number}", generation=created.generation) as stream:
            assert stream.read() == data


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.name)
def test_a_replace_survives_each_fault(wire: Proxy, store: GcsStore, kind: Kind) -> None:
    first = store.create("cursor", Bytes(b"1"), _HEADERS)
    wire.reset()
    wire.faults[1] = kind

    second = store.replace("cursor", Bytes(b"2"), _HEADERS, generation=first.generation)

    assert store.stat("cursor") == second


@pytest.mark.parametrize("kind", [Kind.RESET_AFTER, Kind.STATUS_AFTER], ids=lambda kind: kind.name)
def test_a_create_that_failed_unclearly_is_not_taken_for_another_ones(
    wire: Proxy, store: GcsStore, kind: Kind
) -> None:
    wire.faults[1] = kind
    store.create("ours", Bytes(b"same bytes"), _HEADERS)
    wire.reset()
    wire.faults[1] = Kind.RESET_BEFORE

    with pytest.raises(AlreadyExistsError):
        store.create("ours", Bytes(b"same bytes"), _HEADERS)


@pytest.mark.parametrize(
    "kind", [Kind.RESET_BEFORE, Kind.RESET_AFTER, Kind.STALL], ids=lambda kind: kind.name
)
def test_a_cut_upload_goes_on_where_it_stopped(wire: Proxy, store: GcsStore, kind: Kind) -> None:
    wire.faults[3] = kind  # the second chunk

    store.create("large", Bytes(os.urandom(_LARGE)), _HEADERS)

    assert wire.bytes_sent < _LARGE * 1.5


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.name)
def test_reading_survives_each_fault(wire: Proxy, store: GcsStore, kind: Kind) -> None:
    created = store.create("read", Bytes(b"x" * 10_000), _HEADERS)
    wire.reset()
    wire.faults[1] = kind

    with store.open("read", generation=created.generation) as stream:
        assert stream.read() == b"x" * 10_000


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.name)
def test_listing_survives_each_fault(wire: Proxy, store: GcsStore, kind: Kind) -> None:
    names = [store.create(f"a/{n}", Bytes(b"x"), _HEADERS).name for n in range(3)]
    wire.reset()
    wire.faults[1] = kind

    assert [found.name for found in store.list("a/")] == names


def test_a_storage_that_stays_away_is_given_up_with_a_word(wire: Proxy, store: GcsStore) -> None:
    wire.faults.update(dict.fromkeys(range(1, 20), Kind.STATUS_503))

    with pytest.raises(OutsideError) as caught:
        store.create("never", Bytes(b"x"), _HEADERS)

    assert "503" in str(caught.value)
    assert "run the job again" in caught.value.fix


def test_a_retry_waits_as_long_as_it_was_told(wire: Proxy, store: GcsStore) -> None:
    wire.faults[1] = Kind.STATUS_429

    store.create("patient", Bytes(b"x"), _HEADERS)

    assert isinstance(store.clock, FakeClock)
    assert store.clock.seconds - FakeClock().seconds >= 1.0


def test_a_missing_bucket_is_named(store: GcsStore) -> None:
    with pytest.raises(LoginError, match="no such bucket") as caught:
        replace(store, bucket="no-such-bucket").create("a", Bytes(b"x"), _HEADERS)

    assert caught.value.where == "gs://no-such-bucket"
