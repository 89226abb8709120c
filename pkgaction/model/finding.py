"""What validation says of a package: data, not exceptions."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """An error keeps a package from being published, a warning does not; a note is good to know."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong in a package."""

    code: str  # the rule that says so, by our name
    file: str  # from the package's root
    message: str  # what is wrong and what would be right
    line: int = 0  # from 1; 0 where it isn't known
    column: int = 0  # from 1; 0 where it isn't known
    severity: Severity = Severity.ERROR
    official: str = ""  # the official validator's code, as SVR00001; most of its rules have none
    link: str = ""  # where the rule can be read up

    @property
    def place(self) -> str:
        """`file:line:column`, as far as it is known."""
        return ":".join([self.file, *(str(n) for n in (self.line, self.column) if n)])

    @property
    def label(self) -> str:
        """The rule's name, and its official code where it has one."""
        return f"{self.code}, {self.official}" if self.official else self.code

    def as_json(self) -> dict[str, str | int]:
        """The shape of the design's `validate --json`, with our rule, and where it stands if known."""
        more = (("line", self.line), ("column", self.column), ("link", self.link))
        known = {key: value for key, value in more if value}
        code = self.official or self.code
        return {"code": code, "rule": self.code, "file": self.file, "message": self.message, **known}


def errors(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Only those that keep the package from being published."""
    return tuple(f for f in findings if f.severity is Severity.ERROR)


def warnings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Only those that don't."""
    return tuple(f for f in findings if f.severity is Severity.WARNING)


def notes(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Only those by which nothing is wrong: what was not shown, and why."""
    return tuple(f for f in findings if f.severity is Severity.NOTE)


def merged(first: Iterable[Finding], then: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings of a package, then those of what was built of it that say something else."""
    told = tuple(first)
    known = {_said(finding) for finding in told}
    return (*told, *(finding for finding in then if _said(finding) not in known))


def _said(finding: Finding) -> tuple[str | int, ...]:
    """What two findings share that say the same.

    Building moves lines and follows links, so a place counts for notes alone: those count findings,
    of which a zip has others.
    """
    file = finding.file.removesuffix(".link")
    if finding.severity is Severity.NOTE:
        return finding.severity, finding.code, file, finding.line, finding.column
    return finding.severity, finding.code, file, finding.message
