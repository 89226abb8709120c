"""A run's report as one line of JSON, for another job that writes the comment; and back again."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import msgspec

from pkgaction.model import layout, release
from pkgaction.model.changes import Changes
from pkgaction.model.json import Json, JsonObject
from pkgaction.model.manifest import PackageId
from pkgaction.model.outcome import Ledger, Outcome, Problem, Urls
from pkgaction.model.version import InvalidVersionError, Version
from pkgaction.report import escape, wire

C = TypeVar("C", Changes, wire.Changes)

MOST = 100_000  # bytes: a step's environment takes 128 KiB in one variable
LARGEST = 128 * 1024  # bytes of a file that is read
_SOME = 50  # findings and files of a package, where all are too many
_WHOLE = frozenset({"fix", "warnings", "notices"})
_TOO_LONG = "it is too long for this page: see the log of the run"
_LONG = "the report was too long: see the run that it came from"


class BadReportError(ValueError):
    """The bytes are no report; the text says why."""


def write(ledger: Ledger) -> str:
    """The ledger as JSON; where it is too much, less of the details first, then of the packages."""
    for report in _ever_shorter(_report(ledger)):
        data = escape.json_text(msgspec.json.encode(report).decode())
        if len(data.encode()) <= MOST:
            return data
    return ""


def read(data: bytes) -> wire.Report:
    """A report of one of this run's own jobs.

    Raises:
        BadReportError: it is too large, no JSON, or not what `write` makes.
    """
    found = read_claims(data)
    for package in found.packages:
        _check(package)
    previous = [one.previous for one in found.packages] + [one.previous for one in found.planned]
    since = [one.changes.since for one in found.packages if one.changes]
    for text in filter(None, [*previous, *since]):
        _version(text)
    return found


def read_claims(data: bytes) -> wire.Report:
    """A report that somebody claims a run has written; its names and versions may be any text.

    Raises:
        BadReportError: it is too large, no JSON, or has other fields than `write` makes.
    """
    if len(data) > LARGEST:
        message = f"it has more than {LARGEST} bytes"
        raise BadReportError(message)
    try:
        return msgspec.json.decode(data, type=wire.Report)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadReportError(escape.plain(str(error))) from error


def outcome_of(package: wire.Package, urls: Callable[[PackageId], Urls]) -> Outcome:
    """The outcome that a report tells of; its addresses are built here."""
    told = msgspec.convert(package, Outcome, from_attributes=True)
    known = layout.identity(package.name, package.version)
    if known is None:
        return told
    return replace(told, experimental=known.version.experimental, urls=urls(known))


def skipped_of(told: wire.Skipped) -> release.Skipped:
    """The package that a report says was left out."""
    return msgspec.convert(told, release.Skipped, from_attributes=True)


def problem_of(told: wire.Problem) -> Problem:
    """The problem that a report tells of."""
    return msgspec.convert(told, Problem, from_attributes=True)


def _check(package: wire.Package) -> None:
    """What is shown as it is must be what it claims to be."""
    if package.status.ok and layout.identity(package.name, package.version) is None:
        message = f"{escape.plain(package.name)[:80]!r} is shown as a version, and is none"
        raise BadReportError(message)


def _version(text: str) -> None:
    try:
        Version.parse(text)
    except InvalidVersionError as error:
        message = f"{escape.plain(text)[:80]!r} is no version"
        raise BadReportError(message) from error


def _report(ledger: Ledger) -> wire.Report:
    plan = ledger.plan or release.Plan(base="", head="", compared="")
    settled = {(one.name, one.version) for one in ledger.outcomes.values()}
    waiting = [c for c in plan.candidates if (c.id.name, c.id.version.text) not in settled]
    told: JsonObject = {
        "format": 1,
        "head": plan.head,
        "base": plan.base,
        "compared": plan.compared,
        "checks": re.sub(r"[^A-Za-z0-9 .,()_+-]", " ", ledger.checks)[:80],
        "packages": [_package(one) for one in _worst_first(ledger.sorted())[: wire.MOST]],
        "planned": [_planned(one) for one in waiting[: wire.MOST]],
        "skipped": [_builtins(one) for one in plan.skipped[: wire.MOST]],
        "problems": [_builtins(one) for one in ledger.problems[:100]],
        "warnings": ledger.warnings[: wire.MOST],
        "notices": ledger.notices[: wire.MOST],
    }
    return msgspec.convert(_cut(told), wire.Report)


def _worst_first(outcomes: Iterator[Outcome]) -> list[Outcome]:
    """What failed stays longest, where all is too much."""
    return sorted(outcomes, key=lambda one: one.status.ok)


def _package(one: Outcome) -> JsonObject:
    """The fields that are carried have the names that they have in an outcome."""
    findings, changes = one.findings[: wire.MOST], _fewer(one.changes, wire.MOST)
    return _builtins(replace(one, files=(), findings=findings, changes=changes))


def _planned(one: release.Candidate) -> JsonObject:
    previous = one.previous.text if one.previous else ""
    named = {"name": one.id.name, "version": one.id.version.text, "previous": previous}
    return {**named, "folder": one.source.folder}


def _builtins(value: object) -> JsonObject:
    made: JsonObject = msgspec.to_builtins(value)
    return made


def _cut(value: Json) -> Json:
    """Every text as a line that is short enough; what may have a command in it is whole, or is not."""
    if isinstance(value, str):
        return escape.plain(value)[: wire.LONGEST]
    if isinstance(value, Mapping):
        return {key: _whole(inner) if key in _WHOLE else _cut(inner) for key, inner in value.items()}
    return [_cut(inner) for inner in value] if isinstance(value, Sequence) else value


def _whole(value: Json) -> Json:
    if isinstance(value, str):
        line = escape.plain(value)
        return line if len(line) <= wire.LONGEST else _TOO_LONG
    return [_whole(inner) for inner in value] if isinstance(value, Sequence) else value


def _ever_shorter(whole: wire.Report) -> Iterator[wire.Report]:
    yield whole
    for most in (_SOME, 0):
        yield replace(whole, packages=tuple(_shortened(one, most) for one in whole.packages))
    bare = [_shortened(one, 0) for one in whole.packages]
    count = max(len(bare), len(whole.planned), len(whole.skipped), len(whole.warnings))
    while count := count // 2:
        yield replace(
            whole,
            packages=tuple(bare[:count]),
            planned=whole.planned[:count],
            skipped=whole.skipped[:count],
            warnings=(*whole.warnings[:count], _LONG),
            notices=(),
        )
    yield wire.Report(format=1, warnings=(_LONG,))


def _shortened(one: wire.Package, most: int) -> wire.Package:
    return replace(one, findings=one.findings[:most], changes=_fewer(one.changes, most))


def _fewer(changes: C | None, most: int) -> C | None:
    """The same with no more files than that; the rest is counted."""
    if changes is None:
        return None
    more = changes.more + len(changes.files[most:])
    return replace(changes, files=changes.files[:most], more=more)
