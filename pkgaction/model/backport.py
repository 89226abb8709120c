"""The inventory of maintenance branches, as a file of the default branch keeps it.

    backports:
      - package: lanternfish
        branch: backport-lanternfish-1.2
        base_version: "1.2.4"
        maintained_until: "2027-01-15"
        archived: false

Other keys are for other tools. Source: the file of this name in elastic/integrations.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from pkgaction.errors import UsageError
from pkgaction.model import yamltext
from pkgaction.model.version import InvalidVersionError, Version

FILE = ".backports.yml"
_TRUTH = {"true": True, "false": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Backport:
    """A maintenance branch, and the one package that it is for."""

    package: str
    branch: str
    base_version: Version | None  # what the branch started from; None: not told
    maintained_until: date | None  # the last day; None: without end
    archived: bool
    line: int  # of the file

    def ended(self, today: date) -> str:
        """Why it publishes no more; empty where it does."""
        if self.archived:
            return "is archived"
        if self.maintained_until and self.maintained_until < today:
            return f"was maintained until {self.maintained_until.isoformat()}"
        return ""


def find(data: bytes, branch: str) -> Backport | None:
    """A branch's entry; None where it has none.

    Raises:
        UsageError: the file is no inventory, or the branch's entry can't be understood.
    """
    try:
        top = yamltext.load_mapping(data, only=True)
    except yamltext.YamlProblemError as error:
        raise _broken(error.message, error.line) from error
    found = [entry for entry in _entries(top) if _text(entry, "branch") == branch]
    if len(found) > 1:
        raise _broken(f"the branch {branch} is there twice", found[1].line)
    return _read(found[0], branch) if found else None


def _entries(top: yamltext.Mapping) -> Iterator[yamltext.Mapping]:
    listed = top.get("backports")
    if listed is None or (isinstance(listed, yamltext.Scalar) and listed.empty):
        return
    if not isinstance(listed, yamltext.Sequence):
        raise _broken("backports must be a list", listed.line)
    for entry in listed.items:
        if not isinstance(entry, yamltext.Mapping):
            raise _broken("a map with package and branch is expected", entry.line)
        yield entry


def _read(entry: yamltext.Mapping, branch: str) -> Backport:
    package, archived = _text(entry, "package"), _text(entry, "archived") or "false"
    if not package:
        raise _broken("package is missing", entry.line)
    if archived not in _TRUTH:
        raise _broken(f"archived is {archived!r}, neither true nor false", entry.line)
    base, until = _text(entry, "base_version"), _text(entry, "maintained_until")
    try:
        return Backport(
            package=package,
            branch=branch,
            base_version=Version.parse(base) if base else None,
            maintained_until=date.fromisoformat(until) if until else None,
            archived=_TRUTH[archived],
            line=entry.line,
        )
    except InvalidVersionError as error:
        raise _broken(f"base_version is {base!r}, no semantic version", entry.line) from error
    except ValueError as error:
        raise _broken(f"maintained_until is {until!r}, no YYYY-MM-DD", entry.line) from error


def _text(entry: yamltext.Mapping, key: str) -> str:
    found = entry.scalar(key)
    return found.text if found and not found.empty else ""


def _broken(what: str, line: int) -> UsageError:
    fix = "mend the file on the default branch"
    return UsageError(what=what, where=f"{FILE}:{line}", fix=fix)
