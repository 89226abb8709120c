"""What all parts of an entry need to know of their package."""

from dataclasses import dataclass
from typing import Self

from pkgaction.entry.fields import Fields
from pkgaction.model.layout import PACKAGE_NAME
from pkgaction.model.manifest import FILE
from pkgaction.model.paths import ROOT
from pkgaction.model.tree import Kind, Tree
from pkgaction.model.version import InvalidVersionError, Version

RELEASES = ("experimental", "beta", "ga")
_DEFAULT_TYPE = "integration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A built package, and who it is."""

    tree: Tree
    manifest: Fields
    name: str
    version: Version
    type: str
    release: str

    @classmethod
    def of(cls, tree: Tree) -> Self:
        """Read the manifest.

        Raises:
            EntryProblemError: it can't be read, or says not who the package is.
        """
        manifest = Fields.of_file(tree, FILE)
        version = semantic_version(manifest, "version")
        return cls(
            tree=tree,
            manifest=manifest,
            name=_name(manifest),
            version=version,
            type=manifest.text("type") or _DEFAULT_TYPE,
            release=manifest.one_of("release", RELEASES) or _default_release(version),
        )

    @property
    def base(self) -> str:
        """Where the registry serves the package's files."""
        return f"/package/{self.name}/{self.version.text}"

    @property
    def download(self) -> str:
        """Where it serves the zip."""
        return f"/epr/{self.name}/{self.name}-{self.version.text}.zip"

    def has(self, path: str) -> bool:
        """Whether there is a plain file at that path."""
        file = self.tree.get(path)
        return file is not None and file.kind is Kind.FILE

    def has_folder(self, path: str) -> bool:
        """Whether there is a folder at that path: something lies in it."""
        return path == ROOT or bool(self.tree.below(path))


def semantic_version(manifest: Fields, key: str) -> Version:
    """The version at a key.

    Raises:
        EntryProblemError: it is missing, or not strict: readers refuse the whole list then.
    """
    text = manifest.written(key)
    try:
        return Version.parse(text)
    except InvalidVersionError as error:
        message = f"{key} {text[:80]!r} is no semantic version, as 1.2.0 or 1.2.0-beta.1"
        raise manifest.problem(message, key) from error


def _name(manifest: Fields) -> str:
    name = manifest.written("name")
    if PACKAGE_NAME.fullmatch(name):  # other names don't match the registry's routes
        return name
    message = f"name {name[:80]!r} must be made of a-z, 0-9 and _"
    raise manifest.problem(message, "name")


def _default_release(version: Version) -> str:
    return "beta" if version.experimental else "ga"
