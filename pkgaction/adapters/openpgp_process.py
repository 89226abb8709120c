"""gpg as a process: one call, one answer, within a time limit.

Nothing that gpg writes is shown: it may quote the key.
"""

import contextlib
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pkgaction.adapters.child_environment import GPG, GPG_OF_THE_USER, inherited
from pkgaction.errors import OutsideError, SigningKeyError

LONGEST = 300.0  # seconds of one call; hashing the largest zip takes some ten
_STOPPING = 10.0  # seconds to end an agent
_FIXED = ("--batch", "--no-tty", "--with-colons", "--fixed-list-mode", "--status-fd", "1")
_TRUST = ("--no-auto-key-retrieve", "--trust-model", "always", "--no-auto-check-trustdb")
STATUS = "[GNUPG:] "
_FULL = ("No space left on device", "Disk quota exceeded")
# its input ends when the process that holds its other end does, also by SIGKILL
_AFTERWARDS = 'read -r _; gpgconf --homedir "$0" --kill all; exec /bin/rm -rf -- "$0"'
_PROBE = b"\0" * 65536  # as much as gpg writes for a key, and more


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one call of gpg said."""

    succeeded: bool
    lines: Sequence[str]  # of standard output: listings and status; what is not UTF-8 as surrogates
    errors: str = field(repr=False)  # for people, in English; never shown: may quote the key

    def status(self, *keywords: str) -> list[list[str]]:
        """The arguments of each status line with one of these keywords.

        Source: doc/DETAILS of GnuPG.
        """
        words = [line.removeprefix(STATUS).split() for line in self.lines if line.startswith(STATUS)]
        return [arguments for keyword, *arguments in filter(None, words) if keyword in keywords]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpg:
    """GnuPG on a home of ours; without one, on that of the user."""

    home: Path | None
    environ: Mapping[str, str] = field(repr=False)  # may hold secrets

    def run(self, *arguments: str, data: bytes = b"") -> Answer:
        """Run gpg once, with data on its standard input.

        Raises:
            SigningKeyError: gpg is not installed.
            OutsideError: it gives no answer in time, was killed, or the disk is full.
        """
        home = ("--homedir", str(self.home)) if self.home else ()
        command = ["gpg", *_FIXED, *_TRUST, *home, *arguments]
        try:
            done = subprocess.run(
                command, env=self._env(), input=data, timeout=LONGEST, check=False, capture_output=True
            )
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            fix = "install gpg and gpg-agent"
            raise SigningKeyError(what="gpg cannot be started", where="gpg", fix=fix) from None
        except subprocess.TimeoutExpired:
            raise _ended() from None
        if done.returncode == -signal.SIGKILL:
            raise _ended()
        errors = done.stderr.decode(errors="replace")
        if done.returncode and self.home:
            _require_space(self.home, errors)
        lines = done.stdout.decode(errors="surrogateescape").split("\n")
        return Answer(succeeded=done.returncode == 0, lines=lines, errors=errors)

    @contextlib.contextmanager
    def outlived(self) -> Iterator[None]:
        """Should this process be killed in the block, another one ends the agent and removes the home.

        An agent outlives who has started it, for as long as its home is there.
        """
        command = ["/bin/sh", "-c", _AFTERWARDS, str(self.home)]
        pipe, none = subprocess.PIPE, subprocess.DEVNULL
        afterwards = subprocess.Popen(
            command, env=self._env(), stdin=pipe, stdout=none, stderr=none, start_new_session=True
        )
        try:
            yield
            afterwards.kill()  # nothing is left for it to do
        finally:
            with contextlib.suppress(subprocess.TimeoutExpired):
                afterwards.communicate(b"\n", timeout=_STOPPING)

    def stop_agent(self) -> None:
        """End the agent of our home; it may have ended already."""
        command = ["gpgconf", "--homedir", str(self.home), "--kill", "all"]
        try:
            subprocess.run(command, env=self._env(), timeout=_STOPPING, check=False, capture_output=True)
        except (OSError, subprocess.TimeoutExpired):
            return  # it ends by itself when its home is gone

    def _env(self) -> dict[str, str]:
        names = GPG if self.home else GPG_OF_THE_USER
        return {**inherited(self.environ, names), "LC_ALL": "C.UTF-8"}


def _require_space(home: Path, errors: str) -> None:
    """Where gpg fails, find out whether the disk is to blame: its agent does not say so."""
    try:
        with tempfile.TemporaryFile(dir=home) as probe:
            probe.write(_PROBE)
            probe.flush()
    except OSError:
        full = True
    else:
        full = any(text in errors for text in _FULL)
    if full:
        fix = "free some space, or set TMPDIR to a folder on another disk, and run it again"
        raise OutsideError(what="no space left on the runner's disk", where=str(home), fix=fix)


def _ended() -> OutsideError:
    what = f"gpg gave no answer in {LONGEST:.0f} seconds, or was killed because memory was short"
    fix = "run the job again; if it stays, try the key with `gpg --sign` at a terminal"
    return OutsideError(what=what, where="gpg", fix=fix)
