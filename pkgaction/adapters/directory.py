"""A bucket in a folder: `file:///dir`, behind the port `ObjectStore`.

An object is a plain file at its name. Its generation is the file's modification time in nanoseconds,
and its headers lie under `.pkgaction/` by name and generation, written before the file: so one rename,
or one link, makes an object visible as a whole, and a kill at any point leaves the old state or the new.
A file that came from elsewhere is an object without metadata; it was created when the system last saw
it change, since whoever puts a file there can set its modification time.

The checksum that is kept beside the headers is that of the bytes as they were given. The one that an
object is said to have is that of the bytes as they lie there, as a server's is: a disk may lose some.
"""

import contextlib
import fcntl
import hashlib
import os
import stat
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from pkgaction import integrity
from pkgaction.adapters import directory_listing, sidecars
from pkgaction.adapters import directory_place as place
from pkgaction.adapters.directory_object import FileObject, Source
from pkgaction.adapters.directory_place import PlainFile, failing
from pkgaction.adapters.directory_times import moment, stamped
from pkgaction.adapters.sidecars import Kept
from pkgaction.errors import AccessDeniedError, BucketMissingError, StorageError
from pkgaction.model import layout
from pkgaction.model.checksum import extended
from pkgaction.model.tree import Content
from pkgaction.ports import AlreadyExistsError, GenerationMismatchError, Headers, StoredObject

_OWN = layout.RESERVED
_CHUNK = 1 << 20
_LARGEST_RECORD = 1 << 20  # bytes; metadata has at most 8 KiB
_OTHERS = 2  # levels of folders that an administrator may have made, with rights of their own
_LOCK_SECONDS = 60.0
_LOCK_PAUSE = 0.005  # seconds


@dataclass(frozen=True, slots=True)
class _New:
    """A complete file that is not an object yet."""

    path: Path
    crc32c: int
    md5: bytes


@dataclass(frozen=True, slots=True)
class DirectoryStore:
    """A folder as a bucket. It is made when the first object is written."""

    folder: Path

    @property
    def url(self) -> str:
        """How a person names it."""
        return f"file://{self.folder}"

    def look(self, name: str, *, create: bool, there: bool = False) -> None:
        """Check that the folder, or the one that it will be made in, may be read and written."""
        self._path(name)
        nearest = next(path for path in (self.folder, *self.folder.parents) if os.path.lexists(path))
        fix = "name a folder, or one that can be made"
        if there and not os.path.lexists(self.folder):
            fix = "name the right folder; a new one must be made first"
            raise BucketMissingError(what="there is no such folder", where=self.url, fix=fix)
        if not nearest.is_dir():
            where = f"file://{nearest}"
            raise BucketMissingError(what="this is not a folder", where=where, fix=fix)
        needed = os.R_OK | os.X_OK | (os.W_OK if create else 0)
        effective = os.access in os.supports_effective_ids
        if not os.access(nearest, needed, effective_ids=effective):
            fix = "change its permissions, or run as a user who has them"
            what = "this folder cannot be " + ("written to" if create else "read")
            raise AccessDeniedError(what=what, where=f"file://{nearest}", fix=fix)

    def create(self, name: str, content: Content, headers: Headers) -> StoredObject:
        """Write a new object."""
        with self._written(name, content) as new, self._lock():
            place.make_way(self.folder, name)
            if self._generation(name) is not None:
                raise AlreadyExistsError(name)
            stored = self._described(name, new, headers, before=None)
            try:
                os.link(new.path, self._path(name))
            except FileExistsError:
                self._forget(name, stored.generation)
                if place.plain(self.folder, name) is None:
                    raise place.in_the_way(self._path(name), stat.S_IFDIR) from None
                raise AlreadyExistsError(name) from None
            return stored

    def replace(self, name: str, content: Content, headers: Headers, *, generation: int) -> StoredObject:
        """Write over exactly this generation."""
        with self._written(name, content) as new, self._lock():
            if self._generation(name) != generation:
                raise GenerationMismatchError(name)
            stored = self._described(name, new, headers, before=generation)
            new.path.replace(self._path(name))
            self._forget(name, generation)
            return stored

    def stat(self, name: str) -> StoredObject | None:
        """What is known of an object without its bytes.

        Raises:
            StorageError: what lies there is not a plain file.
        """
        self._path(name)
        with failing(self.url, name):
            while found := place.plain(self.folder, name):
                if stored := self._stored(name, found):
                    return stored
            return None

    def open(self, name: str, *, generation: int) -> BinaryIO:
        """The bytes of exactly this generation, if they are still those that were written.

        Raises:
            GenerationMismatchError: the object has another generation, or is gone.
            DamagedObjectError: they are not.
        """
        self._path(name)
        with failing(self.url, name):
            found = place.plain(self.folder, name)
            if found is None or found.st_mtime_ns != generation:
                raise GenerationMismatchError(name)
            stream = PlainFile(self._path(name), generation).open()
            try:
                self._require_whole(name, found)
            except BaseException:
                stream.close()
                raise
            return stream

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """All objects whose name starts with the prefix, by name. Their bytes are not read."""
        with failing(self.url, prefix):
            names = directory_listing.names(self.folder, prefix)
        for name in names:
            if found := self.stat(name):
                yield found

    def non_objects(self, prefix: str) -> Iterator[str]:
        """What lies there and cannot be an object, as sentences."""
        with failing(self.url, prefix):
            yield from directory_listing.non_objects(self.folder, prefix)

    def delete(self, name: str, *, generation: int) -> None:
        """Remove exactly this generation, and the folders that are empty then: a bucket has none."""
        self._path(name)
        with failing(self.url, name), self._lock():
            if self._generation(name) != generation:
                raise GenerationMismatchError(name)
            self._path(name).unlink()
            self._forget(name, generation)
            with contextlib.suppress(OSError):
                for folder in Path(name).parents[: -1 - _OTHERS]:
                    (self.folder / folder).rmdir()

    @contextlib.contextmanager
    def _written(self, name: str, content: Content) -> Iterator[_New]:
        """A complete file beside the bucket's objects, which goes with the block."""
        self._path(name)
        with failing(self.url, name):
            handle, temporary_name = tempfile.mkstemp(dir=self._own("new").parent)
            temporary = Path(temporary_name)
            try:
                with os.fdopen(handle, "wb") as target, content.open() as source:
                    checksum, md5 = _copied(source, target)
                temporary.chmod(0o644)
                yield _New(temporary, checksum, md5)
            finally:
                temporary.unlink(missing_ok=True)

    def _described(self, name: str, new: _New, headers: Headers, *, before: int | None) -> StoredObject:
        """The object that the file will be, with its headers in place."""
        generation = stamped(new.path, before)
        stored = FileObject(
            name=name,
            generation=generation,
            size=new.path.stat().st_size,
            crc32c=new.crc32c,
            headers=headers,
            created=moment(generation),
            md5=new.md5,
        )
        sidecar = self._own(_record(name, generation))
        sidecar.unlink(missing_ok=True)  # whatever lies there is not written through
        with sidecar.open("x", encoding="utf-8") as stream:
            stream.write(sidecars.dumped(stored))
        return stored

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        """Only one process at a time looks at a generation and acts on it."""
        path = self._own("lock")
        place.plain(self.folder, f"{_OWN}/lock")
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
        with os.fdopen(handle, "rb+", buffering=0) as lock:
            _wait_for(lock, self.url)
            yield

    def _generation(self, name: str) -> int | None:
        found = place.plain(self.folder, name)
        return found.st_mtime_ns if found else None

    def _stored(self, name: str, found: os.stat_result) -> FileObject | None:
        """The object of that file; None where there is another one by now."""
        kept = self._kept(name, found.st_mtime_ns)
        if kept is None and self._generation(name) != found.st_mtime_ns:
            return None  # its record went with it
        return self._object(name, found, kept)

    def _object(self, name: str, found: os.stat_result, kept: Kept | None) -> FileObject:
        source = Source(self.url, PlainFile(self._path(name), found.st_mtime_ns), kept)
        created = moment(found.st_mtime_ns if kept else found.st_ctime_ns)
        return FileObject.unread(name, source, size=found.st_size, created=created)

    def _kept(self, name: str, generation: int) -> Kept | None:
        """What was kept beside the object; None: it came from elsewhere, or it cannot be right."""
        record = f"{_OWN}/{_record(name, generation)}"
        try:
            if place.plain(self.folder, record, of="a record") is None:
                return None
            with place.opened(self.folder / record) as stream:
                return sidecars.loaded(stream.read(_LARGEST_RECORD))
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _forget(self, name: str, generation: int) -> None:
        """Remove what was kept beside an object."""
        record = f"{_OWN}/{_record(name, generation)}"
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            if place.leads(self.folder, record):
                (self.folder / record).unlink()

    def _require_whole(self, name: str, found: os.stat_result) -> None:
        kept = self._kept(name, found.st_mtime_ns)
        if kept is None:
            return  # nothing is known of it
        stored = self._object(name, found, kept)
        stored.read()
        if not stored.doubt and kept.measure != (stored.size, stored.crc32c):
            raise integrity.damaged(self.url, stored, integrity.damage(stored, kept.measure))

    def _path(self, name: str) -> Path:
        if place.is_unfit(name):
            what = f"{name!r} can't be an object's name here"
            raise StorageError(what=what, where=self.url, fix="rename the file")
        return self.folder / name

    def _own(self, rest: str) -> Path:
        """A path in the bucket's own folder, whose folders are made where they are not there.

        Raises:
            StorageError: something else lies in the place of one.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        place.make_way(self.folder, f"{_OWN}/{rest}")
        return self.folder / _OWN / rest


def _record(name: str, generation: int) -> str:
    """Where in the own folder the headers of an object are kept."""
    return f"headers/{name}/{generation}.json"


def _wait_for(lock: IO[bytes], url: str) -> None:
    until = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                what = f"another process has held the folder's lock for {_LOCK_SECONDS:.0f} seconds"
                raise StorageError(what=what, where=url, fix="end it, then run the job again") from None
            time.sleep(_LOCK_PAUSE)
        else:
            return


def _copied(source: BinaryIO, target: IO[bytes]) -> tuple[int, bytes]:
    """Copy all of it; CRC32C and MD5 of what was read."""
    checksum, md5 = 0, hashlib.md5(usedforsecurity=False)
    while block := source.read(_CHUNK):
        checksum = extended(checksum, block)
        md5.update(block)
        target.write(block)
    return checksum, md5.digest()
