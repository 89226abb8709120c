"""What a process does for the secrets it holds, and for the processes that it starts."""

import ctypes
import os
import re
import resource
import signal
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

from pkgaction.starting import SIGNALS

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE = 1, 4  # prctl(2)
# Every input, as a secret may stand in one with a misspelt name; and what is called a secret.
_SECRET = re.compile(
    r"INPUT_.*|.*(TOKEN|SECRET|PASSWORD|PASSPHRASE|PRIVATE[-_]?KEY|API[-_]?KEY).*",
    re.IGNORECASE | re.DOTALL,
)


def forbid_core_dumps() -> None:
    """No core file of this process or a process that it starts holds a key.

    The limit is inherited, but the kernel ignores it where core files are piped to a program; a process
    that is not dumpable has none at all, and hides its memory and environment from its user's others.
    Source: core(5), PR_SET_DUMPABLE(2const).
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, however that ends. On Linux only.

    Args:
        parent: its process id. Where it has ended already, this process ends now.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)


@dataclass(slots=True)
class _Waiting:
    depth: int = 0  # of blocks in which signals wait
    number: int = 0  # of the first signal that does; 0: none


_waiting = _Waiting()


def is_to_wait(number: int) -> bool:
    """Whether a signal's handler is to do nothing now: it is called again when the block ends."""
    if not _waiting.depth:
        return False
    _waiting.number = _waiting.number or number
    return True


@contextmanager
def handlers_wait() -> Iterator[None]:
    """A signal that comes during the block is handled after it, by handlers that ask `is_to_wait`."""
    _waiting.depth += 1
    try:
        yield
    finally:
        _waiting.depth -= 1
        if not _waiting.depth and _waiting.number:
            number, _waiting.number = _waiting.number, 0
            signal.raise_signal(number)


@contextmanager
def signals_wait() -> Iterator[None]:
    """A signal that comes during a fork is handled after it.

    What its handler raised in a hook of the fork would be ignored; and in a process that is not ready
    yet, it would end work that is not its own. Another thread may be sent the signal all the same.
    """
    with handlers_wait():
        before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def begin_forked(parent: int) -> None:
    """Begin in a process that was forked for work: it leaves signals to its parent, and ends with it.

    Args:
        parent: its process id.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for each in (signal.SIGINT, signal.SIGHUP):  # a terminal sends them to each process of its group
        signal.signal(each, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    die_with(parent)


def take_environment(environ: MutableMapping[str, str]) -> Mapping[str, str]:
    """Take the secrets out of the process's environment, which every process that it starts inherits.

    Args:
        environ: `os.environ`, which has no secret any more afterwards; nor has /proc/PID/environ.

    Returns:
        All that it held.
    """
    taken = dict(environ)
    if sys.platform == "linux":
        _overwrite()
    for name in taken:
        if _SECRET.fullmatch(name):
            del environ[name]
    return taken


def _overwrite() -> None:
    """Overwrite the secrets where the kernel put them at the start, and shows them for good.

    To remove a variable only forgets where it is. Source: proc_pid_environ(5), environ(7).
    """
    variables = ctypes.POINTER(ctypes.c_void_p).in_dll(ctypes.CDLL(None), "environ")
    place = 0
    while address := cast("int | None", variables[place]):
        name, _, value = ctypes.string_at(address).partition(b"=")
        if _SECRET.fullmatch(os.fsdecode(name)):
            ctypes.memset(address + len(name) + 1, 0, len(value))
        place += 1
