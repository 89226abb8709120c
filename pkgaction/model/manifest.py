"""What publishing itself reads of a manifest.yml: who the package is."""

from dataclasses import dataclass

from pkgaction.model import yamltext
from pkgaction.model.version import InvalidVersionError, Version

FILE = "manifest.yml"
TYPES = ("integration", "input", "content")


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageId:
    """A package version. The name is the key everywhere: in plans, buckets and the index."""

    name: str
    version: Version

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A package version, and the lines of the manifest that say so (from 1)."""

    id: PackageId
    name_line: int
    version_line: int


class ManifestProblemError(ValueError):
    """The manifest does not say which package version this is. Line and column from 1, or 0."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


def identify(data: bytes) -> Identity:
    """Read name and version out of a manifest's bytes.

    Raises:
        ManifestProblemError: the YAML can't be read, `name`, `version` or `type` is missing or no
            text, or the version is no strict semantic version.
    """
    try:
        top = yamltext.load_mapping(data)
    except yamltext.YamlProblemError as error:
        raise ManifestProblemError(error.message, error.line, error.column) from error
    name, version, _ = (_required(top, key) for key in ("name", "version", "type"))
    try:
        parsed = Version.parse(version.text)
    except InvalidVersionError as error:
        message = f"the version {version.text!r} is no semantic version, as 1.2.0 or 1.2.0-beta.1"
        raise ManifestProblemError(message, version.line, version.column) from error
    package = PackageId(name=name.text, version=parsed)
    return Identity(id=package, name_line=name.line, version_line=version.line)


def _required(top: yamltext.Mapping, key: str) -> yamltext.Scalar:
    found = top.entries.get(key)
    if isinstance(found, yamltext.Scalar) and not found.empty:
        return found
    line = top.keys[key].line if key in top.keys else 1
    message = f"{key} must be a text" if found else f"{key} is missing"
    raise ManifestProblemError(message, line)
