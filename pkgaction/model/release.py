"""What travels between the stages, in order. Each type is the proof of the step before it."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Self

from pkgaction.model.checksum import Digests
from pkgaction.model.finding import Finding
from pkgaction.model.json import JsonObject
from pkgaction.model.manifest import Identity, PackageId, Requirement
from pkgaction.model.tree import PackageSource, Tree
from pkgaction.model.version import Version


class Change(StrEnum):
    """What two commits say of a package."""

    NEW = "new"
    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A package version that should be published."""

    id: PackageId
    previous: Version | None
    change: Change | None  # None: asked for by name, nothing was compared
    source: PackageSource
    version_line: int  # of manifest.yml
    requires: tuple[Requirement, ...] = ()

    @classmethod
    def named(cls, source: PackageSource, identity: Identity) -> Self:
        """A package that was asked for, without a look at what was before."""
        return cls(
            id=identity.id,
            previous=None,
            change=None,
            source=source,
            version_line=identity.version_line,
            requires=identity.requires,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A changed package that is left out, and why (a sentence)."""

    name: str
    folder: str
    reason: str
    version: str = ""
    previous: str = ""
    change: Change | None = None
    warn: bool = False  # the author probably forgot something
    line: int = 0  # of manifest.yml


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A changed package that fails before it can be told which version it is."""

    folder: str
    name: str  # the folder's, or the manifest's where it can be read
    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The version bumps between two commits, and why anything else was left out."""

    base: str  # commit; empty where nothing was compared
    head: str  # commit
    compared: str  # a sentence: what was compared, and what came out
    candidates: tuple[Candidate, ...] = ()
    lower: tuple[Candidate, ...] = ()  # versions that went down; each one is among the skipped, too
    skipped: tuple[Skipped, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()


@dataclass(frozen=True, slots=True)
class Validated:
    """No error was found."""

    candidate: Candidate
    warnings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """At least one error was found."""

    candidate: Candidate
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecord:
    """One file of a built package."""

    path: str  # from the package's root
    size: int  # bytes
    sha256: str  # lower-case hex
    crc32c: int
    md5: bytes

    @property
    def digests(self) -> Digests:
        """What tells whether an object is this file."""
        return Digests(size=self.size, crc32c=self.crc32c, md5=self.md5, sha256=self.sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A zip on disk, everything in it known."""

    validated: Validated
    zip: Path
    digests: Digests  # of the zip
    tree: Tree  # what is in the zip
    files: tuple[FileRecord, ...]  # the same, measured
    content_digest: str  # over paths and file contents, lower-case hex; not over the compression
    entry: JsonObject = field(repr=False)  # in the search index

    @property
    def candidate(self) -> Candidate:
        """The plan's part in it."""
        return self.validated.candidate

    @property
    def id(self) -> PackageId:
        """The package version."""
        return self.candidate.id

    @property
    def sha256(self) -> str:
        """Of the zip, lower-case hex."""
        return self.digests.sha256

    @property
    def size(self) -> int:
        """Of the zip, bytes."""
        return self.digests.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """An armored detached signature that was verified after it was made."""

    armored: bytes
    fingerprint: str  # of the key that made it, 40 upper-case hex digits


@dataclass(frozen=True, slots=True)
class Signed:
    """A zip with its verified signature."""

    built: Built
    signature: Signature


class Stored(StrEnum):
    """What publishing found in, or did to, the public bucket."""

    CREATED = "created"
    COMPLETED = "completed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """All objects of the version are in the public bucket."""

    built: Built
    stored: Stored
    zip_sha256: str  # of the zip in the bucket
    zip_size: int  # of the zip in the bucket, bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexed:
    """A generation of the index holds all that was published."""

    cursor: str
    changed: frozenset[PackageId]  # whose entry was not there, or was another one
    warnings: tuple[str, ...] = ()  # of what was left aside, as sentences
