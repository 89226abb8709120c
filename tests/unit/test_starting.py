"""A signal that comes while the program is loaded: a line, an empty report, the right status."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pkgaction import starting
from pkgaction.model.outcome import Ledger
from pkgaction.report import outputs
from tests.fakes.workplace import ROOT, read_outputs

_SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"]
# one comes when a module is looked for: the first of ours after the handlers, a large one, the last one
_MODULES = ["pkgaction.ending", "pkgaction.ports", "pkgaction.main", "pkgaction.retelling"]
_WHILE_LOADING = """
import os, runpy, signal, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "{module}":
            os.kill(os.getpid(), signal.{signal})
sys.meta_path.insert(0, Finder())
sys.argv[1:] = ["validate", "nowhere"]
runpy.{run}
"""
_ACTION = 'run_path("entrypoint.py", run_name="__main__")'
_COMMAND = 'run_module("pkgaction", run_name="__main__")'


def _run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    files = {"GITHUB_OUTPUT": str(folder / "output"), "GITHUB_STEP_SUMMARY": str(folder / "summary")}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **files},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("name", _SIGNALS)
@pytest.mark.parametrize("module", _MODULES)
def test_the_action_says_that_nothing_was_begun(tmp_path: Path, module: str, name: str) -> None:
    done = _run(_WHILE_LOADING.format(module=module, signal=name, run=_ACTION), tmp_path)

    told = "the job was cancelled before anything was begun (run the job again)"
    assert (done.returncode, done.stdout, done.stderr) == (143, f"::error::{told}\n", "")
    assert told in (tmp_path / "summary").read_text()
    assert read_outputs((tmp_path / "output").read_text()) == outputs.of(Ledger(), "")


@pytest.mark.parametrize("name", _SIGNALS)
@pytest.mark.parametrize("module", ["pkgaction.ending", "pkgaction.cli", "pkgaction.commands"])
def test_a_command_says_that_nothing_was_begun(tmp_path: Path, module: str, name: str) -> None:
    done = _run(_WHILE_LOADING.format(module=module, signal=name, run=_COMMAND), tmp_path)

    status, told = 128 + signal.Signals[name], f"pkgaction: {name} came before anything was begun\n"
    assert (done.returncode, done.stdout, done.stderr) == (status, "", told)
    assert not list(tmp_path.iterdir())  # a command writes no report for a runner


def test_a_report_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "output").mkdir()

    done = _run(_WHILE_LOADING.format(module="pkgaction.main", signal="SIGTERM", run=_ACTION), tmp_path)

    assert done.returncode == 143
    assert "::warning::the report is incomplete: Is a directory" in done.stdout


@pytest.mark.parametrize("name", ["SIGINT", "SIGHUP"])
def test_what_is_ignored_for_a_reason_stays_ignored(name: str) -> None:
    code = f"""
import signal
signal.signal(signal.{name}, signal.SIG_IGN)
from pkgaction import ending, starting
starting.as_command()
ending.on_termination(once=False)
signal.raise_signal(signal.{name})
print("goes on")
"""

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)

    assert (done.returncode, done.stdout) == (0, b"goes on\n")


def test_little_is_loaded_before_signals_are_told_of() -> None:
    load = f"import sys; sys.path.append({str(ROOT)!r}); from pkgaction import starting"

    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"{load}; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )

    loaded = set(done.stdout.split())
    assert {name for name in loaded if name.startswith("pkgaction")} == {
        "pkgaction",
        "pkgaction.starting",
    }
    assert not loaded & {"typing", "pathlib", "re", "contextlib", "subprocess"}


def test_the_outputs_are_those_of_a_run_without_a_result() -> None:
    assert outputs.of(Ledger(), "") == starting.OUTPUTS


# what is raised while a module is loaded becomes another error, or none at all
_WRAPPED = """
import sys, os, signal
from pkgaction import process, {main}
def load(*args, **kwargs):
    try:
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(100): pass
    except KeyboardInterrupt as error:
        raise RuntimeError("Error calling __set_name__") from error
{replaced} = load
sys.exit({main}.main({arguments}))
"""


@pytest.mark.parametrize(
    ("main", "replaced", "arguments", "status"),
    [
        ("cli", "cli._run", '["validate", "x"], os.environ', 130),
        ("main", "main._Run.go", "os.environ, sys.stdout", 143),
    ],
    ids=["command", "action"],
)
def test_a_cancel_that_becomes_another_error_is_a_cancel(
    tmp_path: Path, main: str, replaced: str, arguments: str, status: int
) -> None:
    code = _WRAPPED.format(main=main, replaced=replaced, arguments=arguments)

    done = _run(code, tmp_path)

    assert done.returncode == status
    assert "cancelled" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "failed" not in done.stdout
