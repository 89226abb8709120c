"""Which of a package's files are built: all but development files and editors' leftovers.

Source: what `elastic-package build` leaves out.
"""

from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from pkgaction.model.tree import Tree

_FOLDERS = frozenset({"_dev", "build", ".git"})
_FILES = (".DS_Store", ".*.swp", "*.link")


def copied(tree: Tree) -> Tree:
    """The files that are built as they are."""
    return Tree(tuple(file for file in tree.files if not _skipped(file.path)))


def _skipped(path: str) -> bool:
    parts = PurePosixPath(path).parts
    if _FOLDERS.intersection(parts[:-1]):
        return True
    return any(fnmatchcase(parts[-1], pattern) for pattern in _FILES)
