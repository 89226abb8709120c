"""The zip of a required input package."""

from pathlib import Path
from typing import NoReturn

from pkgaction.errors import PackageError, SourceMissingError
from pkgaction.model import yamltext
from pkgaction.model.manifest import FILE, ManifestProblemError, PackageId, identify
from pkgaction.model.tree import Bytes, Kind, Tree, TreeFile
from pkgaction.transforms import unarchive

_LARGEST_TREE = 512 * 1024 * 1024  # bytes of all its files


def files_of(package: PackageId, path: Path, where: str) -> Tree:
    """The files of a zip, held in memory, if it is the package that it should be.

    Raises:
        SourceMissingError: it is another one, or none; `where` says where it is from.
    """
    try:
        with unarchive.opened(path) as (_, tree):
            if sum(file.content.size for file in tree.files) > _LARGEST_TREE:
                _refuse(f"the files of the input package {package} are too large", where)
            files = [_held(file) for file in tree.files if file.kind is Kind.FILE]
        held = Tree(tuple(files))
        found = identify(held.read(FILE, limit=yamltext.MOST_BYTES) or b"")
    except SourceMissingError:
        raise
    except PackageError as error:
        _refuse(f"the input package {package} is no package: {error.what}", where)
    except ManifestProblemError as error:
        _refuse(f"the input package {package} has no manifest: {error.message}", where)
    if found.id != package:
        _refuse(f"the input package {package} says that it is {found.id}", where)
    return held


def _held(file: TreeFile) -> TreeFile:
    with file.content.open() as stream:
        return TreeFile(path=file.path, content=Bytes(stream.read()))


def _refuse(what: str, where: str) -> NoReturn:
    fix = "correct requires.input, or fix the package where it comes from"
    raise SourceMissingError(what=what, where=where, fix=fix)
