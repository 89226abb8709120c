"""`python -m pkgaction` is the command line."""

import sys

from pkgaction.cli import main

sys.exit(main())
