"""A signal ends the run, wherever it comes: also where Python ignores what a handler raises."""

import signal
import subprocess
import sys

import pytest

from pkgaction.ending import INTERRUPTED, TERMINATED
from tests.fakes.workplace import ROOT

# Each ends by itself where the signal was lost, and says so; no other way out has its status.
_FRAME = """
import os, signal, sys, time
from pkgaction import ending, parallel
ending.on_termination(once={once})
NUMBER = signal.{signal}

def tell():
    os.kill(os.getpid(), NUMBER)
    for _ in range(100):  # the handler is called at one of these
        pass

{work}

for _ in range(300):
    time.sleep(0.01)
sys.exit("lost")
"""
_PLACES = {
    "a finalizer": "class One:\n    def __del__(self): tell()\nOne()",
    "a weak reference's callback": (
        "import weakref\nclass One: pass\none = One()\nref = weakref.ref(one, lambda _: tell())\ndel one"
    ),
    "a hook before a fork": "os.register_at_fork(before=tell)\nif not os.fork(): os._exit(0)",
    "a hook of the parent": "os.register_at_fork(after_in_parent=tell)\nif not os.fork(): os._exit(0)",
    "a finalizer, and again in the one around it": (
        "class Other:\n    def __del__(self):\n        One()\n        time.sleep(0.1)\n"
        "class One:\n    def __del__(self): tell()\nOther()"
    ),
}
_WORKERS = """
os.register_at_fork({hook}=tell)
for result in parallel.over_cores(lambda _: time.sleep(0.01), range(4), jobs=2):
    result()
"""
_EATS = """
try:
    tell()
except BaseException:
    pass
class Silent:
    def say(self, text): pass
    def each(self, label, items): yield from items
    def group(self, title): pass
watch = ending.Attentive(Silent())
{step}
"""
_STEPS = {
    "say": 'watch.say("x")',
    "group": 'watch.group("x")',
    "each": 'list(watch.each("x", [1]))',
    "check": "ending.check()",
}
_SIGNALS = pytest.mark.parametrize(
    ("name", "status"), [("SIGTERM", TERMINATED), ("SIGINT", -signal.SIGINT)], ids=["TERM", "INT"]
)


def _run(work: str, name: str, *, once: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _FRAME.format(work=work, signal=name, once=once)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@_SIGNALS
@pytest.mark.parametrize("work", _PLACES.values(), ids=_PLACES)
@pytest.mark.parametrize("once", [True, False], ids=["action", "terminal"])
def test_a_signal_is_not_ignored_in(work: str, name: str, status: int, *, once: bool) -> None:
    done = _run(work, name, once=once)

    assert done.returncode == status, done.stderr
    assert "lost" not in done.stderr
    assert "ignored" not in done.stderr


@_SIGNALS
@pytest.mark.parametrize("hook", ["before", "after_in_parent"])
def test_a_signal_while_processes_are_forked_for_work(hook: str, name: str, status: int) -> None:
    done = _run(_WORKERS.format(hook=hook), name)

    assert done.returncode == status, done.stderr
    assert "lost" not in done.stderr
    assert "ignored" not in done.stderr


@_SIGNALS
@pytest.mark.parametrize("step", _STEPS.values(), ids=_STEPS)
def test_a_signal_that_other_code_has_eaten_ends_the_run_at_its_next_step(
    step: str, name: str, status: int
) -> None:
    done = _run(_EATS.format(step=step), name)

    assert done.returncode == status, done.stderr
    assert "lost" not in done.stderr


def test_what_reports_a_cancel_is_not_cancelled_again() -> None:
    work = """
try:
    tell()
except SystemExit:
    ending.check()
    print("reported", flush=True)
    raise
"""

    done = _run(work, "SIGTERM")

    assert (done.returncode, done.stdout) == (TERMINATED, "reported\n")


def test_what_else_python_ignores_is_still_said() -> None:
    done = _run("class One:\n    def __del__(self): 1 / 0\nOne()\nsys.exit(0)", "SIGTERM")

    assert done.returncode == 0
    assert "ZeroDivisionError" in done.stderr


def test_the_statuses_are_those_of_a_shell() -> None:
    assert (TERMINATED, INTERRUPTED) == (143, 130)


_WHILE_LOADING = """
import os, runpy, signal, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "pkgaction.main":
            os.kill(os.getpid(), signal.{signal})
sys.meta_path.insert(0, Finder())
runpy.run_path("entrypoint.py", run_name="__main__")
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_ends_the_action_while_it_is_loaded(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _WHILE_LOADING.format(signal=name)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (done.returncode, done.stdout, done.stderr) == (TERMINATED, "", "")
