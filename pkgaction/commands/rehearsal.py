"""What publishing would say of a package, for commands that write no zip."""

import re
from dataclasses import dataclass, replace

from pkgaction.entry.checks.fields import CODE as FIELDS
from pkgaction.errors import BuildRefusedError, SourceMissingError
from pkgaction.model.finding import Finding, Severity
from pkgaction.model.manifest import FILE
from pkgaction.model.tree import PackageSource, Tree
from pkgaction.rules.package import Mode, Package
from pkgaction.stages import build as building
from pkgaction.stages.validate import Specification

UNTRIED = "build-untried"  # the rule's name for what could not be told
REFUSED = "build-refused"
_PLACE = re.compile(r"(?P<file>.*?)(?::(?P<line>[0-9]+))?")


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The files of the package as built, and why it would not be published."""

    tree: Tree | None  # None: it cannot be built
    findings: tuple[Finding, ...]


def of_zip(package: PackageSource) -> Rehearsal:
    """What a registry says of a zip, or of a folder that was built before."""
    return Rehearsal(package.tree, _refused(package.tree, package))


def of_folder(
    package: PackageSource, bench: building.Bench, specification: Specification | None = None
) -> Rehearsal:
    """What building the folder says, then a registry and the rules for zips of what was built.

    Where something that it is built with cannot be downloaded, it is told of the files as they are, with
    a warning.
    """
    try:
        tree = building.files(package, bench)
    except SourceMissingError as error:
        return _untried(package, error)
    except BuildRefusedError as error:
        return Rehearsal(None, (_finding(error, package),))
    found = list(_refused(tree, package))
    if specification:
        found += specification.check(Package(replace(package, tree=tree), Mode.BUILD))
    return Rehearsal(tree, tuple(found))


def _untried(package: PackageSource, missing: SourceMissingError) -> Rehearsal:
    message = f"this is said of its files as they are; publishing may still refuse it: {missing}"
    warning = Finding(code=UNTRIED, file=FILE, message=message, severity=Severity.WARNING)
    try:
        tree = building.gathered(package)
    except BuildRefusedError as error:
        return Rehearsal(None, (warning, _finding(error, package)))
    found = [one for one in _refused(tree, package) if not _may_change(one)]
    return Rehearsal(tree, (warning, *found))


def _may_change(finding: Finding) -> bool:
    """Whether building could have mended it: documents are rendered, fields imported."""
    return finding.file.startswith("docs/") or finding.code == FIELDS


def _refused(tree: Tree, package: PackageSource) -> tuple[Finding, ...]:
    answer = building.indexed(tree, package)
    return answer.findings if isinstance(answer, building.Refused) else ()


def _finding(error: BuildRefusedError, package: PackageSource) -> Finding:
    place = _PLACE.fullmatch(error.where.removeprefix(f"{package.folder}/"))
    file, line = (place["file"], int(place["line"] or 0)) if place else (error.where, 0)
    return Finding(code=REFUSED, file=file, message=f"{error.what} ({error.fix})", line=line)
