"""The official specification's files: from an archive, a folder, or the copy that the image carries.

What is pinned is believed by its digest alone, wherever it came from. An address or a folder that the
user names is believed as it is, unless it ends in `#sha256=` and a digest.
"""

import contextlib
import hashlib
import io
import tarfile
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pkgaction.adapters import folder
from pkgaction.adapters.cache import Cache
from pkgaction.adapters.clock import SystemClock
from pkgaction.adapters.fetcher import Fetcher, FetchError
from pkgaction.errors import PackageError, PkgactionError, SpecificationError
from pkgaction.model.tree import Tree
from pkgaction.transforms import unarchive

VERSION = "3.6.6"  # the release that is validated against where the user names none
ADDRESS = f"https://github.com/elastic/package-spec/archive/refs/tags/v{VERSION}.tar.gz"
# of its files, as `digest` makes it
DIGEST = "a940674649dcb8b021d5dc3dfdb42ef552ffe208f323bf6c2ef269be9ec8c815"
READ_AT = f"https://github.com/elastic/package-spec/blob/v{VERSION}/spec"
CARRIED = Path(__file__).resolve().parents[2] / "package-spec"  # in the image: beside the program

_TOP = "spec/"  # what lies beside it in an archive is not read
_PIN = "#sha256="
_LARGEST_ARCHIVE = 64 * 1024 * 1024  # bytes
_LARGEST = 16 * 1024 * 1024  # bytes of all files
_LARGEST_UNPACKED = 1024 * 1024 * 1024  # bytes of all members of an archive
_MOST_FILES = 2_000
_FIX = "name another archive or folder in the input package-spec, or none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Specification:
    """The files of a specification, by path below `spec/`."""

    files: Mapping[str, bytes]
    name: str  # for reports
    address: str  # where people can read them; empty: nowhere


def load(where: str, fetcher: Fetcher, cache: Cache) -> Specification:
    """The specification at an address or in a folder; the pinned release where nothing is named.

    Raises:
        SpecificationError: it can't be had, is no specification, or not the pinned one.
    """
    place, _, pin = where.partition(_PIN)
    if not place:
        return _released(fetcher, cache)
    files = _of_folder(Path(place)) if "://" not in place else _fetched(place, pin, fetcher, cache)
    _verify(files, pin, place)
    return Specification(files=files, name=f"package-spec from {place}", address="")


def digest(files: Mapping[str, bytes]) -> str:
    """SHA-256 over a specification's paths and contents, in lower-case hex."""
    lines = sorted(f"{hashlib.sha256(data).hexdigest()}  {path}\n" for path, data in files.items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _released(fetcher: Fetcher, cache: Cache) -> Specification:
    carried = CARRIED.is_dir()
    files = _of_folder(CARRIED) if carried else _fetched(ADDRESS, DIGEST, fetcher, cache)
    _verify(files, DIGEST, str(CARRIED) if carried else ADDRESS)
    return Specification(files=files, name=f"package-spec {VERSION}", address=READ_AT)


def _verify(files: Mapping[str, bytes], pin: str, where: str) -> None:
    if "changelog.yml" not in files:
        raise SpecificationError(what="this is no package specification", where=where, fix=_FIX)
    found = digest(files)
    if pin and found != pin:
        what = f"the specification's files have the digest {found}, not {pin}"
        raise SpecificationError(what=what, where=where, fix="find out who changed them")


def _fetched(address: str, pin: str, fetcher: Fetcher, cache: Cache) -> dict[str, bytes]:
    """Only what is pinned is kept: anything else may change at its address."""
    key = f"package-spec {address} {pin}"
    data = cache.get(key) if pin else None
    if data is None:
        try:
            data = fetcher.get(address, limit=_LARGEST_ARCHIVE)
        except FetchError as error:
            what = f"the specification can't be had: {error}"
            raise SpecificationError(what=what, where=address, fix=_FIX) from error
        files = _of_archive(data, address)
        _verify(files, pin, address)
        if pin:
            cache.put(key, data)
        return files
    return _of_archive(data, address)


def _of_archive(data: bytes, where: str) -> dict[str, bytes]:
    files = dict(_unzipped(data, where) if data.startswith(b"PK") else _untarred(data, where))
    return _limited(files, where)


def _untarred(data: bytes, where: str) -> Iterator[tuple[str, bytes]]:
    unpacked = kept = files = 0
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
            for member in archive:
                unpacked += member.size  # those that are passed over are unpacked, too
                path = _below(member.name) if member.isfile() else ""
                kept, files = kept + (member.size if path else 0), files + bool(path)
                if unpacked > _LARGEST_UNPACKED or kept > _LARGEST or files > _MOST_FILES:
                    raise _not_read("is too large", where)
                if not path:
                    continue
                stream = archive.extractfile(member)
                yield path, stream.read() if stream else b""
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise _not_read(f"is no archive: {error}", where) from error


def _unzipped(data: bytes, where: str) -> Iterator[tuple[str, bytes]]:
    with contextlib.ExitStack() as stack:
        folder_ = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="package-spec-")))
        path = folder_ / "archive.zip"
        path.write_bytes(data)
        try:
            _, tree = stack.enter_context(unarchive.opened(path, shared=False))
            yield from _of_tree(tree, _TOP, where)
        except PackageError as error:
            raise _not_read(f"is no archive: {error.what}", where) from error


def _of_folder(path: Path) -> dict[str, bytes]:
    """A folder that holds `spec/`, or is it."""
    try:
        tree = folder.package(path).tree
        files = dict(_of_tree(tree, _TOP, str(path))) or dict(_of_tree(tree, "", str(path)))
    except SpecificationError:
        raise
    except (PkgactionError, OSError) as error:
        what = error.what if isinstance(error, PkgactionError) else str(error)
        raise _not_read(f"can't be read: {what}", str(path)) from error
    return _limited(files, str(path))


def _of_tree(tree: Tree, top: str, where: str) -> Iterator[tuple[str, bytes]]:
    wanted = [file for file in tree.files if file.path.startswith(top)]
    if len(wanted) > _MOST_FILES or sum(file.content.size for file in wanted) > _LARGEST:
        raise _not_read("is too large", where)
    for file in wanted:
        yield file.path.removeprefix(top), tree.read(file.path, limit=_LARGEST) or b""


def _below(name: str) -> str:
    """A member's path below `spec/`, which lies in the archive's one top folder."""
    _, _, inner = name.removeprefix("./").partition("/")
    return inner.removeprefix(_TOP) if inner.startswith(_TOP) else ""


def _limited(files: dict[str, bytes], where: str) -> dict[str, bytes]:
    if len(files) > _MOST_FILES or sum(map(len, files.values())) > _LARGEST:
        raise _not_read("is too large", where)
    return files


def _not_read(what: str, where: str) -> SpecificationError:
    return SpecificationError(what=f"the specification {what}", where=where, fix=_FIX)


if __name__ == "__main__":  # when an image is built: is its copy the pinned release?
    load("", Fetcher(SystemClock()), Cache(None))
