"""The container's entry, started by its path with `python -I`: nothing of a checkout is imported."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from pkgaction.main import main

sys.exit(main(os.environ, sys.stdout))
