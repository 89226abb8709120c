"""Paths that are safe for everyone who unpacks, serves or checks the package out."""

from collections.abc import Iterator

from pkgaction.model import plaintext
from pkgaction.model.finding import Finding
from pkgaction.model.folding import folded
from pkgaction.model.names import unsafe
from pkgaction.model.tree import Kind, TreeFile
from pkgaction.rules.package import Package
from pkgaction.rules.told import finding, not_a_file, shown


def safe_names(package: Package) -> Iterator[Finding]:
    """No path leads out of the package, is absolute, or holds what breaks readers."""
    for file in package.tree.files:
        if problem := unsafe(file.path):
            yield finding("path-unsafe", file.path, f"the path {problem}: rename the file")


def plain_files(package: Package) -> Iterator[Finding]:
    """Everything is a plain file: what a link points to is not in the package."""
    for file in package.tree.files:
        if file.kind is not Kind.FILE:
            yield finding("not-a-file", file.path, not_a_file(file.kind))


def no_collisions(package: Package) -> Iterator[Finding]:
    """No two paths become one on a file system that folds case or Unicode forms."""
    first: dict[str, str] = {}
    reported: set[str] = set()
    for file in package.tree.files:
        parts = [] if unsafe(file.path) else file.path.split("/")
        for end in range(1, len(parts) + 1):
            # a folder ends in a slash here, so a file of its name is another path, folded to the same
            path = "/".join(parts[:end]) + ("/" if end < len(parts) else "")
            other = first.setdefault(folded(path.rstrip("/")), path)
            if other != path and path not in reported:
                reported.add(path)
                message = f"{shown(other)} is the same path where case or Unicode forms are folded"
                yield finding("path-collision", path.rstrip("/"), message)


def _may_be_pointer(file: TreeFile) -> bool:
    return len(plaintext.POINTER) <= file.content.size <= plaintext.LARGEST_POINTER


def no_lfs_pointers(package: Package) -> Iterator[Finding]:
    """No file is a Git LFS pointer, which would be published in place of the file."""
    for file in package.tree.files:
        if file.kind is Kind.FILE and _may_be_pointer(file):
            with file.content.open() as stream:
                if stream.read(len(plaintext.POINTER)) == plaintext.POINTER:
                    yield finding("lfs-pointer", file.path, plaintext.IS_POINTER)
