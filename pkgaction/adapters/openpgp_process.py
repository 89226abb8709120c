"""GnuPG with a time limit, which python-gnupg has none of."""

import signal
import threading
from subprocess import Popen
from typing import ClassVar

import gnupg

from pkgaction.errors import SigningKeyError

LONGEST = 300.0  # seconds of one call; hashing the largest zip takes some ten


class LimitedGpg(gnupg.GPG):  # type: ignore[misc] # the library has no types
    """Ends a gpg that gives no answer: its agent hangs, say, or a lock is never released.

    Every call may raise SigningKeyError for it.
    """

    _limits: ClassVar[dict[int, threading.Timer]] = {}  # by process

    def _open_subprocess(self, *args: object, **options: object) -> "Popen[bytes]":
        process: Popen[bytes] = super()._open_subprocess(*args, **options)
        limit = threading.Timer(LONGEST, process.kill)
        limit.daemon = True
        self._limits[process.pid] = limit
        limit.start()
        return process

    def _collect_output(self, process: "Popen[bytes]", *args: object, **options: object) -> object:
        try:
            found: object = super()._collect_output(process, *args, **options)
        finally:
            self._limits.pop(process.pid).cancel()
        if process.returncode == -signal.SIGKILL:
            what = f"it was ended: it gave no answer in {LONGEST:.0f} seconds, or memory was short"
            fix = "run the job again; if it stays, try the key with `gpg --sign` at a terminal"
            raise SigningKeyError(what=what, where="gpg", fix=fix)
        return found
