"""The folders of a tree, which knows files alone."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from pkgaction.model.tree import Tree


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """What lies directly in a folder."""

    name: str
    path: str  # from the package's root
    folder: bool


DEEPEST = 64  # folders that a file may lie in; real ones lie in a dozen
Folders: TypeAlias = Mapping[str, tuple[Entry, ...]]  # by path; "" is the package itself


def of(tree: Tree) -> Folders:
    """Every folder with its entries, by name. An empty folder is none.

    A path that is deeper is left out, and refused: all folders above it, each with its whole path, would
    have the square of its length.
    """
    found: dict[str, dict[str, Entry]] = {"": {}}
    for file in tree.files:
        if file.path.count("/") > DEEPEST:
            continue
        child, folder = file.path, False
        while child:
            above, _, name = child.rpartition("/")
            known = above in found
            found.setdefault(above, {}).setdefault(name, Entry(name, child, folder))
            if known and folder:
                break
            child, folder = above, True
    return {folder: tuple(sorted(entries.values())) for folder, entries in found.items()}


def matching(folders: Folders, pattern: str) -> Iterator[str]:
    """Paths of files and folders that a pattern matches, where `*` is any text without a slash."""
    yield from _below(folders, "", pattern.split("/"))


def _below(folders: Folders, folder: str, parts: list[str]) -> Iterator[str]:
    first, *rest = parts
    form = re.compile("[^/]*".join(map(re.escape, first.split("*"))), re.DOTALL)
    for entry in folders.get(folder, ()):
        if form.fullmatch(entry.name):
            if not rest:
                yield entry.path
            elif entry.folder:
                yield from _below(folders, entry.path, rest)
