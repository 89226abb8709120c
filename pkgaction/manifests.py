"""The package manifests of a commit, as far as they must be looked at.

A package is a folder that a glob names and that has a manifest; what lies inside one, a fixture or a
data stream, is none. A package at the root holds all that lies in no other package.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from pkgaction.model import globs, paths
from pkgaction.model.folding import folded
from pkgaction.model.manifest import FILE, Identity, ManifestProblemError, identify
from pkgaction.model.paths import ROOT
from pkgaction.model.tree import Kind, TreeFile
from pkgaction.model.yamltext import MOST_BYTES
from pkgaction.ports import Repository

_OF_A_PACKAGE = frozenset({"_dev", "build", "data_stream", "elasticsearch"})  # these hold manifests, too


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifests:
    """The package manifests of one commit, as far as they were looked at."""

    found: Mapping[str, Identity]  # by folder
    broken: Mapping[str, ManifestProblemError]  # by folder

    @property
    def folders(self) -> set[str]:
        """Where a package stands, readable or not."""
        return {*self.found, *self.broken}

    def by_name(self) -> dict[str, list[str]]:
        """The folders of each package name."""
        names: dict[str, list[str]] = {}
        for folder, identity in self.found.items():
            names.setdefault(identity.id.name, []).append(folder)
        return names

    def only(self, folders: Container[str]) -> "Manifests":
        """Those in these folders."""
        return Manifests(
            found={folder: identity for folder, identity in self.found.items() if folder in folders},
            broken={folder: error for folder, error in self.broken.items() if folder in folders},
        )


def folders_of(changed: Iterable[str], packages: Sequence[str]) -> set[str]:
    """The folders above the changed paths that may be packages."""
    above = {str(folder) for path in changed for folder in PurePosixPath(path).parents}
    return {folder for folder in above if globs.matches(folder, packages)}


def all_folders(repository: Repository, commit: str, packages: Sequence[str]) -> list[str]:
    """Every folder of a commit that may be a package."""
    return [f for f in (ROOT, *repository.folders(commit)) if globs.matches(f, packages)]


def _outermost(entries: Mapping[str, TreeFile]) -> Iterator[tuple[str, TreeFile]]:
    """The manifests that lie in no other package: fixtures and data streams have one, too."""
    folders = {paths.parent(path): entry for path, entry in entries.items()}
    for folder, entry in folders.items():
        if not is_nested(folder, folders):
            yield folder, entry


def is_nested(folder: str, packages: Container[str]) -> bool:
    """Whether a folder with a manifest lies in another package.

    What a glob names beside a package at the root is a package of its own, unless it lies where the
    parts of packages have manifests.
    """
    outer = paths.innermost(folder, packages)
    return outer is not None and (outer != ROOT or PurePosixPath(folder).parts[0] in _OF_A_PACKAGE)


def read(repository: Repository, commit: str, folders: Sequence[str]) -> Manifests:
    """The manifests in these folders, from the commit's objects."""
    found: dict[str, Identity] = {}
    broken: dict[str, ManifestProblemError] = {}
    entries = repository.entries(commit, [paths.join(folder, FILE) for folder in folders])
    for folder, entry in _outermost(entries):
        try:
            found[folder] = _identify(entry)
        except ManifestProblemError as error:
            broken[folder] = error
    return Manifests(found=found, broken=broken)


def _identify(entry: TreeFile) -> Identity:
    if entry.kind is not Kind.FILE:
        message = f"this is a {entry.kind.value}, which is never followed: put the file itself here"
        raise ManifestProblemError(message)
    with entry.content.open() as stream:
        return identify(stream.read(MOST_BYTES + 1))


def doubled(
    repository: Repository, head: str, packages: Sequence[str], names: Sequence[str]
) -> dict[str, list[str]]:
    """Those of the names that stand in two folders of the commit. Reads every manifest.

    Names that differ only in case or Unicode form are one and the same here.
    """
    if not names:
        return {}
    folders: dict[str, list[str]] = {}
    everywhere = read(repository, head, all_folders(repository, head, packages)).by_name()
    for name, standing in everywhere.items():
        folders.setdefault(folded(name), []).extend(standing)
    return {n: sorted(folders[folded(n)]) for n in names if len(folders.get(folded(n), ())) > 1}
