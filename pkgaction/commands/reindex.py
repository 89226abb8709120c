"""reindex: the search index anew, from the zips in the bucket."""

from pkgaction import wiring
from pkgaction.commands.context import Context
from pkgaction.errors import UsageError
from pkgaction.report import storage
from pkgaction.stages import reindex as reindexing


def reindex(context: Context) -> int:
    """Make the index anew."""
    inputs, watch = context.inputs, context.watch
    world = wiring.world(context.cloud(), context.place, signer=None, watch=watch)
    if world.index is None:
        what = "no index bucket is given"
        raise UsageError(what=what, where="--index-bucket", fix="name the bucket of the index")
    bench = reindexing.Bench(
        store=world.artifacts,
        index=world.index,
        clock=world.clock,
        watch=watch,
        scratch=context.scratch,
    )
    rebuilt = reindexing.rebuild(bench, dry_run=inputs.dry_run)
    summary, *details = storage.of_rebuilt(rebuilt)
    context.print(rebuilt.as_json(), summary)
    for warning in rebuilt.warnings:
        watch.say(f"warning: {warning}")
    for line in details:
        watch.say(line)
    return 0 if rebuilt.ok else 1
