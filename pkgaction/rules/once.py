"""What is wrong is told once, whichever rules found it."""

from collections.abc import Iterable, Iterator

from pkgaction.model.finding import Finding, errors
from pkgaction.rules.told import IS_EMPTY

_WHOLE_VALUE = "the value must be of type "  # other places of a file are named before it
_REFUSED = "file-refused"  # for its size or its first line: what is in it is another matter


def once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings; what several rules say in the same words is said by the first."""
    said: set[tuple[str, int, int, str]] = set()
    for finding in findings:
        key = finding.file, finding.line, finding.column, finding.message
        if key not in said:
            said.add(key)
            yield finding


def without_effects(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings; of a file that is empty, or another value than it should be, that one alone."""
    told = list(findings)
    whole: dict[str, Finding] = {}
    for finding in errors(told):
        of_value = finding.code == "schema-type" and finding.message.startswith(_WHOLE_VALUE)
        if of_value or (finding.code == _REFUSED and finding.message == IS_EMPTY):
            whole.setdefault(finding.file, finding)
    yield from (one for one in told if whole.get(one.file, one) is one)


def not_refused(unreadable: Iterable[Finding], others: Iterable[Finding]) -> Iterator[Finding]:
    """Files that can't be read, less those that others refuse as a whole."""
    refused = {one.file: one.code for one in errors(others) if not one.line}
    for finding in unreadable:
        code = refused.get(finding.file)
        if code is None or (finding.line > 1 and code == _REFUSED):
            yield finding
