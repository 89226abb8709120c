"""Words that keep a merge from being published, wherever its message may get them from."""

from collections.abc import Mapping

import pytest

from pkgaction import skip_ci
from pkgaction.errors import CommitMissingError, GitError, PkgactionError
from pkgaction.model.event import Preview, PullRequest
from pkgaction.ports import Repository


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("Raise versions [skip ci]", "[skip ci]"),
        ("[ci skip] Raise versions", "[ci skip]"),
        ("Raise\n\nwith [no ci] inside", "[no ci]"),
        ("x[skip actions]y", "[skip actions]"),
        ("[Actions Skip]", "[Actions Skip]"),
        ("Raise\n\n\nskip-checks: true", "skip-checks: true"),
        ("Raise\r\n\r\n\r\nSigned-off-by: C <c@d.example>\r\nskip-checks:true\r\n", "skip-checks:true"),
        ("Raise [skip-ci] (skip ci) skip ci [ skip ci ]", ""),
        ("skip-checks: true\n\nis a trailer that we do not use", ""),
        ("Raise\n\nskip-checks: truely", ""),
        ("", ""),
    ],
)
def test_what_github_honours_is_found_and_nothing_else(message: str, words: str) -> None:
    assert skip_ci.words_in(message) == words


class _Messages:
    """A repository that knows messages alone."""

    def __init__(self, messages: Mapping[str, str] | PkgactionError) -> None:
        self._messages = messages
        self.asked: list[tuple[str, str, int]] = []

    def messages(self, base: str, head: str, count: int) -> Mapping[str, str]:
        self.asked.append((base, head, count))
        if isinstance(self._messages, PkgactionError):
            raise self._messages
        return self._messages


def warned(
    pull: PullRequest | None, messages: Mapping[str, str] | PkgactionError | None = None
) -> tuple[list[str], list[tuple[str, str, int]]]:
    repository = _Messages({} if messages is None else messages)
    intent = Preview(head="f" * 40, base=None, pull_request=pull)
    return skip_ci.warnings(intent, "b" * 40, _as_repository(repository)), repository.asked


def _as_repository(messages: object) -> Repository:
    return messages  # type: ignore[return-value] # of all that a repository knows, this is asked for


def test_every_place_is_named_with_what_to_do() -> None:
    pull = PullRequest(
        number=7, title="Raise [skip ci]", body="Why\n\nskip-checks: true", head="a" * 40, commits=3
    )
    messages = {"1" * 40: "Fine", "2" * 40: "Typo [no ci]"}

    (told,), asked = warned(pull, messages)

    assert told.startswith(
        "the title of the pull request has [skip ci], its description has skip-checks: true, "
        "the message of commit 222222222222 has [no ci]: "
    )
    assert "take it out of the message when merging" in told
    assert asked == [("b" * 40, "a" * 40, 3)]


def test_many_commits_are_counted() -> None:
    messages = {f"{number:040}": "[skip ci]" for number in range(60)}

    (told,), _ = warned(PullRequest(number=7, head="a" * 40, commits=60), messages)

    assert " and 55 more: " in told
    assert len(told) < 600


def test_without_such_words_nothing_is_said() -> None:
    told, _ = warned(PullRequest(number=7, title="Raise", head="a" * 40), {"1" * 40: "Fine"})

    assert told == []


@pytest.mark.parametrize("error", [CommitMissingError(what="gone"), GitError(what="no network")])
def test_messages_that_cannot_be_read_are_no_failure(error: PkgactionError) -> None:
    told, _ = warned(PullRequest(number=7, title="[skip ci]", head="a" * 40), error)

    assert len(told) == 1


def test_of_a_merge_queue_all_commits_count() -> None:
    (told,), asked = warned(None, {"f" * 40: "Raise [ci skip]"})

    assert told.startswith("the message of commit ffffffffffff has [ci skip]: ")
    assert asked == [("b" * 40, "f" * 40, 100)]
