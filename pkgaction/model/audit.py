"""What an audit or a rebuilt index found: the values that reports are made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from pkgaction.model.json import Json, JsonObject
from pkgaction.model.manifest import PackageId
from pkgaction.model.sentences import first_of

REPAIR = "run audit with --repair, or publish this version again"
_SHOWN = 3  # names in one sentence


class Code(StrEnum):
    """What is not as it should be. Never renamed: programs read them in `audit --json`."""

    ZIP_MISSING = "zip-missing"
    ZIP_DAMAGED = "zip-damaged"
    ZIP_OTHER = "zip-other"  # another package version is in it
    CONTENT_DIFFERS = "content-differs"  # from the digests kept beside the zip
    HEADERS_WRONG = "headers-wrong"  # readers would not get an object as it was published
    RECORD_DAMAGED = "record-damaged"  # what is kept beside an object that is whole
    SIGNATURE_MISSING = "signature-missing"
    SIGNATURE_DAMAGED = "signature-damaged"
    SIGNATURE_OTHER = "signature-other"  # it belongs to another zip
    SIGNATURE_INVALID = "signature-invalid"
    SIGNATURE_ALONE = "signature-alone"  # without a zip
    STATIC_MISSING = "static-missing"
    STATIC_DAMAGED = "static-damaged"
    STATIC_DIFFERS = "static-differs"
    STATIC_EXTRA = "static-extra"
    STATIC_ALONE = "static-alone"  # without a zip: the claim of a publisher that died
    ENTRY_MISSING = "entry-missing"
    ENTRY_DIFFERS = "entry-differs"
    ENTRY_FOREIGN = "entry-foreign"  # it leads readers elsewhere, or no package has its name
    ENTRY_UNREADABLE = "entry-unreadable"  # readers can't read the index that it is in
    ENTRY_REFUSED = "entry-refused"  # the zip gives none
    ENTRY_ALONE = "entry-alone"  # without a zip
    CHANGES_DIFFER = "changes-differ"  # the index's list of changes is not that of its whole list

    @property
    def repairable(self) -> bool:
        """Whether a stored zip with a good signature has all that is needed to complete it."""
        return self in _REPAIRABLE


_REPAIRABLE = {Code.STATIC_MISSING, Code.ENTRY_MISSING, Code.ENTRY_DIFFERS}


@dataclass(frozen=True, slots=True)
class Drift:
    """One thing that is not as it should be, as two sentences."""

    code: Code
    what: str  # may hold foreign text: file names
    fix: str  # the next step

    def as_json(self) -> JsonObject:
        """As `audit --json` shows it."""
        return {"code": self.code.value, "what": self.what, "fix": self.fix}


@dataclass(frozen=True, slots=True)
class Audited:
    """A package version that was looked at."""

    id: PackageId
    drifts: tuple[Drift, ...]
    repaired: tuple[Code, ...] = ()  # what was found first, and was completed

    @property
    def ok(self) -> bool:
        """Whether everything is as it should be."""
        return not self.drifts

    def as_json(self) -> JsonObject:
        """One line of `audit --json`."""
        return {
            "name": self.id.name,
            "version": self.id.version.text,
            "ok": self.ok,
            "drifts": [drift.as_json() for drift in self.drifts],
            "repaired": [code.value for code in self.repaired],
        }


@dataclass(frozen=True, slots=True)
class Audit:
    """All versions that were looked at, by name and version, and the index."""

    versions: tuple[Audited, ...]
    warnings: tuple[str, ...] = ()  # what could not be told to be a version, as sentences
    index: tuple[Drift, ...] = ()  # of the index as a whole, not of one version's entry

    @property
    def ok(self) -> bool:
        """Whether neither a version nor the index has drifted."""
        return not self.index and all(one.ok for one in self.versions)

    def index_as_json(self) -> JsonObject:
        """The line of `audit --json` for what is wrong with the index as a whole."""
        drifts: list[Json] = [drift.as_json() for drift in self.index]
        named: JsonObject = {"name": "", "version": "", "index": True}
        return {**named, "ok": not drifts, "drifts": drifts, "repaired": []}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """The index made anew from the zips; each part as `NAME-VERSION`, sorted."""

    cursor: str  # that readers load now; in a dry run the one they loaded before
    entries: int
    added: tuple[str, ...]
    updated: tuple[str, ...]
    removed: tuple[str, ...]  # there was an entry, and there is no zip, or one that gives none
    unreadable: tuple[str, ...]  # sentences: zips that give no entry, and what became of the one there
    warnings: tuple[str, ...] = ()  # of what was left aside

    @property
    def ok(self) -> bool:
        """Whether every zip gave its entry."""
        return not self.unreadable

    def as_json(self) -> JsonObject:
        """The line of `reindex --json`."""
        return {
            "cursor": self.cursor,
            "entries": self.entries,
            "added": len(self.added),
            "updated": len(self.updated),
            "removed": len(self.removed),
        }


def some(names: Sequence[str]) -> str:
    """The first of these names, sorted, for a sentence."""
    return first_of(sorted(names), _SHOWN)
