"""What publishing would do, and what the storage says of versions that went down; nothing is written."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pkgaction.errors import BucketMissingError, OutsideError, UsageError
from pkgaction.model.changes import Changes
from pkgaction.model.outcome import Ledger, Outcome, Status
from pkgaction.model.release import Built, Candidate, Skipped
from pkgaction.ports import ObjectStore
from pkgaction.requirements import Requirements
from pkgaction.settling import Settling
from pkgaction.stages import changes, publish
from pkgaction.steps import Steps


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
    store, scratch = run.world.artifacts, run.world.scratch
    required = Requirements.of(one.candidate for one in built)

    def compare(one: Built) -> tuple[Built, bool, Changes | None]:
        required.require(one.candidate, run.ledger.outcomes.values())
        return one, _there(one, store, scratch, run), _changes(one, store)

    ordered = required.ordered(built, lambda b: b.candidate)
    foreseen = run.each("Compare with the storage", ordered, lambda b: b.candidate, compare)
    for one, there, changed in foreseen:
        status = Status.ALREADY_PUBLISHED if there else Status.WOULD_PUBLISH
        run.settle(one, status, changed=changed)


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


def _there(built: Built, store: ObjectStore, scratch: Path, run: Settling) -> bool:
    """Whether the version is published. A bucket that doesn't show itself is no failure here."""
    try:
        return publish.foresee(built, store, scratch)
    except UsageError as error:
        run.warn(f"it was not compared with the storage: {error.what}")
        return False


def _recognised(skip: Skipped, found: Outcome | None) -> Skipped | None:
    """What is left to say of a version that went down, after a look into the storage."""
    match found.status if found else None:
        case Status.ALREADY_PUBLISHED:
            return None
        case Status.CONFLICT | Status.FAILED if found:
            return replace(skip, reason=f"{skip.reason} ({found.reason})")
        case _:
            return skip
