"""A zip → its files as a tree, without unpacking. Every zip is hostile until it was read here."""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self, cast

from pkgaction.errors import PackageError
from pkgaction.model.tree import Kind, Tree, TreeFile
from pkgaction.transforms import zipend

_MOST_ENTRIES = 200_000
_KNOWN = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_UTF_8 = 1 << 11  # flag: the name is UTF-8
_ODD_FLAGS = 1 | 1 << 5 | 1 << 6  # encrypted, patched, strongly encrypted
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    EOFError,
    OSError,
    ValueError,
    LookupError,
    ArithmeticError,
    RuntimeError,
)


@contextmanager
def opened(path: Path, *, shared: bool = True) -> Iterator[tuple[str, Tree]]:
    """The name of the zip's one top folder, and the files below it.

    Sizes are those of the zip's directory; reading never gives more bytes than they say. A zip that is
    `shared` is read by others, too: it is refused where they could see other files.

    Raises:
        PackageError: it is no zip, is damaged, or has entries that a package can't have.
    """
    try:
        count = _agreed(path) if shared else None
        archive = zipfile.ZipFile(path)
    except _DAMAGE as error:
        raise _refused(path.name, f"it can't be read as a zip: {error}") from error
    with archive:
        infos = archive.infolist()
        if len(infos) > _MOST_ENTRIES:
            raise _refused(path.name, f"it has {len(infos)} entries")
        if count is not None and len(infos) != count:
            raise _refused(path.name, f"its directory has {len(infos)} entries, its end says {count}")
        if shared:
            _refuse_empty_folders(path, infos)
        top = _top(path, infos)
        yield top, Tree(tuple(_files(path, archive, infos)))


def _agreed(path: Path) -> int:
    with path.open("rb") as stream:
        return zipend.entries(stream)


def _top(path: Path, infos: list[zipfile.ZipInfo]) -> str:
    tops = {info.filename.partition("/")[0] for info in infos}
    whole = all("/" in info.filename for info in infos)
    files = any(not info.filename.endswith("/") for info in infos)
    if len(tops) != 1 or not whole or not files or tops & {"", ".", ".."}:
        what = "it must have one folder at its top, NAME-VERSION, and nothing beside"
        raise _refused(path.name, what)
    return tops.pop()


def _refuse_empty_folders(path: Path, infos: list[zipfile.ZipInfo]) -> None:
    """A folder's entry stands for files below it: not all readers see one without any."""
    folders = {
        info.filename[:end]
        for info in infos
        if not info.filename.endswith("/")
        for end in _slashes(info.filename)
    }
    for info in infos:
        if info.filename.endswith("/") and (info.filename not in folders or info.file_size):
            what = f"the entry {info.filename[:200]!r} is a folder without files, or has bytes itself"
            raise _refused(path.name, what)


def _slashes(name: str) -> Iterator[int]:
    """Where each folder's name ends in a path, with its slash."""
    return (at + 1 for at, character in enumerate(name) if character == "/")


def _files(path: Path, archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo]) -> Iterator[TreeFile]:
    seen: set[str] = set()
    for info in infos:
        name = info.filename.split("/", 1)[1]
        plain_name = info.orig_filename == info.filename
        if not plain_name or not (info.flag_bits & _UTF_8 or info.filename.isascii()):
            what = f"readers would read the name of the entry {info.filename!r} differently"
            raise _refused(path.name, what)
        if info.filename in seen:
            raise _refused(path.name, f"the entry {info.filename!r} is there twice")
        seen.add(info.filename)
        if info.filename.endswith("/"):
            continue
        if info.flag_bits & _ODD_FLAGS or info.compress_type not in _KNOWN:
            what = f"the entry {info.filename!r} is encrypted or oddly compressed"
            raise _refused(path.name, what)
        mode = info.external_attr >> 16
        plain = not mode or stat.S_ISREG(mode) or not stat.S_IFMT(mode)
        kind = Kind.FILE if plain else Kind.SYMLINK if stat.S_ISLNK(mode) else Kind.SPECIAL
        yield TreeFile(path=name, content=_Zipped(path.name, archive, info), kind=kind)


@dataclass(frozen=True, slots=True)
class _Zipped:
    zip_name: str
    archive: zipfile.ZipFile
    info: zipfile.ZipInfo

    @property
    def size(self) -> int:
        return self.info.file_size

    def open(self) -> BinaryIO:
        with _damage(self.zip_name):
            stream = self.archive.open(self.info)
        return cast("BinaryIO", _Checked(self.zip_name, cast("BinaryIO", stream), self.size))


class _Checked:
    """A stream out of a zip whose damage is a refusal of the zip."""

    def __init__(self, zip_name: str, stream: BinaryIO, size: int) -> None:
        self._zip_name = zip_name
        self._stream = stream
        self._left = size  # bytes, as the zip's directory says

    def read(self, size: int = -1) -> bytes:
        with _damage(self._zip_name):
            data = self._stream.read(size)
            self._left -= len(data)
            if self._left > 0 and not data and size:
                raise EOFError(f"{self._left} bytes are missing")
            return data

    def close(self) -> None:
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def _damage(zip_name: str) -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise _refused(zip_name, f"it is damaged: {error}") from error


def _refused(zip_name: str, what: str) -> PackageError:
    return PackageError(what=what, where=zip_name, fix="build the package again")
