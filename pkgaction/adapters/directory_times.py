"""Times of files: a generation is one, and so is when an object was created."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = datetime(1000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


def stamped(file: Path, before: int | None) -> int:
    """Give the file the time of now, or the next one that is not the one before: clocks are set back,
    and some file systems keep whole seconds.
    """
    wanted, step = time.time_ns(), 1
    while True:
        os.utime(file, ns=(wanted, wanted))
        if (kept := file.stat().st_mtime_ns) != before:
            return kept
        wanted, step = wanted + step, step * 2


def moment(nanoseconds: int) -> datetime:
    """When that is. A file system may keep times of which there is no date: the first or last of ours
    stands, which leaves room to add to it.
    """
    try:
        found = _EPOCH + timedelta(microseconds=nanoseconds // 1000)
    except OverflowError:
        return _LAST if nanoseconds > 0 else _FIRST
    return min(max(found, _FIRST), _LAST)
