"""What the next merge would make of a clone: the trial merge that GitHub would show to the Action.

It is made in the borrowed repository, of what the clone knows of its remote; the remote is asked only
for what the clone lacks.
"""

from dataclasses import dataclass

from pkgaction.adapters import git_process
from pkgaction.adapters.git import GitRepository
from pkgaction.adapters.git_asking import REMOTE_SECONDS
from pkgaction.errors import CommitMissingError
from pkgaction.model.event import Preview

_ORIGIN = "refs/remotes/origin/"
_CAN_FAIL = git_process.CAN_FAIL | {129}  # 129: a git that can't do it, before 2.38
_WHO = ("-c", "user.name=pkgaction", "-c", "user.email=pkgaction@localhost")


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What to compare, and how it came about."""

    preview: Preview
    told: str  # a sentence


def foresee(repository: GitRepository, head: str, branch: str = "") -> Foreseen:
    """The merge of a commit into a branch of the remote; empty: its default branch.

    Raises:
        CommitMissingError: neither the clone nor the remote has that branch.
    """
    default = default_branch(repository)
    into = branch or default
    if not into:
        return _alone(head, "no branch of a remote is known")
    tip = _tip(repository, into)
    base = _merge_base(repository, head, tip, into)
    preview = Preview(head=head, base=base, pull_request=None, branch=into, default_branch=default)
    if base is None or base == head:
        why = "has nothing in common with" if base is None else "lies already on"
        return _alone(head, f"{head[:12]} {why} {into}")
    if base == tip:
        return Foreseen(preview, f"{head[:12]} goes onto {into} ({tip[:12]}) as it is")
    merge = _trial(repository, tip, head)
    if not merge:
        why = "there are conflicts, or git is older than 2.38"
        told = (
            f"{head[:12]} can't be merged into {into} ({tip[:12]}): {why}; compared with where it left"
        )
        return Foreseen(preview, told)
    merged = Preview(head=merge, base=tip, pull_request=None, branch=into, default_branch=default)
    return Foreseen(merged, f"{head[:12]} merged into {into} ({tip[:12]}) is {merge[:12]}")


def _alone(head: str, why: str) -> Foreseen:
    preview = Preview(head=head, base=None, pull_request=None)
    return Foreseen(preview, f"{why}: compared with the commit before")


def default_branch(repository: GitRepository) -> str:
    """As the clone knows it, else as the remote says; empty where neither does."""
    command = ["symbolic-ref", "--quiet", f"{_ORIGIN}HEAD"]
    found = git_process.run(command, env=repository.env, cwd=repository.workspace, accept=_CAN_FAIL)
    if found.stdout:
        return found.stdout.decode().strip().removeprefix(_ORIGIN)
    asked = ("ls-remote", "--symref", "origin", "HEAD")
    said = repository.git(*asked, seconds=REMOTE_SECONDS, accept=_CAN_FAIL).decode()
    return said.split("\t")[0].removeprefix("ref: refs/heads/") if said.startswith("ref: ") else ""


def _tip(repository: GitRepository, branch: str) -> str:
    """As the clone knows it, else as the remote says."""
    try:
        return repository.commit(f"{_ORIGIN}{branch}")
    except CommitMissingError:
        return repository.remote(branch)


def _merge_base(repository: GitRepository, head: str, tip: str, branch: str) -> str | None:
    found = repository.git("merge-base", head, tip, accept=_CAN_FAIL).decode().strip()
    return found or (repository.merge_base(head, branch) if repository.shallow else None)


def _trial(repository: GitRepository, tip: str, head: str) -> str:
    """The commit that merging makes; empty where there are conflicts, or git can't."""
    command = ("merge-tree", "--write-tree", "--no-messages", tip, head)
    tree, _, conflicts = repository.git(*command, accept=_CAN_FAIL).decode().strip().partition("\n")
    if not tree or conflicts:
        return ""
    parents = ("-p", tip, "-p", head)
    return repository.git(*_WHO, "commit-tree", tree, *parents, "-m", "Trial merge").decode().strip()
