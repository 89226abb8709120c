"""A repository in the scratch folder that borrows the objects of the workspace's, and its remote."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pkgaction.adapters import git_asking, git_process
from pkgaction.adapters.clock import SystemClock
from pkgaction.adapters.git_asking import REMOTE_SECONDS
from pkgaction.adapters.git_process import CAN_FAIL, LOCAL_SECONDS
from pkgaction.adapters.git_remote import NAME, URL, Settings
from pkgaction.errors import UsageError
from pkgaction.ports import Clock


@dataclass(slots=True)
class Borrowed:
    """The repository in the scratch folder. What has to be fetched lands there."""

    workspace: Path  # the top folder of the checkout
    bare: Path  # in the scratch folder
    env: Mapping[str, str] = field(repr=False)
    barred: UsageError | None = None  # why the remote can't be reached
    clock: Clock = field(default_factory=SystemClock, repr=False)

    @property
    def shallow(self) -> bool:
        """Whether some commit's parents are missing."""
        return (self.bare / "shallow").exists()

    def has(self, commit: str) -> bool:
        """Whether the commit is there."""
        return bool(self.git("cat-file", "-t", commit, accept=CAN_FAIL).strip() == b"commit")

    def fetch(self, *refs: str, options: Sequence[str] = ()) -> None:
        """Fetch into the borrowed repository.

        Raises:
            CommitMissingError: the remote has no such object or ref.
        """
        fixed = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance")
        self.git("fetch", *fixed, *options, "--end-of-options", NAME, *refs, seconds=REMOTE_SECONDS)

    def git(
        self,
        *arguments: str,
        seconds: float = LOCAL_SECONDS,
        accept: frozenset[int] = frozenset({0}),
    ) -> bytes:
        """Run git on the borrowed repository; what it prints.

        Raises:
            UsageError: the remote is needed, and can't be reached, or refuses.
            GitError: it fails; what asks the remote is tried again before.
        """
        if self.barred and seconds == REMOTE_SECONDS and not accept >= CAN_FAIL:
            raise self.barred
        # a relative address of the remote counts from the checkout
        command = [f"--git-dir={self.bare}", *arguments]
        cwd = self.workspace if seconds == REMOTE_SECONDS else self.bare
        if seconds == REMOTE_SECONDS and not accept >= CAN_FAIL:
            return git_asking.ask(command, env=self.env, cwd=cwd, clock=self.clock)
        done = git_process.run(command, env=self.env, cwd=cwd, seconds=seconds, accept=accept)
        return done.stdout


def addresses(top: Path, env: Mapping[str, str]) -> tuple[str, str]:
    """Where the checkout came from: as it is written, and after all rules for addresses. Empty where
    it has no remote.
    """
    # the checkout's own, of several the first, as git fetches
    asked = ["config", "--local", "--includes", "--get-all", URL]
    found = git_process.run(asked, env=env, cwd=top, accept=CAN_FAIL).stdout.decode()
    if not (written := found.partition("\n")[0]):
        return "", ""
    done = git_process.run(["ls-remote", "--get-url", written], env=env, cwd=top)
    return written, done.stdout.decode().rstrip("\n")


def partial(top: Path, env: Mapping[str, str]) -> Settings:
    """What a partial clone knows of its remote, for the borrowed repository."""
    keys = ("remote.origin.promisor", "remote.origin.partialclonefilter", "extensions.partialclone")
    return tuple((key, value) for key in keys if (value := _configured(top, env, key)))


def _configured(top: Path, env: Mapping[str, str], key: str) -> str:
    done = git_process.run(["config", "--get", key], env=env, cwd=top, accept=CAN_FAIL)
    return done.stdout.decode().rstrip("\n")


def borrow(scratch: Path, common: Path, object_format: str, env: Mapping[str, str]) -> Path:
    """A bare repository that has the objects of another one, and its shallow border."""
    bare = scratch / "repository.git"
    options = ["--quiet", "--bare", "--template=", f"--object-format={object_format}"]
    git_process.run(["init", *options, str(bare)], env=env, cwd=scratch)
    alternates = bare / "objects" / "info" / "alternates"
    alternates.parent.mkdir(parents=True, exist_ok=True)
    alternates.write_text(f"{common / 'objects'}\n")
    if (shallow := common / "shallow").exists():
        (bare / "shallow").write_bytes(shallow.read_bytes())
    return bare
