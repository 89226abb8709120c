"""A bucket in memory, and wrappers that kill its user, or watch over its shoulder."""

import hashlib
import io
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import BinaryIO, TypeVar

import google_crc32c

from pkgaction.model.tree import Bytes, Content
from pkgaction.ports import (
    AlreadyExistsError,
    Clock,
    GenerationMismatchError,
    Headers,
    ObjectStore,
    StoredObject,
)
from tests.fakes.release import FakeClock

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a store, as its log has it."""

    method: str
    name: str
    done: bool = True  # False: refused, nothing was changed

    @property
    def writes(self) -> bool:
        """Whether it changed the bucket."""
        return self.done and self.method in {"create", "replace", "delete"}


@dataclass(slots=True)
class MemoryStore:
    """A bucket that lives as long as the test."""

    url: str = "memory://bucket"
    calls: list[Call] = field(default_factory=list)
    clock: Clock = field(default_factory=FakeClock)
    composes: bool = False  # keeps no MD5, as of objects that a server has composed
    _objects: dict[str, tuple[StoredObject, bytes]] = field(default_factory=dict)
    _generation: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def look(self, name: str, *, create: bool, there: bool = False) -> None:
        """It can always be used."""
        del create, there
        self._log("look", name)

    def create(self, name: str, content: Content, headers: Headers) -> StoredObject:
        """Write a new object."""
        data = _read(content)
        with self._lock:
            if name in self._objects:
                self._log("create", name, done=False)
                raise AlreadyExistsError(name)
            self._log("create", name)
            return self._put(name, data, headers)

    def replace(self, name: str, content: Content, headers: Headers, *, generation: int) -> StoredObject:
        """Write over exactly this generation."""
        data = _read(content)
        with self._lock:
            self._check("replace", name, generation)
            self._log("replace", name)
            return self._put(name, data, headers)

    def stat(self, name: str) -> StoredObject | None:
        """What is known of an object without its bytes."""
        with self._lock:
            self._log("stat", name)
            found = self._objects.get(name)
            return found[0] if found else None

    def open(self, name: str, *, generation: int) -> BinaryIO:
        """The bytes of exactly this generation."""
        with self._lock:
            self._check("open", name, generation)
            self._log("open", name)
            return io.BytesIO(self._objects[name][1])

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """All objects whose name starts with the prefix, by name."""
        with self._lock:
            self._log("list", prefix)
            found = [self._objects[name][0] for name in sorted(self._objects)]
        return iter([stored for stored in found if stored.name.startswith(prefix)])

    def non_objects(self, prefix: str) -> Iterator[str]:
        """Nothing else is in memory."""
        del prefix
        return iter(())

    def delete(self, name: str, *, generation: int) -> None:
        """Remove exactly this generation."""
        with self._lock:
            self._check("delete", name, generation)
            self._log("delete", name)
            del self._objects[name]

    def dump(self) -> dict[str, tuple[bytes, Headers]]:
        """All there is, by name; generations left out."""
        with self._lock:
            return {name: (data, stored.headers) for name, (stored, data) in self._objects.items()}

    def copy(self, other: "MemoryStore") -> None:
        """Take over all that lies in another one."""
        with self._lock:
            self._objects, self._generation = dict(other._objects), other._generation

    def data(self, name: str) -> bytes:
        """The bytes of an object that is there."""
        return self.dump()[name][0]

    @property
    def writes(self) -> Sequence[Call]:
        """Every change so far, in order."""
        with self._lock:
            return [call for call in self.calls if call.writes]

    def _put(self, name: str, data: bytes, headers: Headers) -> StoredObject:
        self._generation += 1
        kept = Headers(
            content_type=headers.content_type,
            cache_control=headers.cache_control,
            content_encoding=headers.content_encoding,
            metadata=dict(headers.metadata),
        )
        stored = StoredObject(
            name=name,
            generation=self._generation,
            size=len(data),
            crc32c=google_crc32c.value(data),
            headers=kept,
            created=self.clock.now(),
            md5=None if self.composes else hashlib.md5(data, usedforsecurity=False).digest(),
        )
        self._objects[name] = stored, data
        return stored

    def _check(self, method: str, name: str, generation: int) -> None:
        found = self._objects.get(name)
        if found is None or found[0].generation != generation:
            self._log(method, name, done=False)
            raise GenerationMismatchError(name)

    def _log(self, method: str, name: str, *, done: bool = True) -> None:
        self.calls.append(Call(method=method, name=name, done=done))


class Killed(BaseException):
    """The process ended here: no error, so nobody may handle it."""


@dataclass(slots=True)
class _Fuse:
    left: int
    acting: bool
    burnt: bool = False

    def write(self, act: Callable[[], T]) -> T:
        if self.left:
            done = act()
            self.left -= 1
            return done
        self.burnt = True
        if self.acting:
            act()
        raise Killed

    def read(self, act: Callable[[], T]) -> T:
        if self.burnt:  # the dead do nothing, whatever is to be cleaned up
            raise Killed
        return act()


class Crashing:
    """A store whose user dies at a write: before it was done, or after it, without an answer.

    A write that was refused counts as none.
    """

    def __init__(
        self, store: ObjectStore, *, after: int, acting: bool = False, fuse: _Fuse | None = None
    ) -> None:
        self._store = store
        self._fuse = fuse or _Fuse(after, acting)

    @property
    def url(self) -> str:
        """How a person names it."""
        return self._store.url

    @property
    def killed(self) -> bool:
        """Whether it came to that."""
        return self._fuse.burnt

    def beside(self, store: ObjectStore) -> "Crashing":
        """Another bucket of the same user: the writes to both are counted together."""
        return Crashing(store, after=0, fuse=self._fuse)

    def look(self, name: str, *, create: bool, there: bool = False) -> None:
        """Check that the bucket can be used."""
        self._fuse.read(lambda: self._store.look(name, create=create, there=there))

    def create(self, name: str, content: Content, headers: Headers) -> StoredObject:
        """Write a new object, or die."""
        return self._write(lambda: self._store.create(name, content, headers))

    def replace(self, name: str, content: Content, headers: Headers, *, generation: int) -> StoredObject:
        """Write over exactly this generation, or die."""
        return self._write(lambda: self._store.replace(name, content, headers, generation=generation))

    def stat(self, name: str) -> StoredObject | None:
        """What is known of an object without its bytes."""
        return self._fuse.read(lambda: self._store.stat(name))

    def open(self, name: str, *, generation: int) -> BinaryIO:
        """The bytes of exactly this generation."""
        return self._fuse.read(lambda: self._store.open(name, generation=generation))

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """All objects whose name starts with the prefix, by name."""
        return self._fuse.read(lambda: self._store.list(prefix))

    def non_objects(self, prefix: str) -> Iterator[str]:
        """What lies there and cannot be an object."""
        return self._fuse.read(lambda: self._store.non_objects(prefix))

    def delete(self, name: str, *, generation: int) -> None:
        """Remove exactly this generation, or die."""
        self._write(lambda: self._store.delete(name, generation=generation))

    def _write(self, act: Callable[[], T]) -> T:
        return self._fuse.read(lambda: self._fuse.write(act))


class Watching:
    """A store that lets somebody else do something in between.

    Args:
        store: where it all goes.
        before: runs before every call, reads too; it is given the call's number, from 0.
        after: runs after every write that was done; it is given the object's name.
    """

    def __init__(
        self,
        store: ObjectStore,
        *,
        before: Callable[[int], None] = lambda _: None,
        after: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._before = before
        self._after = after
        self.count = 0

    @property
    def url(self) -> str:
        """How a person names it."""
        return self._store.url

    def look(self, name: str, *, create: bool, there: bool = False) -> None:
        """Check that the bucket can be used."""
        self._store.look(name, create=create, there=there)

    def create(self, name: str, content: Content, headers: Headers) -> StoredObject:
        """Write a new object."""
        return self._write(name, lambda: self._store.create(name, content, headers))

    def replace(self, name: str, content: Content, headers: Headers, *, generation: int) -> StoredObject:
        """Write over exactly this generation."""
        return self._write(
            name, lambda: self._store.replace(name, content, headers, generation=generation)
        )

    def stat(self, name: str) -> StoredObject | None:
        """What is known of an object without its bytes."""
        self._step()
        return self._store.stat(name)

    def open(self, name: str, *, generation: int) -> BinaryIO:
        """The bytes of exactly this generation."""
        self._step()
        return self._store.open(name, generation=generation)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """All objects whose name starts with the prefix, by name."""
        self._step()
        return self._store.list(prefix)

    def non_objects(self, prefix: str) -> Iterator[str]:
        """What lies there and cannot be an object."""
        return self._store.non_objects(prefix)

    def delete(self, name: str, *, generation: int) -> None:
        """Remove exactly this generation."""
        self._write(name, lambda: self._store.delete(name, generation=generation))

    def _step(self) -> None:
        number, self.count = self.count, self.count + 1
        self._before(number)

    def _write(self, name: str, act: Callable[[], T]) -> T:
        self._step()
        done = act()
        self._after(name)
        return done


def _read(content: Content) -> bytes:
    with content.open() as stream:
        return stream.read()


@dataclass(slots=True)
class Misreading:
    """A store whose listings say a wrong checksum of one object; a look at it says the right one."""

    store: ObjectStore
    name: str

    @property
    def url(self) -> str:
        """How a person names it."""
        return self.store.url

    def look(self, name: str, *, create: bool, there: bool = False) -> None:
        """Check that the bucket can be used."""
        self.store.look(name, create=create, there=there)

    def create(self, name: str, content: Content, headers: Headers) -> StoredObject:
        """Write a new object."""
        return self.store.create(name, content, headers)

    def replace(self, name: str, content: Content, headers: Headers, *, generation: int) -> StoredObject:
        """Write over exactly this generation."""
        return self.store.replace(name, content, headers, generation=generation)

    def stat(self, name: str) -> StoredObject | None:
        """What is known of an object without its bytes."""
        return self.store.stat(name)

    def open(self, name: str, *, generation: int) -> BinaryIO:
        """The bytes of exactly this generation."""
        return self.store.open(name, generation=generation)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """All objects whose name starts with the prefix, one of them with a wrong checksum."""
        for stored in self.store.list(prefix):
            wrong = stored.name == self.name
            yield replace(stored, crc32c=stored.crc32c ^ 1) if wrong else stored

    def non_objects(self, prefix: str) -> Iterator[str]:
        """What lies there and cannot be an object."""
        return self.store.non_objects(prefix)

    def delete(self, name: str, *, generation: int) -> None:
        """Remove exactly this generation."""
        self.store.delete(name, generation=generation)


@dataclass(slots=True)
class Damaging(Misreading):
    """A store that flips a bit of what is written under one name, and says what it has kept."""

    def create(self, name: str, content: Content, headers: Headers) -> StoredObject:
        """Write a new object, damaged."""
        return self.store.create(name, self._damaged(name, content), headers)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """All objects whose name starts with the prefix, by name."""
        return self.store.list(prefix)

    def _damaged(self, name: str, content: Content) -> Content:
        data = _read(content)
        wrong = name == self.name
        return Bytes(data[:-1] + bytes([data[-1] ^ 1])) if wrong else content
