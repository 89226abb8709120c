"""A storage server, with the proxy before it, and two buckets."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.fakes import emulator, proxy
from tests.fakes.proxy import Proxy


@dataclass(frozen=True, slots=True)
class Storage:
    """Two new buckets behind the proxy."""

    wire: Proxy
    bucket: str
    index: str


@pytest.fixture(scope="module")
def wire() -> Iterator[Proxy]:
    with proxy.running() as running:
        running.stall = 1.0
        yield running


@pytest.fixture
def storage(wire: Proxy, monkeypatch: pytest.MonkeyPatch) -> Storage:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", wire.url)
    wire.reset()
    made = Storage(wire, emulator.make_bucket(wire.url), emulator.make_bucket(wire.url))
    wire.reset()
    return made
