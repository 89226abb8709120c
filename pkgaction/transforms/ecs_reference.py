"""The ECS schema that a build.yml refers to: a version of ECS, or a file of the repository."""

import posixpath

from pkgaction.errors import BuildRefusedError
from pkgaction.model import yamltext
from pkgaction.model.ecs import EcsSchema
from pkgaction.model.tree import PackageSource, TreeFile
from pkgaction.ports import Sources
from pkgaction.transforms import ecs_schema

_FILE = "file://"
_LONGEST = 1024  # characters of a path


def schema_of(reference: str, source: PackageSource, sources: Sources) -> EcsSchema:
    """The schema behind `git@REF`, or behind `file://PATH`, from the package's folder.

    Raises:
        BuildRefusedError: the file is no plain file of the repository, or no schema.
        SourceMissingError: the version can't be had.
    """
    if not reference.startswith(_FILE):
        return sources.ecs(reference)
    target = _target(reference, source)
    found = file_of(reference, source)
    data = found.read(limit=yamltext.MOST_BYTES) if found else None
    if data is None:
        raise _refused(source, f"{target} is no plain file of the repository, or too large")
    try:
        return ecs_schema.parse(data)
    except ecs_schema.EcsProblemError as error:
        raise _refused(source, f"{target} is no schema: {error}") from error


def file_of(reference: str, source: PackageSource) -> TreeFile | None:
    """The file of the repository behind `file://PATH`; None where there is none, or for `git@REF`.

    Raises:
        BuildRefusedError: the path leads out of the repository.
    """
    if not reference.startswith(_FILE):
        return None
    return source.repository.find(_target(reference, source))


def _target(reference: str, source: PackageSource) -> str:
    """The file's path from the repository's root."""
    path = reference.removeprefix(_FILE)
    target = posixpath.normpath(posixpath.join(source.folder, path))
    if not path.isprintable() or len(path) > _LONGEST or target.startswith(("/", "..")):
        raise _refused(source, f"it leads out of the repository: {path[:120]!r}")
    return target


def _refused(source: PackageSource, what: str) -> BuildRefusedError:
    where = f"{source.in_repository('_dev/build/build.yml')}: dependencies.ecs.reference"
    fix = "write git@ and a tag of ECS, or file:// and a path from the package's folder"
    return BuildRefusedError(what=what, where=where, fix=fix)
