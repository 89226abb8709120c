"""What all tests have in common."""

import os
import signal

import pytest
from hypothesis import settings

# the same examples in every run; with PKGACTION_FUZZ, so many new ones of each property
_FUZZ = int(os.environ.get("PKGACTION_FUZZ") or 0)
settings.register_profile("same", derandomize=True, deadline=None)  # a busy machine is no failure
settings.register_profile("fuzz", max_examples=_FUZZ or 1, deadline=None, print_blob=True)
settings.load_profile("fuzz" if _FUZZ else "same")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where nothing may be missing, a skipped test fails the run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("PKGACTION_NO_SKIPS") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


# a job in the background starts with Ctrl-C ignored, and so would every process that a test starts
signal.signal(signal.SIGINT, signal.default_int_handler)
