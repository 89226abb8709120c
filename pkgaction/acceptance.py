"""The publishing job of a storage for owners who may not write to it: the queue → accepted, or refused.

    signature → owner → validate → publish → index → out of the queue

The same steps as for a release, but for build and sign: what was submitted is published as it is. Owners
take turns; what is accepted goes into the index and out of the queue in batches, so that what a run has
decided stays decided, whatever ends it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pkgaction import inhand
from pkgaction.desk import Desk
from pkgaction.holding import Holding
from pkgaction.inhand import Hand
from pkgaction.job import Job, World
from pkgaction.model.outcome import Ledger
from pkgaction.model.owners import Owners
from pkgaction.pace import Pace
from pkgaction.ports import ObjectStore, Verifier
from pkgaction.serving import QueueWorker
from pkgaction.stages import accept

_PACE = Pace()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Who may publish what, and where it waits."""

    queue: ObjectStore
    verifier: Verifier
    owners: Owners
    warnings: Sequence[str] = ()  # of the trusted keys
    pace: Pace = _PACE


def run(gate: Gate, job: Job, world: World, ledger: Ledger) -> None:
    """Decide every submission in the queue.

    Raises:
        OutsideError: the index can't be written; what was published since it could stays in the queue.
    """
    ledger.warnings += gate.warnings
    bench = accept.Bench(queue=gate.queue, verifier=gate.verifier, clock=world.clock)
    desk = Desk.of(gate.owners, gate.verifier, job, world, ledger, gate.pace)
    waiting = list(accept.waiting(bench, tidy=not job.dry_run))
    left = inhand.read(gate.queue, world.clock, (one.key for one in waiting), tidy=not job.dry_run)
    desk.steps.look(create=not job.dry_run)
    hand = Hand(gate.queue, desk.steps.warn, is_told=not job.dry_run)
    with desk.open({one.name: one.source for one in accept.by_turns(waiting)}):
        if waiting:
            looks = desk.prepare()  # nothing is in hand: no submission is to blame for what fails here
            in_hand = Holding(hand, world.scratch)
            QueueWorker(bench, desk, looks, in_hand, left).decide(waiting)
