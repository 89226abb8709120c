"""`python -m pkgaction` is the command line."""

from pkgaction import starting

starting.as_command()  # a signal may come while all the rest is loaded

import os

from pkgaction import ending, output, process


def run() -> int:
    """Run the command. Until it has begun, a signal ends it as `starting` says."""
    process.forbid_core_dumps()
    output.harmless_errors()
    from pkgaction.cli import main  # noqa: PLC0415 - no secret is read before

    return main(environ=process.take_environment(os.environ))


ending.leave_with(run, interrupted=ending.INTERRUPTED)
