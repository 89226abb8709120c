"""Trees and blobs of a git repository as values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from pkgaction.adapters import git_process
from pkgaction.adapters.git_process import BlobReader
from pkgaction.errors import GitError
from pkgaction.model.tree import Kind, TreeFile

_HELD = 4 * 1024 * 1024  # bytes; larger blobs are streamed
_KINDS = {"120000": Kind.SYMLINK, "160000": Kind.SUBMODULE}


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """A line of `git ls-tree -z`, with -l or without."""

    path: str
    mode: str
    oid: str
    size: int  # bytes; 0 for a submodule or folder, and without -l

    @property
    def is_file(self) -> bool:
        """Whether it is a plain file."""
        return self.mode.startswith("100")

    @property
    def is_blob(self) -> bool:
        """Whether its content is in the repository: a file, or a link's target."""
        return self.is_file or _KINDS.get(self.mode) is Kind.SYMLINK

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder, which holds other entries."""
        return self.mode == "040000"


def list_tree(raw: bytes) -> Iterator[TreeEntry]:
    """Read the output of `git ls-tree -z`. Names are taken as they are, never quoted."""
    for line in raw.split(b"\0"):
        if line:
            head, name = line.split(b"\t", 1)
            mode, _, oid, *sizes = head.decode().split()
            size = sizes[0] if sizes else "-"
            if size != "-" and not size.isdigit():
                what = f"the object {oid} is not in the repository"
                raise GitError(what=what, fix="check the repository out again")
            path = name.decode("utf-8", "surrogateescape")
            yield TreeEntry(path, mode, oid, 0 if size == "-" else int(size))


class Objects:
    """A repository's object store."""

    def __init__(self, repository: Path, env: Mapping[str, str]) -> None:
        self._repository = repository
        self._env = env
        self._reader = BlobReader(repository, env)
        self._entries: dict[tuple[str, str], TreeEntry | None] = {}  # by commit and path

    def read(self, oid: str) -> bytes:
        """A blob's bytes."""
        return self._reader.read(oid)

    def open(self, oid: str, size: int) -> BinaryIO:
        """A blob's bytes as a stream, held in memory only when it is small."""
        if size <= _HELD:
            return BytesIO(self.read(oid))
        return git_process.open_blob(self._repository, oid, self._env)

    def file(self, entry: TreeEntry) -> TreeFile:
        """A tree's entry as a value."""
        kind = Kind.FILE if entry.is_file else _KINDS.get(entry.mode, Kind.SPECIAL)
        return TreeFile(path=entry.path, content=_Blob(entry.oid, entry.size, self), kind=kind)

    def entry(self, commit: str, path: str) -> TreeEntry | None:
        """One path of a commit's tree, asked for once: a commit never changes."""
        if (commit, path) not in self._entries:
            self._entries[commit, path] = self._asked(commit, path)
        return self._entries[commit, path]

    def _asked(self, commit: str, path: str) -> TreeEntry | None:
        repository = f"--git-dir={self._repository}"
        command = [repository, "ls-tree", "-z", "-l", "--full-tree", commit, "--", path]
        raw = git_process.run(command, env=self._env, cwd=self._repository).stdout
        return next((e for e in list_tree(raw) if e.path == path), None)

    def close(self) -> None:
        """End the process that reads for us."""
        self._reader.close()


@dataclass(frozen=True, slots=True)
class _Blob:
    oid: str
    size: int
    objects: Objects = field(repr=False, compare=False)

    def open(self) -> BinaryIO:
        return self.objects.open(self.oid, self.size)


@dataclass(frozen=True, slots=True)
class CommitFiles:
    """A commit's files by path."""

    objects: Objects
    commit: str

    def find(self, path: str) -> TreeFile | None:
        """The file at a path from the repository's root; None if it is missing or a folder."""
        entry = self.objects.entry(self.commit, path)
        return None if entry is None or entry.is_folder else self.objects.file(entry)

    def exists(self, path: str) -> bool:
        """Whether there is a file or a folder at a path from the repository's root."""
        return self.objects.entry(self.commit, path) is not None
