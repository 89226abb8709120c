"""What is only a warning in older formats."""

from dataclasses import replace

from pkgaction.model.finding import Finding, Severity
from pkgaction.model.looseversion import LooseVersion
from pkgaction.rules.package import Package

_STRICT = LooseVersion.parse("3.0.0")


def milder(package: Package, finding: Finding) -> Finding:
    """The finding; as a warning below format 3.0.0."""
    older = package.format_version < _STRICT
    return replace(finding, severity=Severity.WARNING) if older else finding
