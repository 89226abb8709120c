"""The repository's licence, for packages without one of their own."""

from pkgaction.errors import BuildRefusedError
from pkgaction.model.tree import Kind, PackageSource, Tree, TreeFile

_NAME = "LICENSE.txt"


def with_licence(tree: Tree, source: PackageSource) -> Tree:
    """The same files, with the repository's LICENSE.txt where the package has none.

    Raises:
        BuildRefusedError: the repository's licence is empty or no plain file.
    """
    if tree.get(_NAME) or source.tree.get(f"{_NAME}.link"):
        return tree
    found = source.repository.find(_NAME)
    if found is None:
        return tree
    if found.kind is not Kind.FILE or not found.content.size:
        what = f"the repository's {_NAME} is empty, or a {found.kind.value}"
        raise BuildRefusedError(what=what, where=_NAME, fix="make it a file with the licence's text")
    return tree.replacing([TreeFile(path=_NAME, content=found.content)])
