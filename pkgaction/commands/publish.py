"""publish: folders and zips, straight into a bucket."""

from pathlib import Path

from pkgaction import pipeline, wiring
from pkgaction.adapters import folder
from pkgaction.adapters.clock import SystemClock
from pkgaction.commands.context import Context, candidate, exists
from pkgaction.errors import PackageError, PkgactionError
from pkgaction.model.outcome import Ledger, Problem
from pkgaction.model.release import Built
from pkgaction.model.tree import PackageSource
from pkgaction.report import text
from pkgaction.steps import Steps
from pkgaction.transforms import unarchive


def publish(context: Context) -> int:
    """Publish folders and zips."""
    inputs, ledger = context.inputs, Ledger(dry_run=context.inputs.dry_run)
    signer = None if inputs.dry_run else context.signer()
    world = wiring.world(
        inputs, signer=signer, clock=SystemClock(), watch=context.watch, scratch=context.scratch
    )
    job = wiring.job(inputs, branches=(), provenance=_provenance)
    steps = Steps(job, world, ledger)
    folders = [path for path in context.options.paths if path.is_dir()]
    zips = [path for path in context.options.paths if not path.is_dir()]
    try:
        candidates = [candidate(folder.package(path)) for path in folders]
        built = steps.build(steps.validate(candidates))
        for path in zips:
            built += _taken(context, steps, path, ledger)
        pipeline.ship(built, steps, dry=inputs.dry_run)
    except PkgactionError as error:
        ledger.problems.append(Problem.of(error))
    for outcome in ledger.sorted():
        if context.options.json:
            context.print(outcome.as_json(), "")
    for line in text.of(ledger):
        context.watch.say(line)
    for problem in ledger.problems:
        context.watch.say(f"error: {problem}")
    return ledger.exit_status


def _taken(context: Context, steps: Steps, path: Path, ledger: Ledger) -> list[Built]:
    """A zip to be published; one that can't be read does not hold the others back."""
    exists(path)
    try:
        top, tree = context.stack.enter_context(unarchive.opened(path))
        source = PackageSource(folder=top, tree=tree, repository=folder.NOWHERE)
        return steps.take(candidate(source), path)
    except PackageError as error:
        ledger.problems.append(Problem.of(error))
        return []


def _provenance() -> dict[str, str]:
    return wiring.provenance(commit="", repository="", run="", pull_request="")
