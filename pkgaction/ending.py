"""How a process ends before its work is done: told by a signal, the Action and the commands alike."""

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

TERMINATED = 128 + signal.SIGTERM


def on_termination() -> None:
    """End at once on SIGTERM: as a container's first process, Python would ignore it."""
    signal.signal(signal.SIGTERM, _terminated)


def ended(status: int) -> int:
    """Leave at once, without waiting for requests that are under way; everything else is cleaned up."""
    sys.stdout.flush()
    os._exit(status)


def _terminated(number: int, frame: FrameType | None) -> NoReturn:
    del number, frame
    raise SystemExit(TERMINATED)
