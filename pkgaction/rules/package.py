"""A package as the rules see it: who it is, its files, and what is in them."""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, cached_property

from pkgaction.model import yamltext
from pkgaction.model.finding import Finding
from pkgaction.model.json import Json, JsonObject
from pkgaction.model.looseversion import LooseVersion, loose
from pkgaction.model.manifest import FILE
from pkgaction.model.tree import PackageSource, Tree, TreeFile
from pkgaction.rules import folders
from pkgaction.rules.folders import Entry, Folders
from pkgaction.rules.reader import LARGEST_READ, Reader
from pkgaction.rules.told import UNREADABLE, UnreadableError

MANIFEST = FILE
_LONGEST = 1024  # characters of a name or a version; the core rules take shorter ones alone
_TEMPLATES = "_dev/build/docs"
_UNREADABLE = {MANIFEST: "manifest-unreadable"}


class Mode(StrEnum):
    """As what a package is validated."""

    LEGACY = "legacy"  # what the official expectations were made with
    SOURCE = "source"  # a checkout
    BUILD = "build"  # a built folder or zip


@dataclass
class Package:
    """A package under validation."""

    source: PackageSource
    mode: Mode = Mode.SOURCE

    @property
    def tree(self) -> Tree:
        """Its files."""
        return self.source.tree

    @cached_property
    def folders(self) -> Folders:
        """Its folders, as a walk through them sees them."""
        return folders.of(self.tree)

    @cached_property
    def _reader(self) -> Reader:
        return Reader(self.source, self.mode is not Mode.BUILD, self.folders)

    # -- who it is; all of it as written, empty where it is missing

    @property
    def name(self) -> str:
        """The manifest's name; rules repeat it for each file, so one beyond all measure is cut."""
        return self.text("name")[:_LONGEST]

    @property
    def type(self) -> str:
        """The manifest's type, cut in the same way."""
        return self.text("type")[:_LONGEST]

    @property
    def version(self) -> str:
        """The manifest's version, cut in the same way."""
        return self.text("version")[:_LONGEST]

    @cached_property
    def format_version(self) -> LooseVersion:
        """The format that the package is written in; 0 where it says none that can be read."""
        return loose(self.text("format_version")) or LooseVersion.parse("0")

    def at_least(self, version: str) -> bool:
        """Whether the package is written in this format or a newer one."""
        return self.format_version >= _version(version)

    @property
    def ga(self) -> bool:
        """Whether its version is generally available: 1.0.0 or above, and no prerelease."""
        version = loose(self.version)
        return version is not None and version.ga

    def manifest(self) -> yamltext.Mapping:
        """The manifest; empty where it is missing or can't be read (which is a finding of its own)."""
        return self.mapping(MANIFEST)

    # -- which files there are

    def exists(self, path: str) -> bool:
        """Whether there is a file or a folder at that path."""
        return self.tree.get(path) is not None or self.is_folder(path)

    def is_folder(self, path: str) -> bool:
        """Whether there is a folder."""
        return path in self.folders

    def entries(self, folder: str) -> tuple[Entry, ...]:
        """What lies directly in a folder ("" is the package), by name; nothing where there is none."""
        return self.folders.get(folder, ())

    def glob(self, pattern: str) -> Iterator[str]:
        """Paths that a pattern as `kibana/*/*.json` matches: `*` takes dots, but never a slash.

        Folders match, too. `*` is all that is special.
        """
        yield from folders.matching(self.folders, pattern)

    @cached_property
    def rendered(self) -> frozenset[str]:
        """The documents that building makes of templates: a source need not have them."""
        if self.mode is not Mode.SOURCE:
            return frozenset()
        below = (entry for entry in self.entries(_TEMPLATES) if not entry.folder)
        return frozenset(f"docs/{entry.name}" for entry in below if entry.name.endswith(".md"))

    @cached_property
    def rendered_folders(self) -> frozenset[str]:
        """The folders that they are in."""
        return frozenset(posixpath.dirname(path) for path in self.rendered)

    # -- what is in them

    def read(self, path: str, *, limit: int = LARGEST_READ) -> bytes:
        """The bytes of a file, or of what a link names.

        Raises:
            UnreadableError: there is no such file, it is larger than `limit`, the link is wrong, or too
                much was read already.
        """
        return self._reader.read(path, limit)

    def file(self, path: str, *, limit: int = 0) -> TreeFile:
        """The file itself, or what a link names; of any size where there is no limit.

        Raises:
            UnreadableError: as `read`.
        """
        return self._reader.file(path, limit)

    def document(self, path: str) -> yamltext.Node | None:
        """The first document of a YAML file; None where it is empty. Of a doubled key the first counts.

        Raises:
            UnreadableError: as `read`, or it is not YAML.
        """
        return self._reader.document(path)

    def json(self, path: str) -> Json:
        """The value of a JSON file, all of which must be one value.

        Raises:
            UnreadableError: as `read`, or it is not JSON.
        """
        return self._reader.json(path)

    def json_object(self, path: str) -> JsonObject | None:
        """The same for a file that must hold an object; None where it can't be read, or holds none."""
        try:
            value = self.json(path)
        except UnreadableError:
            return None
        if isinstance(value, Mapping):
            return value
        message = "a saved object must be a JSON object: put it into braces"
        self.refuse(UnreadableError(path, message, 1))
        return None

    def yaml(self, path: str) -> yamltext.Node | None:
        """A YAML file's document; None where the file is missing, empty or can't be read."""
        try:
            return self.document(path)
        except UnreadableError:
            return None

    def can_read(self, path: str) -> bool:
        """Whether a YAML file is there and can be read; what is in another one is not known."""
        try:
            self.document(path)
        except UnreadableError:
            return False
        return True

    def refuse(self, error: UnreadableError) -> None:
        """Keep what is wrong with a file, to be told once."""
        self._reader.refuse(error)

    def is_unreadable(self, path: str) -> bool:
        """Whether a file was to be read, and can't be."""
        return path in self._reader.problems

    def unreadable(self) -> tuple[Finding, ...]:
        """What is wrong with files as such, of those that were to be read so far: once for each.

        No rule tells of it, nor of what may stand in such a file.
        """
        problems = self._reader.told()
        found = [one.finding(_UNREADABLE.get(one.file, UNREADABLE)) for one in problems]
        found += [error.finding("key-doubled") for error in self._reader.doubled]
        return tuple(sorted(found, key=lambda one: (one.file, one.line, one.column)))

    def mapping(self, path: str) -> yamltext.Mapping:
        """The map in a YAML file; an empty one where it is missing, can't be read or is no map."""
        found = self.yaml(path)
        return found if isinstance(found, yamltext.Mapping) else yamltext.Mapping({}, {}, 1)

    def around(self, path: str) -> str:
        """A path from the package's root as one from the repository's; it may begin with `..`."""
        return posixpath.normpath(posixpath.join(self.source.folder, path))

    def text(self, key: str) -> str:
        """A text at the manifest's top, as it is written; empty where it is missing or no scalar."""
        found = self.manifest().entries.get(key)
        return "" if not isinstance(found, yamltext.Scalar) or found.empty else found.text


@cache
def _version(constant: str) -> LooseVersion:
    return LooseVersion.parse(constant)
