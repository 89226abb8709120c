"""What the edge cases have in common: a repository's odd histories, and what is planned of them."""

import os
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest

from pkgaction.adapters.git import GitRepository
from pkgaction.model.event import Intent, Mode, Preview, Release
from pkgaction.model.globs import PackageGlobs
from pkgaction.model.json import Json
from pkgaction.model.release import Plan
from pkgaction.stages import event, plan
from tests.e2e.conftest import github, inputs, key, place, scene
from tests.fakes import payloads
from tests.fakes.github_json import End
from tests.fakes.workplace import HERE, Payload, Workplace, checked

__all__ = ["github", "inputs", "key", "place", "scene"]

TODAY = date(2026, 1, 5)
ZERO = "0" * 40
Work = Callable[[], None]


@dataclass(slots=True)
class Planner:
    """Reads an event and plans it, in the clone or another one."""

    place: Workplace
    scratch: Path
    notices: list[str] = field(default_factory=list)
    _count: int = 0

    def intent(self, name: str, payload: Payload, *, branches: Sequence[str] = ()) -> Intent:
        """What an event asks for."""
        happening = event.Happening(name=name, payload=payload, sha="", ref="")
        return event.understand(happening, event.Asked(mode=Mode.AUTO, branches=branches))

    def __call__(
        self,
        name: str,
        payload: Payload,
        *,
        branches: Sequence[str] = (),
        packages: Sequence[str] = ("packages/*",),
        clone: Path | None = None,
    ) -> Plan:
        """What an event's commits bring."""
        intent = self.intent(name, payload, branches=branches)
        assert isinstance(intent, Preview | Release), intent
        self._count += 1
        scratch = self.scratch / str(self._count)
        scratch.mkdir()
        self.notices.clear()
        opened = GitRepository.open(clone or self.place.clone, scratch, os.environ)
        with closing(opened) as repository:
            looked_at = PackageGlobs(patterns=tuple(packages), allow_empty=True)
            return plan.between(intent, repository, looked_at, today=TODAY, notices=self.notices)


@pytest.fixture
def planner(place: Workplace, tmp_path: Path) -> Planner:
    """Plans what happened to the place."""
    return Planner(place, tmp_path)


def push(before: str, after: str, branch: str = "main", *, forced: bool = False) -> Payload:
    """The payload of a push."""
    made = payloads.push(HERE, f"refs/heads/{branch}", before, after)
    return checked("push", {**made, "forced": forced})


def closed(place: Workplace, branch: str, merge: str, *, commits: int, base: str = "main") -> Payload:
    """The payload of a pull request that was merged."""
    head = place.git("rev-parse", branch)
    place.git("push", "-q", "origin", f"{head}:refs/pull/7/head")
    made = payloads.pull_request(
        HERE,
        "closed",
        7,
        title="Work",
        merged=True,
        merge_commit=merge,
        head=End(ref=branch, sha=head, repository=HERE),
        base=End(ref=base, sha=ZERO, repository=HERE),
    )
    return checked("pull_request", having(made, commits=commits))


def queue(base: str, head: str, branch: str = "main") -> Payload:
    """The payload of a merge queue's check."""
    return checked("merge_group", payloads.merge_group(HERE, base, head, branch))


def having(payload: Payload, **other: Json) -> Payload:
    """The same payload with another word about its pull request."""
    pull = payload["pull_request"]
    assert isinstance(pull, dict)
    return {**payload, "pull_request": {**pull, **other}}


def branch_off(place: Workplace, branch: str, *works: Work) -> None:
    """A branch with one commit for each piece of work."""
    place.git("checkout", "-q", "-b", branch, "main")
    for number, work in enumerate(works):
        work()
        place.commit(f"Work {number}")
    place.git("checkout", "-q", "main")


def advance(place: Workplace) -> str:
    """A commit of somebody else's on main; the commit."""
    place.write("NEWS.md", f"{place.git('rev-parse', 'HEAD')}\n")
    commit = place.commit("Something else")
    place.git("push", "-q", "origin", "main")
    return commit


def merge(place: Workplace, branch: str) -> str:
    """Merge by a merge commit."""
    return _landed(place, "merge", "-q", "--no-ff", "-m", "Merge", branch)


def squash(place: Workplace, branch: str) -> str:
    """Merge by one commit."""
    place.git("merge", "-q", "--squash", branch)
    return _landed(place, "commit", "-q", "-m", "All of it (#7)")


def rebase(place: Workplace, branch: str) -> str:
    """Merge by copies of the branch's commits."""
    return _landed(place, "cherry-pick", f"main..{branch}")


def _landed(place: Workplace, *arguments: str) -> str:
    place.git(*arguments)
    place.git("push", "-q", "origin", "main")
    return place.git("rev-parse", "HEAD")


def versions(made: Plan) -> dict[str, str]:
    """The candidates' versions by name."""
    return {c.id.name: c.id.version.text for c in made.candidates}


def reasons(made: Plan) -> dict[str, str]:
    """Why the rest is left out, by name."""
    return {skip.name: skip.reason for skip in made.skipped}


def failures(made: Plan) -> dict[str, str]:
    """What fails, by folder."""
    return {broken.folder: broken.finding.message for broken in made.unreadable}
