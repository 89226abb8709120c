"""validate: a candidate → proof that no error was found, or the findings.

Until the official validation is built in, these are the core checks, and every report says so.
"""

from pkgaction.model.finding import Finding, errors
from pkgaction.model.release import Candidate, Rejected, Validated
from pkgaction.model.tree import PackageSource
from pkgaction.rules import core
from pkgaction.rules.package import Package

CHECKS = "core checks"  # what validation consists of, for reports


def findings(source: PackageSource) -> list[Finding]:
    """All findings about a package folder."""
    return core.check(Package(source))


def check(candidate: Candidate) -> Validated | Rejected:
    """Validate one package."""
    found = findings(candidate.source)
    if errors(found):
        return Rejected(candidate, tuple(found))
    return Validated(candidate, tuple(found))
