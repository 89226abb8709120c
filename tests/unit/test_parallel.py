"""Items are worked on by several processes, and what comes of them comes in order."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pkgaction.errors import BuildRefusedError, OutsideError
from pkgaction.parallel import over_cores
from tests.fakes.workplace import ROOT


def _square(number: int) -> tuple[int, int]:
    if number < 0:
        raise BuildRefusedError(what="it is negative", where=str(number), fix="add to it")
    return number * number, os.getpid()


def test_results_come_in_order_and_from_other_processes() -> None:
    found = [result() for result in over_cores(_square, range(6), jobs=2)]

    assert [square for square, _ in found] == [0, 1, 4, 9, 16, 25]
    assert os.getpid() not in {process for _, process in found}


@pytest.mark.parametrize(("items", "jobs"), [([3], 4), ([3, 4], 1), ([], 4)])
def test_little_work_stays_here(items: list[int], jobs: int) -> None:
    found = [result() for result in over_cores(_square, items, jobs=jobs)]

    assert {process for _, process in found} <= {os.getpid()}


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_failure_comes_back_whole_and_the_others_go_on(jobs: int) -> None:
    first, second, third = over_cores(_square, [2, -1, 3], jobs=jobs)

    assert first()[0] == 4
    with pytest.raises(BuildRefusedError) as caught:
        second()
    assert str(caught.value) == "-1: it is negative (add to it)"
    assert third()[0] == 9


def test_a_step_has_all_that_is_here(tmp_path: Path) -> None:
    unpicklable = (tmp_path / "kelp").open("w")

    with unpicklable:
        found = [r() for r in over_cores(lambda n: unpicklable.fileno() * n, [0, 0], jobs=2)]

    assert found == [0, 0]


def test_a_process_that_is_killed_is_said_and_takes_no_other_along() -> None:
    def step(number: int) -> int:
        if number == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    first, second, third = over_cores(step, [1, 2, 3], jobs=2)

    assert first() == 1
    with pytest.raises(OutsideError, match="want of memory"):
        second()
    assert third() == 3


def test_what_was_killed_for_want_of_memory_is_done_again_alone(tmp_path: Path) -> None:
    def step(number: int) -> int:
        try:
            (tmp_path / "killed").touch(exist_ok=False)
        except FileExistsError:
            return number
        os.kill(os.getpid(), signal.SIGKILL)
        return 0

    assert [result() for result in over_cores(step, [1, 2, 3], jobs=2)] == [1, 2, 3]


_STEP = """
import os, time
from pathlib import Path
from pkgaction.bounded import Bounded, Limits
from pkgaction.parallel import over_cores

def step(number):
    Path(str(os.getpid())).touch()
    while True:
        time.sleep(1)

"""
_LEAVES_THEM = {
    "parallel": "results = over_cores(step, range(3), jobs=2)\nnext(results)()\n",
    "bounded": "workers = Bounded(step, Limits(seconds=3600, memory=1 << 30), 2)\n"
    "workers.begin(1), workers.begin(2), workers.next()\n",
}


@pytest.mark.parametrize("forked", _LEAVES_THEM)
def test_processes_end_with_their_parent_however_it_ends(forked: str, tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    code = _STEP + _LEAVES_THEM[forked]
    with subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, env=env) as parent:
        while len(workers := [int(path.name) for path in tmp_path.iterdir()]) < 2:
            assert parent.poll() is None
            time.sleep(0.01)
        parent.kill()

    tries = 0
    while left := [worker for worker in workers if _is_alive(worker)]:
        tries += 1
        assert tries < 1000, left
        time.sleep(0.01)


def _is_alive(process: int) -> bool:
    """Whether it runs: one that ended may wait for somebody to ask for its status."""
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def test_a_process_whose_parent_ended_before_it_could_say_so_ends_at_once() -> None:
    code = "import os; from pkgaction.process import die_with; die_with(os.getppid() + 1); print('here')"

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)

    assert (done.returncode, done.stdout) == (1, b"")


def test_a_process_leaves_signals_to_its_parent() -> None:
    def step(number: int) -> tuple[object, ...]:
        del number
        waiting = signal.pthread_sigmask(signal.SIG_BLOCK, [])
        return waiting, signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)

    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    found = [result() for result in over_cores(step, range(2), jobs=2)]

    assert found == [(before, signal.SIG_IGN, signal.SIG_DFL)] * 2
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == before


_STUCK = """
import os, signal, sys, time
from pkgaction import parallel
parallel.begin_forked = lambda parent: time.sleep(30)  # it never comes to unblock SIGTERM
try:
    for result in parallel.over_cores(lambda n: n, range(2), jobs=2):
        raise KeyboardInterrupt
except KeyboardInterrupt:
    sys.exit(3)
"""


def test_a_process_that_has_not_begun_yet_is_not_waited_for() -> None:
    done = subprocess.run([sys.executable, "-c", _STUCK], cwd=ROOT, check=False, timeout=20)

    assert done.returncode == 3
