"""What lies at an object's name in a folder's bucket.

Only a plain file is an object. Whatever else lies in its place, or on the way to it, is told as what it
is: it is neither followed nor waited for, and never counts as an object that is there, or as one that
is not.
"""

import contextlib
import os
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pkgaction.adapters.file_kind import kind
from pkgaction.errors import StorageError, of_machine
from pkgaction.model import layout
from pkgaction.ports import GenerationMismatchError

# nothing is waited for, as at a pipe that nobody writes to
_READING = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class PlainFile:
    """The bytes of one generation of an object."""

    path: Path
    generation: int

    @property
    def size(self) -> int:
        """Bytes."""
        return self.path.lstat().st_size

    def open(self) -> BinaryIO:
        """A new stream from the start.

        Raises:
            GenerationMismatchError: the object has another generation, or is gone.
        """
        try:
            stream = opened(self.path)
        except (FileNotFoundError, NotADirectoryError):
            raise GenerationMismatchError(self.path.name) from None
        if os.fstat(stream.fileno()).st_mtime_ns != self.generation:
            stream.close()
            raise GenerationMismatchError(self.path.name)
        return stream


def opened(path: Path) -> BinaryIO:
    """The bytes of a plain file.

    Raises:
        OSError: there is none, or it is something else.
    """
    stream = os.fdopen(os.open(path, _READING), "rb")
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise OSError(None, "this is not a plain file", os.fspath(path))
    return stream


def is_unfit(name: str) -> bool:
    """Whether the name leads out of the folder, into our own, or is no text."""
    strange = any(unicodedata.category(c) in {"Cc", "Cs"} for c in name)
    return strange or bool({"", ".", "..", layout.RESERVED}.intersection(name.split("/")))


def plain(folder: Path, name: str, *, of: str = "an object") -> os.stat_result | None:
    """The file at an object's name; None where there is none, nor anything else in its place.

    A folder with something in it is the way to other objects, as any name before a `/` may be.

    Raises:
        StorageError: something else lies there.
    """
    path = folder / name
    try:
        if not leads(folder, name):
            return None
        found = path.lstat()
        if stat.S_ISREG(found.st_mode):
            return found
        if stat.S_ISDIR(found.st_mode) and any(path.iterdir()):
            return None
    except (FileNotFoundError, NotADirectoryError):
        return None
    raise in_the_way(path, found.st_mode, of=of)


def leads(folder: Path, name: str) -> bool:
    """Whether what lies before the name's last `/` is a folder.

    Raises:
        StorageError: it is a link, or something else that is neither a folder nor a file.
    """
    path = os.fspath(folder)  # a text: listings ask this of every object
    for part in name.split("/")[:-1]:
        path = f"{path}/{part}"
        mode = os.lstat(path).st_mode
        if stat.S_ISREG(mode):
            return False
        if not stat.S_ISDIR(mode):
            raise in_the_way(Path(path), mode, of="a folder")
    return True


def make_way(folder: Path, name: str) -> None:
    """Make the folders that an object's name leads through.

    Raises:
        StorageError: something else lies in the place of one.
    """
    path = folder
    for part in name.split("/")[:-1]:
        path /= part
        with contextlib.suppress(FileExistsError):
            path.mkdir()
        if not stat.S_ISDIR(mode := path.lstat().st_mode):
            raise in_the_way(path, mode, of="a folder")


def in_the_way(path: Path, mode: int, *, of: str = "an object") -> StorageError:
    """The error for what lies where an object, or a folder of objects, belongs."""
    return StorageError(
        what=f"{kind(mode)} lies in the place of {of}",
        where=f"file://{path}",
        fix="find out who put it there, and move it out of the bucket; then run the job again",
    )


@contextlib.contextmanager
def failing(url: str, name: str) -> Iterator[None]:
    """What the system refuses in the block is an error of the storage."""
    try:
        yield
    except OSError as error:
        if known := of_machine(error):
            raise known from error
        what = f"the folder can't be used: {error.strerror or error}"
        fix = "check its rights and the space on its disk, then run the job again"
        raise StorageError(what=what, where=f"{url}/{name}", fix=fix) from error
