"""Whether a registry takes a built package: one answer for the Action and for a terminal."""

from collections.abc import Iterator, Sequence

from pkgaction.entry import checks
from pkgaction.entry.manifest import make
from pkgaction.entry.package import Package
from pkgaction.entry.problem import EntryProblemError
from pkgaction.model.finding import Finding
from pkgaction.model.json import JsonObject
from pkgaction.model.limited import limited
from pkgaction.model.tree import Tree


class EntryRefusedError(ValueError):
    """A registry refuses the package, for these findings."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("; ".join(f"{finding.place}: {finding.message}" for finding in findings))
        self.findings = tuple(findings)


def accepted(tree: Tree) -> JsonObject:
    """The index entry of a package that every registry takes.

    Raises:
        EntryRefusedError: one would not; says all that it refuses.
    """
    entry: JsonObject = {}
    problems: list[EntryProblemError] = []
    try:
        entry = make(tree)
    except EntryProblemError as error:
        problems.append(error)
    problems += _of_zip(tree)
    if problems:
        raise EntryRefusedError(_told_once(problems))
    return entry


def findings(tree: Tree) -> tuple[Finding, ...]:
    """All that a registry refuses in a built package; empty where it takes it."""
    try:
        accepted(tree)
    except EntryRefusedError as error:
        return error.findings
    return ()


def _of_zip(tree: Tree) -> Iterator[EntryProblemError]:
    try:
        package = Package.of(tree)
    except EntryProblemError:
        return  # `make` has said so
    yield from checks.problems(package)


def _told_once(problems: Sequence[EntryProblemError]) -> list[Finding]:
    """As findings; what two checks say of one place in the same words is said once."""
    once: dict[tuple[str, int, str], Finding] = {}
    for problem in problems:
        once.setdefault((problem.file, problem.line, problem.message), _finding(problem))
    return list(limited(once.values()))


def _finding(problem: EntryProblemError) -> Finding:
    printable = problem.file.isprintable()
    file = problem.file if printable else problem.file.encode("unicode_escape").decode()
    return Finding(code=problem.code, file=file, message=problem.message, line=problem.line)
