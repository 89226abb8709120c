"""What a run has in hand, told in the queue, so that what ends one run does not end every next one.

Each run keeps one object below `in-hand/` that names the submissions it is at, and deletes it at its
end. One that stays is what a run left that ended at work: what it names goes last in the next run, what
two of them name even later and one at a time. These objects say who goes first, and never refuse a
submission: others may have written them.
"""

import json
import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import TypeAlias

from pkgaction.errors import AccessDeniedError, DamagedObjectError, OutsideError
from pkgaction.model import layout
from pkgaction.model.json import Json
from pkgaction.model.tree import Bytes
from pkgaction.ports import (
    AlreadyExistsError,
    Clock,
    GenerationMismatchError,
    Headers,
    ObjectStore,
    StoredObject,
)

IN_HAND = "in-hand/"
Key: TypeAlias = tuple[str, int]  # name and generation of a submission's zip

ENDED_SURELY = timedelta(minutes=30)  # no batch takes as long
MOST_ENDS = 3  # ended runs that need to be known of a submission
_MARK = re.compile(rf"{IN_HAND}[0-9a-f]{{16}}\.json")
_MOST_LISTED, _MOST_READ = 10_000, 100  # objects; the newest are read
_LARGEST = 1 << 20  # bytes of one
_HEADERS = Headers(content_type=layout.JSON_TYPE, cache_control=layout.NEVER_CACHED)


@dataclass(frozen=True, slots=True)
class Left:
    """What other runs had in hand when they ended, or have at this moment."""

    named: Counter[Key] = field(default_factory=Counter)  # runs that name it, at work or ended
    ends: Counter[Key] = field(default_factory=Counter)  # runs that are known to have ended at it

    def is_last(self, key: Key) -> bool:
        """Whether so many runs have ended at it that all others go first."""
        return self.ends[key] >= MOST_ENDS


def read(queue: ObjectStore, clock: Clock, waiting: Iterable[Key], *, tidy: bool) -> Left:
    """What other runs have left; an ended one's object that adds nothing is deleted.

    Raises:
        StorageError: the storage failed.
    """
    known, left = set(waiting), Left()
    for mark in _newest(queue):
        keys, ended = _content(queue, mark)
        keys &= known
        left.named.update(keys)
        if ended or abs(clock.now() - mark.created) > ENDED_SURELY:  # or it says a time that is not so
            adds_nothing = all(left.is_last(key) for key in keys)
            left.ends.update(keys)
            if tidy and adds_nothing:
                _delete(queue, mark)
    return left


def _newest(queue: ObjectStore) -> Sequence[StoredObject]:
    """The newest objects that are named as a run names its own."""
    try:
        listed = [*islice(queue.list(IN_HAND), _MOST_LISTED)]
    except AccessDeniedError:
        return ()  # who may list the candidates alone
    marks = [mark for mark in listed if _MARK.fullmatch(mark.name)]
    return sorted(marks, key=lambda mark: mark.created, reverse=True)[:_MOST_READ]


@dataclass(slots=True)
class Hand:
    """What this run has in hand, as it says in the queue."""

    queue: ObjectStore
    warn: Callable[[str], None]
    is_told: bool = True  # False: nothing is written, as in a dry run
    _name: str = field(default_factory=lambda: f"{IN_HAND}{secrets.token_hex(8)}.json")
    _mark: StoredObject | None = None

    def hold(self, keys: Sequence[Key], *, ended: bool = False) -> None:
        """Say what is in hand from here on; `ended`: the run ends with it."""
        if not self.is_told:
            return
        told: list[Json] = [{"object": name, "generation": number} for name, number in keys]
        content = Bytes(json.dumps({"ended": ended, "submissions": told}).encode())
        try:
            self._mark = self._written(content)
        except (AccessDeniedError, OutsideError, AlreadyExistsError, GenerationMismatchError) as error:
            self.is_told = False
            self.warn(
                f"what is in hand could not be told in the queue, so a submission that ends a run may "
                f"end the next one, too: allow creating and deleting below {IN_HAND} ({error})"
            )

    def _written(self, content: Bytes) -> StoredObject:
        if self._mark is None:
            return self.queue.create(self._name, content, _HEADERS)
        return self.queue.replace(self._name, content, _HEADERS, generation=self._mark.generation)

    def release(self) -> None:
        """Nothing is in hand any more."""
        if self._mark:
            _delete(self.queue, self._mark)
            self._mark = None


def _content(queue: ObjectStore, mark: StoredObject) -> tuple[set[Key], bool]:
    """What one names, and whether its run has said that it ended; nothing, where it can't be read."""
    try:
        with queue.open(mark.name, generation=mark.generation) as stream:
            document = json.loads(stream.read(_LARGEST))
        keys = {(str(one["object"]), int(one["generation"])) for one in document["submissions"]}
        return keys, document["ended"] is True
    except (
        DamagedObjectError,
        GenerationMismatchError,
        ValueError,
        LookupError,
        TypeError,
        ArithmeticError,
        RecursionError,
    ):
        return set(), False


def _delete(queue: ObjectStore, mark: StoredObject) -> None:
    try:
        queue.delete(mark.name, generation=mark.generation)
    except (GenerationMismatchError, AccessDeniedError):
        return  # its run goes on, or another has done it
