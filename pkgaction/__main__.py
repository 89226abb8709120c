"""`python -m pkgaction` is the command line."""

import os
import sys

from pkgaction import output, process
from pkgaction.cli import main

process.forbid_core_dumps()
output.harmless_errors()
sys.exit(main(environ=process.take_environment(os.environ)))
