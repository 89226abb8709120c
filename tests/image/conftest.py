"""The runner's folders, and a key."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes import keys
from tests.fakes.workplace import Workplace
from tests.image.runner import Host


@pytest.fixture
def host() -> Iterator[Host]:
    if os.geteuid() != 0:
        pytest.skip("only root can give the folders to the runner's user")
    folder = Path(tempfile.mkdtemp(prefix="runner-", dir="/tmp"))
    folder.chmod(0o755)
    yield Host(folder, Workplace(folder))
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def key() -> keys.Key:
    """A signing key with a passphrase."""
    return keys.make()
