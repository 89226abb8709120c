"""accept: zips that others have built and signed, into a bucket, without a queue."""

from pathlib import Path

from pkgaction import materials, wiring
from pkgaction.commands.conclude import conclude
from pkgaction.commands.context import Context, read_signature, require_zip
from pkgaction.desk import Desk
from pkgaction.errors import PkgactionError, UsageError, is_of_one
from pkgaction.model.outcome import Ledger, Problem
from pkgaction.model.release import Published
from pkgaction.ports import Verifier
from pkgaction.stages import accept as accepting


def accept(context: Context) -> int:
    """Publish each zip that a trusted key has signed, if the key may."""
    inputs, ledger = context.inputs, Ledger(dry_run=context.inputs.dry_run)
    if not inputs.trusted_keys or not inputs.owners.names:
        what = "accepting needs trusted keys and an owner map"
        raise UsageError(what=what, where="--trusted-keys, --owners", fix="name a file for each")
    paths = context.options.paths
    if context.options.signature and len(paths) > 1:
        what = "one signature is given for several zips"
        raise UsageError(what=what, where="--signature", fix="leave it out: ZIP.sig is taken")
    verifier, warnings = materials.submitters(inputs, context.place)
    ledger.warnings += warnings
    world = wiring.world(context.cloud(), context.place, signer=None, watch=context.watch)
    job = wiring.job(inputs, branches=(), provenance=wiring.no_provenance)
    desk = Desk.of(inputs.owners, verifier, job, world, ledger)

    def work() -> None:
        desk.steps.look(create=not inputs.dry_run)
        handed_over = {path.name: "" for path in paths}
        with desk.open(handed_over), desk.steps.indexing() as published:
            for path in paths:
                published.extend(_taken(context, path, desk, verifier))

    return conclude(context, desk.steps, work)


def _taken(context: Context, path: Path, desk: Desk, verifier: Verifier) -> list[Published]:
    """Publish one zip; what fails for its own reasons does not hold the others back."""
    beside = Path(context.options.signature or f"{path}.sig")
    try:
        require_zip(path)
        decided = desk.take(accepting.trusted(path.name, path, read_signature(beside), verifier))
    except PkgactionError as error:
        if not (is_of_one(error) or type(error) is UsageError):
            raise
        desk.steps.ledger.problems.append(Problem.of(error, str(path)))
        return []
    return [decided] if isinstance(decided, Published) else []
