"""What git has converted at checkout: files whose bytes on disk are not the committed ones.

Line ends, keywords, encodings, files of Git LFS, and links where the disk has none. Git calls such a
file unchanged, so the bytes that count are those of its index.
"""

import hashlib
import stat
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pkgaction.adapters.git_process import BlobReader

SUBMODULE, SYMLINK = "160000", "120000"
_CHUNK = 1 << 20  # bytes
_SHA1_DIGITS = 40


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """What git's index has at a path."""

    mode: str  # as in a tree: 100644, 120000, …
    oid: str


def other_bytes(
    folder: Path, entries: Mapping[str, IndexEntry], repository: Path, env: Mapping[str, str]
) -> dict[str, bytes]:
    """The bytes in git's index of those files that have others on disk, by path.

    Args:
        folder: the paths are relative to it.
        entries: files that git calls unchanged since the index.
        repository: the `.git` folder.
        env: for git.

    Raises:
        GitError: a blob is not in the repository.
    """
    converted = {
        path: entry.oid
        for path, entry in entries.items()
        if entry.mode != SUBMODULE and _is_other(folder / path, entry)
    }
    with closing(BlobReader(repository, env)) as reader:
        return {path: reader.read(oid) for path, oid in converted.items()}


def _is_other(path: Path, entry: IndexEntry) -> bool:
    """Whether a plain file is not exactly this blob, or is to be a link."""
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode):
        return False
    if entry.mode == SYMLINK:
        return True
    digest = hashlib.new("sha1" if len(entry.oid) == _SHA1_DIGITS else "sha256", usedforsecurity=False)
    digest.update(b"blob %d\0" % found.st_size)
    with path.open("rb") as stream:
        while block := stream.read(_CHUNK):
            digest.update(block)
    return digest.hexdigest() != entry.oid
