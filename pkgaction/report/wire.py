"""The output `report`: its fields, types and lengths. What is not so is refused by the reader.

A report may have been written by anybody, so nothing in here is more than text, numbers and enums with
bounds; addresses are not in it at all.
"""

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

from pkgaction.model.finding import Severity
from pkgaction.model.outcome import Status

LONGEST = 2_000  # characters of a text
MOST = 1_000  # files, findings of a package; packages

Text: TypeAlias = Annotated[str, Meta(max_length=LONGEST)]
Commit: TypeAlias = Annotated[str, Meta(pattern=r"\A([0-9a-f]{40}|[0-9a-f]{64})?\Z")]
Digest: TypeAlias = Annotated[str, Meta(pattern=r"\A([0-9a-f]{64})?\Z")]
Words: TypeAlias = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9 .,()_+-]{0,80}\Z")]
Count: TypeAlias = Annotated[int, Meta(ge=0, le=1 << 50)]


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that differs."""

    path: Text
    before: Count | None
    after: Count | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What differs from the last published version."""

    since: Text
    size: Count
    files: Annotated[tuple[File, ...], Meta(max_length=MOST)] = ()
    more: Count = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What validation says."""

    code: Text
    file: Text
    message: Text
    severity: Severity
    line: Count = 0
    column: Count = 0
    official: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A version that is to be published, of which no more is known yet."""

    name: Text
    folder: Text
    version: Text
    previous: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """What became of a version."""

    name: Text
    folder: Text
    status: Status
    version: Text = ""
    previous: Text = ""
    reason: Text = ""
    fix: Text = ""
    sha256: Digest = ""
    size: Count = 0
    line: Count = 0
    findings: Annotated[tuple[Finding, ...], Meta(max_length=MOST)] = ()
    changes: Changes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A changed package that is left out."""

    name: Text
    folder: Text
    reason: Text
    version: Text = ""
    warn: bool = False
    line: Count = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What ended the run, or a part of it."""

    what: Text
    where: Text = ""
    fix: Text = ""
    exit_status: Annotated[int, Meta(ge=0, le=3)] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that a run has to say."""

    format: Literal[1]
    head: Commit = ""
    base: Commit = ""
    compared: Text = ""
    checks: Words = ""
    packages: Annotated[tuple[Package, ...], Meta(max_length=MOST)] = ()
    planned: Annotated[tuple[Planned, ...], Meta(max_length=MOST)] = ()
    skipped: Annotated[tuple[Skipped, ...], Meta(max_length=MOST)] = ()
    problems: Annotated[tuple[Problem, ...], Meta(max_length=100)] = ()
    warnings: Annotated[tuple[Text, ...], Meta(max_length=MOST + 1)] = ()
    notices: Annotated[tuple[Text, ...], Meta(max_length=MOST)] = ()
