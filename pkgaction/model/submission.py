"""What lies in the queue, on its way to be accepted or refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pkgaction.model.finding import Finding
from pkgaction.model.json import Json, JsonObject
from pkgaction.model.release import Signature


class Code(StrEnum):
    """Why a submission is refused. Programs rely on these texts."""

    TOO_LARGE = "too-large"
    UNSIGNED = "unsigned"  # there is no signature, or none that can be read
    UNTRUSTED = "untrusted"  # no trusted key has signed exactly these bytes
    NO_PACKAGE = "no-package"  # no zip, a damaged one, or none of a package
    MISNAMED = "misnamed"  # it is not called NAME-VERSION.zip after what is in it
    NOT_OWNER = "not-owner"  # the key may not publish packages of that name
    MISPLACED = "misplaced"  # the key is bound to a folder of the queue, and it came from elsewhere
    INVALID = "invalid"  # the rules for built packages found errors
    CONFLICT = "conflict"  # the version is published with other content
    TOO_COSTLY = "too-costly"  # to look at it takes more time or memory than one package may
    WITHDRAWN = "withdrawn"  # its zip is public already, and the index was taken back behind it


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A zip that a trusted key has signed; nothing in it was looked at."""

    name: str  # NAME-VERSION.zip as it was submitted, below its owner's folder where there is one
    path: Path
    signature: Signature  # with the fingerprint of the trusted primary key
    source: str = ""  # the queue's object with its generation; empty: a person handed it over

    @property
    def folder(self) -> str:
        """The owner's folder that it lay in; empty where there is none."""
        return self.name.rpartition("/")[0]

    @property
    def file_name(self) -> str:
        """What it is called, wherever it lies."""
        return self.name.rpartition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A submission that is not accepted, and why."""

    name: str  # as it was received
    code: Code
    what: str
    fix: str
    fingerprint: str = ""  # of the trusted key that signed it
    findings: Sequence[Finding] = ()

    def as_json(self) -> JsonObject:
        """The content of `reason.json`."""
        findings: list[Json] = [
            {"code": found.code, "file": found.file, "message": found.message} for found in self.findings
        ]
        return {
            "object": self.name,
            "code": self.code.value,
            "what": self.what,
            "fix": self.fix,
            "fingerprint": self.fingerprint or None,
            "findings": findings,
        }
