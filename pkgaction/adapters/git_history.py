"""Which commits a merged pull request left on its branch.

A merge and a squash leave one commit. A rebase leaves a copy of each of the pull request's own commits;
a copy keeps author, author's time and message, and by these it is told.
Source: https://docs.github.com/repositories/configuring-branches-and-merges-in-your-repository
"""

from collections.abc import Sequence
from dataclasses import dataclass

FORMAT = "tformat:%H%x00%an%x00%ae%x00%at%x00%B%x00"  # of `git rev-list`, which puts a line before
_FIELDS = FORMAT.count("%x00")


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit, and what a rebase keeps of it."""

    id: str
    mark: tuple[bytes, ...]  # its message is the last of these

    @property
    def message(self) -> bytes:
        """What was written to it."""
        return self.mark[-1]


def read(raw: bytes) -> list[Commit]:
    """The commits that git printed in our format."""
    fields = raw.split(b"\0")[:-1]
    rows = [fields[at : at + _FIELDS] for at in range(0, len(fields), _FIELDS)]
    return [Commit(row[0].split()[-1].decode(), tuple(row[1:])) for row in rows]


def oldest_copy(own: Sequence[Commit], there: Sequence[Commit]) -> str:
    """The oldest commit of a branch that a pull request brought; both are newest first.

    Commits that a rebase dropped are missing among the copies. Where there is no copy, the newest
    commit alone was brought.
    """
    if own and own[0] == there[0]:  # pushed as they are
        return there[min(len(own), len(there)) - 1].id
    copies = 0
    for commit in own:
        if copies < len(there) and _is_copy(commit, there[copies]):
            copies += 1
    return there[max(copies, 1) - 1].id


def _is_copy(commit: Commit, other: Commit) -> bool:
    return commit.mark == other.mark and commit.id != other.id
