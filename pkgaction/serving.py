"""A queue is served in batches: what is accepted is indexed and leaves it, whatever ends the run."""

import contextlib
from collections import deque
from collections.abc import Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

from pkgaction import inhand
from pkgaction.aside import Aside
from pkgaction.bounded import Bounded, Done
from pkgaction.desk import Desk
from pkgaction.errors import (
    PkgactionError,
    RunnerError,
    is_of_one,
    of_machine,
    of_system,
)
from pkgaction.holding import Holding
from pkgaction.inhand import Left
from pkgaction.job import MOST_UPLOADS
from pkgaction.model.outcome import Problem
from pkgaction.model.release import Built, Published
from pkgaction.model.submission import Received, Refused
from pkgaction.model.turns import least_served
from pkgaction.ports import GenerationMismatchError
from pkgaction.stages import accept
from pkgaction.submitting import Postponed, Standing


def _by_suspicion(
    waiting: Sequence[accept.Submission], left: Left
) -> Iterator[tuple[int, list[accept.Submission]]]:
    """What is to be decided before the last, by how many runs ended with it in hand, or have it now."""
    times = {one.key: left.named[one.key] for one in waiting if not left.is_last(one.key)}
    for number in sorted(set(times.values())):
        yield number, [one for one in waiting if times.get(one.key) == number]


_MOST_ASKED = 100  # submissions


@dataclass(slots=True)
class _Batch:
    """What becomes of some submissions together."""

    published: list[Published]  # to be indexed
    until: datetime
    accepted: list[accept.Submission] = field(default_factory=list)
    decided: int = 0


@dataclass(slots=True)
class QueueWorker:
    """Serves the queue, batch after batch."""

    bench: accept.Bench
    desk: Desk
    looks: Bounded[Received, Built | Refused]
    in_hand: Holding
    left: Left
    _seconds: dict[Hashable, float] = field(default_factory=dict)  # that each owner had
    _most: int = field(init=False)  # submissions of the next batch
    _postponed: list[accept.Submission] = field(default_factory=list)  # other runs may be at them

    def __post_init__(self) -> None:
        """Where a run has left something, runs may be short: batches begin small."""
        self._most = 1 if self.left.named else self.desk.pace.batch

    def decide(self, waiting: Sequence[accept.Submission]) -> None:
        """Decide all that waits: first what needs its index entry alone, last what ended other runs."""
        with self.in_hand.open():
            public = self._made_public(waiting)
            keys = {one.key for one in public}
            for group in (public, [one for one in waiting if one.key not in keys]):
                for times, some in _by_suspicion(group, self.left):
                    self.serve(accept.by_turns(some), singly=times > 1)
            for one in waiting:
                if self.left.is_last(one.key):
                    self._serve_last(one)
            self._serve_postponed()

    def serve(self, submissions: Sequence[accept.Submission], *, singly: bool = False) -> None:
        """Decide submissions, in this order; `singly`: nothing else is in hand meanwhile.

        Raises:
            PkgactionError: the cause is not a submission's, so the others need not be tried.
        """
        todo = deque(submissions)
        while todo or self.looks.running:
            begin = self._take_turns(todo)
            self._serve_batch(begin, todo, singly=singly)

    def _made_public(self, waiting: Sequence[accept.Submission]) -> Sequence[accept.Submission]:
        """What other runs had in hand and have made public; of a storage that fails, nothing."""
        named = [one for one in waiting if self.left.named[one.key]][:_MOST_ASKED]
        with ThreadPoolExecutor(MOST_UPLOADS) as pool, contextlib.suppress(PkgactionError):
            are_public = list(pool.map(self.desk.is_public, named))
            return [one for one, is_public in zip(named, are_public, strict=True) if is_public]
        return []

    def _take_turns(self, todo: deque[accept.Submission]) -> deque[accept.Submission]:
        """Take out what is begun next. An owner that has had more time than others waits for them."""
        seconds = dict(self._seconds)
        for held in self.in_hand:
            owner = held.submission.owner
            elapsed = (self.bench.clock.now() - held.since).total_seconds()
            seconds[owner] = seconds.get(owner, 0) + elapsed
        pace = self.desk.pace
        fair = least_served(todo, lambda one: one.owner, seconds, pace.patience)[: self._most]
        self._most = min(pace.batch, 2 * self._most)
        keys = {one.key for one in fair}
        left = [one for one in todo if one.key not in keys]
        todo.clear()
        todo.extend(left)
        return deque(fair)

    def _serve_postponed(self) -> None:
        """By now the index may have what could not be decided before; else it is left to a later run."""
        again, self._postponed = self._postponed, []
        self.serve(accept.by_turns(again))
        self.desk.steps.ledger.notices += [
            f"{one.name} stays in the queue: its zip is public out of another submission, which is not "
            "in the index yet; a later run decides it"
            for one in self._postponed
        ]

    def _serve_last(self, submission: accept.Submission) -> None:
        """Decide what ended other runs. If the machine has no room for it even alone, it ends no more.

        Raises:
            PkgactionError: the cause is not the submission's.
        """
        say = self.desk.steps.world.watch.say
        say(f"{submission.name}: {inhand.MOST_ENDS} runs ended while they were at it; it is tried alone")
        try:
            self.serve([submission], singly=True)
        except RunnerError as error:
            self.in_hand.interrupted.append(submission.key)
            self.in_hand.put_down(submission)
            problem = Problem(
                what=error.what, where=submission.name, fix=error.fix, exit_status=error.exit_status
            )
            self.desk.steps.ledger.problems.append(problem)

    def _serve_batch(
        self, begin: deque[accept.Submission], todo: deque[accept.Submission], *, singly: bool
    ) -> None:
        """Decide what is begun now, as far as it is soon done: the next batch goes on with the rest.

        What is accepted leaves the queue only when the index has it.
        """
        pace = self.desk.pace
        if begin and not singly:
            self.in_hand.tell(begin)
        self.desk.publisher.public.refresh()
        with self.desk.steps.indexing() as published:
            batch = _Batch(published, self.bench.clock.now() + pace.batch_time)
            while self._goes_on(begin, todo, batch, singly=singly):
                done = self.looks.next(pace.idle if batch.decided else None)
                if done is None:
                    break
                self._finish(done, batch)
        todo.extendleft(reversed(begin))
        self._take_out(batch.accepted)

    def _take_out(self, submissions: Sequence[accept.Submission]) -> None:
        """What is indexed leaves the queue, several at the same time; what can't is met again.

        Raises:
            PkgactionError: the cause is not a submission's.
        """
        jobs = self.desk.steps.job.jobs
        problems: set[Problem] = set()
        with ThreadPoolExecutor(1 if jobs == 1 else min(MOST_UPLOADS, 4 * jobs)) as pool:
            for leaving in [pool.submit(accept.done, one, self.bench) for one in submissions]:
                try:
                    leaving.result()
                except PkgactionError as error:
                    if not is_of_one(error):
                        raise
                    problems.add(Problem.of(error))
        known = self.desk.steps.ledger.problems
        known += [one for one in problems if one not in known]

    def _goes_on(
        self,
        begin: deque[accept.Submission],
        todo: deque[accept.Submission],
        batch: _Batch,
        *,
        singly: bool,
    ) -> bool:
        """Begin as many as can be, unless the time is over; whether there is more to wait for."""
        while begin and self.looks.is_free and not (singly and self.looks.running):
            if self.bench.clock.now() >= batch.until:
                return False
            submission = begin.popleft()
            if singly:
                self.in_hand.tell([submission])
            self._begin(submission, batch)
        return bool(self.looks.running) and (bool(begin) or not todo)

    def _begin(self, submission: accept.Submission, batch: _Batch) -> None:
        """Fetch a submission, and begin to look into it."""
        folder = self.in_hand.take(submission, self.bench.clock.now())
        with self._leaving(submission, batch) as stays:
            received = accept.receive(submission, self.bench, folder)
            if isinstance(received, Refused):
                self._refuse(submission, received)
            else:
                self.looks.begin(received)
                stays.append(submission)

    def _finish(self, done: Done[Received, Built | Refused], batch: _Batch) -> None:
        """Decide what was looked into."""
        submission = self.in_hand[done.item.name].submission
        self._charge(submission, done.seconds)
        with self._leaving(submission, batch):
            is_last = self.left.is_last(submission.key) and not self.desk.is_public(submission)
            if done.was_interrupted and not is_last:
                self.in_hand.interrupted.append(submission.key)
            decided = self.desk.decide(done, is_last=is_last)
            if isinstance(decided, Refused):
                self._refuse(submission, decided)
            elif isinstance(decided, Published):
                batch.published.append(decided)
            elif isinstance(decided, Postponed):
                self._postponed.append(submission)
            if isinstance(decided, Published | Standing):
                batch.accepted.append(submission)

    @contextlib.contextmanager
    def _leaving(
        self, submission: accept.Submission, batch: _Batch
    ) -> Iterator[list[accept.Submission]]:
        """The block decides a submission, unless it puts it into the list: then it stays in hand.

        Raises:
            PkgactionError: the cause is not the submission's, so the others need not be tried.
        """
        stays: list[accept.Submission] = []
        ledger, watch = self.desk.steps.ledger, self.desk.steps.world.watch
        began = self.bench.clock.now()
        try:
            yield stays
        except GenerationMismatchError:
            watch.say(f"{submission.name} was decided by somebody else meanwhile, or replaced")
        except PkgactionError as error:
            if not is_of_one(error):
                raise
            ledger.problems.append(Problem.of(error))
        except OSError as error:
            raise of_machine(error) or of_system(error) from error
        except Exception as error:  # noqa: BLE001 - one submission must not hold the others back
            what = f"pkgaction itself failed at it: {type(error).__name__}"
            fix = "report it; it stays in the queue, the others go on"
            ledger.problems.append(Problem(what=what, where=submission.name, fix=fix))
        self._charge(submission, (self.bench.clock.now() - began).total_seconds())
        if not stays:
            batch.decided += 1
            self.in_hand.put_down(submission)

    def _charge(self, submission: accept.Submission, seconds: float) -> None:
        self._seconds[submission.owner] = self._seconds.get(submission.owner, 0) + seconds

    def _refuse(self, submission: accept.Submission, no: Refused) -> None:
        """Say that it is refused, and move it aside; neither, where somebody else has decided it.

        Raises:
            GenerationMismatchError: somebody has.
            StorageError: it could not be moved; that it is refused is said.
        """
        if self.desk.steps.job.dry_run:
            self.desk.refuse(no)
            return
        aside = Aside(submission, self.bench)
        try:
            aside.keep(self.in_hand[submission.name].folder)
        except GenerationMismatchError:
            raise
        except Exception:
            self.desk.refuse(no)
            raise
        self.desk.refuse(no)
        aside.conclude(no)
