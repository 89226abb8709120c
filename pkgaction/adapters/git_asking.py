"""Asking a git server: what is passing is tried again; what the server itself says of it is told apart.

Source of the words: git's remote-curl.c, http.c, connect.c, fetch-pack.c and upload-pack.c, LC_ALL=C.
"""

import re
import subprocess
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from pkgaction.adapters import git_process
from pkgaction.adapters.clock import pauses
from pkgaction.errors import CommitMissingError, GitError, UsageError
from pkgaction.ports import Clock

REMOTE_SECONDS = 300.0  # for all attempts together
_RETRIES = 3
_ANY_STATUS = frozenset(range(-64, 256))
# a connection that brings nothing for so long is given up, so that there is time for another
STALLED = (("http.lowSpeedLimit", "1"), ("http.lowSpeedTime", "90"))

_MISSING = re.compile(
    r"not our ref|couldn't find remote ref|no such remote ref|unadvertised object", re.IGNORECASE
)
_REFUSED = re.compile(
    r"could not read (username|password)|authentication failed|repository not found|"
    r"repository '.*' not found|returned error: 40[134]\b|permission denied \(|access denied|"
    r"host key verification failed|does not appear to be a git repository",
    re.IGNORECASE,
)
_LOGIN = "give github-token the right `contents: read` on this repository, or check it out again"


def ask(arguments: Sequence[str], *, env: Mapping[str, str], cwd: Path, clock: Clock) -> bytes:
    """Run git where it needs the remote; what it prints.

    Raises:
        CommitMissingError: the server says that it has no such thing.
        UsageError: it does not let us in, or there is no such repository.
        GitError: anything else, several times.
    """
    end = clock.now() + timedelta(seconds=REMOTE_SECONDS)
    waits = list(pauses(_RETRIES))
    while True:
        left = (end - clock.now()).total_seconds()
        done = git_process.run(arguments, env=env, cwd=cwd, seconds=max(left, 1), accept=_ANY_STATUS)
        if not done.returncode:
            return done.stdout
        error = _error(arguments, done)
        if not isinstance(error, GitError) or not waits or left <= waits[0]:
            raise error
        clock.sleep(waits.pop(0))


def _error(
    arguments: Sequence[str], done: subprocess.CompletedProcess[bytes]
) -> CommitMissingError | UsageError | GitError:
    said, failed = done.stderr.decode(errors="replace"), git_process.failure(arguments, done)
    if _MISSING.search(said):
        return CommitMissingError(what=failed.what, fix="name what is there, or push it first")
    if _REFUSED.search(said):
        return UsageError(what=failed.what, where="git", fix=_LOGIN)
    return failed
