"""The container's entry, started by its path with `python -I`: nothing of a checkout is imported."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from pkgaction import ending, output, process


def run() -> int:
    """Run the Action. A container's first process is sent only the signals that it has asked for."""
    process.forbid_core_dumps()
    output.harmless_errors()
    ending.on_termination(once=True)
    try:
        from pkgaction.main import main  # noqa: PLC0415 - slow to load: a signal may come meanwhile
    except KeyboardInterrupt:
        return ending.TERMINATED
    return main(process.take_environment(os.environ), sys.stdout)


status = run()
sys.exit(ending.ended(status) if status == ending.TERMINATED else status)
