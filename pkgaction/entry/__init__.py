"""A built package's files as its entry in the search index.

Source of all rules here: elastic/package-registry, packages/ (what its own indexer writes).
"""

from pkgaction.entry.manifest import make
from pkgaction.entry.problem import EntryProblemError

__all__ = ["EntryProblemError", "make"]
