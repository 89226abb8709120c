"""Why a submission is refused or stays undecided, in words, and as an outcome for the reports."""

from pkgaction import inventory
from pkgaction.bounded import Ended, Limits, in_words
from pkgaction.errors import OutsideError
from pkgaction.examination import refused
from pkgaction.inhand import MOST_ENDS
from pkgaction.model.manifest import PackageId
from pkgaction.model.outcome import GOES_ON, Outcome, Status
from pkgaction.model.submission import Code, Received, Refused

_INTERRUPTED = {
    Ended.KILLED: "give the machine more memory",
    Ended.STALLED: "give the job a machine that is less busy",
}


def withdrawn(received: Received) -> Refused:
    """The refusal of what is public already, and not in the index."""
    what = "its zip is in the bucket already, and the index has no entry of it: it was taken back"
    fix = (
        "raise the version; the storage's operators can bring it back by `reindex`, or by `accept` with "
        "its zip and signature at a terminal"
    )
    return refused(received, Code.WITHDRAWN, what, fix)


def too_costly(received: Received, ended: Ended, limits: Limits, *, is_last: bool) -> Refused:
    """Why what has no result is refused; `is_last`: it ended other runs, and was tried alone.

    Raises:
        OutsideError: it may not be its fault.
    """
    if ended in _INTERRUPTED and not is_last:
        fix = f"{_INTERRUPTED[ended]}; the job decides it again"
        raise OutsideError(what=f"to look into it: {ended.value}", where=received.name, fix=fix)
    before = f"; {MOST_ENDS} runs ended while they were at it" if ended in _INTERRUPTED else ""
    what = f"to look into it, {in_words(ended, limits)}{before}"
    return refused(received, Code.TOO_COSTLY, what, "make the package smaller and plainer, or split it")


def undecided(submission: str) -> Outcome:
    """The outcome of a submission that the run did not get to."""
    name, version = parts(submission)
    reason = "the run ended before it was decided: it stays where it is"
    return Outcome(
        name=name,
        version=version,
        folder=submission,
        status=Status.NOT_TRIED,
        reason=reason,
        fix=GOES_ON,
    )


def outcome_of(no: Refused) -> Outcome:
    """The outcome of a refused submission."""
    name, version = parts(no.name)
    return Outcome(
        name=name,
        version=version,
        folder=no.name,
        status=Status.CONFLICT if no.code is Code.CONFLICT else Status.FAILED,
        reason=f"refused, {no.code}: {no.what}",
        fix=no.fix,
        findings=tuple(no.findings),
    )


def parts(submission: str) -> tuple[str, str]:
    """Name and version that a submission says it has."""
    name, _, version = _base(submission).partition("-")
    return name, version


def _base(submission: str) -> str:
    return submission.rpartition("/")[2].removesuffix(".zip")


def version_of(submission: str) -> PackageId | None:
    """The version that a submission says it is of; None where it says none."""
    return inventory.identify(_base(submission))
