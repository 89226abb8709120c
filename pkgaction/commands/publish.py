"""publish: folders and zips, straight into a bucket."""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from pkgaction import pipeline, wiring
from pkgaction.commands import places
from pkgaction.commands.checkout import Checkout
from pkgaction.commands.conclude import conclude
from pkgaction.commands.context import Context, candidate, unpacked
from pkgaction.errors import PkgactionError, UsageError
from pkgaction.model.outcome import Ledger, Problem
from pkgaction.model.release import Candidate
from pkgaction.model.tree import PackageSource
from pkgaction.steps import Steps


def publish(context: Context) -> int:
    """Publish folders and zips."""
    inputs, ledger = context.inputs, Ledger(dry_run=context.inputs.dry_run)
    for name, url in inputs.buckets.items():
        if url.startswith("file://"):
            what = "the bucket would lie in the package itself, and be a part of its next zip"
            place = Path(url.removeprefix("file://"))
            places.refuse_inside(place, context.options.paths, what=what, where=f"--{name}")
    signer = None if inputs.dry_run else context.signer()
    world = wiring.world(context.cloud(), context.place, signer=signer, watch=context.watch)
    job = wiring.job(inputs, branches=(), provenance=wiring.no_provenance)
    steps = Steps(job, world, ledger)
    return conclude(context, steps, partial(_publish, context, steps))


def _publish(context: Context, steps: Steps) -> None:
    ledger, dry = steps.ledger, context.inputs.dry_run
    folders = [path for path in context.options.paths if path.is_dir()]
    zips = [path for path in context.options.paths if not path.is_dir()]
    candidates = [one for path in folders for one in _read(context, path, ledger)]
    taken = [(path, one) for path in zips for one in _read(context, path, ledger)]
    ledger.candidates = [*candidates, *(one for _, one in taken)]
    _refuse_doubles(ledger.candidates)
    if ledger.candidates and not dry:
        steps.look()
    zipped = [built for path, one in taken for built in steps.take(one, path)]
    built = steps.build(steps.validate(candidates), zipped)
    pipeline.ship([*built, *zipped], steps, dry=dry)


def _read(context: Context, path: Path, ledger: Ledger) -> list[Candidate]:
    """A package to be published; one that can't be read does not hold the others back."""
    try:
        if path.is_dir():
            return [candidate(_committed(context, path, ledger))]
        return [candidate(context.stack.enter_context(unpacked(path)))]
    except PkgactionError as error:
        ledger.problems.append(Problem.of(error, str(path)))
        return []


def _committed(context: Context, path: Path, ledger: Ledger) -> PackageSource:
    """A folder whose files are committed; a dry run, and a person who says so, take others, too."""
    checkout = Checkout.read(path, context.environ)
    refusal = None if context.options.allow_dirty else checkout.refusal()
    if refusal and not context.inputs.dry_run:
        raise refusal
    for note in checkout.notes():
        context.watch.say(note)
    if refusal:
        ledger.warnings.append(f"publishing will be refused: {refusal}")
    return checkout.source


def _refuse_doubles(candidates: Sequence[Candidate]) -> None:
    counted = Counter(str(one.id) for one in candidates)
    if twice := [name for name, count in counted.items() if count > 1]:
        what = f"named twice: {', '.join(twice)}"
        raise UsageError(what=what, where="the paths", fix="name each package version once")
