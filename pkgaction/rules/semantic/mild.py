"""What is only a warning in older formats."""

from dataclasses import replace

from pkgaction.model.finding import Finding, Severity
from pkgaction.rules.package import Package

_STRICT = "3.0.0"


def milder(package: Package, finding: Finding) -> Finding:
    """The finding; as a warning below format 3.0.0."""
    return finding if package.at_least(_STRICT) else replace(finding, severity=Severity.WARNING)
