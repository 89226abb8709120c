"""A signal at one of many moments around a fork: the run always ends by it, and leaves no process."""

import random
import signal
import subprocess
import sys
import time

import pytest

from tests.fakes.workplace import ROOT

_TIMES = 120
# It forks again and again until it is told to end; for as long as a lost signal would let it.
_FORKS = """
import os, sys, time
from pkgaction import ending, parallel
ending.on_termination(once=True)
print(os.getpid(), flush=True)
for _ in range(400):
    for result in parallel.over_cores(lambda place: place, range(3), jobs=3):
        result()
sys.exit("lost")
"""


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGTERM, 128 + signal.SIGTERM), (signal.SIGINT, -signal.SIGINT)],
    ids=["TERM", "INT"],
)
def test_a_signal_at_any_moment_of_a_fork_ends_the_run(number: signal.Signals, status: int) -> None:
    moments = random.Random(7)  # noqa: S311 - so that a failure can be seen again
    for _ in range(_TIMES):
        with subprocess.Popen(
            [sys.executable, "-c", _FORKS], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stdout
            process.stdout.readline()
            time.sleep(moments.uniform(0, 0.15))
            process.send_signal(number)
            try:
                # the streams end when the last process that was forked has ended
                said = process.communicate(timeout=60)[1].decode()
            finally:
                process.kill()

        assert process.returncode == status, said
