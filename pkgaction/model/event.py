"""What happened, and what it asks of us."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Mode(StrEnum):
    """The Action's `mode` input."""

    AUTO = "auto"
    PLAN = "plan"
    PREVIEW = "preview"
    PUBLISH = "publish"
    AUDIT = "audit"
    REINDEX = "reindex"
    ACCEPT = "accept"
    COMMENT = "comment"


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """A pull request of this repository."""

    number: int
    title: str = ""  # hostile text
    body: str = ""  # its description, hostile text; empty: not told
    head: str = ""  # its own last commit; empty: not told
    commits: int = 1  # how many are its own
    fork: bool = False  # it comes from another repository, or from one that is gone


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """A commit on the way that a branch went."""

    commit: str
    subject: str  # hostile text
    paths: tuple[str, ...] | None  # that it changed of its first parent; None: not known


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """Show what a merge would publish. Nothing is written to any bucket, no key is needed."""

    head: str  # commit
    base: str | None  # commit; None: the first parent of `head`; empty: there is none
    pull_request: PullRequest | None
    branch: str = ""  # that the merge goes into; empty: not told
    default_branch: str = ""  # what a commit without a base is compared with

    @property
    def maintenance(self) -> bool:
        """Whether the branch is another one than the default branch."""
        return bool(self.branch) and self.branch != self.default_branch


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Publish what became new between two commits of a publishing branch."""

    head: str  # commit
    base: str | None  # commit; None: the first parent of `head`; empty: there is none
    branch: str
    default_branch: str  # what a commit without a base is compared with
    forced: bool = False  # the branch was rewritten: `base` is no ancestor of `head`
    pull_request: PullRequest | None = None

    @property
    def maintenance(self) -> bool:
        """Whether it is another one than the default branch: an older version is fine there."""
        return self.branch != self.default_branch


@dataclass(frozen=True, slots=True, kw_only=True)
class Republish:
    """Publish the named packages of a commit, completing what is missing."""

    head: str  # commit, branch or tag
    names: tuple[str, ...]
    version: str  # the one version they all must have; empty: the one the commit has
    default_branch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """Compare the buckets with a commit's packages. Nothing is written, no key is needed."""

    head: str  # commit


@dataclass(frozen=True, slots=True, kw_only=True)
class Reindex:
    """Make the search index anew from the zips in the bucket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accept:
    """Decide what waits in the queue: publish it, or refuse it. No key of ours is needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """Show on its pull request what an untrusted run has foreseen of it."""

    head: str  # commit of the pull request
    repository_id: int  # of the repository that the commit lies in, perhaps a fork
    owner: str  # of that repository, to look for
    branch: str  # of that repository, to look for


@dataclass(frozen=True, slots=True)
class Idle:
    """The event asks for nothing; the reason is a sentence, as is what may be wrong about it."""

    reason: str
    doubt: str = ""


Planned: TypeAlias = Preview | Release | Republish  # what begins with a plan
Intent: TypeAlias = Planned | Audit | Reindex | Accept | Relay | Idle
