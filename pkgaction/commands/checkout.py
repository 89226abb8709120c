"""A package's folder at a terminal: what git ignores is left out, what is not committed is told."""

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pkgaction.adapters import folder, working_tree
from pkgaction.adapters.working_tree import Surroundings, WorkingTree
from pkgaction.errors import UsageError
from pkgaction.model.excluded import RESULTS
from pkgaction.model.sentences import first_of
from pkgaction.model.tree import PackageSource
from pkgaction.transforms.around import look

_MOST_NAMED = 10
_ALL_TAKEN = "all its files are taken"
_AS_THEY_ARE = "or publish the files as they are with --allow-dirty"


@dataclass(frozen=True, slots=True)
class Checkout:
    """A package in a folder, and what git says of it."""

    path: Path
    source: PackageSource
    git: WorkingTree | None  # None: it lies in no repository
    around: Surroundings | None  # asked about all that building takes; None: nobody is to be asked

    @classmethod
    def read(cls, path: Path, environ: Mapping[str, str], *, beyond: int = 0) -> "Checkout":
        """The package at a path; `beyond` as for `folder.package`.

        Raises:
            UsageError: there is no such folder.
        """
        git = working_tree.examine(path, environ) if path.is_dir() else None
        top = git.top if git and not git.is_ignored else None
        around = Surroundings(top, environ) if top else None
        source = folder.package(path, beyond=beyond, git=git, around=around)
        if around:
            look(source)
        return cls(path, source, git, around)

    def notes(self) -> Iterator[str]:
        """What git says of the files that are taken, and of those that are not: a line each."""
        git = self.git
        if git is None:
            return
        if git.unknown:
            yield f"warning: {self.path}: git cannot say what it ignores ({git.unknown}): {_ALL_TAKEN}"
        if git.is_ignored:
            yield f"{self.path}: git ignores the folder itself: {_ALL_TAKEN}"
        outside = self.around.ignored if self.around else []
        if left_out := dict.fromkeys((*git.ignored, *map(self._from_here, outside))):
            names = _listed([_shown(path) for path in left_out])
            yield f"{self.path}: left out, because git ignores them: {names}"
        if uncommitted := self._uncommitted():
            yield f"{self.path}: not as committed: {uncommitted}"

    def refusal(self) -> UsageError | None:
        """Why the files are not those of a commit; None where they are, or lie in no repository."""
        git = self.git
        if git is None:
            return None
        if git.unknown:
            what = f"git cannot say whether the files are committed: {git.unknown}"
            return self._refused(what, f"repair the repository, {_AS_THEY_ARE}")
        if git.is_ignored:
            what = "git ignores the folder, so none of its files is committed"
            return self._refused(what, f"publish the folder that is committed, {_AS_THEY_ARE}")
        if uncommitted := self._uncommitted():
            what = f"not as committed: {uncommitted}"
            return self._refused(what, f"commit the files or let git ignore them, {_AS_THEY_ARE}")
        return None

    def _refused(self, what: str, fix: str) -> UsageError:
        return UsageError(what=what, where=str(self.path), fix=fix)

    def _uncommitted(self) -> str:
        inside = self.git.uncommitted if self.git else {}
        outside = self.around.uncommitted if self.around else {}
        states = {
            **{path: state for path, state in inside.items() if not path.startswith(RESULTS)},
            **{self._from_here(path): state for path, state in outside.items()},
        }
        return _listed([f"{_shown(path)} ({state})" for path, state in sorted(states.items())])

    def _from_here(self, path: str) -> str:
        """A path from the repository's root as one from the package."""
        return posixpath.relpath(path, self.source.folder)


def _listed(texts: Sequence[str]) -> str:
    """The first texts, and how many more there are."""
    return first_of(texts, _MOST_NAMED)


def _shown(path: str) -> str:
    """A file's name as it may stand in a line."""
    return path if path.isprintable() else ascii(path)
