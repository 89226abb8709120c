"""The container's entry, started by its path with `python -I`: nothing of a checkout is imported."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from pkgaction import process
from pkgaction.ending import TERMINATED, ended
from pkgaction.main import main

process.forbid_core_dumps()
status = main(process.take_environment(os.environ), sys.stdout)
sys.exit(ended(status) if status == TERMINATED else status)
