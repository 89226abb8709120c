"""Each error has its exit status, and says what, where and what to do."""

import inspect

import pytest

from pkgaction import errors
from pkgaction.errors import PkgactionError
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
    "IndexUnsafeError": 3,
    "GitHubError": 3,
    "LoginError": 2,
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
