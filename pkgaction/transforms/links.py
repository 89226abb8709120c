"""Linked files: `X.link` names a file of the repository that is built as `X`.

A link holds the target's path, from the link's own folder, and optionally its SHA-256. Links below
`_dev` are built, too, as the reference builder does.
"""

import posixpath
from collections.abc import Iterator

from pkgaction.errors import BuildRefusedError
from pkgaction.model.tree import Kind, PackageSource, Tree, TreeFile

_SUFFIX = ".link"
_LONGEST_LINK = 64 * 1024  # bytes; a path and a checksum are far less
_LONGEST_TARGET = 1024  # characters
_PATH_ONLY, _PATH_AND_CHECKSUM = 1, 2  # fields of the first line


def with_linked_files(tree: Tree, source: PackageSource) -> Tree:
    """The built files with every link of the source replaced by what it names.

    Raises:
        BuildRefusedError: a link is empty or malformed, or names what is missing, a folder, a symbolic
            link, another link, or something outside of the repository.
    """
    return tree.replacing(linked(source, link) for link in of(source))


def of(source: PackageSource) -> Iterator[TreeFile]:
    """The links of a package."""
    for file in source.tree.files:
        if file.path.endswith(_SUFFIX) and file.kind is Kind.FILE:
            yield file


def linked(source: PackageSource, link: TreeFile) -> TreeFile:
    """What a link of the source names, at the path where it is built.

    Raises:
        BuildRefusedError: as `with_linked_files`.
    """
    target = _target(source, link)
    found = source.repository.find(target)
    if found is None or found.kind is not Kind.FILE:
        kind = f"is a {found.kind.value}" if found else "is no file of the repository"
        raise _refused(source, link, f"the link's target {target} {kind}")
    return TreeFile(path=link.path.removesuffix(_SUFFIX), content=found.content)


def _target(source: PackageSource, link: TreeFile) -> str:
    """The target's path from the repository's root."""
    data = source.tree.read(link.path, limit=_LONGEST_LINK)
    try:
        line = (data or b"").decode().split("\n", 1)[0]
    except UnicodeDecodeError as error:
        raise _refused(source, link, "the link is no UTF-8 text") from error
    fields = line.split()
    if len(fields) not in {_PATH_ONLY, _PATH_AND_CHECKSUM}:
        raise _refused(source, link, "a link's first line must be a path, and perhaps its SHA-256")
    if not fields[0].isprintable() or len(fields[0]) > _LONGEST_TARGET:
        raise _refused(source, link, "the link's target is too long, or no text")
    if fields[0].endswith(_SUFFIX):
        raise _refused(source, link, "the link names another link")
    here = posixpath.dirname(posixpath.join(source.folder, link.path))
    target = posixpath.normpath(posixpath.join(here, fields[0].lstrip("/")))
    if target == ".." or target.startswith(("../", "/")):
        raise _refused(source, link, f"the link leads out of the repository: {fields[0]}")
    return target


def _refused(source: PackageSource, link: TreeFile, what: str) -> BuildRefusedError:
    fix = "write the path of a file of this repository, from the link's own folder"
    return BuildRefusedError(what=what, where=source.in_repository(link.path), fix=fix)
