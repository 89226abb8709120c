"""A zip → its files as a tree, without unpacking. Every zip is hostile until it was read here."""

import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self, cast

from pkgaction.errors import PackageError
from pkgaction.model.tree import Kind, Tree, TreeFile
from pkgaction.transforms import zipend, ziprecords
from pkgaction.transforms.ziprecords import At, Entry
from pkgaction.transforms.zipstream import EntryStream

_FIX = "build the package again, by `elastic-package build` or `pkgaction build`"
_MOST_ENTRIES = 200_000
_MOST_HEADER = 2048  # bytes of an entry in the directory, its name among them
_DAMAGE = (ValueError, zlib.error, OSError)  # zipend.AmbiguousZipError is the first


@contextmanager
def opened(path: Path, *, shared: bool = True) -> Iterator[tuple[str, Tree]]:
    """The name of the zip's one top folder, and the files below it.

    Sizes are those of the zip's directory; reading gives just so many bytes. It is refused wherever two
    readers could see other files. One that is `shared` is read by others, too: it has nothing but plain
    files and their folders. The archive of a repository may have links, empty folders and a comment.

    Raises:
        PackageError: it is no zip, is damaged, or has entries that a package can't have.
    """
    try:
        stream = path.open("rb")
    except OSError as error:
        raise _refused(path.name, f"it can't be read as a zip: {_words(error)}") from error
    with stream:
        read = _reader(stream.fileno())
        try:
            found = _entries(stream, read, comment=not shared)
        except _DAMAGE as error:
            raise _refused(path.name, f"it is refused as a zip: {_words(error)}") from error
        top = _top(path, found)
        _refuse_doubles(path, found)
        if shared:
            _refuse_links_and_empty_folders(path, found)
        yield top, Tree(tuple(_files(path, read, found)))


def _reader(descriptor: int) -> At:
    return lambda length, offset: os.pread(descriptor, length, offset)


def _entries(stream: BinaryIO, read: At, *, comment: bool) -> tuple[Entry, ...]:
    where = zipend.directory(stream, comment=comment)
    if where.count > _MOST_ENTRIES or where.length > where.count * _MOST_HEADER:
        raise zipend.AmbiguousZipError(f"it has {where.count} entries in {where.length} bytes")
    return tuple(ziprecords.entries(read, where))


def _top(path: Path, entries: Sequence[Entry]) -> str:
    tops = {entry.name.partition("/")[0] for entry in entries}
    whole = all("/" in entry.name for entry in entries)
    files = any(not entry.is_folder for entry in entries)
    if len(tops) != 1 or not whole or not files:
        what = "it must have one folder at its top, NAME-VERSION, and nothing beside"
        raise _refused(path.name, what)
    return tops.pop()


def _refuse_doubles(path: Path, entries: Sequence[Entry]) -> None:
    """A name is there once, be it a file's or a folder's."""
    seen: set[str] = set()
    for entry in entries:
        name = entry.name.removesuffix("/")
        if name in seen:
            raise _refused(path.name, f"the entry {name[:200]!r} is there twice")
        seen.add(name)


def _refuse_links_and_empty_folders(path: Path, entries: Sequence[Entry]) -> None:
    """A folder's entry stands for files below it: not all readers see one without any.

    So each folder is one of a file's path, and what holds for that holds for the folder, too.
    """
    files = [entry for entry in entries if not entry.is_folder]
    folders = {file.name[:end] for file in files for end in _slashes(file.name)}
    for entry in entries:
        name = repr(entry.name[:200])
        if entry.kind is not Kind.FILE:
            raise _refused(path.name, f"the entry {name} is a {entry.kind.value}, not a plain file")
        if entry.is_folder and entry.name not in folders:
            raise _refused(path.name, f"the entry {name} is a folder without files")
        if f"{entry.name}/" in folders:
            raise _refused(path.name, f"the entry {name} is a file, and a folder of others")


def _slashes(name: str) -> Iterator[int]:
    """Where each folder's name ends in a path, with its slash."""
    return (at + 1 for at, character in enumerate(name) if character == "/")


def _files(path: Path, read: At, entries: Sequence[Entry]) -> Iterator[TreeFile]:
    for entry in entries:
        if not entry.is_folder:
            content = _Zipped(path.name, read, entry)
            yield TreeFile(path=entry.name.split("/", 1)[1], content=content, kind=entry.kind)


@dataclass(frozen=True, slots=True)
class _Zipped:
    zip_name: str
    read: At
    entry: Entry

    @property
    def size(self) -> int:
        return self.entry.size

    def open(self) -> BinaryIO:
        stream = EntryStream(self.read, self.entry)
        return cast("BinaryIO", _Checked(self.zip_name, self.entry.name, stream))


class _Checked:
    """A stream out of a zip whose damage is a refusal of the zip."""

    def __init__(self, zip_name: str, name: str, stream: EntryStream) -> None:
        self._zip_name = zip_name
        self._name = name
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        try:
            return self._stream.read(size)
        except _DAMAGE as error:
            what = f"it is damaged: the entry {self._name[:200]!r}: {_words(error)}"
            raise _refused(self._zip_name, what) from error

    def close(self) -> None:
        """Nothing is held open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _words(error: Exception) -> str:
    """What is wrong, without the system's numbers."""
    return (error.strerror or "").lower() if isinstance(error, OSError) else str(error)


def _refused(zip_name: str, what: str) -> PackageError:
    return PackageError(what=what, where=zip_name, fix=_FIX)
