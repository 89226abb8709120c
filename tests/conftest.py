"""What all tests have in common."""

import os

import pytest
from hypothesis import settings

# the same examples in every run; PKGACTION_FUZZ=1 looks for new ones
settings.register_profile("same", derandomize=True)
settings.load_profile("default" if os.environ.get("PKGACTION_FUZZ") else "same")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where nothing may be missing, a skipped test fails the run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("PKGACTION_NO_SKIPS") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
