"""A zip → its files as a tree, without unpacking. Every zip is hostile until it was read here."""

import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from pkgaction.errors import PackageError
from pkgaction.model.tree import Kind, Tree, TreeFile

_MOST_ENTRIES = 200_000
_KNOWN = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


@contextmanager
def opened(path: Path) -> Iterator[tuple[str, Tree]]:
    """The name of the zip's one top folder, and the files below it.

    Sizes are those of the zip's directory; reading never gives more bytes than they say.

    Raises:
        PackageError: it is no zip, is damaged, or has entries that a package can't have.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError) as error:
        raise _refused(path, f"it can't be read as a zip: {error}") from error
    with archive:
        infos = archive.infolist()
        if len(infos) > _MOST_ENTRIES:
            raise _refused(path, f"it has {len(infos)} entries")
        tree = Tree(tuple(_files(path, archive, infos)))
        try:
            yield _top(path, infos), tree
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise _refused(path, f"it is damaged: {error}") from error


def _top(path: Path, infos: list[zipfile.ZipInfo]) -> str:
    tops = {info.filename.split("/", 1)[0] for info in infos}
    inside = any("/" in info.filename.rstrip("/") for info in infos)
    if len(tops) != 1 or not inside:
        raise _refused(path, "it must have one folder at its top, NAME-VERSION, and nothing beside")
    return tops.pop()


def _files(path: Path, archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo]) -> Iterator[TreeFile]:
    seen: set[str] = set()
    for info in infos:
        name = info.filename.split("/", 1)[1]
        if info.filename in seen:
            raise _refused(path, f"the entry {info.filename!r} is there twice")
        seen.add(info.filename)
        if info.is_dir():
            continue
        if info.flag_bits & 1 or info.compress_type not in _KNOWN:
            raise _refused(path, f"the entry {info.filename!r} is encrypted or oddly compressed")
        mode = info.external_attr >> 16
        plain = not mode or stat.S_ISREG(mode) or not stat.S_IFMT(mode)
        kind = Kind.FILE if plain else Kind.SYMLINK if stat.S_ISLNK(mode) else Kind.SPECIAL
        yield TreeFile(path=name, content=_Zipped(archive, info), kind=kind)


@dataclass(frozen=True, slots=True)
class _Zipped:
    archive: zipfile.ZipFile
    info: zipfile.ZipInfo

    @property
    def size(self) -> int:
        return self.info.file_size

    def open(self) -> BinaryIO:
        return cast("BinaryIO", self.archive.open(self.info))


def _refused(path: Path, what: str) -> PackageError:
    return PackageError(what=what, where=path.name, fix="build the package again")
