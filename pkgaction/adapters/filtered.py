"""Files that a filter has converted at checkout, as those of Git LFS.

To compare such a file, git starts the filter's program, unless the file's size and time are those that
it has noted. Here no program of a repository is started: git's notes and pointers of Git LFS are read.
"""

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pkgaction.adapters import git_process
from pkgaction.adapters.git_process import BlobReader

_AT_ONCE = 200  # names in one list of arguments
_NO_FILTER = {b"unspecified", b"unset", b"set"}
_NOTED = re.compile(
    rb"([^\0]+)\0  ctime: .*\n  mtime: (\d+):(\d+)\n  dev: .*\n  uid: .*\n  size: (\d+)\t.*\n"
)  # git-ls-files(1), --debug
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n"
    rb"(?:ext-.*\n)*oid sha256:([0-9a-f]{64})\nsize ([0-9]+)\n"
)


@dataclass(frozen=True, slots=True)
class _Noted:
    """What git has noted of a file when it last found it unchanged."""

    size: int
    seconds: int
    nanoseconds: int  # 0: it has not noted them

    def fits(self, found: os.stat_result) -> bool:
        seconds, nanoseconds = divmod(found.st_mtime_ns, 10**9)
        same_time = seconds == self.seconds and self.nanoseconds in {0, nanoseconds}
        return same_time and found.st_size == self.size


def unchanged(
    folder: Path, oids: Mapping[str, str], repository: Path, env: Mapping[str, str]
) -> Iterator[str]:
    """Those of the files that have a filter and are what it made of the blob in git's index.

    Args:
        folder: the paths are relative to it.
        oids: the blob in the index by path.
        repository: the `.git` folder.
        env: for git.

    Raises:
        GitError: git cannot be asked, or a blob is not in the repository.
    """
    paths = list(_with_filter(oids, folder, env))
    noted = dict(_noted(paths, folder, env))
    with closing(BlobReader(repository, env)) as reader:
        for path in paths:
            found = (folder / path).lstat()
            if not stat.S_ISREG(found.st_mode):
                continue
            note = noted.get(path)
            if (note and note.fits(found)) or _is_behind(reader.read(oids[path]), folder / path, found):
                yield path


def _is_behind(blob: bytes, path: Path, found: os.stat_result) -> bool:
    """Whether the blob is a pointer of Git LFS to the file's very bytes."""
    pointer = _POINTER.fullmatch(blob)
    if not pointer or int(pointer[2]) != found.st_size:
        return False
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest().encode() == pointer[1]


def _with_filter(paths: Iterable[str], folder: Path, env: Mapping[str, str]) -> Iterator[str]:
    for some in _lots(paths):
        asked = ("check-attr", "-z", "filter", "--", *some)
        said = git_process.run(asked, env=env, cwd=folder).stdout.split(b"\0")
        for path, value in zip(said[0::3], said[2::3], strict=False):
            if value not in _NO_FILTER:
                yield os.fsdecode(path)


def _noted(paths: Iterable[str], folder: Path, env: Mapping[str, str]) -> Iterator[tuple[str, _Noted]]:
    for some in _lots(paths):
        said = git_process.run(("ls-files", "-z", "--debug", "--", *some), env=env, cwd=folder).stdout
        for path, seconds, nanoseconds, size in _NOTED.findall(said):
            yield os.fsdecode(path), _Noted(int(size), int(seconds), int(nanoseconds))


def _lots(paths: Iterable[str]) -> Iterator[list[str]]:
    rest = list(paths)
    for start in range(0, len(rest), _AT_ONCE):
        yield rest[start : start + _AT_ONCE]
