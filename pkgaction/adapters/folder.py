"""A package folder on disk as a value, for commands that are given a path."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from pkgaction.adapters.checked_out import SUBMODULE, SYMLINK
from pkgaction.adapters.named_file import real
from pkgaction.adapters.working_tree import Surroundings, WorkingTree
from pkgaction.errors import UsageError
from pkgaction.model.disk import FileOnDisk
from pkgaction.model.manifest import FILE
from pkgaction.model.paths import ROOT
from pkgaction.model.tree import Bytes, Kind, PackageSource, Tree, TreeFile

_OF_A_ROOT = ("LICENSE.txt", "links_table.yml")  # what builds of its packages take from there
_HIGHEST = 6  # folders above a package
_LONGEST_PART = 255  # bytes of a name; a longer one is on no disk
_GIT = ".git"  # a folder, or a file in a worktree or submodule; never part of a commit
_ALL = WorkingTree()


def package(
    path: Path,
    *,
    beyond: int = 0,
    git: WorkingTree | None = None,
    around: Surroundings | None = None,
) -> PackageSource:
    """The package in a folder, with the repository around it.

    Args:
        path: the folder.
        beyond: see below.
        git: what git says of the folder: files that it ignores are left out, and those that it has
            converted at checkout are as they are committed. None: every file, as it is on disk.
        around: the same of its repository, whose root it names.

    An archive of a repository has no `.git`: there, it is the nearest folder above that has what only a
    repository's root has. Where that is missing, too, it is the folder so far `beyond` the package:
    enough to check a link by its checksum, too much to build from. The file system's root never is.

    Raises:
        UsageError: there is no folder.
    """
    if not path.is_dir():
        what = "it is not a folder" if path.exists() else "there is no such folder"
        raise UsageError(what=what, where=str(path), fix="name a package's folder")
    folder = real(path)  # a link to it may lie in another repository
    inner = (folder, *folder.parents)
    root = around.root if around else repository_of(folder)
    root = root or next((above for above in inner[1 : _HIGHEST + 1] if _looks_like_a_root(above)), None)
    root = root or inner[max(min(beyond, len(inner) - 2), 0)]
    inside = folder.relative_to(root).as_posix()
    # nothing is known of a repository
    alone = inside == ROOT and not around and not _is_repository(folder)
    called = _from_here(folder) if alone else inside
    return PackageSource(
        folder=called,
        tree=Tree(tuple(_files(folder, git or _ALL))),
        repository=_Checkout(root, called if alone and called != ROOT else "", around),
    )


def _from_here(folder: Path) -> str:
    """A folder as it is named where the person stands; by its name alone where that is elsewhere."""
    here = Path.cwd()
    return folder.relative_to(here).as_posix() if folder.is_relative_to(here) else folder.name


def repository_of(path: Path) -> Path | None:
    """The nearest folder, from this one up, that git has made a repository's root."""
    folder = real(path)
    return next((above for above in (folder, *folder.parents) if _is_repository(above)), None)


def _is_repository(folder: Path) -> bool:
    """Whether git keeps anything there; an empty `.git` is nothing to it."""
    found = folder / _GIT
    return found.is_file() or (found.is_dir() and any(found.iterdir()))


def _looks_like_a_root(folder: Path) -> bool:
    plain = any((folder / name).is_file() for name in _OF_A_ROOT)
    return plain and folder != Path(folder.anchor) and not (folder / FILE).exists()


def _files(folder: Path, git: WorkingTree) -> Iterator[TreeFile]:
    ignored = frozenset(git.ignored)
    submodules = {path for path, entry in git.tracked.items() if entry.mode == SUBMODULE}
    left_out = ignored | {f"{path}/" for path in submodules}
    for path in sorted(submodules):
        yield TreeFile(path=path, content=Bytes(b""), kind=Kind.SUBMODULE)
    for here, folders, files in os.walk(folder, onerror=_unreadable):
        above = "" if here == str(folder) else f"{Path(here).relative_to(folder).as_posix()}/"
        links = [name for name in folders if (Path(here) / name).is_symlink()]
        for name in (*files, *links):
            if name != _GIT and f"{above}{name}" not in ignored:
                yield _as_committed(_file(Path(here) / name, f"{above}{name}"), git)
        folders[:] = [name for name in folders if name != _GIT and f"{above}{name}/" not in left_out]


def _as_committed(file: TreeFile, git: WorkingTree) -> TreeFile:
    """The same file, less what git has made of it at checkout: line ends, keywords, plain links."""
    if (data := git.blobs.get(file.path)) is None:
        return file
    kind = Kind.SYMLINK if git.tracked[file.path].mode == SYMLINK else file.kind
    return replace(file, content=Bytes(data), kind=kind)


def _unreadable(error: OSError) -> NoReturn:
    what = f"the folder can't be read: {error.strerror}"
    raise UsageError(what=what, where=str(error.filename), fix="check its rights") from error


def _file(path: Path, name: str) -> TreeFile:
    mode = path.lstat().st_mode
    if stat.S_ISREG(mode):
        return TreeFile(path=name, content=FileOnDisk(path))
    kind = Kind.SYMLINK if stat.S_ISLNK(mode) else Kind.SPECIAL
    return TreeFile(path=name, content=Bytes(b""), kind=kind)


@dataclass(frozen=True, slots=True)
class _Checkout:
    """The files of a checkout by path; nothing behind a symbolic link is found."""

    root: Path
    prefix: str  # the name that stands for the root, where the package is the root
    around: Surroundings | None  # None: every file is as it is on disk

    def find(self, path: str) -> TreeFile | None:
        found = self._place(path)
        if found is None:
            return None
        name = found.relative_to(self.root).as_posix()
        git = self.around.examine(name) if self.around else _ALL  # what the disk lacks may be committed
        if git.is_ignored or not (found.is_symlink() or found.is_file()):
            return None
        return replace(_as_committed(_file(found, name), git), path=path)

    def exists(self, path: str) -> bool:
        found = self._place(path)
        return found is not None and (found.is_symlink() or found.exists())

    def _place(self, path: str) -> Path | None:
        parts = path.removeprefix(f"{self.prefix}/" if self.prefix else "").split("/")
        if {"", ".", "..", _GIT}.intersection(parts):
            return None
        if max(len(part.encode(errors="surrogateescape")) for part in parts) > _LONGEST_PART:
            return None
        above = [self.root.joinpath(*parts[:end]) for end in range(1, len(parts))]
        if any(folder.is_symlink() or _is_repository(folder) for folder in above):
            return None
        return self.root.joinpath(*parts)
