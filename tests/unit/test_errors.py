"""Each error has its exit status, and says what, where and what to do."""

import errno
import inspect

import pytest
import requests

from pkgaction import errors
from pkgaction.errors import PkgactionError, of_machine, of_path
from pkgaction.model.outcome import Problem

_ALL = [
    kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, PkgactionError)
]
_STATUSES = {
    "PkgactionError": 1,
    "PackageError": 1,
    "BuildRefusedError": 1,
    "SourceMissingError": 1,
    "SourceUnavailableError": 3,
    "ContentConflictError": 1,
    "UsageError": 2,
    "SigningKeyError": 2,
    "CommitMissingError": 2,
    "OutsideError": 3,
    "GitError": 3,
    "StorageError": 3,
    "DamagedObjectError": 3,
    "IndexUnsafeError": 3,
    "GitHubError": 3,
    "LoginError": 2,
    "BucketMissingError": 2,
    "AccessDeniedError": 2,
    "RunnerError": 3,
    "NoRoomError": 3,
    "LoginUnavailableError": 3,
    "SpecificationError": 3,
}


def test_every_error_has_the_exit_status_of_the_design() -> None:
    assert {kind.__name__: kind.exit_status for kind in _ALL} == _STATUSES


@pytest.mark.parametrize("kind", _ALL, ids=lambda kind: kind.__name__)
def test_an_error_says_what_where_and_what_to_do(kind: type[PkgactionError]) -> None:
    error = kind(what="the tide is out", where="packages/kelp", fix="wait")

    assert str(error) == "packages/kelp: the tide is out (wait)"
    assert str(kind(what="the tide is out")) == "the tide is out"


@pytest.mark.parametrize("kind", _ALL, ids=lambda kind: kind.__name__)
def test_a_problem_says_the_same_as_its_error(kind: type[PkgactionError]) -> None:
    error = kind(what="the tide is out", where="packages/kelp", fix="wait")

    problem = Problem.of(error)

    assert str(problem) == str(error)
    assert problem.exit_status == error.exit_status


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device", "x.zip"),
            "no space left on the runner's disk",
        ),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "no space left in the disk quota"),
        (OSError(errno.EMFILE, "Too many open files"), "too many open files"),
        (OSError(errno.ENFILE, "Too many open files in system"), "too many open files"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "no memory left on the runner"),
        (MemoryError(), "no memory left on the runner"),
        (RuntimeError("can't start new thread"), "no new process or thread"),
        (BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"), "no new process or thread"),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "gone"), "system failed"),
        (ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), "system failed"),
    ],
    ids=lambda value: value if isinstance(value, str) else repr(value),
)
def test_a_failure_of_the_machine_is_never_called_one_of_ours(error: BaseException, said: str) -> None:
    problem = Problem.of(error)

    assert problem.exit_status == 3
    assert said in problem.what
    assert problem.fix
    assert "pkgaction itself failed" not in str(problem)


def test_a_failure_of_the_machine_is_found_inside_a_librarys_error() -> None:
    error = requests.ConnectionError("no connection")
    error.__context__ = OSError(errno.EMFILE, "Too many open files")

    found = of_machine(error)

    assert found
    assert found.what == "too many open files"


def test_a_bug_is_told_as_ours_by_its_kind_alone() -> None:
    problem = Problem.of(ValueError("hunter2"))

    assert problem.what == "pkgaction itself failed: ValueError"
    assert problem.exit_status == 1
    assert "hunter2" not in str(problem)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(errno.EACCES, "Permission denied", "/x"), "/x: the permission for it is missing"),
        (
            OSError(errno.EISDIR, "Is a directory", "/a", None, "/y"),
            "/y: it is a folder, not a file",
        ),
        (OSError(errno.EXDEV, "Invalid link", "/x"), "/x: the system refuses it: invalid link"),
        (OSError(errno.ENOENT, "No usable temporary directory"), "no temporary folder can be used"),
        (OSError(errno.ENOENT, "No such file"), "the folder that this runs in is gone"),
        (OSError(errno.ENOSPC, "No space left", "/x"), "/x: no space left on the runner's disk"),
    ],
    ids=["rights", "rename", "other", "temporary", "gone", "disk"],
)
def test_what_the_system_says_of_a_path_is_said_in_words(error: OSError, says: str) -> None:
    told = str(of_path(error))

    assert told.startswith(says)
    assert "Errno" not in told
    assert told.endswith(")")
