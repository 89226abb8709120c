"""A publisher is killed after each single write, and run again: the end is always the same."""

import signal
import subprocess
import sys
from collections.abc import Callable

from pkgaction.ports import ObjectStore
from tests.fakes import emulator
from tests.fakes.workplace import ROOT
from tests.storage import reader
from tests.storage.conftest import Storage
from tests.storage.publisher import connect

_PATIENCE = 30  # seconds that the answer to a write waits for the process to end
_RELEASE = ["heron@1.2.0=one", "plover@2.0.0-rc.1=two"]


def run(storage: Storage, kill_after: int | None = None) -> int:
    """Publish; killed at a write while its answer is held back, so that nothing can come after it."""
    command = [sys.executable, "-m", "tests.storage.publisher", storage.bucket, storage.index, *_RELEASE]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    storage.wire.after_write = _killing(process, kill_after) if kill_after else None
    return process.wait(timeout=120)


def _killing(process: subprocess.Popen[bytes], at_write: int) -> Callable[[int], None]:
    def kill(number: int) -> None:
        if number == at_write:
            process.kill()
            process.wait(_PATIENCE)

    return kill


def state(store: ObjectStore) -> dict[str, tuple[int, int, str, tuple[tuple[str, str], ...]]]:
    """Every object but for its generation."""
    return {
        found.name: (
            found.size,
            found.crc32c,
            found.headers.content_type,
            tuple(sorted(found.headers.metadata.items())),
        )
        for found in store.list("artifacts/")
    }


def test_a_killed_publisher_is_completed_whatever_it_had_written(storage: Storage) -> None:
    assert run(storage) == 0
    writes = storage.wire.writes
    assert writes > 10
    wanted = state(connect(storage.bucket))
    index = connect(storage.index)
    entries = reader.entries(index, reader.cursor(index))

    for number in range(1, writes + 1):
        bucket, index_url = (
            emulator.make_bucket(storage.wire.url),
            emulator.make_bucket(storage.wire.url),
        )
        storage.wire.reset()
        killed = Storage(storage.wire, bucket, index_url)
        artifacts, index = connect(bucket), connect(index_url)

        status = run(killed, kill_after=number)
        assert status == -signal.SIGKILL, f"it was not killed after write {number}"
        assert storage.wire.writes == number
        seen = reader.cursor(index)
        if seen:
            assert reader.missing_objects(artifacts, reader.entries(index, seen)) == []
        storage.wire.reset()

        assert run(killed) == 0
        assert state(artifacts) == wanted, f"killed after write {number}"
        assert reader.entries(index, reader.cursor(index)) == entries
