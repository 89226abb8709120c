"""How long validating takes, beside the official validator where `elastic-package` is on the PATH.

    python -m benchmarks.validate PACKAGE... --package-spec FOLDER [--rounds N]

One process reads the specification and validates every package, as a run of the Action does: once, with
nothing parsed yet, and again, with the schemas of its format parsed. The official validator is a process
a package (`elastic-package lint`), so its start is part of what it takes.
"""

import argparse
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from pkgaction.adapters import folder
from pkgaction.adapters import specification as source
from pkgaction.adapters.cache import Cache
from pkgaction.adapters.clock import SystemClock
from pkgaction.adapters.fetcher import Fetcher
from pkgaction.rules.spec.specification import Specification
from pkgaction.stages import validate


def timed(step: Callable[[], object]) -> float:
    """Milliseconds."""
    start = time.perf_counter()
    step()
    return 1000 * (time.perf_counter() - start)


def loaded(where: str) -> Specification:
    found = source.load(where, Fetcher(SystemClock()), Cache(None))
    return Specification(found.files, found.name, found.address)


def ours(package: Path, specification: Specification) -> None:
    validate.findings(folder.package(package, beyond=2), specification)


def theirs(package: Path) -> None:
    command = ["elastic-package", "lint"]
    subprocess.run(command, cwd=package, check=False, capture_output=True)


def measured(package: Path, where: str, rounds: int) -> str:
    """A line of the table: medians of the rounds."""
    specification = loaded(where)
    cold = [timed(lambda: ours(package, loaded(where))) for _ in range(rounds)]
    ours(package, specification)
    warm = [timed(lambda: ours(package, specification)) for _ in range(rounds)]
    there = shutil.which("elastic-package")
    other = [timed(lambda: theirs(package)) for _ in range(rounds)] if there else []
    columns = (statistics.median(times) if times else None for times in (cold, warm, other))
    shown = ("not there" if ms is None else f"{ms:.0f} ms" for ms in columns)
    return f"{package.name:40} {' '.join(f'{text:>12}' for text in shown)}"


def main() -> None:
    """Print a line a package."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("packages", nargs="+", type=Path, metavar="PACKAGE")
    parser.add_argument("--package-spec", default="", metavar="WHERE")
    parser.add_argument("--rounds", type=int, default=7, metavar="N")
    options = parser.parse_args()
    print(f"{'package':40} {'first':>12} {'next':>12} {'official':>12}")
    for package in options.packages:
        print(measured(package, options.package_spec, options.rounds))


if __name__ == "__main__":
    main()
