"""The remote's branches: where they end, and what lies on them. Shallow clones are deepened for that."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from pkgaction.adapters import git_process
from pkgaction.adapters.git_asking import REMOTE_SECONDS
from pkgaction.adapters.git_borrow import Borrowed
from pkgaction.adapters.git_process import CAN_FAIL
from pkgaction.adapters.git_remote import NAME
from pkgaction.errors import CommitMissingError

_DEPTHS = (50, 1_000, 20_000)  # commits; then the whole history
_FEW_DEPTHS = (50, 300)  # commits that are fetched where a shallow clone lacks the way


@dataclass(slots=True)
class Branches:
    """The branches that a borrowed repository's remote has."""

    repository: Borrowed
    _heads: dict[str, str] | None = field(default=None, init=False, repr=False)

    def tips(self) -> dict[str, str]:
        """The remote's branches and their tips, asked for once."""
        if self._heads is None:
            refs = self.refs("refs/heads/*")
            heads = {ref: oid for ref, oid in refs.items() if ref.startswith("refs/heads/")}
            self._heads = {ref.removeprefix("refs/heads/"): oid for ref, oid in heads.items()}
        return self._heads

    def refs(self, *patterns: str) -> dict[str, str]:
        """What the remote's refs point to, of those that match."""
        raw = self.repository.git(
            "ls-remote", "--refs" if "^" not in patterns[-1] else "--quiet", NAME, *patterns,
            seconds=REMOTE_SECONDS,
        )  # fmt: skip
        pairs = [line.split("\t", 1) for line in raw.decode(errors="replace").splitlines()]
        return {ref: oid for oid, ref in pairs}

    def deepening(self, branch: str) -> Iterator[None]:
        """Fetch more and more of a branch's history, until there is no more."""
        self.repository.fetch(f"refs/heads/{branch}")
        yield
        for depth in _DEPTHS:
            if not self.repository.shallow:
                return
            self.repository.fetch(f"refs/heads/{branch}", options=[f"--depth={depth}"])
            yield
        if self.repository.shallow:
            self.repository.fetch(f"refs/heads/{branch}", options=["--unshallow"])
            yield

    def contains(self, branch: str, commit: str) -> bool:
        """Whether a commit lies on a branch."""
        tip = self.tips()[branch]
        return any(self._is_ancestor(commit, tip) for _ in self.deepening(branch))

    def connected(self, base: str, head: str, branch: str) -> bool:
        """Whether the history from `head` leads to `base`; a shallow clone is deepened for that."""
        for depth in (0, *_FEW_DEPTHS):
            if depth and not self.repository.shallow:
                return False
            try:
                if depth:
                    self.repository.fetch(f"refs/heads/{branch}", options=[f"--depth={depth}"])
            except CommitMissingError:
                return False  # the branch is gone
            if self._is_ancestor(base, head):
                return True
        return False

    def _is_ancestor(self, commit: str, tip: str) -> bool:
        command = [f"--git-dir={self.repository.bare}", "merge-base", "--is-ancestor", commit, tip]
        done = git_process.run(
            command, env=self.repository.env, cwd=self.repository.bare, accept=CAN_FAIL
        )
        return done.returncode == 0
