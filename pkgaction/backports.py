"""What a maintenance branch may publish: its one package, as long as it is maintained.

Which package that is, the inventory of the default branch says; else the branch's own name, as in
backport-NAME-VERSION. A branch that is for no one package may publish all.
"""

import re
from dataclasses import replace
from datetime import date

from pkgaction.errors import UsageError
from pkgaction.model import backport
from pkgaction.model.backport import Backport
from pkgaction.model.release import Candidate, Change, Plan, Skipped
from pkgaction.model.tree import Kind
from pkgaction.model.yamltext import MOST_BYTES
from pkgaction.ports import Repository

_NAMED = re.compile(r"(?:.*/)?backport[-/]([a-z0-9_]+)[-/]v?[0-9].*")


def named_for(branch: str) -> str:
    """The package that a branch's name says it is for; empty where it says none."""
    found = _NAMED.fullmatch(branch)
    return found[1] if found else ""


def limited(
    made: Plan, repository: Repository, *, branch: str, default_branch: str, today: date
) -> Plan:
    """The same plan with what the branch may publish alone; the rest is left out, with a reason.

    Raises:
        UsageError: the branch is archived, or no more maintained, or the inventory is broken.
        CommitMissingError: there is no such default branch.
    """
    if not made.candidates:
        return made
    entry = _entry(repository, branch, default_branch)
    if entry and (why := entry.ended(today)):
        raise UsageError(
            what=f"the branch {branch} publishes no more: it {why}",
            where=f"{backport.FILE}:{entry.line} of {default_branch}",
            fix="mend that entry there, or publish from a maintained branch",
        )
    package = entry.package if entry else named_for(branch)
    reasons = {c.id: _refused(c, entry, branch, package) for c in made.candidates}
    return replace(
        made,
        candidates=tuple(c for c in made.candidates if not reasons[c.id]),
        skipped=(
            *made.skipped,
            *(_left_out(c, reasons[c.id]) for c in made.candidates if reasons[c.id]),
        ),
    )


def _entry(repository: Repository, branch: str, default_branch: str) -> Backport | None:
    if not default_branch:
        return None
    tip = repository.remote(default_branch)
    file = repository.entries(tip, [backport.FILE]).get(backport.FILE)
    if file is None:
        return None
    if file.kind is not Kind.FILE:
        what, where = f"it is a {file.kind.value}", f"{backport.FILE} of {default_branch}"
        raise UsageError(what=what, where=where, fix="put the file itself there")
    with file.content.open() as stream:
        return backport.find(stream.read(MOST_BYTES + 1), branch)


def _refused(candidate: Candidate, entry: Backport | None, branch: str, package: str) -> str:
    if package and candidate.id.name != package:
        return f"the branch {branch} publishes {package} alone"
    base = entry.base_version if entry else None
    if base and candidate.id.version < base:
        version = candidate.id.version
        return f"downgrade refused: {version} is below {base}, which the branch {branch} started from"
    return ""


def _left_out(candidate: Candidate, reason: str) -> Skipped:
    return Skipped(
        name=candidate.id.name,
        folder=candidate.source.folder,
        reason=reason,
        version=candidate.id.version.text,
        previous=candidate.previous.text if candidate.previous else "",
        change=Change.DOWNGRADE if candidate.change is Change.DOWNGRADE else None,
        warn=True,
        line=candidate.version_line,
    )
