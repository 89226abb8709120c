"""What a fork's own run reports, cut down to what such a run may say.

Anybody may have written it. So nothing was published by it, its commit is the event's, its words are
told as its own, and what it calls a package has the name and the version of one: no sentence.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar

from pkgaction.errors import UsageError
from pkgaction.model import layout
from pkgaction.model.event import Relay
from pkgaction.model.outcome import Status
from pkgaction.model.version import InvalidVersionError, Version
from pkgaction.report import wire

P = TypeVar("P", wire.Package, wire.Planned, wire.Skipped)

# What a run that cannot write may say. That a version is there already is no more than left out.
_PREVIEWED = frozenset({Status.WOULD_PUBLISH, Status.CONFLICT, Status.FAILED, Status.NOT_TRIED})
_NOTHING = "the fork's run says: there is nothing of it to publish"
_LONGEST = 100  # characters of a name, or of a version
_FOLDER = re.compile(r"[A-Za-z0-9._/-]{1,400}")
_RULE = re.compile(r"[A-Za-z0-9._-]{0,100}")


def claimed(report: wire.Report, intent: Relay) -> wire.Report:
    """The same as an untrusted run may say it.

    Raises:
        UsageError: it claims what a run that cannot write does not know.
    """
    packages, planned = _named(report.packages), _named(report.planned)
    skipped = _named(report.skipped)
    for package in packages:
        if package.status not in _PREVIEWED | {Status.ALREADY_PUBLISHED}:
            what = f"a preview can't say {package.status}"
            raise UsageError(what=what, where="input reports", fix="see the run that it came from")
    there = [one for one in packages if one.status is Status.ALREADY_PUBLISHED]
    known = {(one.name, one.version) for one in there}
    told = len(report.packages) + len(report.planned) + len(report.skipped)
    shown = len(packages) + len(planned) + len(skipped)
    return replace(
        report,
        head=intent.head,
        base="",
        compared="",
        checks="",
        packages=tuple(_quoted_package(one) for one in packages if one not in there),
        planned=tuple(one for one in planned if (one.name, one.version) not in known),
        skipped=(*(replace(one, reason=quoted(one.reason)) for one in skipped), *map(_left_out, there)),
        problems=(*_problems(report), *_not_shown(told - shown)),
        warnings=tuple(map(quoted, report.warnings)),
        notices=tuple(map(quoted, report.notices)),
    )


def quoted(text: str) -> str:
    """What a fork's run says, so that nobody takes it for what this run says."""
    return f"the fork's run says: {text}" if text else ""


def _named(told: tuple[P, ...]) -> tuple[P, ...]:
    """What has the name and the versions of a package.

    A folder may have any name, and so carry words: one that is not of plain letters is not shown.
    """
    named = (one for one in told if _is_named(one))
    return tuple(one if _FOLDER.fullmatch(one.folder) else replace(one, folder="") for one in named)


def _is_named(one: wire.Package | wire.Planned | wire.Skipped) -> bool:
    """Whether its name and its versions are those of a package.

    A package whose manifest cannot be read has no version, and is called as its folder is.
    """
    versions = [one.version] if one.version else []
    if not isinstance(one, wire.Skipped) and one.previous:
        versions.append(one.previous)
    if isinstance(one, wire.Package) and one.changes and one.changes.since:
        versions.append(one.changes.since)
    needs_version = isinstance(one, wire.Planned) or (isinstance(one, wire.Package) and one.status.ok)
    return (
        len(one.name) <= _LONGEST
        and layout.PACKAGE_NAME.fullmatch(one.name) is not None
        and all(map(_is_version, versions))
        and bool(one.version or not needs_version)
    )


def _is_version(text: str) -> bool:
    try:
        Version.parse(text)
    except InvalidVersionError:
        return False
    return len(text) <= _LONGEST


def _quoted_package(one: wire.Package) -> wire.Package:
    findings = tuple(
        replace(finding, message=quoted(finding.message))
        for finding in one.findings
        if _RULE.fullmatch(finding.code) and _RULE.fullmatch(finding.official)
    )
    return replace(one, fix="", reason=quoted(one.reason), findings=findings)


def _left_out(one: wire.Package) -> wire.Skipped:
    return wire.Skipped(name=one.name, folder=one.folder, version=one.version, reason=_NOTHING)


def _problems(report: wire.Report) -> Iterator[wire.Problem]:
    for one in report.problems:
        yield replace(one, what=quoted(one.what), where="", fix="")


def _not_shown(count: int) -> Iterator[wire.Problem]:
    if count:
        entries = f"{count} entries" if count > 1 else "1 entry"
        what = f"{entries} of the fork's report not shown: not the name or version of a package"
        yield wire.Problem(what=what)
