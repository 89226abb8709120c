"""A package folder on disk as a value, for commands that are given a path."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from pkgaction.errors import UsageError
from pkgaction.model.disk import FileOnDisk
from pkgaction.model.manifest import FILE
from pkgaction.model.tree import Bytes, Kind, PackageSource, Tree, TreeFile

_OF_A_ROOT = ("LICENSE.txt", "links_table.yml")  # what builds of its packages take from there
_HIGHEST = 6  # folders above a package
_LONGEST_PART = 255  # bytes of a name; a longer one is on no disk


def package(path: Path, *, beyond: int = 0) -> PackageSource:
    """The package in a folder, with the repository around it.

    An archive of a repository has no `.git`: there, it is the nearest folder above that has what only a
    repository's root has. Where that is missing, too, it is the folder so far `beyond` the package:
    enough to check a link by its checksum, too much to build from. The file system's root never is.

    Raises:
        UsageError: there is no folder.
    """
    folder = Path(os.path.abspath(path))  # noqa: PTH100 - links are not followed
    if not folder.is_dir():
        what = "there is no such folder"
        raise UsageError(what=what, where=str(path), fix="name a package's folder or zip")
    inner = (folder, *folder.parents)
    root = next((above for above in inner if (above / ".git").exists()), None)
    root = root or next((above for above in inner[1 : _HIGHEST + 1] if _looks_like_a_root(above)), None)
    root = root or inner[max(min(beyond, len(inner) - 2), 0)]
    inside = folder.relative_to(root).as_posix()
    return PackageSource(
        folder=folder.name if inside == "." else inside,
        tree=Tree(tuple(_files(folder))),
        repository=_Checkout(root, "" if inside != "." else folder.name),
    )


def _looks_like_a_root(folder: Path) -> bool:
    plain = any((folder / name).is_file() for name in _OF_A_ROOT)
    return plain and folder != Path(folder.anchor) and not (folder / FILE).exists()


def _files(folder: Path) -> Iterator[TreeFile]:
    for here, folders, files in os.walk(folder, onerror=_unreadable):
        if here == str(folder):
            folders[:] = [name for name in folders if name != ".git"]  # the package is the repository
        for name in (*files, *(f for f in folders if (Path(here) / f).is_symlink())):
            path = Path(here) / name
            yield _file(path, path.relative_to(folder).as_posix())


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

    def find(self, path: str) -> TreeFile | None:
        found = self._place(path)
        if found and (found.is_symlink() or found.is_file()):
            return _file(found, path)
        return None

    def exists(self, path: str) -> bool:
        found = self._place(path)
        return found is not None and (found.is_symlink() or found.exists())

    def _place(self, path: str) -> Path | None:
        parts = path.removeprefix(f"{self.prefix}/" if self.prefix else "").split("/")
        if {"", ".", "..", ".git"}.intersection(parts):
            return None
        if max(len(part.encode(errors="surrogateescape")) for part in parts) > _LONGEST_PART:
            return None
        above = [self.root.joinpath(*parts[:end]) for end in range(1, len(parts))]
        if any(folder.is_symlink() for folder in above):
            return None
        return self.root.joinpath(*parts)
