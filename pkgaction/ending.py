"""How a process ends before its work is done: told by a signal, the Action and the commands alike."""

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

TERMINATED = 128 + signal.SIGTERM
INTERRUPTED = 128 + signal.SIGINT


def on_termination(*, once: bool) -> None:
    """End on SIGTERM and SIGINT: as a container's first process, Python would ignore the one.

    Args:
        once: what comes after the first signal is ignored: a runner sends one after the other, and the
            report is written in between. Otherwise the second one ends the process at once.
    """
    afterwards = signal.SIG_IGN if once else signal.SIG_DFL

    def end(number: int, frame: FrameType | None) -> NoReturn:
        del frame
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, afterwards)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(TERMINATED)

    signal.signal(signal.SIGTERM, end)
    if (
        signal.getsignal(signal.SIGINT) is not signal.SIG_IGN
    ):  # a shell's background job keeps ignoring it
        signal.signal(signal.SIGINT, end)


def ended(status: int) -> int:
    """Leave at once, without waiting for requests that are under way; everything else is cleaned up."""
    sys.stdout.flush()
    os._exit(status)
