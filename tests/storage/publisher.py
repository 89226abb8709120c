"""A publisher as a process of its own: `python -m tests.storage.publisher BUCKET INDEX NAME...`.

It publishes small packages of these names (`name@version=content`) with a signature of the fake signer,
and prints one line a package: its name and status. The exit status is the run's.
"""

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from google.auth.credentials import AnonymousCredentials

from pkgaction import pipeline
from pkgaction.adapters.clock import SystemClock
from pkgaction.adapters.gcs import GcsStore
from pkgaction.errors import PkgactionError
from pkgaction.model.outcome import Ledger, Problem
from pkgaction.model.release import Candidate
from pkgaction.ports import Clock, ObjectStore
from tests.fakes import release
from tests.fakes.release import FakeSigner


def main(bucket: str, index: str, packages: list[str]) -> int:
    """Publish the packages; the exit status."""
    ledger = publish(connect(bucket), connect(index), packages, SystemClock())
    for outcome in ledger.sorted():
        print(outcome.name, outcome.version, outcome.status, outcome.reason)
    for problem in ledger.problems:
        print("problem", problem)
    return ledger.exit_status


def connect(url: str) -> GcsStore:
    """A bucket of the emulator that STORAGE_EMULATOR_HOST names."""
    return GcsStore.connect(url, AnonymousCredentials(), SystemClock(), connections=4)


def publish(artifacts: ObjectStore, index: ObjectStore, packages: list[str], clock: Clock) -> Ledger:
    """Publish through the real pipeline."""
    ledger = Ledger()
    with tempfile.TemporaryDirectory() as scratch:
        world = release.world(
            Path(scratch), artifacts=artifacts, index=index, signer=FakeSigner(), clock=clock
        )
        wanted = [_candidate(package) for package in packages]
        try:
            pipeline.release(wanted, replace(release.job(), jobs=1), world, ledger, dry=False)
        except PkgactionError as error:
            ledger.problems.append(Problem.of(error))
    return ledger


def _candidate(package: str) -> Candidate:
    name, _, rest = package.partition("@")
    version, _, content = rest.partition("=")
    return release.candidate(name, version or "1.0.0", {"docs/README.md": (content or name).encode()})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
