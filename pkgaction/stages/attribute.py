"""attribute: the packages of a run → the pull requests that brought them.

A push may carry several: a merge queue's, or a rebased one's commits. A package belongs to the newest
commit that touched it. Who brought that commit GitHub says; where it knows nothing, the link of the new
changelog entry and the number in the commit's subject are followed, and believed only if that pull
request was merged into the very branch, in this push.
"""

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pkgaction.model import paths, yamltext
from pkgaction.model.event import Landed, PullRequest
from pkgaction.model.outcome import Ledger
from pkgaction.model.release import Candidate
from pkgaction.model.yamltext import MOST_BYTES
from pkgaction.ports import PullRequests

_SUBJECTS = (  # of a squashed or rebased pull request, and of a merged one
    re.compile(r"\(#([1-9][0-9]{0,8})\)\s*\Z"),
    re.compile(r"\AMerge pull request #([1-9][0-9]{0,8}) from \S+\s*\Z"),
)
_MOST_LINKS = 20  # of one changelog entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Asks who brought what, each thing once."""

    api: PullRequests
    branch: str
    pages: str  # address of the repository's pages: what a link into it starts with
    landed: Sequence[Landed]  # the newest first; empty: no commit is asked for
    _by_commit: dict[str, tuple[PullRequest, ...]] = field(default_factory=dict)
    _by_number: dict[int, PullRequest | None] = field(default_factory=dict)

    def of(self, packages: Mapping[str, Candidate | None]) -> dict[str, tuple[PullRequest, ...]]:
        """The pull requests of each package folder; none where none is known.

        Raises:
            GitHubError: GitHub did not answer, or refused.
        """
        return {folder: self._brought(folder, packages) for folder in packages}

    def _brought(self, folder: str, packages: Mapping[str, Candidate | None]) -> tuple[PullRequest, ...]:
        newest = next((one for one in self.landed if _touched(one, folder, packages)), None)
        if newest and (found := self._merged_with(newest.commit)):
            return found
        numbers = [*self._linked(packages[folder]), *_named(newest)]
        confirmed = (self._confirmed(number) for number in dict.fromkeys(numbers))
        return next(((pull,) for pull in confirmed if pull), ())

    def _merged_with(self, commit: str) -> tuple[PullRequest, ...]:
        if commit not in self._by_commit:
            self._by_commit[commit] = tuple(self.api.merged_with(commit, base=self.branch))
        return self._by_commit[commit]

    def _linked(self, candidate: Candidate | None) -> Iterator[int]:
        for link in links(candidate) if candidate else ():
            number = link.removeprefix(f"{self.pages}/pull/")
            if number != link and re.fullmatch(r"[1-9][0-9]{0,8}", number):
                yield int(number)

    def _confirmed(self, number: int) -> PullRequest | None:
        if number not in self._by_number:
            commits = self._commits()
            found = self.api.merged(number, base=self.branch, commits=commits)
            self._by_number[number] = found
        return self._by_number[number]

    def _commits(self) -> Container[str] | None:
        """The commits of this push, as far as all of them are known."""
        known = bool(self.landed) and all(one.paths is not None for one in self.landed)
        return {one.commit for one in self.landed} if known else None


def to_tell(ledger: Ledger) -> dict[str, Candidate | None]:
    """The package folders that a pull request should hear of, with what was to be published of them."""
    plan = ledger.plan
    found: dict[str, Candidate | None] = {one.folder: None for one in ledger.outcomes.values()}
    if plan:
        found |= {skip.folder: None for skip in plan.skipped if skip.warn}
        found |= {candidate.source.folder: candidate for candidate in plan.candidates}
    return found


def named_by_git(landed: Sequence[Landed], folder: str, folders: Container[str]) -> int:
    """The number in the subject of the newest commit that touched a folder; 0 where there is none."""
    newest = next((one for one in landed if _touched(one, folder, folders)), None)
    return next(iter(_named(newest)), 0)


def links(candidate: Candidate) -> list[str]:
    """The links of the changelog entry for the candidate's version; none where it can't be read."""
    data = candidate.source.tree.read("changelog.yml", limit=MOST_BYTES) or b""
    try:
        entries = yamltext.load(data)
    except yamltext.YamlProblemError:
        return []
    found: list[str] = []
    for entry in _items(entries):
        if _text(entry, "version") == candidate.id.version.text:
            changes = entry.entries.get("changes") if isinstance(entry, yamltext.Mapping) else None
            found += [_text(change, "link") for change in _items(changes)]
    return found[:_MOST_LINKS]


def _touched(landed: Landed, folder: str, folders: Container[str]) -> bool:
    """Whether the commit changed something in the folder, and in none of the others that lies in it,
    as far as that is known.
    """
    changed = landed.paths
    return changed is None or any(paths.innermost(path, folders) == folder for path in changed)


def _named(landed: Landed | None) -> list[int]:
    """The number that a merge by GitHub writes into a subject."""
    found = (form.search(landed.subject) for form in _SUBJECTS) if landed else ()
    return [int(match[1]) for match in found if match]


def _items(node: yamltext.Node | None) -> Sequence[yamltext.Node]:
    return node.items if isinstance(node, yamltext.Sequence) else ()


def _text(node: yamltext.Node, key: str) -> str:
    found = node.entries.get(key) if isinstance(node, yamltext.Mapping) else None
    return found.text if isinstance(found, yamltext.Scalar) else ""
