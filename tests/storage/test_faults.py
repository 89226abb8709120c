"""Each kind of fault on each request of a release, one at a time."""

from dataclasses import replace

import pytest

from pkgaction.adapters.gcs import GcsStore
from tests.fakes import emulator
from tests.fakes.proxy import Kind, Proxy
from tests.fakes.release import FakeClock
from tests.storage import publisher, reader
from tests.storage.conftest import Storage
from tests.storage.test_races import created_twice

_RELEASE = ["curlew@1.0.0"]


def connect(url: str) -> GcsStore:
    return replace(publisher.connect(url), clock=FakeClock(), timeout=(0.5, 0.5))


def publish(storage: Storage) -> int:
    artifacts, index = connect(storage.bucket), connect(storage.index)
    return publisher.publish(artifacts, index, _RELEASE, FakeClock()).exit_status


def fresh(wire: Proxy) -> Storage:
    storage = Storage(wire, emulator.make_bucket(wire.url), emulator.make_bucket(wire.url))
    wire.reset()
    return storage


def whole(storage: Storage) -> bool:
    index = connect(storage.index)
    found = reader.entries(index, reader.cursor(index))
    lost = reader.missing_objects(connect(storage.bucket), found)
    return set(found) == {("curlew", "1.0.0")} and not lost


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.name)
def test_a_release_survives_the_fault_on_each_of_its_requests(storage: Storage, kind: Kind) -> None:
    assert publish(storage) == 0
    requests = len(storage.wire.seen)
    assert requests > 15

    for number in range(1, requests + 1):
        one = fresh(storage.wire)
        storage.wire.faults[number] = kind

        status = publish(one)

        assert status in {0, 3}, (kind, number)
        if status == 3:
            storage.wire.faults.clear()
            assert publish(one) == 0, (kind, number)
        assert created_twice(storage.wire) == [], (kind, number)
        storage.wire.faults.clear()
        assert whole(one), (kind, number)
