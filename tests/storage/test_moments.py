"""A signal at any moment in the life of a process, from its first line of Python to its very end.

There is always a line that says what became of it, a report and a true status; and nothing is left.
"""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Scene, opened
from tests.e2e.test_terminal import agents, wait_until
from tests.fakes import keys
from tests.fakes.workplace import PACKAGES, ROOT, Merge

_TIMES = 160
# It starts the process that it is told to, and sends it a signal some time after that can catch
# one: what comes before our first line is the kernel's, or Python's.
_WITHIN = """
import os, signal, subprocess, sys, time
number, moment = int(os.environ["NUMBER"]), float(os.environ["MOMENT"])
process = subprocess.Popen([sys.executable, "-I", "-u", {entry!r}] if {entry!r} else sys.argv[1:])
def caught():
    with open(f"/proc/{{process.pid}}/status") as status:
        return next(int(line.split()[1], 16) for line in status if line.startswith("SigCgt:"))
while process.poll() is None and not caught() >> (signal.SIGTERM - 1) & 1:
    time.sleep(0.001)
time.sleep(moment)
if process.poll() is None:
    process.send_signal(number)
status = process.wait()
sys.exit(status if status >= 0 else 200 - status)
"""


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    with opened(keys.make("")) as one:
        yield one


def _moments(life: float) -> list[float]:
    """Seconds: the beginning and the end more often than what lies between."""
    draw = random.Random(7).uniform  # noqa: S311 - so that a failure can be seen again
    parts = [(0.0, 0.7), (0.0, life), (max(0.0, life - 0.3), life + 0.05)]
    return [draw(*parts[number % len(parts)]) for number in range(_TIMES)]


@pytest.mark.parametrize("number", [15, 2], ids=["TERM", "INT"])
def test_the_action_always_reports(scene: Scene, tmp_path: Path, number: int) -> None:
    merge = scene.merge(lambda: scene.place.bump("lanternfish", f"1.3.{number}"))
    scene.place.entry = tmp_path / "within.py"
    scene.place.entry.write_text(_WITHIN.format(entry=str(ROOT / "entrypoint.py")))

    life = _undisturbed(scene, merge)
    ended: list[int] = []
    for moment in _moments(life):
        scene.place.environ |= {"MOMENT": str(moment), "NUMBER": str(number)}
        run = scene.push(merge)
        log = f"at {moment:.3f} of {life:.3f}: {run.status}\n{run.log}"
        ended.append(run.status)
        assert run.status in {0, 143}, log
        assert (run.status == 0) == ("cancelled" not in run.log), log
        assert run.log, log
        assert "Traceback" not in run.log, log
        assert run.summary, log
        assert run.outputs["published"] in {"true", "false"}, log
        assert list(scene.temporary.iterdir()) == [], log
        wait_until(lambda: agents(scene.temporary) == [])

    assert ended.count(143) > _TIMES // 3  # it was hit, and not only at its end


def _undisturbed(scene: Scene, merge: Merge) -> float:
    """Seconds that a run takes when all is published."""
    scene.place.environ |= {"MOMENT": "0", "NUMBER": "0"}
    life = 0.0
    for _ in range(2):
        started = time.monotonic()
        run = scene.push(merge)
        life = time.monotonic() - started
        assert run.status == 0, run.log
    return life


@pytest.mark.parametrize("number", [15, 2, 1], ids=["TERM", "INT", "HUP"])
def test_a_command_always_says_something(tmp_path: Path, number: int) -> None:
    within = [sys.executable, "-c", _WITHIN.format(entry="")]
    command = [sys.executable, "-m", "pkgaction", "validate", "--package-spec", "none"]
    command += [str(path) for path in sorted(PACKAGES.iterdir())]
    known = {"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path)}

    def run(moment: float, number: int) -> tuple[int, str]:
        done = subprocess.run(
            [*within, *command],
            cwd=ROOT,
            env={**known, "MOMENT": str(moment), "NUMBER": str(number)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    started = time.monotonic()
    own, _ = run(0, 0)
    life = time.monotonic() - started
    for moment in _moments(life):
        status, said = run(moment, number)
        log = f"at {moment:.3f} of {life:.3f}: {status}\n{said}"
        assert status in {own, 128 + number}, log
        assert said, log
        assert "Traceback" not in said, log
        assert list(tmp_path.iterdir()) == [], log
