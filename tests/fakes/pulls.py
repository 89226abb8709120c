"""Pull requests as a value, behind the port: what GitHub would say, and what it was asked."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field

from pkgaction.model.event import PullRequest


@dataclass(slots=True, kw_only=True)
class KnownPulls:
    """The port `PullRequests`, answered out of two tables."""

    by_commit: Mapping[str, Sequence[int]] = field(default_factory=dict)
    merged_as: Mapping[int, str] = field(default_factory=dict)  # number → merge commit
    asked: list[str | int] = field(default_factory=list)

    def merged_with(self, commit: str, *, base: str) -> Sequence[PullRequest]:
        """Those in the table."""
        self.asked.append(commit)
        return [PullRequest(number=number) for number in self.by_commit.get(commit, ())]

    def merged(self, number: int, *, base: str, commits: Container[str] | None) -> PullRequest | None:
        """The one in the table."""
        self.asked.append(number)
        known = number in self.merged_as and (commits is None or self.merged_as[number] in commits)
        return PullRequest(number=number) if known else None

    def open_at(
        self, head: str, *, repository_id: int, owner: str, branch: str
    ) -> Sequence[PullRequest]:
        """None."""
        return []

    def comment(self, number: int, *, marker: str, body: str) -> str:
        """Nothing is written."""
        return ""
