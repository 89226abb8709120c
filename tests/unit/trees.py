"""Small invented packages as values, and contents that are not what they seem."""

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from pkgaction.model.tree import Bytes, Content, Kind, PackageSource, Tree, TreeFile

MANIFEST = """\
format_version: 3.1.0
name: kelp
title: Kelp beds
version: 1.2.0
description: Counts kelp.
type: integration
owner:
  github: deepwater/forest
  type: community
"""
CHANGELOG = """\
- version: 1.2.0
  changes:
    - description: Counts faster.
      type: enhancement
      link: https://github.com/deepwater/packages/pull/3
"""
GOOD: Mapping[str, str | bytes] = {
    "manifest.yml": MANIFEST,
    "changelog.yml": CHANGELOG,
    "docs/README.md": "# Kelp\n",
}
LFS_POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12345\n"


def file(path: str, content: str | bytes | Content = b"", kind: Kind = Kind.FILE) -> TreeFile:
    """One file; text is UTF-8."""
    if isinstance(content, str):
        content = content.encode()
    return TreeFile(
        path=path, content=Bytes(content) if isinstance(content, bytes) else content, kind=kind
    )


def tree(files: Mapping[str, str | bytes], *more: TreeFile) -> Tree:
    """Files by path."""
    return Tree((*(file(path, content) for path, content in files.items()), *more))


@dataclass(frozen=True, slots=True)
class Around:
    """The files of a repository, by path."""

    files: Mapping[str, TreeFile] = field(default_factory=dict)

    def find(self, path: str) -> TreeFile | None:
        return self.files.get(path)

    def exists(self, path: str) -> bool:
        return any(known == path or known.startswith(f"{path}/") for known in self.files)


def around(*files: TreeFile) -> Around:
    """A repository of these files."""
    return Around({found.path: found for found in files})


def source(
    files: Mapping[str, str | bytes] | Tree = GOOD,
    repository: Around | None = None,
    folder: str = "packages/kelp",
) -> PackageSource:
    """A package in a repository."""
    found = files if isinstance(files, Tree) else tree(files)
    return PackageSource(folder=folder, tree=found, repository=repository or Around())


@dataclass(frozen=True, slots=True)
class Said:
    """Content that has few bytes and says that it has more."""

    size: int
    data: bytes = b""

    def open(self) -> BinaryIO:
        return io.BytesIO(self.data)


def without(files: Tree, paths: Iterable[str]) -> Tree:
    """The same tree less these paths."""
    gone = set(paths)
    return Tree(tuple(file for file in files.files if file.path not in gone))
