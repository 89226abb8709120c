"""The package manifests of a commit, as far as they must be looked at.

A package is a folder that a glob names and that has a manifest; what lies inside one, a fixture or a
data stream, is none.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from pkgaction.model import globs
from pkgaction.model.folding import folded
from pkgaction.model.manifest import FILE, Identity, ManifestProblemError, identify
from pkgaction.model.tree import Kind, TreeFile
from pkgaction.model.yamltext import MOST_BYTES
from pkgaction.ports import Repository


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


def folders_of(paths: Iterable[str], packages: Sequence[str]) -> set[str]:
    """The folders above the changed paths that may be packages."""
    above = {str(folder) for path in paths for folder in PurePosixPath(path).parents}
    return {folder for folder in above if folder != "." and globs.matches(folder, packages)}


def all_folders(repository: Repository, commit: str, packages: Sequence[str]) -> list[str]:
    """Every folder of a commit that may be a package."""
    return [f for f in repository.folders(commit) if globs.matches(f, packages)]


def _outermost(entries: Mapping[str, TreeFile]) -> Iterator[tuple[str, TreeFile]]:
    """The manifests that lie in no other package: fixtures and data streams have one, too."""
    folders = {path.removesuffix(f"/{FILE}"): entry for path, entry in entries.items()}
    for folder, entry in folders.items():
        if not inside(str(PurePosixPath(folder).parent), folders):
            yield folder, entry


def inside(folder: str, packages: Container[str]) -> bool:
    """Whether the folder is a package, or lies in one."""
    path = PurePosixPath(folder)
    return any(str(above) in packages for above in (path, *path.parents))


def read(repository: Repository, commit: str, folders: Sequence[str]) -> Manifests:
    """The manifests in these folders, from the commit's objects."""
    found: dict[str, Identity] = {}
    broken: dict[str, ManifestProblemError] = {}
    entries = repository.entries(commit, [f"{folder}/{FILE}" for folder in folders])
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
