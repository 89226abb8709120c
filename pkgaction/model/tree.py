"""The files of a package as a value, wherever they lie: a commit, a folder, a zip."""

import io
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import BinaryIO, Protocol

from pkgaction.model import paths


class Content(Protocol):
    """Bytes that can be read, more than once and from several threads."""

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    def open(self) -> BinaryIO:
        """A new stream from the start."""
        ...


@dataclass(frozen=True, slots=True)
class Bytes:
    """Content in memory."""

    data: bytes = field(repr=False)

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.data)

    def open(self) -> BinaryIO:
        """A new stream from the start."""
        return io.BytesIO(self.data)


class Kind(Enum):
    """What a path in a tree is."""

    FILE = "file"
    SYMLINK = "symbolic link"
    SUBMODULE = "submodule"
    SPECIAL = "special file"


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeFile:
    """One path with its content; the content of anything but a plain file must not be opened."""

    path: str  # from the tree's root, `/` between the parts
    content: Content
    kind: Kind = Kind.FILE

    def read(self, *, limit: int) -> bytes | None:
        """The plain file's bytes, or None where it is none or larger than `limit`."""
        if self.kind is not Kind.FILE or self.content.size > limit:
            return None
        with self.content.open() as stream:
            return stream.read()


@dataclass(frozen=True, slots=True)
class Tree:
    """Files by path, sorted by path."""

    files: tuple[TreeFile, ...]
    _by_path: Mapping[str, TreeFile] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.files, key=_path))
        object.__setattr__(self, "files", ordered)
        object.__setattr__(self, "_by_path", {f.path: f for f in ordered})

    def get(self, path: str) -> TreeFile | None:
        """The file at that path, if there is one."""
        return self._by_path.get(path)

    def below(self, folder: str) -> Sequence[TreeFile]:
        """The files below a folder, without a look at all others."""
        after = chr(ord("/") + 1)
        first, end = (bisect_left(self.files, f"{folder}{c}", key=_path) for c in ("/", after))
        return self.files[first:end]

    def read(self, path: str, *, limit: int) -> bytes | None:
        """The plain file's bytes, or None where there is none or it is larger than `limit`."""
        file = self.get(path)
        return file.read(limit=limit) if file else None

    def unread(self, path: str, *, limit: int) -> str:
        """Why `read` gives nothing."""
        file = self.get(path)
        if file is None:
            return "the file is missing"
        if file.kind is not Kind.FILE:
            return f"it is a {file.kind.value}, not a file"
        return f"the file has more than {limit} bytes: make it smaller"

    def replacing(self, files: Iterable[TreeFile]) -> "Tree":
        """The same tree with these files added, or in the place of those of the same path."""
        return Tree(tuple({**self._by_path, **{f.path: f for f in files}}.values()))


def _path(file: TreeFile) -> str:
    return file.path


class RepositoryFiles(Protocol):
    """The files around a package, as far as building may look."""

    def find(self, path: str) -> TreeFile | None:
        """The file at a path from the repository's root; None if it is missing or a folder.

        A path that leads through a symbolic link or a submodule finds nothing.
        """
        ...

    def exists(self, path: str) -> bool:
        """Whether there is a file or a folder at a path from the repository's root."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageSource:
    """A package folder as it is to be validated and built."""

    folder: str  # from the repository's root, `.` for that itself; for people and annotations
    tree: Tree
    repository: RepositoryFiles

    def in_repository(self, path: str) -> str:
        """A path from the package's root as one from the repository's."""
        return paths.join(self.folder, path)


class _Nowhere:
    """What is around a zip: nothing."""

    def find(self, path: str) -> TreeFile | None:
        """Nothing."""
        del path
        return None

    def exists(self, path: str) -> bool:
        """Nothing is there."""
        del path
        return False


NOWHERE: RepositoryFiles = _Nowhere()
