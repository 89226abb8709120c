"""Nothing that a process writes to standard error is a command to a runner."""

import io
import subprocess
import sys
from pathlib import Path
from typing import TextIO, cast

import pytest

from pkgaction.output import Harmless

ROOT = Path(__file__).parents[2]
HOSTILE = "::stop-commands::x"


@pytest.mark.parametrize(
    ("parts", "shown"),
    [
        (["kelp\n"], "kelp\n"),
        (["::error::x\n"], "| ::error::x\n"),
        (["kelp\n \t::error::x"], "kelp\n|  \t::error::x"),
        (["kelp\r::error::x\r\n"], "kelp\r| ::error::x\r\n"),
        ([":", ":error", "::x", "\n"], "| ::error::x\n"),
        (["kelp ##", "[error]x\n"], "kelp ## [error]x\n"),
        (["a::b\n\n"], "a::b\n\n"),
    ],
)
def test_no_line_is_a_command(parts: list[str], shown: str) -> None:
    stream = io.StringIO()
    harmless = cast("TextIO", Harmless(stream))

    for part in parts:
        assert harmless.write(part) == len(part)
    harmless.flush()

    assert stream.getvalue() == shown


_RAISING = "raise LookupError('kelp\\n::stop-commands::x')"
_WAYS = {
    "argparse": ["-m", "pkgaction", f"kelp\n{HOSTILE}"],
    "argparse of a command": ["-m", "pkgaction", "build", ".", f"--kelp\n{HOSTILE}"],
    "traceback": ["-c", _RAISING],
    "warning": ["-c", "import warnings; warnings.warn('kelp\\n::stop-commands::x')"],
    "logging": ["-c", "import logging; logging.getLogger('a').error('kelp\\n::stop-commands::x')"],
    "exit": ["-c", "import sys; sys.exit('kelp\\n::stop-commands::x')"],
    "thread": [
        "-c",
        "import threading as t; t.Thread(target=exec, args=[" + repr(_RAISING) + "]).start()",
    ],
}


@pytest.mark.parametrize("way", _WAYS)
def test_what_others_write_is_no_command(way: str) -> None:
    option, text, *more = _WAYS[way]
    if option == "-c":
        text = f"from pkgaction import output\noutput.harmless_errors()\n{text}"

    run = subprocess.run(
        [sys.executable, option, text, *more],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    lines = run.stderr.splitlines()
    assert [line for line in lines if HOSTILE in line]
    assert not [line for line in lines if line.lstrip().startswith("::")]
    assert not run.stdout


@pytest.mark.parametrize("entry", ["entrypoint.py", "pkgaction/__main__.py"])
def test_every_way_in_makes_its_errors_harmless_first(entry: str) -> None:
    text = (ROOT / entry).read_text("utf-8")

    assert text.index("output.harmless_errors()") < text.index("main(")
