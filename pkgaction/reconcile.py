"""After a run that ended early: what the buckets themselves show of each package that was being written.

A cancel, a refusal or a lost answer can come between a write and the record of it. A version cannot be
taken back, so the report says what is there, not what this run remembers.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Generic, TypeVar

from pkgaction import generations
from pkgaction.entry.catalog import Catalog
from pkgaction.integrity import damage
from pkgaction.job import Job, World
from pkgaction.model import layout, outcome
from pkgaction.model.outcome import GOES_ON, Key, Ledger, Outcome, Status
from pkgaction.model.release import Built, Published, Stored
from pkgaction.objects import CONTENT, ZIP
from pkgaction.ports import Clock, ObjectStore, StoredObject
from pkgaction.settling import IN_THE_BUCKET

T = TypeVar("T")

_PATIENCE = 20.0  # seconds for all looks together
_HURRY = 4.0  # the same after a cancel: a runner kills what goes on for ten seconds
_UNPROVEN = (None, Status.FAILED, Status.NOT_INDEXED)
_UNSEEN = "whether its zip is in the bucket could not be seen"


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
        unseen = [key for key in unclear if key not in self.ledger.stored]
        if unseen:
            zips = _within(seconds / 2, lambda: self._zips(unseen))
            for key in unseen:
                self._record_zip(key, zips)
        unindexed = [key for key in unclear if self._status(key) is Status.NOT_INDEXED]
        if unindexed and self.world.index is not None:
            catalog = _within(seconds / 2, partial(_catalog, self.world.index, self.world.clock))
            for key in unindexed:
                self._record_entry(key, catalog)

    def _status(self, key: Key) -> Status | None:
        known = self.ledger.outcomes.get(key)
        return known.status if known else None

    def _zips(self, keys: Sequence[Key]) -> dict[Key, StoredObject | None]:
        store = self.world.artifacts
        store.look(layout.ARTIFACT_PROBE, create=False)  # of a missing bucket, every object is missing
        names = {key: layout.zip_name(self.ledger.started[key].id) for key in keys}
        return {key: store.stat(name) for key, name in names.items()}

    def _record_zip(self, key: Key, zips: Mapping[Key, StoredObject | None] | None) -> None:
        built, known = self.ledger.started[key], self.ledger.outcomes.get(key)
        stored = zips[key] if zips is not None else None
        if stored and self._is_ours(stored, built):
            self._record_public(built, stored, known)
        elif known is None:
            where = _UNSEEN if zips is None else "its zip is not in the bucket"
            reason = f"it was interrupted while it was published: {where}"
            self.ledger.amend(
                outcome.of_candidate(built.candidate, Status.FAILED, reason=reason, fix=GOES_ON)
            )
        elif zips is None:
            self.ledger.amend(replace(known, reason=f"{known.reason}; {_UNSEEN}"))

    def _is_ours(self, stored: StoredObject, built: Built) -> bool:
        same = stored.headers.metadata.get(CONTENT) == built.content_digest
        return same and not damage(stored)

    def _record_public(self, built: Built, stored: StoredObject, known: Outcome | None) -> None:
        """It is there, whatever became of the answer."""
        metadata = stored.headers.metadata
        done = Published(
            built=built,
            stored=Stored.CREATED,
            zip_sha256=metadata.get(ZIP, ""),
            zip_size=stored.size,
        )
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


def _catalog(index: ObjectStore, clock: Clock) -> Catalog:
    index.look(layout.INDEX_PROBE, create=False)
    return generations.current(index, clock).catalog


@dataclass(slots=True)
class _Answer(Generic[T]):
    value: T | None = None
    done: threading.Event = field(default_factory=threading.Event)


def _within(seconds: float, ask: Callable[[], T]) -> T | None:
    """The answer, if it comes in time and without an error."""
    answer: _Answer[T] = _Answer()

    def work() -> None:
        with contextlib.suppress(Exception):
            answer.value = ask()
        answer.done.set()

    threading.Thread(target=work, daemon=True).start()
    answer.done.wait(seconds)
    return answer.value
