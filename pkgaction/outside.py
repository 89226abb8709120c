"""Packages of a change that lie where no glob looks: moved there, or new there. Nothing publishes them.

What a glob takes away by a `!` is left out on purpose, and not told of.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from pkgaction import manifests, reasons
from pkgaction.manifests import Manifests
from pkgaction.model import globs, paths
from pkgaction.model.manifest import FILE
from pkgaction.model.paths import ROOT
from pkgaction.model.release import Skipped
from pkgaction.ports import Repository


@dataclass(frozen=True, slots=True)
class Outside:
    """The packages of both commits that changed and that no glob names."""

    before: Manifests
    after: Manifests
    negative: Sequence[str]  # globs that take folders away

    def moved_to(self, name: str) -> str:
        """The folder that a package of this name has come to; empty where it has not."""
        if name in self.before.by_name():
            return ""
        return next(iter(self.after.by_name().get(name, [])), "")

    def new(self, known: Collection[str]) -> list[Skipped]:
        """Packages that were not there before, under no name that the globs know."""
        names = {*known, *self.before.by_name()}
        return [
            reasons.outside(identity, folder)
            for folder, identity in sorted(self.after.found.items())
            if identity.id.name not in names and not self._is_taken_away(folder)
        ]

    def _is_taken_away(self, folder: str) -> bool:
        return not globs.matches(folder, ["**", *self.negative])


def look(
    repository: Repository,
    base: str,
    head: str,
    changed_paths: Sequence[str],
    packages: Sequence[str],
    known: Collection[str],
) -> Outside:
    """The packages that changed below no folder of the `known` packages.

    Args:
        repository: where the commits are.
        base: the commit before.
        head: the commit after.
        changed_paths: what differs between them.
        packages: globs for package folders.
        known: the folders of packages that the globs name and that changed.
    """
    changed = {paths.parent(path) for path in changed_paths if PurePosixPath(path).name == FILE}
    changed = {f for f in changed - {ROOT, *known} if paths.innermost(f, known) is None}
    folders = sorted(changed | {str(above) for f in changed for above in PurePosixPath(f).parents})
    before, after = (_outside(repository, commit, folders, packages, changed) for commit in (base, head))
    return Outside(before, after, [glob for glob in packages if glob.startswith("!")])


def _outside(
    repository: Repository,
    commit: str,
    folders: Sequence[str],
    packages: Sequence[str],
    changed: Collection[str],
) -> Manifests:
    if not changed:
        return Manifests(found={}, broken={})
    side = manifests.read(repository, commit, folders)
    return side.only({f for f in changed if not globs.matches(f, packages)})
