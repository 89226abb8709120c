"""What the packages of one run require of each other: in which order they are built and published.

An input package is required in one very version, a content package by a constraint. What none of the
run's packages is, is not looked at here: it comes from the bucket or from a registry.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import groupby
from typing import Self, TypeVar

from pkgaction.errors import BuildRefusedError, PackageError, SourceMissingError
from pkgaction.model.looseversion import loose
from pkgaction.model.manifest import FILE, RequiredAs, Requirement
from pkgaction.model.outcome import Key, Outcome, Status, key_of
from pkgaction.model.release import Candidate
from pkgaction.rules.grammar import constraints

T = TypeVar("T")
_LOST = frozenset({Status.CONFLICT, Status.FAILED})  # the version does not come out of this run


@dataclass(frozen=True, slots=True)
class Requirements:
    """The packages of a run, and which of them each one requires."""

    candidates: Mapping[Key, Candidate]
    required: Mapping[Key, Sequence[Key]]

    @classmethod
    def of(cls, candidates: Iterable[Candidate]) -> Self:
        """Those of a run's packages."""
        by_key = {key_of(candidate): candidate for candidate in candidates}
        named: dict[str, list[Key]] = {}
        for key in by_key:
            named.setdefault(key[0], []).append(key)
        return cls(
            by_key,
            {
                key: [
                    other
                    for requirement in candidate.requires
                    for other in named.get(requirement.name, ())
                    if _fits(requirement, other[1])
                ]
                for key, candidate in by_key.items()
            },
        )

    @property
    def versions(self) -> dict[str, str]:
        """The packages' versions by name; one of them, where a name stands twice."""
        return {name: version for name, version, _ in self.candidates}

    def levels(self, items: Iterable[T], candidate: Callable[[T], Candidate]) -> list[list[T]]:
        """The items in groups, each group after those that it requires.

        Within a group they stay as they are. Packages that require each other in a circle do not count
        as required by each other.
        """
        depths = self._depths()

        def depth(item: T) -> int:
            return depths[key_of(candidate(item))]

        return [list(group) for _, group in groupby(sorted(items, key=depth), depth)]

    def ordered(self, items: Iterable[T], candidate: Callable[[T], Candidate]) -> list[T]:
        """The items, each one after what it requires."""
        return [item for level in self.levels(items, candidate) for item in level]

    def refusal(self, candidate: Candidate, outcomes: Iterable[Outcome]) -> PackageError | None:
        """Why a package can't be built or published: a circle, or a package that it requires failed.

        Args:
            candidate: one of the run.
            outcomes: what is known so far of the run's packages, also of those that left it.
        """
        if circle := self._circle(key_of(candidate)):
            return _circular(candidate, circle)
        lost = [outcome for outcome in outcomes if outcome.status in _LOST]
        for requirement in candidate.requires if lost else ():
            failed = [o for o in lost if o.name == requirement.name and _fits(requirement, o.version)]
            if failed and not self._is_met_otherwise(requirement, failed):
                return _missing(candidate, requirement, failed[0])
        return None

    def require(self, candidate: Candidate, outcomes: Iterable[Outcome]) -> None:
        """Stop where there is a refusal.

        Raises:
            PackageError: the refusal.
        """
        if refusal := self.refusal(candidate, outcomes):
            raise refusal

    def clusters(self) -> list[list[Candidate]]:
        """The packages in groups that are connected by what they require; most stand alone."""
        first_of = {key: key for key in self.candidates}  # the first key that was seen of its group
        members = {key: [key] for key in self.candidates}
        for key, required in self.required.items():
            for other in required:
                kept, merged = first_of[key], first_of[other]
                if kept != merged:
                    members[kept] += members[merged]
                    first_of |= dict.fromkeys(members.pop(merged), kept)
        groups: dict[Key, list[Candidate]] = {}
        for key, candidate in self.candidates.items():
            groups.setdefault(first_of[key], []).append(candidate)
        return list(groups.values())

    def _depths(self) -> dict[Key, int]:
        try:
            sorter = TopologicalSorter(self.required)
            sorter.prepare()
        except CycleError:
            sorter = TopologicalSorter(self._without_circles())
            sorter.prepare()
        depths: dict[Key, int] = {}
        depth = 0
        while sorter.is_active():
            ready = sorter.get_ready()
            depths |= dict.fromkeys(ready, depth)
            sorter.done(*ready)
            depth += 1
        return depths

    def _without_circles(self) -> dict[Key, list[Key]]:
        """What is required, but for what packages in circles require of each other."""
        circular = {key for key in self.required if self._circle(key)}
        return {
            key: [other for other in required if key not in circular or other not in circular]
            for key, required in self.required.items()
        }

    def _circle(self, start: Key) -> list[Key]:
        """The shortest way from a package back to itself, both ends named; empty where there is none."""
        before: dict[Key, Key] = {}
        waiting = [start]
        for key in waiting:
            for other in self.required[key]:
                if other == start:
                    way = [start, key]
                    while way[-1] != start:
                        way.append(before[way[-1]])
                    return way[::-1]
                if other not in before:
                    before[other] = key
                    waiting.append(other)
        return []

    def _is_met_otherwise(self, requirement: Requirement, failed: Sequence[Outcome]) -> bool:
        """Whether another version of a content package will do: of this run, or the one before."""
        if requirement.kind is RequiredAs.INPUT:
            return False
        lost = {outcome.key for outcome in failed}
        others = [key[1] for key in self.candidates if key[0] == requirement.name and key not in lost]
        before = [outcome.previous for outcome in failed if outcome.previous]
        return any(_fits(requirement, version) for version in (*others, *before))


def _fits(requirement: Requirement, version: str) -> bool:
    """Whether a version of the package is one that is required."""
    if requirement.version == version or requirement.kind is RequiredAs.INPUT:
        return requirement.version == version
    constraint, found = constraints.parse(requirement.version), loose(version)
    return bool(constraint and found and constraint.allows(found))


def _circular(candidate: Candidate, circle: Sequence[Key]) -> BuildRefusedError:
    way = " → ".join(f"{name} {version}" for name, version, _ in circle)
    return BuildRefusedError(
        what=f"packages require each other in a circle: {way}",
        where=f"{candidate.source.folder}/{FILE}",
        fix="take one of these requirements out of its manifest",
    )


def _missing(candidate: Candidate, requirement: Requirement, lost: Outcome) -> SourceMissingError:
    is_taken = lost.status is Status.CONFLICT
    became = "is published with other content" if is_taken else "failed in this run"
    do = "raise its version, and require that one" if is_taken else "fix that package first"
    return SourceMissingError(
        what=f"it requires {requirement.name} {requirement.version}, "
        f"but {lost.name} {lost.version} {became}",
        where=f"{candidate.source.folder}/{FILE}",
        fix=do,
    )
