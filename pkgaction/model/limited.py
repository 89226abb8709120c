"""How many findings of a package are kept: as many as a person can use. The others are counted.

Whoever checks a package hands its findings on one by one, so those that are left out take no memory.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from pkgaction.model.finding import Finding, Severity, errors
from pkgaction.model.manifest import FILE

MOST_IN_FILE = 200  # findings of one kind in one file
MOST_OF_KIND = 400  # of one kind in all files
MOST = 800  # of a package
MOST_COUNTED = 100_000  # that are left out; then the checking ends
LONGEST = 2_000  # characters of a message
LONGEST_PATH = 1_024  # characters; no longer path can be published
CODE = "findings-left-out"
UNFINISHED = "schema-errors"  # code of a finding: the file has more than were looked at

_Kind: TypeAlias = tuple[str, Severity]
_WORST = (Severity.ERROR, Severity.WARNING, Severity.NOTE)


def limited(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings within the limits, then how many more there are, and where.

    What is said of those left out is as severe as they are, so the verdict is the same. Where there are
    more than are counted, that is an error.
    """
    kept = _Kept()
    for finding in findings:
        if kept.has_room(finding):
            yield _short(finding)
        elif kept.left_out > MOST_COUNTED:
            yield _closing(FILE, 1, Severity.ERROR, f"at least {MOST_COUNTED} more findings", "")
            return
    yield from kept.closings()


def errors_in_words(findings: Iterable[Finding]) -> str:
    """How many errors there are, as `1 error` or `more than 100 errors`."""
    told = errors(findings)
    count = sum(finding.code != CODE for finding in told)
    return f"{'more than ' * (count < len(told))}{count} error{'s' * (count != 1)}"


@dataclass(slots=True)
class _Kept:
    """What was kept so far, and what was left out: by kind and file, by kind, and by severity."""

    of_file: Counter[tuple[_Kind, str]] = field(default_factory=Counter)
    of_kind: Counter[_Kind] = field(default_factory=Counter)
    in_all: int = 0
    last: dict[tuple[_Kind, str], int] = field(default_factory=dict)  # the line, where a file is full
    more_in_file: Counter[tuple[_Kind, str]] = field(default_factory=Counter)
    more_of_kind: Counter[_Kind] = field(default_factory=Counter)
    more: Counter[Severity] = field(default_factory=Counter)
    unfinished: set[str] = field(default_factory=set)  # files
    left_out: int = 0

    def has_room(self, finding: Finding) -> bool:
        """Whether the finding is kept; else it is counted."""
        kind = finding.code, finding.severity
        place = kind, finding.file
        if finding.code == UNFINISHED:
            self.unfinished.add(finding.file)
        if self.of_file[place] >= MOST_IN_FILE:
            self.more_in_file[place] += 1
        elif self.of_kind[kind] >= MOST_OF_KIND:
            self.more_of_kind[kind] += 1
        elif self.in_all >= MOST:
            self.more[finding.severity] += 1
        else:
            self.of_file[place] += 1
            self.of_kind[kind] += 1
            self.in_all += 1
            self.last[place] = finding.line
            return True
        self.left_out += 1
        return False

    def closings(self) -> Iterator[Finding]:
        """How many findings were left out."""
        for ((code, severity), file), count in self.more_in_file.items():
            line = max(self.last[(code, severity), file], 1)
            counted = _counted(count, is_all=file not in self.unfinished)
            yield _closing(file, line, severity, counted, f" of {code} in this file")
        for (code, severity), count in self.more_of_kind.items():
            counted = _counted(count, is_all=not self.unfinished)
            yield _closing(FILE, 1, severity, counted, f" of {code} in other files")
        for severity in _WORST:
            if count := self.more[severity]:
                counted = _counted(count, is_all=not self.unfinished)
                yield _closing(FILE, 1, severity, counted, f" ({severity}s) in the package")


def _counted(count: int, *, is_all: bool) -> str:
    return f"{'' if is_all else 'at least '}{count} more"


def _closing(file: str, line: int, severity: Severity, count: str, what: str) -> Finding:
    message = f"{count}{what} are not shown: fix those that are, and validate again"
    return Finding(code=CODE, file=file, line=line, message=message, severity=severity)


def _short(finding: Finding) -> Finding:
    """The finding with a message and a path of a length that people read and logs carry."""
    if len(finding.message) <= LONGEST and len(finding.file) <= LONGEST_PATH:
        return finding
    return replace(
        finding, message=_cut(finding.message, LONGEST), file=_cut(finding.file, LONGEST_PATH)
    )


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}\u2026"
