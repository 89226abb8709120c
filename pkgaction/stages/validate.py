"""validate: a candidate → proof that no error was found, or the findings.

The core checks always run; the official specification runs beside them unless the user wants none.
The same is done with a built zip, by the rules for built packages.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from pkgaction.model.finding import Finding, errors, merged
from pkgaction.model.release import Built, Candidate, Rejected, Validated
from pkgaction.model.tree import PackageSource
from pkgaction.rules import core
from pkgaction.rules.package import Mode, Package
from pkgaction.transforms import unarchive

CORE = "core checks"


class Specification(Protocol):
    """The official specification. Loading it takes time, so a run does so only when it must."""

    @property
    def name(self) -> str:
        """For reports."""
        ...

    def check(self, package: Package) -> Iterator[Finding]:
        """All that is wrong with a package, less what its own validation.yml excludes."""
        ...


def checks(specification: Specification | None) -> str:
    """What validation consists of, for reports."""
    return f"{specification.name} and {CORE}" if specification else f"{CORE} only"


def findings(
    source: PackageSource, specification: Specification | None, mode: Mode = Mode.SOURCE
) -> list[Finding]:
    """All findings about a package. An error that both see on one line is said once, by the
    specification; what publishing itself relies on is always said.
    """
    package = Package(source, mode)
    official = list(specification.check(package)) if specification else []
    return official + core.check(package, errors(official))


def check(
    candidate: Candidate, specification: Specification | None, mode: Mode = Mode.SOURCE
) -> Validated | Rejected:
    """Validate one package."""
    found = findings(candidate.source, specification, mode)
    if errors(found):
        return Rejected(candidate, tuple(found))
    return Validated(candidate, tuple(found))


def check_built(built: Built, specification: Specification | None) -> Built | Rejected:
    """Validate a zip, out of the zip itself; what it alone says is added to what was said before."""
    found = of_zip(built.zip, built.candidate.source, specification)
    known = merged(built.validated.warnings, found)
    if errors(found):
        return Rejected(built.candidate, known)
    return replace(built, validated=Validated(built.candidate, known))


def of_zip(path: Path, source: PackageSource, specification: Specification | None) -> list[Finding]:
    """What the specification says of a zip that was built from a package."""
    if specification is None:
        return []
    with unarchive.opened(path) as (_, tree):
        return list(specification.check(Package(replace(source, tree=tree), Mode.BUILD)))
