"""Words in a pull request by which GitHub starts no workflow for its merge: nothing is published then.

The message of a merge is made of the pull request's title, its description and its commits' messages.
Source: https://docs.github.com/actions/how-tos/manage-workflow-runs/skip-workflow-runs
"""

import re
from collections.abc import Iterator

from pkgaction.errors import GitError, UsageError
from pkgaction.model.event import Preview
from pkgaction.model.sentences import first_of
from pkgaction.ports import Repository

_WORDS = re.compile(r"\[(?:skip ci|ci skip|no ci|skip actions|actions skip)\]", re.IGNORECASE)
_TRAILER = re.compile(r"^skip-checks: ?true\s*$", re.IGNORECASE | re.MULTILINE)
_SHOWN = 5  # places in one sentence
_MOST_COMMITS = 100  # of a merge queue's group, whose event does not count them


def words_in(message: str) -> str:
    """The first words in a message by which no workflow starts; empty where there are none."""
    last_paragraph = re.split(r"\n\s*\n", message.replace("\r\n", "\n").strip())[-1]
    found = _WORDS.search(message) or _TRAILER.search(last_paragraph)
    return found[0].strip() if found else ""


def warnings(intent: Preview, base: str, repository: Repository) -> list[str]:
    """What is to be known before the merge, as sentences."""
    places = [
        f"{place} has {words}"
        for place, text in _texts(intent, base, repository)
        if (words := words_in(text))
    ]
    if not places:
        return []
    told = first_of(places, _SHOWN)
    why = "GitHub starts no workflow for a merge whose message has that, and nothing would be published"
    fix = "take it out of the message when merging, or publish the packages by name afterwards"
    return [f"{told}: {why}; {fix}"]


def _texts(intent: Preview, base: str, repository: Repository) -> Iterator[tuple[str, str]]:
    """All that the message of the merge may be made of, and where it stands."""
    pull = intent.pull_request
    if pull:
        yield "the title of the pull request", pull.title
        yield "its description", pull.body
    head, count = (pull.head, pull.commits) if pull else (intent.head, _MOST_COMMITS)
    try:
        messages = repository.messages(base, head, count) if head else {}
    except (UsageError, GitError):
        return  # that a message can't be read is no failure
    for commit, message in messages.items():
        yield f"the message of commit {commit[:12]}", message
