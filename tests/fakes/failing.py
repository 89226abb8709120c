"""Ports that raise at one of their calls: a bug of ours, a full disk, too many open files."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

from pkgaction.model.release import Signature
from pkgaction.model.tree import Content
from pkgaction.ports import Headers, ObjectStore, StoredObject, Verdict
from tests.fakes.release import FakeSigner

T = TypeVar("T")


@dataclass(slots=True)
class Failure:
    """What is raised, and by which call."""

    error: Callable[[], BaseException]
    method: str
    name: str = ".*"  # a regular expression for the object or file
    once: bool = True  # else every call of the method after it fails, too
    acts: bool = False  # what was asked for is done first
    after: int = 0  # calls of its kind that go well before it
    happened: bool = False
    _calls: int = 0

    def around(self, method: str, name: str, act: Callable[[], T]) -> T:
        """Do what is asked for, unless it is time to fail."""
        if method != self.method or (self.happened and self.once):
            return act()
        if not self.happened:
            self._calls += bool(re.fullmatch(self.name, name))
            if self._calls <= self.after:
                return act()
            self.happened = True
            if self.acts:
                act()
        raise self.error()


@dataclass(slots=True)
class FailingStore:
    """A bucket, one of whose calls fails. What it does not know is passed on."""

    _store: ObjectStore
    _failure: Failure

    @classmethod
    def of(cls, store: ObjectStore, failure: Failure) -> ObjectStore:
        """The bucket with the failure."""
        return cast("ObjectStore", cls(store, failure))

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def create(self, name: str, content: Content, headers: Headers) -> StoredObject:
        """Write a new object, or fail."""
        return self._failure.around("create", name, lambda: self._store.create(name, content, headers))

    def replace(self, name: str, content: Content, headers: Headers, *, generation: int) -> StoredObject:
        """Write over exactly this generation, or fail."""

        def act() -> StoredObject:
            return self._store.replace(name, content, headers, generation=generation)

        return self._failure.around("replace", name, act)

    def stat(self, name: str) -> StoredObject | None:
        """What is known of an object without its bytes, or fail."""
        return self._failure.around("stat", name, lambda: self._store.stat(name))

    def open(self, name: str, *, generation: int) -> BinaryIO:
        """The bytes of exactly this generation, or fail."""
        return self._failure.around("open", name, lambda: self._store.open(name, generation=generation))

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """All objects whose name starts with the prefix, or fail."""
        return self._failure.around("list", prefix, lambda: self._store.list(prefix))

    def non_objects(self, prefix: str) -> Iterator[str]:
        """What lies there and cannot be an object."""
        return self._store.non_objects(prefix)


@dataclass(slots=True)
class FailingSigner:
    """The fake signer, one of whose calls fails; the first one is the preflight."""

    failure: Failure
    signer: FakeSigner = field(default_factory=FakeSigner)

    def preflight(self) -> Sequence[str]:
        """Nothing to say, or fail."""
        return self.failure.around("sign", "preflight", self.signer.preflight)

    def sign(self, path: Path) -> Signature:
        """Sign a file, or fail."""
        return self.failure.around("sign", path.name, lambda: self.signer.sign(path))

    def verifies(self, path: Path, signature: bytes) -> Verdict:
        """Say whether it is a good one, or fail."""
        verify = lambda: self.signer.verifies(path, signature)  # noqa: E731
        return self.failure.around("sign", path.name, verify)


@dataclass(frozen=True, slots=True)
class FailingContent:
    """A file that fails when it is opened."""

    path: str
    content: Content
    failure: Failure

    @property
    def size(self) -> int:
        """Bytes."""
        return self.content.size

    def open(self) -> BinaryIO:
        """A new stream from the start, or fail."""
        return self.failure.around("open", self.path, self.content.open)
