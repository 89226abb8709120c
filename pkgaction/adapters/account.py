"""What servers have cost a run in seconds, in one account for all processes that it forks."""

import math
import mmap
import struct
import zlib

_ENTRIES = 1024
_ENTRY = struct.Struct("ddd")  # seconds in all; begin and end of the latest span of them


class Account:
    """Seconds by server. Those that several processes wait for it at the same time are counted once.

    Two servers may happen to have one entry, and of two processes that write at the same time one may be
    forgotten: it holds limits, and no more than that.
    """

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _ENTRIES * _ENTRY.size)  # shared with what is forked later

    def spent(self, server: str) -> float:
        """Seconds that a server has cost."""
        seconds, _, _ = self._entry(server)
        return seconds

    def spend(self, server: str, begin: float, seconds: float) -> None:
        """Add a span of time. `begin` is when it began, by a clock that all processes have."""
        if seconds <= 0:
            return
        total, first, last = self._entry(server)
        end, known = begin + seconds, last - first
        if begin > last or end < first:  # it has nothing in common with the latest one
            first, last, known = begin, end, 0.0
        first, last = min(begin, first), max(end, last)
        _ENTRY.pack_into(self._memory, _place(server), total + last - first - known, first, last)

    def give_up(self, server: str) -> None:
        """From here on, it has cost more than anybody has."""
        _ENTRY.pack_into(self._memory, _place(server), math.inf, 0.0, 0.0)

    def _entry(self, server: str) -> tuple[float, float, float]:
        total, first, last = _ENTRY.unpack_from(self._memory, _place(server))
        return float(total), float(first), float(last)


def _place(server: str) -> int:
    return zlib.crc32(server.encode(errors="surrogateescape")) % _ENTRIES * _ENTRY.size
