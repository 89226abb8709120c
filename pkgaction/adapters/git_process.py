"""Running git: argument lists only, a clean environment, time limits, readable failures."""

import contextlib
import io
import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, cast

from pkgaction.adapters.child_environment import GIT, inherited
from pkgaction.errors import GitError, of_machine

LOCAL_SECONDS = 60.0
LARGE_SECONDS = 300.0  # until more of a large file comes
_LOGIN_IN_ADDRESS = re.compile(r"(?<=://)[^/@\s']*@")
CAN_FAIL = frozenset({0, 1, 128})  # exit statuses of a question that may be answered with no


def environment(environ: Mapping[str, str], config: Iterable[tuple[str, str]] = ()) -> dict[str, str]:
    """The environment for git, with configuration that never shows in argument lists. A key may come
    more than once: some have several values.

    `safe.directory` is passed here because a container's workspace belongs to another user; a global
    configuration file is never edited.
    """
    settings = [("safe.directory", "*"), *config]
    numbered = {}
    for number, (key, value) in enumerate(settings):
        numbered[f"GIT_CONFIG_KEY_{number}"] = key
        numbered[f"GIT_CONFIG_VALUE_{number}"] = value
    return {
        **inherited(environ, GIT),
        **numbered,
        "GIT_CONFIG_COUNT": str(len(settings)),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_ALLOW_PROTOCOL": "https:http:ssh:file",
        "LC_ALL": "C",
    }


INSTALL = "install git"


def run(
    arguments: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    seconds: float = LOCAL_SECONDS,
    accept: frozenset[int] = frozenset({0}),
) -> subprocess.CompletedProcess[bytes]:
    """Run git to its end.

    Raises:
        GitError: it took longer than `seconds`, can't be started, or ended with another status than
            those accepted.
    """
    try:
        done = subprocess.run(
            ["git", *arguments],
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        what = f"git {_verb(arguments)} took longer than {seconds:.0f} seconds"
        raise GitError(what=what, fix="run the job again") from error
    except OSError as error:
        what = f"git can't be started: {error.strerror}"
        raise of_machine(error) or GitError(what=what, fix=INSTALL) from error
    except ValueError as error:
        what = f"git {_verb(arguments)} can't be asked for a name with a NUL"
        raise GitError(what=what, fix="rename the file or revision") from error
    if done.returncode not in accept:
        raise failure(arguments, done)
    return done


def failure(arguments: Sequence[str], done: subprocess.CompletedProcess[bytes]) -> GitError:
    """The error for a command that failed."""
    what = f"git {_verb(arguments)} failed: {_said(done)}"
    return GitError(what=what, fix="check the checkout and its remote, then run the job again")


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    """The line that says why; git's advice comes after it."""
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    why = [line for line in lines if line.startswith(("fatal: ", "error: "))]
    return _LOGIN_IN_ADDRESS.sub("", [*why, *lines, f"status {done.returncode}"][0])


def _verb(arguments: Sequence[str]) -> str:
    """The subcommand: the first argument that is no option of git itself, and no value of one."""
    return next((a for a in arguments if not a.startswith(("-", "/")) and "=" not in a), "")


class BlobReader:
    """One `git cat-file --batch`, asked for one blob after another, from any thread."""

    def __init__(self, repository: Path, env: Mapping[str, str]) -> None:
        self._command = ["git", f"--git-dir={repository}", "cat-file", "--batch"]
        self._env = dict(env)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._user = os.getpid()
        self._others: subprocess.Popen[bytes] | None = None  # held, never used and never ended

    def read(self, oid: str) -> bytes:
        """The blob's bytes."""
        with self._lock:
            process = self._process = self._mine() or _piped(self._command, self._env)
            try:
                with _in_time(process, LOCAL_SECONDS):
                    return _answer(process, oid)
            except OSError as error:
                raise GitError(what=f"git cat-file broke off at {oid}") from error

    def _mine(self) -> subprocess.Popen[bytes] | None:
        """The process, unless it is that of the process which we were forked from."""
        if self._user == os.getpid():
            return self._process
        self._user, self._others = os.getpid(), self._process
        return None

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            _end(process)


def open_blob(repository: Path, oid: str, env: Mapping[str, str]) -> io.BufferedReader:
    """A stream of a blob that is too large to hold."""
    command = ["git", f"--git-dir={repository}", "cat-file", "blob", oid]
    return _BlobStream(_piped(command, dict(env), buffered=False), oid)


class _BlobStream(io.BufferedReader):
    """The output of a process, which ends with the stream."""

    def __init__(self, process: subprocess.Popen[bytes], oid: str) -> None:
        super().__init__(cast("io.RawIOBase", _pipe(process.stdout)), 1 << 20)
        self._process = process
        self._oid = oid

    def read(self, size: int | None = -1, /) -> bytes:
        with _in_time(self._process, LARGE_SECONDS):
            data = super().read(size)
        if not data and size != 0 and (status := self._process.wait(LOCAL_SECONDS)):
            if status == -signal.SIGKILL:
                what = f"git cat-file broke off at {self._oid}"
                raise GitError(what=what, fix="run the job again")
            fix = "check the repository out again"
            raise GitError(what=f"the object {self._oid} is not in the repository", fix=fix)
        return data

    def close(self) -> None:
        super().close()
        _end(self._process)


def _piped(
    command: Sequence[str], env: dict[str, str], *, buffered: bool = True
) -> subprocess.Popen[bytes]:
    pipe, none, size = subprocess.PIPE, subprocess.DEVNULL, -1 if buffered else 0
    return subprocess.Popen(command, bufsize=size, env=env, stdin=pipe, stdout=pipe, stderr=none)


@contextlib.contextmanager
def _in_time(process: subprocess.Popen[bytes], seconds: float) -> Iterator[None]:
    """What is waited for comes in time, or the process is ended: git may fetch what a clone lacks."""
    timer = threading.Timer(seconds, process.kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        message = "the process has no pipe"
        raise OSError(message)
    return stream


def _answer(process: subprocess.Popen[bytes], oid: str) -> bytes:
    ask, answer = _pipe(process.stdin), _pipe(process.stdout)
    ask.write(oid.encode() + b"\n")
    ask.flush()
    header = answer.readline().split()
    if len(header) != 3:  # noqa: PLR2004 - "OID TYPE SIZE", or "OID missing"
        what = f"the object {oid} is not in the repository"
        raise GitError(what=what, fix="check the repository out again")
    size = int(header[2])
    data = answer.read(size + 1)
    if len(data) != size + 1:
        raise GitError(what=f"git cat-file broke off at {oid}")
    return data[:-1]


def _end(process: subprocess.Popen[bytes]) -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    process.kill()
    process.wait()
