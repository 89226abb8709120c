"""A git repository behind the port `Repository`.

All reading goes through a bare repository in the scratch folder that borrows the workspace's objects:
what has to be fetched lands there, so the workspace is never written to, and neither its working tree,
its filters nor its configuration decide what is published.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from pkgaction.adapters import (
    git_asking,
    git_borrow,
    git_history,
    git_hunks,
    git_landed,
    git_process,
    git_remote,
)
from pkgaction.adapters.clock import SystemClock
from pkgaction.adapters.git_borrow import Borrowed
from pkgaction.adapters.git_branches import Branches
from pkgaction.adapters.git_process import CAN_FAIL
from pkgaction.adapters.git_remote import TERMINAL, Server
from pkgaction.adapters.git_tree import CommitFiles, Objects, list_tree
from pkgaction.errors import CommitMissingError, GitError, UsageError
from pkgaction.model import globs
from pkgaction.model.event import Landed, PullRequest
from pkgaction.model.paths import ROOT
from pkgaction.model.tree import RepositoryFiles, Tree, TreeFile
from pkgaction.ports import Clock

_FULL_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_PATHS_A_CALL = 200
_OBJECTS_A_FETCH = 1_000
_LARGE = 1 << 20  # bytes of a file


@dataclass(slots=True)
class GitRepository(Borrowed):
    """The repository that holds the workspace."""

    _objects: Objects = field(init=False, repr=False)
    _branches: Branches = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._objects = Objects(self.bare, self.env)
        self._branches = Branches(self)

    @classmethod
    def open(
        cls,
        folder: Path,
        scratch: Path,
        environ: Mapping[str, str],
        *,
        server: Server = TERMINAL,
        clock: Clock | None = None,
    ) -> Self:
        """Open the repository that a folder lies in; its remote is reached as the server asks for.

        Raises:
            UsageError: the folder lies in none.
        """
        if not folder.is_dir():
            fix = "name a folder with a checkout"
            raise UsageError(what="there is no such folder", where=str(folder), fix=fix)
        env = git_process.environment(environ)
        asked = ("--show-toplevel", "--git-common-dir", "--show-object-format")
        try:
            command = ["rev-parse", "--path-format=absolute", *asked]
            found = git_process.run(command, env=env, cwd=folder).stdout.decode().splitlines()
        except GitError as error:
            checkout = "check the repository out first: actions/checkout"
            fix = error.fix if error.fix == git_process.INSTALL else checkout
            raise UsageError(what=error.what, where=str(folder), fix=fix) from error
        top, common, object_format = Path(found[0]), Path(found[1]), found[2]
        way = git_remote.way(*git_borrow.addresses(top, env), server)
        bare = git_borrow.borrow(scratch, common, object_format, env)
        settings = (*git_asking.STALLED, *git_borrow.partial(top, env), *way.settings)
        env = git_process.environment(environ, settings)
        return cls(top, bare, env, way.barred, clock or SystemClock())

    def close(self) -> None:
        """End the processes that read for us."""
        self._objects.close()

    def commit(self, revision: str) -> str:
        """The full id of a commit, fetched if it isn't in the clone."""
        if _FULL_ID.fullmatch(revision):
            return revision if self.has(revision) else self._fetch_commit(revision)
        command = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"]
        found = git_process.run(command, env=self.env, cwd=self.workspace, accept=CAN_FAIL)
        return self.commit(found.stdout.decode().strip()) if found.stdout else self.remote(revision)

    def remote(self, name: str) -> str:
        """The full id of the commit that a branch or tag of the remote points to, fetched."""
        if _FULL_ID.fullmatch(name):
            return self.commit(name)
        name = name.removeprefix("refs/heads/").removeprefix("refs/tags/")
        fix = "name a branch, a tag or a full commit id"
        if git_remote.URL not in self.env.values():
            what = f"{name!r} is no commit here, and the clone has no remote"
            raise CommitMissingError(what=what, fix=fix)
        refs = self._branches.refs(f"refs/heads/{name}", f"refs/tags/{name}", f"refs/tags/{name}^{{}}")
        for ref in (f"refs/heads/{name}", f"refs/tags/{name}^{{}}", f"refs/tags/{name}"):
            if ref in refs:
                return self.commit(refs[ref])
        what = f"{name!r} is no commit, branch or tag here or on the remote"
        raise CommitMissingError(what=what, fix=fix)

    def first_parent(self, commit: str) -> str | None:
        """The commit's first parent, fetched if it isn't in the clone; None for a root commit.

        The commit object is read itself: in a shallow clone git's own `^1` pretends it has none.
        """
        parents = self._parents(commit)
        return self.commit(parents[0]) if parents else None

    def before_merge(self, merge: str, pull: PullRequest) -> str | None:
        """The commit that the branch had before a pull request was merged; None for a root commit."""
        if len(self._parents(merge)) != 1 or pull.commits < 2 or not pull.head:  # noqa: PLR2004 - one or more
            return self.first_parent(merge)
        own = self._newest(pull.head, pull.commits, "--no-merges")
        there = self._newest(merge, pull.commits, "--first-parent")
        return self.first_parent(git_history.oldest_copy(own, there))

    def merge_base(self, commit: str, branch: str) -> str | None:
        """Where the commit left the remote's branch; None if they have nothing in common."""
        tip = self._branches.tips().get(branch, "")
        for _ in self._branches.deepening(branch) if tip else ():
            found = self.git("merge-base", commit, tip, accept=CAN_FAIL).decode().strip()
            if found:
                return found
        return None

    def changed_paths(self, base: str, head: str) -> Sequence[str]:
        """Paths whose content or kind differs between two commits' trees, no renames followed."""
        raw = self.git("diff-tree", "-r", "-z", "--raw", "--no-renames", base, head)
        fields = raw.split(b"\0")
        return [_text(path) for path in fields[1::2]]

    def changed_lines(self, base: str, head: str, paths: Iterable[str]) -> Mapping[str, Sequence[range]]:
        """The lines of files that are new or other between two commits; of large files none."""
        wanted = sorted(paths)
        found: dict[str, Sequence[range]] = {}
        for start in range(0, len(wanted), _PATHS_A_CALL):
            part = wanted[start : start + _PATHS_A_CALL]
            for commit in (base, head):
                self._listed("--full-tree", commit, "--", *part)
            large = ("-c", f"core.bigFileThreshold={_LARGE}", "-c", "core.quotePath=false")
            patch = self.git(*large, "diff-tree", *git_hunks.OPTIONS, base, head, "--", *part)
            found |= git_hunks.new_lines(patch)
        return found

    def messages(self, base: str, head: str, count: int) -> Mapping[str, str]:
        """The messages of the newest commits to `head`, along all parents, without those of `base`."""
        if base and self.shallow:
            with suppress(CommitMissingError):  # without its history, some of it may be told as new
                self._fetch_commit(base, count + 1)
        found = self._newest(head, count, *([f"^{base}"] if base else []))
        return {commit.id: commit.message.decode(errors="replace") for commit in found}

    def landed(self, base: str, head: str, branch: str) -> Sequence[Landed]:
        """The way of a branch from `base`, exclusive, to `head`; the head alone where unknown."""
        if base and self._branches.connected(base, head, branch):
            return git_landed.first_parents(self, base, head)
        return [git_landed.alone(self, head)]

    def entries(self, commit: str, paths: Iterable[str]) -> Mapping[str, TreeFile]:
        """Those of the paths that stand in the commit's tree and are no folder, by path."""
        wanted = list(paths)
        found: dict[str, TreeFile] = {}
        for start in range(0, len(wanted), _PATHS_A_CALL):
            part = wanted[start : start + _PATHS_A_CALL]
            raw = self._listed("--full-tree", commit, "--", *part)
            listed = [entry for entry in list_tree(raw) if not entry.is_folder]
            found |= {e.path: self._objects.file(e) for e in listed if e.path in part}
        return found

    def folders(self, commit: str) -> Sequence[str]:
        """Every folder in the commit's tree."""
        raw = self.git("ls-tree", "-r", "-d", "-z", "--full-tree", "--name-only", commit)
        return [_text(name) for name in raw.split(b"\0") if name]

    def paths_named(self, commit: str, name: str) -> Sequence[str]:
        """Every path in the commit's tree, of no folder, whose last part is this name."""
        raw = self.git("ls-tree", "-r", "-z", "--full-tree", "--name-only", commit)
        last = name.encode()
        return [_text(path) for path in raw.split(b"\0") if path.rpartition(b"/")[2] == last]

    def tree(self, commit: str, folder: str) -> Tree:
        """The files below a folder of the commit's tree; `.` is its root."""
        raw = self._listed("-r", f"{commit}:{'' if folder == ROOT else folder}")
        return Tree(tuple(self._objects.file(entry) for entry in list_tree(raw)))

    def files(self, commit: str) -> RepositoryFiles:
        """The commit's files by path."""
        return CommitFiles(self._objects, commit)

    def publishing_branch(self, commit: str, branches: Sequence[str], *, prefer: str = "") -> str | None:
        """The remote's branch that the commit lies on, out of those that match a glob."""
        found = {n: tip for n, tip in self._branches.tips().items() if globs.matches(n, branches)}
        heads = sorted(found.items(), key=lambda head: head[0] != prefer)
        for name, tip in heads:
            if tip == commit:
                return name
        return next((name for name, _ in heads if self._branches.contains(name, commit)), None)

    def _listed(self, *what: str) -> bytes:
        """A tree with sizes. A partial clone's missing blobs are fetched at once, not one by one."""
        if "remote.origin.promisor" in self.env.values():
            entries = list_tree(self.git("ls-tree", "-z", *what))
            blobs = [entry.oid for entry in entries if entry.is_blob]
            for start in range(0, len(blobs), _OBJECTS_A_FETCH):
                self.fetch(*blobs[start : start + _OBJECTS_A_FETCH], options=["--filter=blob:none"])
        return self.git("ls-tree", "-z", "-l", *what)

    def _parents(self, commit: str) -> list[str]:
        lines = self.git("cat-file", "commit", commit).split(b"\n\n", 1)[0].splitlines()
        return [line.split()[1].decode() for line in lines if line.startswith(b"parent ")]

    def _newest(self, commit: str, count: int, *which: str) -> list[git_history.Commit]:
        """The commit and those before it, newest first, fetched where the clone lacks some."""
        if self.shallow or not self.has(commit):
            self._fetch_commit(commit, count + 1 if self.shallow else 0)
        wanted = (*which, f"--max-count={count}", "--topo-order", f"--format={git_history.FORMAT}")
        return git_history.read(self.git("rev-list", *wanted, commit))

    def _fetch_commit(self, commit: str, depth: int = 1) -> str:
        fix = "fetch it (actions/checkout with fetch-depth: 0), or name a commit of this repository"
        what = f"the commit {commit} is not in the clone{self._checked_out()} and can't be fetched"
        try:
            self.fetch(commit, options=[f"--depth={depth}"] if depth else [])
        except CommitMissingError as error:
            raise CommitMissingError(what=f"{what}: {error.what}", fix=fix) from error
        if not self.has(commit):
            raise CommitMissingError(what=what, fix=fix)
        return commit

    def _checked_out(self) -> str:
        command = ["rev-parse", "--verify", "--quiet", "HEAD"]
        found = git_process.run(command, env=self.env, cwd=self.workspace, accept=CAN_FAIL)
        return f" (which has {found.stdout.decode().strip()} checked out)" if found.stdout else ""


def _text(name: bytes) -> str:
    """A path as text; bytes that are no UTF-8 stay, as surrogates, and are refused later."""
    return name.decode("utf-8", "surrogateescape")
