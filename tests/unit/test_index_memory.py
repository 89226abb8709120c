"""One version goes into an index of 20,000, 110 MB, in little memory."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from pkgaction.adapters.clock import SystemClock
from pkgaction.adapters.directory import DirectoryStore
from pkgaction.model import layout
from pkgaction.model.tree import Bytes
from pkgaction.ports import Headers
from pkgaction.stages import index
from tests.fakes import indexes, release

_ROOT = Path(__file__).parents[2]
_MOST = 300 * 1000 * 1000  # bytes, peak of the whole process
_ENTRIES = 20_000
_BYTES = 105_000_000  # of the list, at least


def add_one_version(bucket: str) -> None:
    """Add it and print the peak of this process's memory, in bytes."""
    with tempfile.TemporaryDirectory() as scratch:
        index.add(
            [release.published(Path(scratch), "zebra")], DirectoryStore(Path(bucket)), SystemClock()
        )
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    print(int(peak.split()[1]) * 1024)


def test_an_index_of_twenty_thousand_is_moved_on_in_little_memory(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path)
    data = b"".join(indexes.plain(_ENTRIES))
    assert len(data) > _BYTES
    headers = Headers(content_type="application/json", cache_control="")
    store.create(layout.full_index_name("1700000000"), Bytes(data), headers)
    store.create(layout.CURSOR, Bytes(b'{"current":"1700000000"}'), headers)
    script = (
        f"from tests.unit.test_index_memory import add_one_version as go; go({os.fspath(tmp_path)!r})"
    )

    # the list is plain the first time, as another publisher may have written it, and packed the second
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=_ROOT, capture_output=True, text=True, check=True
        )
        assert int(done.stdout) < _MOST
