"""After a run that ended early: what the buckets themselves show of each package that was being written.

A cancel, a refusal or a lost answer can come between a write and the record of it. A version cannot be
taken back, so the report says what is there, not what this run remembers.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from pkgaction import generations, objects, served, signatures
from pkgaction.entry.catalog import Catalog
from pkgaction.errors import PkgactionError
from pkgaction.integrity import is_same, loss
from pkgaction.job import Job, World
from pkgaction.model import layout, outcome
from pkgaction.model.outcome import GOES_ON, Key, Ledger, Outcome, Status
from pkgaction.model.record import CONTENT, ZIP
from pkgaction.model.release import Built, Published, Stored
from pkgaction.ports import Clock, ObjectStore, StoredObject
from pkgaction.settling import IN_THE_BUCKET
from pkgaction.signatures import Proof, ZipCopy

T = TypeVar("T")

_PATIENCE = 20.0  # seconds for all looks together
_HURRY = 4.0  # the same after a cancel: a runner kills what goes on for ten seconds
_UNPROVEN = (None, Status.FAILED, Status.NOT_INDEXED)
_UNSEEN = "whether its zip is in the bucket could not be seen"


class _State(Enum):
    ABSENT = "its zip is not in the bucket"
    OTHER = "another zip, or a damaged one, has its name in the bucket"
    PARTIAL = "its zip is in the bucket, but that all of it is there and whole is not confirmed"
    WHOLE = "all of it is in the bucket"


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the bucket shows of a version."""

    state: _State
    sha256: str = ""  # of the zip there
    size: int = 0  # of the same, bytes


@contextlib.contextmanager
def at_the_end(job: Job, world: World, ledger: Ledger) -> Iterator[None]:
    """The block publishes. However it ends, the ledger then says what the buckets show."""
    look = _Look(job, world, ledger)
    try:
        yield
    except BaseException as error:
        look.take(_PATIENCE if isinstance(error, Exception) else _HURRY)
        ledger.close()
        raise
    look.take(_PATIENCE)


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at both buckets. Where it fails, the outcome says that it could not be seen."""

    job: Job
    world: World
    ledger: Ledger

    def take(self, seconds: float) -> None:
        """Correct the outcomes of packages whose writing began and whose end is not proven."""
        unclear = [key for key in self.ledger.started if self._status(key) in _UNPROVEN]
        if not unclear:
            return
        seen: dict[Key, _Seen] = {}
        within(seconds / 2, lambda: self._look(unclear, seen))
        for key in unclear:
            self._record(key, seen.get(key))
        unindexed = [key for key in unclear if self._status(key) is Status.NOT_INDEXED]
        if unindexed and self.world.index is not None:
            catalog = within(seconds / 2, partial(_catalog, self.world.index, self.world.clock))
            for key in unindexed:
                whole = key in seen and seen[key].state is _State.WHOLE
                self._record_entry(key, catalog if whole else None)

    def _status(self, key: Key) -> Status | None:
        known = self.ledger.outcomes.get(key)
        return known.status if known else None

    def _look(self, keys: Sequence[Key], seen: dict[Key, _Seen]) -> None:
        """Look for each version; what is seen before the time is over counts."""
        store = self.world.artifacts
        store.look(layout.ARTIFACT_PROBE, create=False)  # of a missing bucket, every object is missing
        for key in keys:
            seen[key] = _see(self.ledger.started[key], store)

    def _record(self, key: Key, seen: _Seen | None) -> None:
        built, known = self.ledger.started[key], self.ledger.outcomes.get(key)
        if seen and seen.state is _State.WHOLE:
            if self._status(key) is not Status.NOT_INDEXED:
                self._record_public(built, seen, known)
            return
        where = seen.state.value if seen else _UNSEEN
        if seen and seen.state is _State.PARTIAL:
            self.ledger.partly.add(key)
        if known is None:
            reason = f"it was interrupted while it was published: {where}"
            self.ledger.amend(
                outcome.of_candidate(built.candidate, Status.FAILED, reason=reason, fix=GOES_ON)
            )
        elif known.status is Status.FAILED and not (seen and seen.state is _State.ABSENT):
            self.ledger.amend(replace(known, reason=f"{known.reason}; {where}"))

    def _record_public(self, built: Built, seen: _Seen, known: Outcome | None) -> None:
        """It is there, whatever became of the answer."""
        done = Published(built=built, stored=Stored.CREATED, zip_sha256=seen.sha256, zip_size=seen.size)
        told = known.reason if known else "the run ended before its entry in the index was confirmed"
        status = Status.NOT_INDEXED if self.world.index else Status.PUBLISHED
        reason = f"{IN_THE_BUCKET}, but {told}" if self.world.index else ""
        fix = outcome.and_again(known.fix if known else "") if reason else ""
        urls = self.job.urls(built.candidate)
        self.ledger.amend(
            outcome.of_built(built, status, reason=reason, fix=fix, urls=urls, stored=done)
        )

    def _record_entry(self, key: Key, catalog: Catalog | None) -> None:
        known, stored = self.ledger.outcomes[key], self.ledger.stored.get(key)
        if catalog is None:
            reason = f"{known.reason}; whether the index has it could not be seen"
            self.ledger.amend(replace(known, reason=reason))
        elif not catalog.with_entries([self.ledger.started[key].entry]).changed:
            status = outcome.status_of(stored, indexed=False) if stored else Status.PUBLISHED
            self.ledger.amend(replace(known, status=status, reason="", fix=""))


def _see(built: Built, store: ObjectStore) -> _Seen:
    """What the bucket shows of a version."""
    stored = store.stat(layout.zip_name(built.id))
    if stored is None:
        return _Seen(_State.ABSENT)
    ours, said = is_same(stored, store, built.digests), stored.headers.metadata
    if served.problem(stored) or not (ours or _says_ours(stored, built)):
        return _Seen(_State.OTHER)
    # a zip of another compressor would have to be read, for which there is no time
    sha256 = built.sha256 if ours else said.get(ZIP, "")
    doubts: list[str] = []  # a signature that only its key could prove counts as not confirmed
    proof = Proof(signer=None, scratch=Path(), warn=doubts.append)
    try:
        of_zip = ZipCopy(sha256=sha256, path=built.zip)
        is_whole = ours and not objects.missing(built, store, _silent)
        is_whole = is_whole and signatures.proven(built, of_zip, store, proof) is not None
    except PkgactionError:
        is_whole = False
    return _Seen(_State.WHOLE if is_whole and not doubts else _State.PARTIAL, sha256, stored.size)


def _says_ours(stored: StoredObject, built: Built) -> bool:
    return not loss(stored) and stored.headers.metadata.get(CONTENT) == built.content_digest


def _silent(_: str) -> None:
    """What publishing has told, or the next run will."""


def _catalog(index: ObjectStore, clock: Clock) -> Catalog:
    index.look(layout.INDEX_PROBE, create=False)
    return generations.current(index, clock).catalog


@dataclass(slots=True)
class _Answer(Generic[T]):
    value: T | None = None
    done: threading.Event = field(default_factory=threading.Event)


def within(seconds: float, ask: Callable[[], T]) -> T | None:
    """The answer, if it comes in time and without an error."""
    answer: _Answer[T] = _Answer()

    def work() -> None:
        with contextlib.suppress(Exception):
            answer.value = ask()
        answer.done.set()

    threading.Thread(target=work, daemon=True).start()
    answer.done.wait(seconds)
    return answer.value
