"""A built package's files as its entry in the search index, and whether a registry takes them.

`make` gives the entry that readers of an index are served, of whatever is in the storage already.
`accepted` gives it only where a registry takes the zip, too: what is published next must be that.
Source of all rules here: elastic/package-registry, packages/ (what its own indexer writes).
"""

from pkgaction.entry.acceptance import EntryRefusedError, accepted, findings
from pkgaction.entry.manifest import make
from pkgaction.entry.problem import EntryProblemError

__all__ = ["EntryProblemError", "EntryRefusedError", "accepted", "findings", "make"]
