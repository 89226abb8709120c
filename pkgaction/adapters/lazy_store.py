"""A bucket that is connected to when it is first used: a run that publishes nothing never logs in."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from pkgaction.model.tree import Content
from pkgaction.ports import Headers, ObjectStore, StoredObject


@dataclass
class LazyStore:
    """Passes every call on to the bucket that `connect` gives."""

    url: str
    connect: Callable[[], ObjectStore]
    _connected: tuple[int, ObjectStore] | None = field(default=None, repr=False)

    @property
    def _store(self) -> ObjectStore:
        """Connected by each process for itself: a forked one must not share connections."""
        if self._connected is None or self._connected[0] != os.getpid():
            self._connected = os.getpid(), self.connect()
        return self._connected[1]

    def look(self, name: str, *, create: bool, there: bool = False) -> None:
        """Check that the bucket can be used; nothing is written."""
        self._store.look(name, create=create, there=there)

    def create(self, name: str, content: Content, headers: Headers) -> StoredObject:
        """Write a new object."""
        return self._store.create(name, content, headers)

    def replace(self, name: str, content: Content, headers: Headers, *, generation: int) -> StoredObject:
        """Write over exactly this generation."""
        return self._store.replace(name, content, headers, generation=generation)

    def stat(self, name: str) -> StoredObject | None:
        """What is known of an object without its bytes."""
        return self._store.stat(name)

    def open(self, name: str, *, generation: int) -> BinaryIO:
        """The bytes of exactly this generation."""
        return self._store.open(name, generation=generation)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """All objects whose name starts with the prefix, by name."""
        return self._store.list(prefix)

    def non_objects(self, prefix: str) -> Iterator[str]:
        """What lies there and cannot be an object, as sentences."""
        return self._store.non_objects(prefix)

    def delete(self, name: str, *, generation: int) -> None:
        """Remove exactly this generation."""
        self._store.delete(name, generation=generation)
