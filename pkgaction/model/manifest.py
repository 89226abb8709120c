"""What publishing itself reads of a manifest.yml: who the package is, and what it requires."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from pkgaction.model import yamltext
from pkgaction.model.version import InvalidVersionError, Version

FILE = "manifest.yml"
EMPTY = "the file is empty: it must say name, version and type"
_OWN = frozenset({"format_version", "name", "version"})  # a data stream's manifest has none of them
_TOP_KEY = re.compile(rb"^[\"']?([A-Za-z_][\w.-]*)[\"']?[ \t]*:(?=\s|$)", re.MULTILINE)
TYPES = ("integration", "input", "content")


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageId:
    """A package version. The name is the key everywhere: in plans, buckets and the index."""

    name: str
    version: Version

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class RequiredAs(StrEnum):
    """What a required package is used as; the keys below `requires`."""

    INPUT = "input"
    CONTENT = "content"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """A package that another one requires."""

    name: str
    version: str  # of an input package the very version, of a content package a constraint
    kind: RequiredAs


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A package version, the lines of the manifest that say so (from 1), and what it requires."""

    id: PackageId
    name_line: int
    version_line: int
    requires: tuple[Requirement, ...] = ()


class ManifestProblemError(ValueError):
    """The manifest does not say which package version this is. Line and column from 1, or 0."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


class ForeignManifestError(ManifestProblemError):
    """The file is no package's manifest: other tools, and parts of packages, have files of that name."""


def identify(data: bytes) -> Identity:
    """Read name, version and requirements out of a manifest's bytes.

    A requirement that cannot be read is left out: that is for validation to say.

    Raises:
        ManifestProblemError: the YAML can't be read, `name`, `version` or `type` is missing or no
            text, or the version is no strict semantic version.
        ForeignManifestError: it has other keys, and not those that a package's manifest begins with.
    """
    doubled: list[yamltext.DoubledKey] = []
    try:
        top = yamltext.load_mapping(data, only=True, doubled=doubled)
    except yamltext.YamlProblemError as error:
        if _is_foreign(key.decode() for key in _TOP_KEY.findall(data)):
            raise ForeignManifestError(error.message, error.line, error.column) from error
        raise ManifestProblemError(error.message, error.line, error.column) from error
    if at_top := [one for one in doubled if one.depth == 1]:  # deeper ones are validation's
        raise ManifestProblemError(at_top[0].message, at_top[0].key.line, at_top[0].key.column)
    if not top.entries:
        raise ManifestProblemError(EMPTY, 1)
    kind = top.scalar("type")
    if _is_foreign(top.keys) and not (kind and kind.text in TYPES):
        message = f"it is no package's: it has none of {', '.join(sorted(_OWN))}"
        raise ForeignManifestError(message, 1)
    name, version, _ = (_required(top, key) for key in ("name", "version", "type"))
    try:
        parsed = Version.parse(version.text)
    except InvalidVersionError as error:
        message = f"the version {version.text!r} is no semantic version, as 1.2.0 or 1.2.0-beta.1"
        raise ManifestProblemError(message, version.line, version.column) from error
    package = PackageId(name=name.text, version=parsed)
    return Identity(
        id=package,
        name_line=name.line,
        version_line=version.line,
        requires=tuple(_requirements(top)),
    )


def _requirements(top: yamltext.Mapping) -> Iterable[Requirement]:
    """What `requires` lists; of several of one name the first counts."""
    first: dict[tuple[RequiredAs, str], Requirement] = {}
    for kind in RequiredAs:
        listed = top.get("requires", kind)
        for item in listed.items if isinstance(listed, yamltext.Sequence) else ():
            if isinstance(item, yamltext.Mapping):
                name, version = item.scalar("package"), item.scalar("version")
                if name and version and not name.empty and not version.empty:
                    required = Requirement(name=name.text, version=version.text, kind=kind)
                    first.setdefault((kind, name.text), required)
    return first.values()


def _is_foreign(keys: Iterable[str]) -> bool:
    """Whether the keys at a manifest's top are others than a package's; without any, it is broken."""
    known = set(keys)
    return bool(known) and not known & _OWN


def _required(top: yamltext.Mapping, key: str) -> yamltext.Scalar:
    found = top.entries.get(key)
    if isinstance(found, yamltext.Scalar) and not found.empty:
        return found
    line = top.keys[key].line if key in top.keys else 1
    message = f"{key} must be a text" if found else f"{key} is missing"
    raise ManifestProblemError(message, line)
