"""What is wrong is told once, whichever rules found it."""

from collections.abc import Iterable, Iterator

from pkgaction.model.finding import Finding, errors

_REFUSED = "file-refused"  # for its size or its first line: what is in it is another matter


def once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings; what several rules say in the same words is said by the first."""
    said: set[tuple[str, int, int, str]] = set()
    for finding in findings:
        key = finding.file, finding.line, finding.column, finding.message
        if key not in said:
            said.add(key)
            yield finding


def not_refused(unreadable: Iterable[Finding], others: Iterable[Finding]) -> Iterator[Finding]:
    """Files that can't be read, less those that others refuse as a whole."""
    refused = {one.file: one.code for one in errors(others) if not one.line}
    for finding in unreadable:
        code = refused.get(finding.file)
        if code is None or (finding.line > 1 and code == _REFUSED):
            yield finding
