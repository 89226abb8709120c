"""What a package's `_dev/build/build.yml` asks for."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pkgaction.errors import BuildRefusedError
from pkgaction.model import manifest, yamltext
from pkgaction.model.tree import PackageSource
from pkgaction.model.version import InvalidVersionError, Version

FILE = "_dev/build/build.yml"
_TRUE = frozenset({"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y"})


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildSettings:
    """Keys below `dependencies.ecs`, nested or dotted."""

    reference: str = ""  # the version of ECS to import fields from: `git@v8.11.0`
    import_mappings: bool = False  # whether to add ECS's dynamic mappings


def build_settings(source: PackageSource) -> BuildSettings:
    """The settings of a package; without the file, nothing is asked for.

    Raises:
        BuildRefusedError: the file can't be read.
    """
    build = mapping(source, FILE)
    reference = build.scalar("dependencies", "ecs", "reference")
    mappings = build.scalar("dependencies", "ecs", "import_mappings")
    return BuildSettings(
        reference=reference.text if reference and not reference.empty else "",
        import_mappings=mappings is not None and mappings.plain and mappings.text in _TRUE,
    )


def format_is(source: PackageSource, least: str) -> bool:
    """Whether the package's `format_version` is this one or later.

    Raises:
        BuildRefusedError: the manifest can't be read, or has no version there.
    """
    found = mapping(source, manifest.FILE).scalar("format_version")
    try:
        return Version.parse(found.text if found else "") >= Version.parse(least)
    except InvalidVersionError as error:
        what = "format_version is no version"
        where = source.in_repository(manifest.FILE)
        raise BuildRefusedError(what=what, where=where, fix="write one as 3.1.0") from error


def mapping(source: PackageSource, path: str) -> yamltext.Mapping:
    """The map in a YAML file of the source; an empty one where there is no file.

    Raises:
        BuildRefusedError: the file can't be read.
    """
    if source.tree.get(path) is None:
        return yamltext.Mapping({}, {}, 1)
    data = source.tree.read(path, limit=yamltext.MOST_BYTES)
    if data is None:
        raise refused(source, path, source.tree.unread(path, limit=yamltext.MOST_BYTES))
    with readable(source, path):
        return yamltext.load_mapping(data)


@contextmanager
def readable(source: PackageSource, path: str) -> Iterator[None]:
    """What is wrong with the YAML of a file is a refusal of the package."""
    try:
        yield
    except yamltext.YamlProblemError as error:
        raise refused(source, path, error.message, error.line) from error


def refused(source: PackageSource, path: str, what: str, line: int = 0) -> BuildRefusedError:
    """A file of the package that can't be built with."""
    where = source.in_repository(path) + (f":{line}" if line else "")
    return BuildRefusedError(what=what, where=where, fix="mend the file")
