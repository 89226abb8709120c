"""Which of a package's files are built: all but development files and editors' leftovers."""

from pkgaction.model.excluded import is_excluded
from pkgaction.model.tree import Tree


def copied(tree: Tree) -> Tree:
    """The files that are built as they are."""
    return Tree(tuple(file for file in tree.files if not is_excluded(file.path)))
