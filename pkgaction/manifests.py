"""The package manifests of a commit, as far as they must be looked at.

A package is a folder that a glob names and that has a package's manifest; what lies inside one, a
fixture or a data stream, is none. A package at the root holds the whole repository, also what a glob
names below it: its zip is that of `build .`.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from pkgaction.model import globs, paths
from pkgaction.model.excluded import is_excluded
from pkgaction.model.folding import folded
from pkgaction.model.manifest import (
    FILE,
    ForeignManifestError,
    Identity,
    ManifestProblemError,
    identify,
)
from pkgaction.model.paths import ROOT
from pkgaction.model.tree import Kind, TreeFile
from pkgaction.model.yamltext import MOST_BYTES
from pkgaction.ports import Repository

_DATA_STREAMS = "data_stream"
_OF_A_PACKAGE = frozenset({"_dev", "build", _DATA_STREAMS, "elasticsearch"})  # these hold manifests, too


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifests:
    """The package manifests of one commit, as far as they were looked at."""

    found: Mapping[str, Identity]  # by folder
    broken: Mapping[str, ManifestProblemError]  # by folder
    foreign: Mapping[str, ManifestProblemError] = field(default_factory=dict)  # no package's, by folder

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
            foreign={folder: error for folder, error in self.foreign.items() if folder in folders},
        )

    def after(self, before: "Manifests") -> "Manifests":
        """The same where some folders were packages before: they are packages whose manifest broke."""
        lost = self.foreign.keys() & before.folders
        return Manifests(
            found=self.found,
            broken={**self.broken, **{folder: self.foreign[folder] for folder in lost}},
            foreign={f: error for f, error in self.foreign.items() if f not in lost},
        )


def folders_of(changed: Iterable[str], packages: Sequence[str]) -> set[str]:
    """The folders above the changed paths that may be packages."""
    above = {str(folder) for path in changed for folder in PurePosixPath(path).parents}
    return {folder for folder in above if globs.matches(folder, packages)}


def all_folders(repository: Repository, commit: str, packages: Sequence[str]) -> list[str]:
    """Every folder of a commit that may be a package."""
    return [f for f in (ROOT, *repository.folders(commit)) if globs.matches(f, packages)]


def is_nested(folder: str, packages: Container[str]) -> bool:
    """Whether a folder with a manifest lies in another package.

    What a glob names beside a package at the root is a package of its own, unless it lies where the
    parts of packages have manifests.
    """
    outer = paths.innermost(folder, packages)
    return outer is not None and (outer != ROOT or PurePosixPath(folder).parts[0] in _OF_A_PACKAGE)


def holding(path: str, packages: Container[str]) -> set[str]:
    """The packages that a path is a part of: the innermost, and the root's, whose zip holds it too."""
    folder = paths.innermost(path, packages)
    found = {folder} if folder else set()
    return found | {ROOT} if ROOT in packages and not is_excluded(path) else found


def read(repository: Repository, commit: str, folders: Sequence[str]) -> Manifests:
    """The manifests in these folders, from the commit's objects: those that lie in no other package."""
    asked = {*folders, *(above for folder in folders if (above := _above_data_stream(folder)))}
    entries = repository.entries(commit, [paths.join(folder, FILE) for folder in sorted(asked)])
    found: dict[str, Identity] = {}
    broken: dict[str, ManifestProblemError] = {}
    foreign: dict[str, ManifestProblemError] = {}
    for folder in sorted(set(folders), key=lambda one: PurePosixPath(one).parts):  # outer ones first
        entry = entries.get(paths.join(folder, FILE))
        if entry is None or is_nested(folder, {*found, *broken}):
            continue
        if (above := _above_data_stream(folder)) and paths.join(above, FILE) in entries:
            message = f"it is that of a data stream of {paths.shown(above)}"
            foreign[folder] = ForeignManifestError(message, 1)
            continue
        try:
            found[folder] = _identify(entry)
        except ForeignManifestError as error:
            foreign[folder] = error
        except ManifestProblemError as error:
            broken[folder] = error
    return Manifests(found=found, broken=broken, foreign=foreign)


def everywhere(repository: Repository, commit: str) -> Manifests:
    """All packages of a commit, whether a glob names them or not. Reads every manifest."""
    return read(repository, commit, [paths.parent(p) for p in repository.paths_named(commit, FILE)])


def _above_data_stream(folder: str) -> str:
    """The folder that a data stream's folder is a part of; empty where it is none's by its place."""
    place = PurePosixPath(folder)
    return str(place.parent.parent) if place.parent.name == _DATA_STREAMS else ""


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
