"""What publishing would do, and what the storage says of versions that went down; nothing is written."""

from collections.abc import Sequence
from dataclasses import replace

from pkgaction import generations
from pkgaction.errors import BucketMissingError, OutsideError, UsageError
from pkgaction.model.changes import Changes
from pkgaction.model.manifest import PackageId
from pkgaction.model.outcome import Ledger, Outcome, Status
from pkgaction.model.release import Built, Candidate, Skipped, Stored
from pkgaction.ports import ObjectStore
from pkgaction.requirements import Requirements
from pkgaction.settling import Settling
from pkgaction.signatures import Proof
from pkgaction.stages import changes, publish
from pkgaction.steps import Steps

_COMPLETES = "its zip is in the bucket: what is missing beside it, or in the index, is completed"


def look(run: Steps, *, preview: bool) -> None:
    """See that both buckets can be used as publishing would need it; nothing is written.

    A preview may have other rights than the run that publishes, or none: what it may not see is a
    warning. A bucket that is missing is an error for both.

    Raises:
        UsageError: a bucket is missing or, but for a preview, cannot be used.
    """
    try:
        run.look(create=not preview)
    except BucketMissingError:
        raise
    except (UsageError, OutsideError) as error:
        if not preview:
            raise
        run.warn(f"the buckets could not be looked at: {error.what}")


def foresee(built: Sequence[Built], run: Settling) -> None:
    """Say what publishing would do; nothing is written."""
    store = run.world.artifacts
    required = Requirements.of(one.candidate for one in built)

    def compare(one: Built) -> tuple[Built, Stored, Changes | None]:
        required.require(one.candidate, run.ledger.outcomes.values())
        return one, _foreseen(one, store, run), _changes(one, store)

    ordered = required.ordered(built, lambda b: b.candidate)
    foreseen = run.each("Compare with the storage", ordered, lambda b: b.candidate, compare)
    unindexed = _unindexed([one for one, stored, _ in foreseen if stored is Stored.UNCHANGED], run)
    for one, stored, changed in foreseen:
        if stored is Stored.UNCHANGED and one.id not in unindexed:
            run.settle(one, Status.ALREADY_PUBLISHED, changed=changed)
        else:
            reason = "" if stored is Stored.CREATED else _COMPLETES
            run.settle(one, Status.WOULD_PUBLISH, reason=reason, changed=changed)


def _unindexed(there: Sequence[Built], run: Settling) -> frozenset[PackageId]:
    """Those that the index has not, or other entries of; none where it cannot be asked."""
    index = run.world.index
    if index is None or not there:
        return frozenset()
    try:
        catalog = generations.current(index, run.world.clock).catalog
    except UsageError:
        return frozenset()  # `look` has told of it
    except OutsideError as error:
        run.warn(f"the index cannot be read, so publishing would not reach it: {error.what}")
        return frozenset()
    return frozenset(one.id for one in there if catalog.with_entries([one.entry]).changed)


def recognise(lower: Sequence[Candidate], run: Steps) -> None:
    """Versions that went down are refused; one that is published as it is here is just that.

    They are built aside: what fails there is no failure, only more to say.
    """
    if not lower or run.ledger.plan is None:
        return
    aside = Steps(run.job, run.world, Ledger())
    built = aside.build(aside.validate(lower))
    foresee(built, aside)
    run.ledger.warnings += aside.ledger.warnings
    found = aside.ledger.outcomes
    for one in found.values():
        if one.status is Status.ALREADY_PUBLISHED:
            run.ledger.settle(one)
    run.ledger.plan = replace(
        run.ledger.plan,
        skipped=tuple(
            said
            for skip in run.ledger.plan.skipped
            if (said := _recognised(skip, found.get((skip.name, skip.version, skip.folder))))
        ),
    )


def _changes(built: Built, store: ObjectStore) -> Changes | None:
    """What differs from the last published version; that it can't be told is no failure."""
    try:
        return changes.since_last(built, store)
    except (OutsideError, UsageError):
        return None


def _foreseen(built: Built, store: ObjectStore, run: Settling) -> Stored:
    """What publishing would do. A bucket that does not show itself is not a failure here."""
    signer, scratch = run.world.signer, run.world.scratch
    proof = Proof(signer=signer, scratch=scratch, warn=run.warn, note=run.warn)
    try:
        return publish.foresee(built, store, proof)
    except UsageError as error:
        run.warn(f"it was not compared with the storage: {error.what}")
        return Stored.CREATED


def _recognised(skip: Skipped, found: Outcome | None) -> Skipped | None:
    """What is left to say of a version that went down, after a look into the storage."""
    match found.status if found else None:
        case Status.ALREADY_PUBLISHED:
            return None
        case Status.CONFLICT | Status.FAILED if found:
            return replace(skip, reason=f"{skip.reason} ({found.reason})")
        case _:
            return skip
