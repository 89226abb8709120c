"""An object of a folder's bucket, whose bytes are read as late as can be."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pkgaction import integrity
from pkgaction.adapters import directory_place as place
from pkgaction.adapters.directory_place import PlainFile
from pkgaction.adapters.sidecars import Kept
from pkgaction.model import layout
from pkgaction.model.checksum import checksums, encoded
from pkgaction.ports import GenerationMismatchError, Headers, StoredObject

_OF_BYTES = {"crc32c", "md5", "doubt"}


@dataclass(frozen=True, slots=True)
class Source:
    """What an object's bytes are read from, and what is kept beside them."""

    url: str  # of the bucket
    file: PlainFile
    kept: Kept | None  # None: the file came from elsewhere


class FileObject(StoredObject):
    """The same as its base, but a listing reads no object: checksums, and the headers of a file that
    came from elsewhere, are found when they are first asked for.

    Then StorageError is raised if the object was replaced since.
    """

    __slots__ = ("_source",)
    _source: Source

    @classmethod
    def unread(cls, name: str, source: Source, *, size: int, created: datetime) -> "FileObject":
        """An object as far as it is known without its bytes."""
        made = cls.__new__(cls)
        _set(made, name=name, generation=source.file.generation, size=size, created=created)
        _set(made, _source=source)
        if source.kept:
            _set(made, headers=source.kept.headers)
        return made

    def __getattr__(self, field: str) -> object:
        """What was not found so far: it is asked for only where a field is not set."""
        finds: dict[str, Callable[[], None]] = {
            "headers": self._guess,
            **dict.fromkeys(_OF_BYTES, self.read),
        }
        if field not in finds:
            raise AttributeError(field)
        try:
            finds[field]()
        except GenerationMismatchError as error:
            raise integrity.replaced(self._source.url, self) from error
        found: object = object.__getattribute__(self, field)
        return found

    def read(self) -> None:
        """Read the bytes, for what only they tell.

        Raises:
            GenerationMismatchError: the object was replaced, or is gone.
        """
        with place.failing(self._source.url, self.name):
            checksum, md5 = checksums(self._source.file)
        _set(self, crc32c=checksum, md5=md5)
        kept = self._source.kept
        is_other = bool(kept and kept.measure != (self.size, checksum))
        doubt = _doubt(self, kept) if kept and is_other and integrity.is_proven(self) else ""
        _set(self, doubt=doubt)

    def _guess(self) -> None:
        """Headers by what name and content say."""
        with place.failing(self._source.url, self.name):
            content_type = layout.type_of_object(self.name) or layout.content_type(
                self.name, self._source.file
            )
        _set(self, headers=Headers(content_type=content_type, cache_control=""))


def _set(stored: FileObject, **fields: object) -> None:
    """Objects are frozen for all others."""
    for field, found in fields.items():
        object.__setattr__(stored, field, found)


def _doubt(stored: StoredObject, kept: Kept) -> str:
    size, checksum = kept.measure
    return (
        f"its record is wrong: it says {size} bytes with crc32c {encoded(checksum)}, "
        f"the bytes are the {stored.size} that were written, with crc32c {encoded(stored.crc32c)}"
    )
