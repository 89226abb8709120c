"""How long an undisturbed queue takes: submissions of one package in many versions, buckets in memory.

    python -m benchmarks.accept --package-spec FOLDER [--count N] [--rounds N] [--request-ms MS]

It needs nothing but `acceptance.run`, so the same file measures another commit, too: copy it there.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pkgaction import acceptance
from pkgaction.acceptance import Gate
from pkgaction.adapters import specification as source
from pkgaction.adapters.cache import Cache
from pkgaction.adapters.clock import SystemClock
from pkgaction.adapters.fetcher import Fetcher
from pkgaction.model.finding import Finding
from pkgaction.model.outcome import Ledger
from pkgaction.rules.package import Package
from pkgaction.rules.spec.specification import Specification
from tests.fakes import release
from tests.fakes.store import MemoryStore, Watching
from tests.unit.test_acceptance import _OWNERS, Port, TrustsBoth


class Costly:
    """Checks as the official specification does, and lets all pass."""

    name = "official specification"

    def __init__(self, where: str) -> None:
        found = source.load(where, Fetcher(SystemClock()), Cache(None))
        self._specification = Specification(found.files, found.name, found.address)

    def check(self, package: Package) -> Iterator[Finding]:
        """Nothing, after all the work."""
        list(self._specification.check(package))
        return iter(())


def measured(zips: dict[str, bytes], specification: Costly | None, request: float) -> float:
    """Seconds for all of them."""
    with tempfile.TemporaryDirectory() as folder:
        port = Port(Path(folder))
        for name, data in zips.items():
            port.submit(name, data)

        def wait(_: int) -> None:
            time.sleep(request)

        def slow(store: MemoryStore) -> Watching:
            return Watching(store, before=wait)

        world = release.world(
            Path(folder), artifacts=slow(port.artifacts), index=slow(port.index), clock=port.clock
        )
        world = replace(world, specification=lambda: specification)
        gate = Gate(queue=slow(port.queue), verifier=TrustsBoth(), owners=_OWNERS)
        start = time.perf_counter()
        acceptance.run(gate, replace(release.job(), jobs=2), world, Ledger())
        taken = time.perf_counter() - start
        assert len(port.indexed()) == len(zips)
        return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--package-spec", default="")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--request-ms", type=float, default=0)
    options = parser.parse_args()
    specification = Costly(options.package_spec) if options.package_spec else None
    with tempfile.TemporaryDirectory() as folder:
        port = Port(Path(folder))
        versions = [f"1.0.{number}" for number in range(options.count)]
        zips = {f"eel-{version}.zip": port.zipped("eel", version) for version in versions}
    times = [measured(zips, specification, options.request_ms / 1000) for _ in range(options.rounds)]
    shown = " ".join(f"{one:.2f}" for one in sorted(times))
    print(f"{options.count} submissions: {statistics.median(times):.2f} s (of {shown})")


if __name__ == "__main__":
    main()
