"""What git says of the files in a folder: which it ignores, and which are not as they are committed.

The repository's own configuration starts no program: its file system monitor, hooks and filters are
switched off, and nothing is fetched. Nothing is written, either.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from pkgaction.adapters import checked_out, filtered, git_process
from pkgaction.adapters.checked_out import IndexEntry
from pkgaction.adapters.child_environment import GIT_CONFIGURATION, inherited
from pkgaction.adapters.git_process import CAN_FAIL
from pkgaction.adapters.named_file import real
from pkgaction.errors import GitError

_NO_PROGRAMS = {"core.fsmonitor": "false", "core.hooksPath": os.devnull}
_NO_FETCH = {"GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1"}
_NO_FILTER = {"clean": "", "process": "", "smudge": "", "required": "false"}
_STATUS = (
    "status",
    "--porcelain=v2",
    "-z",
    "--untracked-files=all",
    "--ignored=matching",
    "--no-renames",
    "--ignore-submodules=all",
)
_FIELDS_BEFORE_PATH = {"1": 8, "2": 9, "u": 10}  # git-status(1), "Porcelain Format Version 2"


class State(StrEnum):
    """Why a file is not as it is committed."""

    UNTRACKED = "untracked"
    CHANGED = "changed"
    DELETED = "deleted"
    STAGED = "staged, not committed"
    UNWATCHED = "git is told not to look at it"  # assume-unchanged, or a sparse checkout
    UNKNOWN = "git cannot tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingTree:
    """What git says of a folder. Paths are relative to it; that of a folder ends with a slash."""

    ignored: tuple[str, ...] = ()
    uncommitted: Mapping[str, State] = field(default_factory=dict)
    tracked: Mapping[str, IndexEntry] = field(default_factory=dict)
    blobs: Mapping[str, bytes] = field(
        default_factory=dict
    )  # committed bytes, where the disk has others
    top: Path | None = field(default=None, compare=False)  # of the repository's working tree
    is_ignored: bool = False  # all that was asked about: git says nothing of the files in it
    unknown: str = ""  # why git cannot tell


def examine(folder: Path, environ: Mapping[str, str]) -> WorkingTree | None:
    """What git says of a folder; None where it lies in no repository."""
    here = real(folder)
    if not any(os.path.lexists(above / ".git") for above in (here, *here.parents)):
        return None
    return _examined(here, environ, ".")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The repository around a package: git is asked about a file when building takes it."""

    root: Path
    environ: Mapping[str, str]
    _known: dict[str, WorkingTree] = field(default_factory=dict, compare=False)  # by path from the root

    def examine(self, path: str) -> WorkingTree:
        """What git says of one file; its path is relative to the root."""
        if path not in self._known:
            self._known[path] = self._examined(path)
        return self._known[path]

    def _examined(self, path: str) -> WorkingTree:
        found = _examined(self.root, self.environ, path)
        if found.unknown:
            return replace(found, uncommitted={path: State.UNKNOWN})
        state = found.uncommitted.get(path)  # of a folder, what is in it does not count
        place = self.root / path
        is_known = found.is_ignored or path in found.tracked
        if not is_known and (place.is_symlink() or place.is_file()):
            state = state or State.UNTRACKED  # what the index lacks is not committed, as in a submodule
        return replace(found, uncommitted={path: state} if state else {})

    @property
    def uncommitted(self) -> dict[str, State]:
        """Those of the files asked for so far that are not as they are committed."""
        return {path: state for git in self._known.values() for path, state in git.uncommitted.items()}

    @property
    def ignored(self) -> list[str]:
        """Those of the files asked for so far that git ignores."""
        return [path for path, git in self._known.items() if git.is_ignored]


def _examined(folder: Path, environ: Mapping[str, str], pathspec: str) -> WorkingTree:
    try:
        return _Asked.of(folder, environ, pathspec).answer()
    except GitError as error:
        return WorkingTree(unknown=error.what)


@dataclass(frozen=True, slots=True)
class _Asked:
    folder: Path
    env: Mapping[str, str]
    repository: Path
    prefix: str  # the folder's path from the top of the working tree; ends with a slash
    pathspec: str

    @classmethod
    def of(cls, folder: Path, environ: Mapping[str, str], pathspec: str) -> "_Asked":
        env = _environment(folder, environ)
        asked = ("rev-parse", "--is-inside-work-tree", "--show-prefix")
        said = git_process.run(asked, env=env, cwd=folder).stdout
        inside, _, prefix = said.partition(b"\n")
        if inside != b"true":
            raise GitError(what="the repository has no working tree")
        found = git_process.run(("rev-parse", "--absolute-git-dir"), env=env, cwd=folder).stdout
        repository = Path(os.fsdecode(found.removesuffix(b"\n")))
        return cls(folder, env, repository, os.fsdecode(prefix.removesuffix(b"\n")), pathspec)

    def answer(self) -> WorkingTree:
        ignored, uncommitted = self._status()
        tracked, unwatched = self._index()
        within = self.prefix if self.pathspec == "." else f"{self.prefix}{self.pathspec}"
        if any(path == within or (path.endswith("/") and within.startswith(path)) for path in ignored):
            return WorkingTree(top=self._top, is_ignored=True)
        uncommitted = {**dict.fromkeys(unwatched, State.UNWATCHED), **uncommitted}
        as_in_index = {
            path: entry
            for path, entry in tracked.items()
            if uncommitted.get(path, State.STAGED) is State.STAGED
        }
        return WorkingTree(
            ignored=tuple(path.removeprefix(self.prefix) for path in ignored),
            uncommitted=uncommitted,
            tracked=tracked,
            top=self._top,
            blobs=checked_out.other_bytes(self.folder, as_in_index, self.repository, self.env),
        )

    @property
    def _top(self) -> Path:
        return (self.folder, *self.folder.parents)[len(Path(self.prefix).parts)]

    def _status(self) -> tuple[list[str], dict[str, State]]:
        """Ignored paths, from the top; uncommitted ones, from the folder."""
        ignored: list[str] = []
        uncommitted: dict[str, State] = {}
        doubtful: dict[str, _Record] = {}  # changed, unless a filter has done it
        for record in _records(self._git(*_STATUS)):
            path = record.path.removeprefix(self.prefix)
            if record.kind == "!":
                ignored.append(record.path)
                continue
            uncommitted[path] = record.state
            if record.may_be_filtered:
                doubtful[path] = record
        oids = {path: record.oid for path, record in doubtful.items()}
        for path in filtered.unchanged(self.folder, oids, self.repository, self.env):
            if doubtful[path].is_staged:
                uncommitted[path] = State.STAGED
            else:
                del uncommitted[path]
        return ignored, uncommitted

    def _index(self) -> tuple[dict[str, IndexEntry], list[str]]:
        """The index below the folder, and which of its files git does not compare."""
        tracked: dict[str, IndexEntry] = {}
        unwatched: list[str] = []
        for line in _split(self._git("ls-files", "-z", "-v", "--stage")):
            head, _, path = line.partition("\t")
            tag, mode, oid, _ = head.split()
            tracked[path] = IndexEntry(mode, oid)
            if tag == "S" or tag.islower():
                unwatched.append(path)
        return tracked, unwatched

    def _git(self, *arguments: str) -> bytes:
        asked = (*arguments, "--", self.pathspec)
        return git_process.run(asked, env=self.env, cwd=self.folder).stdout


def _environment(folder: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """For a repository that may be hostile: nothing that its configuration names is started."""
    own = inherited(environ, GIT_CONFIGURATION)
    env = {**git_process.environment(environ, _NO_PROGRAMS.items()), **own, **_NO_FETCH}
    asked = ("config", "-z", "--name-only", "--get-regexp", r"^filter\.")
    names = _split(git_process.run(asked, env=env, cwd=folder, accept=CAN_FAIL).stdout)
    drivers = {name.rpartition(".")[0] for name in names}
    off = {f"{driver}.{key}": text for driver in drivers for key, text in _NO_FILTER.items()}
    return {**git_process.environment(environ, {**_NO_PROGRAMS, **off}.items()), **own, **_NO_FETCH}


@dataclass(frozen=True, slots=True)
class _Record:
    """A line of `git status --porcelain=v2 -z`."""

    kind: str
    path: str
    states: str = ""  # X of the index against the commit, Y of the disk against the index
    modes: Sequence[str] = ()  # of a changed file: in the commit, in the index, on disk
    oid: str = ""  # of a changed file: its blob in the index

    @property
    def state(self) -> State:
        if self.kind == "?":
            return State.UNTRACKED
        if self.states.endswith("D") or self.states == "D.":
            return State.DELETED
        return State.STAGED if self.states.endswith(".") else State.CHANGED

    @property
    def is_staged(self) -> bool:
        return not self.states.startswith(".")

    @property
    def may_be_filtered(self) -> bool:
        """Whether it is the bytes that are not those of the index, and nothing else."""
        return self.kind == "1" and self.states.endswith("M") and self.modes[1] == self.modes[2]


def _records(raw: bytes) -> Iterator[_Record]:
    for line in _split(raw):
        kind = line[0]
        if kind in "?!":
            yield _Record(kind, line[2:])
        elif kind in _FIELDS_BEFORE_PATH:
            *fields, path = line.split(" ", _FIELDS_BEFORE_PATH[kind])
            yield _Record(kind, path, states=fields[1], modes=fields[3:6], oid=fields[7])


def _split(raw: bytes) -> list[str]:
    return [os.fsdecode(line) for line in raw.split(b"\0") if line]
