"""The container's entry, started by its path with `python -I`: nothing of a checkout is imported."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))  # noqa: PTH120 - pathlib loads slowly

from pkgaction import starting

starting.as_action()  # a signal may come while all the rest is loaded

from pkgaction import ending, output, process


def run() -> int:
    """Run the Action. Until it has begun, a signal ends it as `starting` says."""
    process.forbid_core_dumps()
    output.harmless_errors()
    from pkgaction.main import main  # noqa: PLC0415 - no secret is read before

    return main(process.take_environment(os.environ), sys.stdout)


ending.leave_with(run, interrupted=ending.TERMINATED)
