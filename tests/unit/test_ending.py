"""A signal ends the run, wherever it comes: also where Python ignores what a handler raises."""

import signal
import subprocess
import sys
from pathlib import Path

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
    ("name", "status"),
    [("SIGTERM", TERMINATED), ("SIGINT", -signal.SIGINT), ("SIGHUP", 129)],
    ids=["TERM", "INT", "HUP"],
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


def test_a_signal_that_comes_as_it_begins_to_be_ignored_is_no_traceback() -> None:
    work = """
try:
    tell()
except SystemExit:
    signal.signal(signal.SIGUSR1, lambda *_: signal.signal(signal.SIGUSR2, signal.SIG_IGN))
    signal.signal(signal.SIGUSR2, lambda *_: None)
    both = {signal.SIGUSR1, signal.SIGUSR2}
    signal.pthread_sigmask(signal.SIG_BLOCK, both)
    for each in both:
        os.kill(os.getpid(), each)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, both)
    raise
"""

    done = _run(work, "SIGTERM")

    assert (done.returncode, done.stderr) == (TERMINATED, "")


def test_what_else_python_ignores_is_still_said() -> None:
    done = _run("class One:\n    def __del__(self): 1 / 0\nOne()\nsys.exit(0)", "SIGTERM")

    assert done.returncode == 0
    assert "ZeroDivisionError" in done.stderr


def test_the_statuses_are_those_of_a_shell() -> None:
    assert (TERMINATED, INTERRUPTED) == (143, 130)


_SCRATCH = """
import shutil
regular = shutil.rmtree
def slow(path, **options):
    {during}
    regular(path, **options)
    print("removed", flush=True)
shutil.rmtree = slow
try:
    with ending.scratch() as folder:
        (folder / "key").write_text("secret")
        {inside}
        print(folder, flush=True)
except BaseException as error:
    print(type(error).__name__, flush=True)
    raise
"""


@_SIGNALS
def test_cleaning_up_comes_first(name: str, status: int) -> None:
    done = _run(_SCRATCH.format(during="tell(); tell()", inside=""), name)

    folder, *said = done.stdout.split()
    assert said == ["removed", "KeyboardInterrupt" if name == "SIGINT" else "SystemExit"]
    assert (done.returncode, Path(folder).exists()) == (status, False)


def test_a_signal_does_not_wait_for_ever_for_cleaning_up() -> None:
    work = _SCRATCH.format(during="tell(); time.sleep(30)", inside="")

    done = _run("ending._CLEANING = 0.1\n" + work, "SIGTERM")

    assert done.returncode == TERMINATED
    assert "removed" not in done.stdout


def test_a_second_signal_ends_a_command_at_once_and_leaves_nothing() -> None:
    inside = """print(folder, flush=True)
        try: tell()
        except SystemExit: tell(); print("goes on")"""

    done = _run(_SCRATCH.format(during="", inside=inside), "SIGTERM", once=False)

    folder, *said = done.stdout.split()
    assert (done.returncode, said, Path(folder).exists()) == (TERMINATED, ["removed"], False)


def test_all_that_is_temporary_lies_in_one_folder() -> None:
    work = """
import tempfile
with ending.scratch() as folder:
    assert tempfile.mkdtemp().startswith(str(folder))
assert not tempfile.mkdtemp().startswith(str(folder))
sys.exit(0)
"""

    assert _run(work, "SIGTERM").returncode == 0


def test_what_is_to_be_raised_again_does_not_disturb_the_report() -> None:
    work = """
try:
    class One:
        def __del__(self): tell()
    One()
    ending.check()
except SystemExit:
    time.sleep(0.1)
    print("reported", flush=True)
    raise
"""

    done = _run(work, "SIGTERM")

    assert (done.returncode, done.stdout, done.stderr) == (TERMINATED, "reported\n", "")


# told when all is said: by a handler of Python's own end, and in a finalizer that runs even later
_AT_THE_END = """
import atexit
class One:
    def __init__(self): self.kill, self.me, self.number = os.kill, os.getpid(), NUMBER
    def __del__(self): self.kill(self.me, self.number)
sys.one = One()
atexit.register(lambda: time.sleep({asleep}))
atexit.register(tell)
def work():
    {work}
    return 3
ending.leave_with(work, interrupted=130)
"""


@_SIGNALS
@pytest.mark.parametrize("once", [True, False], ids=["action", "terminal"])
@pytest.mark.parametrize("work", ["pass", "ending._raise_in(0.5)"], ids=["done", "and an alarm"])
def test_a_signal_while_python_ends_changes_no_status(
    work: str, name: str, status: int, *, once: bool
) -> None:
    del status

    done = _run(_AT_THE_END.format(work=work, asleep=0.7 if "raise" in work else 0), name, once=once)

    assert (done.returncode, done.stdout, done.stderr) == (3, "", "")


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_a_signal_that_nobody_has_caught_is_no_traceback(name: str) -> None:
    done = _run(_AT_THE_END.format(work="tell()", asleep=0), name)

    assert (done.returncode, done.stdout, done.stderr) == (128 + signal.Signals[name], "", "")
