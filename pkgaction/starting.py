"""A signal that comes while the program is still loaded: one line says so, and nothing was begun.

Little is imported here, so that it is in force soon. There is nothing to clean up yet: the handler
itself ends the process, and nothing can ignore it.
"""

import os
import signal
from collections.abc import Callable
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)  # that end a process, and are told of
TERMINATED = 128 + signal.SIGTERM
_WHAT = "the job was cancelled before anything was begun"
_FIX = "run the job again"
# as `report.outputs` has them for a run without a result
OUTPUTS = {
    "published": "false",
    "packages": "[]",
    "matrix": '{"include":[]}',
    "comment-url": "",
    "report": "",
}


def as_action() -> None:
    """From here on a signal ends the Action so. A container's first process is sent no other signals."""

    def leave(number: int) -> int:
        del number
        _write(1, f"::error::{_WHAT} ({_FIX})\n")
        summary = f"## Nothing was published: the run stopped\n\n{_WHAT} ({_FIX})\n"
        _append(os.environ.get("GITHUB_STEP_SUMMARY", ""), summary)
        lines = "".join(f"{name}<<end\n{value}\nend\n" for name, value in OUTPUTS.items())
        _append(os.environ.get("GITHUB_OUTPUT", ""), lines)
        return TERMINATED

    _end_by(leave)


def as_command() -> None:
    """From here on a signal ends the command so."""

    def leave(number: int) -> int:
        _write(2, f"pkgaction: {signal.Signals(number).name} came before anything was begun\n")
        return 128 + number

    _end_by(leave)


def listened_to() -> list[signal.Signals]:
    """The signals that are not ignored for a reason: by nohup, or in a shell's background job."""
    return [
        each
        for each in SIGNALS
        if each == signal.SIGTERM or signal.getsignal(each) is not signal.SIG_IGN
    ]


def _end_by(leave: Callable[[int], int]) -> None:
    def end(number: int, frame: FrameType | None) -> None:
        del frame
        try:
            for each in SIGNALS:
                signal.signal(each, signal.SIG_IGN)
            status = leave(number)
        except BaseException:  # noqa: BLE001 - another signal, or a disk that is full: it ends all the same
            status = 128 + number
        os._exit(status)

    for each in listened_to():
        signal.signal(each, end)


def _write(stream: int, line: str) -> None:
    try:
        os.write(stream, line.encode())
    except OSError:
        return  # nobody reads it


def _append(path: str, text: str) -> None:
    if path:
        try:
            handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            os.write(handle, text.encode())
        except OSError as error:
            _write(1, f"::warning::the report is incomplete: {error.strerror}\n")
