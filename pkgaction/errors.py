"""Every error that ends a run or a package, on one page.

An error says what happened, where, and what to do. Its class decides the exit status; it is shown
in one place only (`main` for the Action, `cli` for a person).
"""

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


class OutsideError(PkgactionError):
    """Something outside failed after retries (exit 3): a re-run is safe and resumes."""

    exit_status = 3


class LoginUnavailableError(OutsideError):
    """A service that the login needs did not answer."""


class GitError(OutsideError):
    """A git command failed or took too long."""


class StorageError(OutsideError):
    """The storage did not do what it should."""


class IndexUnsafeError(StorageError):
    """The index there is broken or foreign: nothing of it is replaced."""


class GitHubError(OutsideError):
    """GitHub's API did not answer, or refused."""


class SpecificationError(OutsideError):
    """The specification that packages are validated by can't be had, or is not what it should be."""
