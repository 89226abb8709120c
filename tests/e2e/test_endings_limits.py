"""A runner that has no room: a small disk, few open files. The kernel sets the limits of a process."""

import subprocess
import sys
from collections.abc import Iterator, Sequence

import pytest

from tests.e2e.cancelling import verifying
from tests.e2e.endings import THREE, Trial, quick, trial
from tests.e2e.judge import Said, expect_none, lies
from tests.fakes import proxy
from tests.fakes.keys import Key

_FILES = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]),) * 2)
os.execv(sys.argv[2], sys.argv[2:])
"""
_DISK = """
import os, subprocess, sys
size = f"size={sys.argv[1]}k"
subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", os.environ["TMPDIR"]], check=True)
os.execv(sys.argv[2], sys.argv[2:])
"""
_APART = ["unshare", "--user", "--map-root-user", "--mount"]


@pytest.fixture(scope="module")
def made(key: Key) -> Iterator[Trial]:
    with (
        proxy.running() as wire,
        trial(key, wire, verifying(key)) as one,
        quick(one, signs=False),
    ):
        one.undisturbed()
        yield one


def _end(made: Trial, within: Sequence[str]) -> Said:
    """Release with these limits, hold what is said against the buckets, and finish without them."""
    buckets = made.buckets()
    said = made.start(buckets, within=within).end()
    shown = buckets.show()
    planned = THREE if "new package versions" in said.run.log else ()
    expect_none([*lies(said, shown, planned), *made.finish(buckets, shown, signed_anew=True)], said)
    assert "pkgaction itself failed" not in said.run.log
    assert "Traceback" not in said.run.log
    return said


# where it ends differs from machine to machine: the smallest let git start, the largest is enough
@pytest.mark.parametrize("limit", ["10", "11", "12", "13", "40"])
def test_too_few_open_files_are_named_and_no_bug_of_ours(made: Trial, limit: str) -> None:
    said = _end(made, [sys.executable, "-c", _FILES, limit])

    _expect(said, "too many open files", is_enough=limit == "40")


@pytest.mark.parametrize(
    "size",
    [pytest.param("36", id="gpg"), pytest.param("44", id="zip"), pytest.param("400", id="enough")],
)
def test_a_disk_that_is_full_is_named_and_no_bug_of_ours(made: Trial, size: str) -> None:
    if subprocess.run([*_APART, "true"], check=False, capture_output=True).returncode:
        pytest.skip("a disk of one's own needs a user namespace")

    said = _end(made, [*_APART, sys.executable, "-c", _DISK, size])

    _expect(said, "no space left", is_enough=size == "400")


def _expect(said: Said, words: str, *, is_enough: bool) -> None:
    assert said.run.status in ({0} if is_enough else {0, 3}), said.run.log
    assert said.run.status == 0 or words in said.results.lower()
