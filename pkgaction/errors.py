"""Every error that ends a run or a package, on one page.

An error says what happened, where, and what to do. Its class decides the exit status; it is shown
in one place only (`main` for the Action, `cli` for a person).
"""

import errno
from collections.abc import Sequence
from typing import ClassVar


class PkgactionError(Exception):
    """What happened, where, and what to do about it.

    Raised with keyword arguments only: `what` is a sentence without a full stop, `where` a file, an
    input or an object, `fix` the next step.
    """

    exit_status: ClassVar[int] = 1

    def __init__(self, *, what: str, where: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.fix = fix

    def __reduce__(self) -> tuple[object, ...]:
        """How it comes out of another process."""
        return _again, (type(self), self.what, self.where, self.fix)

    def __str__(self) -> str:
        where = f"{self.where}: " if self.where else ""
        fix = f" ({self.fix})" if self.fix else ""
        return f"{where}{self.what}{fix}"


def _again(kind: type[PkgactionError], what: str, where: str, fix: str) -> PkgactionError:
    return kind(what=what, where=where, fix=fix)


class PackageError(PkgactionError):
    """One package can't be published; the others go on (exit 1)."""


class BuildRefusedError(PackageError):
    """The package asks for something that can't be built faithfully."""


class SourceMissingError(PackageError):
    """Something that the package is built with can't be had, or is not what it must be."""


class SourceUnavailableError(SourceMissingError):
    """The same, but the network is to blame (exit 3): a re-run may have it."""

    exit_status = 3


class ContentConflictError(PackageError):
    """The version is taken by other content."""


class UsageError(PkgactionError):
    """Wrong input or configuration (exit 2)."""

    exit_status = 2


class SigningKeyError(UsageError):
    """The signing key can't be used: unreadable, expired, locked, or not the pinned one."""


class CommitMissingError(UsageError):
    """A commit is not in the clone and can't be fetched."""


class LoginError(UsageError):
    """The cloud does not let this run in, and a re-run won't change that."""

    def __init__(self, *, what: str, where: str = "", fix: str = "", claims: Sequence[str] = ()) -> None:
        super().__init__(what=what, where=where, fix=fix)
        self.claims = tuple(claims)  # lines for the log: what the ID token says of the run


class BucketMissingError(LoginError):
    """There is no bucket of that name."""


class AccessDeniedError(LoginError):
    """The bucket refuses one request. Others may be allowed: rights can depend on an object's name."""


class OutsideError(PkgactionError):
    """Something outside failed after retries (exit 3): a re-run is safe and resumes."""

    exit_status = 3


class RunnerError(OutsideError):
    """The machine that this runs on is out of something: disk, memory, open files."""


class NoRoomError(RunnerError):
    """The machine's disk has no room for it."""


class LoginUnavailableError(OutsideError):
    """A service that the login needs did not answer."""


class GitError(OutsideError):
    """A git command failed or took too long."""


class StorageError(OutsideError):
    """The storage did not do what it should."""


class DamagedObjectError(ContentConflictError, StorageError):
    """An object in a bucket is not the one that was written there (exit 3): it must be deleted."""

    exit_status = 3


class IndexUnsafeError(StorageError):
    """The index there is broken or foreign: nothing of it is replaced."""


class GitHubError(OutsideError):
    """GitHub's API did not answer, or refused."""


class SpecificationError(OutsideError):
    """The specification that packages are validated by can't be had, or is not what it should be."""


def is_of_one(error: PkgactionError) -> bool:
    """Whether the cause may lie with the one package or submission, so that the others are tried."""
    of_one = isinstance(error, PackageError | OutsideError | AccessDeniedError)
    return of_one and not isinstance(error, SpecificationError | LoginUnavailableError | RunnerError)


_FREE = "free some space on it, or use a larger runner; then run the job again"
_RUNNER = {
    errno.ENOSPC: ("no space left on the runner's disk", _FREE),
    errno.EDQUOT: ("no space left in the disk quota of the runner's user", _FREE),
    errno.EFBIG: ("a file is larger than the runner allows", "raise its file size limit (ulimit -f)"),
    errno.EMFILE: ("too many open files", "raise the limit (ulimit -n), or lower jobs"),
    errno.ENFILE: ("too many open files on the runner", "close other programs, or lower jobs"),
    errno.ENOMEM: ("no memory left on the runner", "lower jobs, or use a larger runner"),
    errno.EAGAIN: (
        "no new process or thread can be started on the runner",
        "lower jobs, or raise ulimit -u",
    ),
    errno.EROFS: ("the runner's disk is read-only", "run the job on another runner"),
    errno.EIO: ("the runner's disk failed", "run the job again on another runner"),
}


_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
_NO_THREAD = "can't start new thread"


def of_machine(error: BaseException) -> RunnerError | None:
    """The error for a machine that is out of something; None where the exception says another thing.

    Libraries wrap what the system said in errors of their own, so their contexts are looked at, too.
    """
    said = {MemoryError: errno.ENOMEM, RuntimeError: errno.EAGAIN}
    if isinstance(error, MemoryError) or (type(error) is RuntimeError and _NO_THREAD in str(error)):
        what, fix = _RUNNER[said[type(error)]]
        return RunnerError(what=what, fix=fix)
    if isinstance(error, BlockingIOError) and hasattr(error, "characters_written"):
        return None  # nobody reads what is written
    inner: BaseException | None = error
    while isinstance(inner, Exception) and isinstance(error, OSError):
        if isinstance(inner, OSError) and inner.errno in _RUNNER:
            what, fix = _RUNNER[inner.errno]
            kind = NoRoomError if inner.errno in _NO_ROOM else RunnerError
            return kind(what=what, where=str(inner.filename or ""), fix=fix)
        inner = inner.__cause__ or inner.__context__
    return None


_SPOKEN = {
    errno.ENOENT: "there is no such file or folder",
    errno.ENOTDIR: "a part of the path is a file, not a folder",
    errno.EISDIR: "it is a folder, not a file",
    errno.EEXIST: "something else is there already",
    errno.EACCES: "the permission for it is missing",
    errno.EPERM: "it is not permitted",
    errno.ENAMETOOLONG: "the name is too long",
    errno.ELOOP: "it is a symbolic link that leads to itself",
}


def of_path(error: OSError, fix: str = "name another path, or correct its rights") -> PkgactionError:
    """The error for a path that a person has named and that the system refuses."""
    if known := of_machine(error):
        return known
    said = (error.strerror or type(error).__name__).lower()
    what = _SPOKEN.get(error.errno or 0, f"the system refuses it: {said}")
    where = str(error.filename2 or error.filename or "")
    if not where and error.errno == errno.ENOENT:
        temporary = "temporary" in (error.strerror or "")
        what = "no temporary folder can be used" if temporary else "the folder that this runs in is gone"
        fix = "set TMPDIR to a folder" if temporary else "change into a folder that is there"
    return UsageError(what=what, where=where, fix=fix)


def of_system(error: OSError) -> RunnerError:
    """The error for any other failure of the machine's system."""
    what = f"the runner's system failed: {error.strerror or type(error).__name__}"
    return RunnerError(what=what, where=str(error.filename or ""), fix="run the job again")
