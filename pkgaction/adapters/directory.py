"""A bucket in a folder: `file:///dir`, behind the port `ObjectStore`.

An object is a plain file at its name. Its generation is the file's modification time in nanoseconds,
and its headers lie under `.pkgaction/` by name and generation, written before the file: so one rename,
or one link, makes an object visible as a whole, and a kill at any point leaves the old state or the new.
A file that came from elsewhere is an object without metadata.

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
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, BinaryIO

from pkgaction import integrity
from pkgaction.adapters import sidecars
from pkgaction.adapters.sidecars import Kept
from pkgaction.errors import AccessDeniedError, BucketMissingError, StorageError, of_machine
from pkgaction.model import layout
from pkgaction.model.checksum import checksums, encoded, extended
from pkgaction.model.disk import FileOnDisk
from pkgaction.model.tree import Content
from pkgaction.ports import AlreadyExistsError, GenerationMismatchError, Headers, StoredObject

_OWN = layout.RESERVED
_CHUNK = 1 << 20
_LOCK_SECONDS = 60.0
_LOCK_PAUSE = 0.005  # seconds


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
        with self._written(name, content, headers) as (temporary, stored), self._lock():
            self._path(name).parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(temporary, self._path(name))
            except FileExistsError:
                self._sidecar(name, stored.generation).unlink()
                raise AlreadyExistsError(name) from None
            return stored

    def replace(self, name: str, content: Content, headers: Headers, *, generation: int) -> StoredObject:
        """Write over exactly this generation."""
        with self._written(name, content, headers) as (temporary, stored), self._lock():
            if self._generation(name) != generation:
                self._sidecar(name, stored.generation).unlink()
                raise GenerationMismatchError(name)
            temporary.replace(self._path(name))
            self._sidecar(name, generation).unlink(missing_ok=True)
            return stored

    def stat(self, name: str) -> StoredObject | None:
        """What is known of an object without its bytes."""
        with _failing(self.url, name):
            while (generation := self._generation(name)) is not None:
                if stored := self._stored(name, generation):
                    return stored
            return None

    def open(self, name: str, *, generation: int) -> BinaryIO:
        """The bytes of exactly this generation, if they are still those that were written.

        Raises:
            GenerationMismatchError: the object has another generation, or is gone.
            DamagedObjectError: they are not.
        """
        with _failing(self.url, name):
            try:
                stream = self._path(name).open("rb")
            except (FileNotFoundError, NotADirectoryError):
                raise GenerationMismatchError(name) from None
            if os.fstat(stream.fileno()).st_mtime_ns != generation:
                stream.close()
                raise GenerationMismatchError(name)
            try:
                self._require_whole(name, generation)
            except BaseException:
                stream.close()
                raise
            return stream

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """All objects whose name starts with the prefix, by name."""
        above = self.folder / prefix.rpartition("/")[0]
        names = []
        with _failing(self.url, prefix):
            for root, folders, files in os.walk(above, onerror=_unless_gone):
                folders[:] = [folder for folder in folders if folder != _OWN]
                names += [str((Path(root) / file).relative_to(self.folder)) for file in files]
        for name in sorted(name for name in names if not _unfit(name)):
            if name.startswith(prefix) and (found := self.stat(name)):
                yield found

    def delete(self, name: str, *, generation: int) -> None:
        """Remove exactly this generation."""
        with _failing(self.url, name), self._lock():
            if self._generation(name) != generation:
                raise GenerationMismatchError(name)
            self._path(name).unlink()
            self._sidecar(name, generation).unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # folders that are empty now: a bucket has none
                for folder in self._path(name).relative_to(self.folder).parents[:-1]:
                    (self.folder / folder).rmdir()

    @contextlib.contextmanager
    def _written(
        self, name: str, content: Content, headers: Headers
    ) -> Iterator[tuple[Path, StoredObject]]:
        """A complete file beside the bucket's objects, with its headers in place."""
        with _failing(self.url, name):
            own, _ = self.folder / _OWN, self._path(name)
            own.mkdir(parents=True, exist_ok=True)
            handle, temporary_name = tempfile.mkstemp(dir=own)
            temporary = Path(temporary_name)
            try:
                with os.fdopen(handle, "wb") as target, content.open() as source:
                    checksum, md5 = _copied(source, target)
                temporary.chmod(0o644)
                generation = time.time_ns()
                os.utime(temporary, ns=(generation, generation))
                stored = StoredObject(
                    name=name,
                    generation=temporary.stat().st_mtime_ns,
                    size=temporary.stat().st_size,
                    crc32c=checksum,
                    headers=headers,
                    created=_time(temporary.stat().st_mtime_ns),
                    md5=md5,
                )
                sidecar = self._sidecar(name, stored.generation)
                sidecar.parent.mkdir(parents=True, exist_ok=True)
                sidecar.write_text(sidecars.dumped(stored))
                yield temporary, stored
            finally:
                temporary.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        """Only one process at a time looks at a generation and acts on it."""
        own = self.folder / _OWN
        own.mkdir(parents=True, exist_ok=True)
        with (own / "lock").open("a") as lock:
            _wait_for(lock, self.url)
            yield

    def _generation(self, name: str) -> int | None:
        try:
            found = self._path(name).stat(follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return found.st_mtime_ns if stat.S_ISREG(found.st_mode) else None  # a link is not an object

    def _stored(self, name: str, generation: int) -> StoredObject | None:
        """The object of that generation; None where it has another one by now, or is gone."""
        path, kept = self._path(name), self._kept(name, generation)
        try:
            checksum, md5 = checksums(FileOnDisk(path))
            there = StoredObject(
                name=name,
                generation=generation,
                size=path.stat().st_size,
                crc32c=checksum,
                headers=kept.headers if kept else self._guessed(name),
                created=_time(generation),
                md5=md5,
            )
        except FileNotFoundError:
            return None
        if kept and kept.measure != (there.size, there.crc32c) and integrity.is_proven(there):
            there = replace(there, doubt=_doubt(there, kept))
        return there if self._generation(name) == generation else None

    def _kept(self, name: str, generation: int) -> Kept | None:
        """What was kept beside the object; None: it came from elsewhere, or it cannot be right."""
        try:
            return sidecars.loaded(self._sidecar(name, generation).read_bytes())
        except FileNotFoundError:
            return None

    def _guessed(self, name: str) -> Headers:
        """What a file's name and content say."""
        content_type = layout.content_type(name, FileOnDisk(self._path(name)))
        return Headers(content_type=content_type, cache_control="")

    def _require_whole(self, name: str, generation: int) -> None:
        kept = self._kept(name, generation)
        if kept is None:
            return  # nothing is known of it
        stored = self._stored(name, generation)
        if stored is None:
            raise GenerationMismatchError(name)
        if not stored.doubt and kept.measure != (stored.size, stored.crc32c):
            raise integrity.damaged(self.url, stored, integrity.damage(stored, kept.measure))

    def _path(self, name: str) -> Path:
        if _unfit(name):
            what = f"{name!r} can't be an object's name here"
            raise StorageError(what=what, where=self.url, fix="rename the file")
        return self.folder / name

    def _sidecar(self, name: str, generation: int) -> Path:
        return self.folder / _OWN / "headers" / name / f"{generation}.json"


def _wait_for(lock: IO[str], url: str) -> None:
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


def _doubt(stored: StoredObject, kept: Kept) -> str:
    size, checksum = kept.measure
    return (
        f"its record is wrong: it says {size} bytes with crc32c {encoded(checksum)}, "
        f"the bytes are the {stored.size} that were written, with crc32c {encoded(stored.crc32c)}"
    )


def _unfit(name: str) -> bool:
    """Whether the name leads out of the folder, into our own, or is no text."""
    strange = any(unicodedata.category(c) in {"Cc", "Cs"} for c in name)
    return strange or bool({"", ".", "..", _OWN}.intersection(name.split("/")))


def _unless_gone(error: OSError) -> None:
    """A folder that vanishes while it is listed is empty; any other failure is one."""
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise error


@contextlib.contextmanager
def _failing(url: str, name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if known := of_machine(error):
            raise known from error
        what = f"the folder can't be used: {error.strerror or error}"
        fix = "check its rights and the space on its disk, then run the job again"
        raise StorageError(what=what, where=f"{url}/{name}", fix=fix) from error


def _copied(source: BinaryIO, target: IO[bytes]) -> tuple[int, bytes]:
    """Copy all of it; CRC32C and MD5 of what was read."""
    checksum, md5 = 0, hashlib.md5(usedforsecurity=False)
    while block := source.read(_CHUNK):
        checksum = extended(checksum, block)
        md5.update(block)
        target.write(block)
    return checksum, md5.digest()


def _time(generation: int) -> datetime:
    return datetime.fromtimestamp(generation / 1e9, UTC)
