"""How a command that publishes ends: with what became of every package, whatever ended it."""

from collections.abc import Callable

from pkgaction import readers, reconcile, wiring
from pkgaction.commands.context import Context
from pkgaction.errors import PkgactionError
from pkgaction.model.outcome import Problem
from pkgaction.steps import Steps


def conclude(context: Context, steps: Steps, work: Callable[[], None]) -> int:
    """Do the work, then say what the buckets show of each package; the exit status.

    Raises:
        BaseException: a cancel, or a bug; it is told as well.
    """
    ledger = steps.ledger
    try:
        try:
            with reconcile.at_the_end(steps.job, steps.world, ledger):
                work()
        except (PkgactionError, OSError, MemoryError) as error:
            ledger.problems.append(Problem.of(error))
        site = wiring.public_site(context.inputs, context.environ)
        readers.check(ledger, has_index=bool(context.inputs.index_bucket), site=site)
    except BaseException as error:
        ledger.problems.append(Problem.of(error))
        context.tell(ledger)
        raise
    return context.tell(ledger)
