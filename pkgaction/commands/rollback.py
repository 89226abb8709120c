"""rollback: the search index as it was at an older cursor, under a new one."""

from pkgaction.adapters.clock import SystemClock
from pkgaction.commands.context import Context
from pkgaction.errors import UsageError
from pkgaction.stages import rollback as rolling_back
from pkgaction.stages.rollback import RolledBack


def rollback(context: Context) -> int:
    """Roll the index back."""
    inputs = context.inputs
    if not inputs.index_bucket:
        what = "no index bucket is given"
        raise UsageError(what=what, where="--index-bucket", fix="name the bucket of the index")
    index = context.cloud().store(inputs.index_bucket)
    cursor: str = context.options.to
    done = rolling_back.to(cursor, index, SystemClock(), dry_run=inputs.dry_run)
    context.print(done.as_json(), _line(done, dry_run=inputs.dry_run))
    for warning in done.warnings:
        context.watch.say(f"warning: {warning}")
    for what in ("removed", "added", "updated"):
        for base in getattr(done, what):
            context.watch.say(f"{what}: {base}")
    return 0


def _line(done: RolledBack, *, dry_run: bool) -> str:
    changed = f"{len(done.removed)} removed, {len(done.added)} added, {len(done.updated)} updated"
    now = f"generation {done.cursor} would be followed by" if dry_run else f"generation {done.cursor} is"
    return f"{now} the list of {done.to}: {done.entries} entries, {changed}"
