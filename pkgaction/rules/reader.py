"""What is in a package's files, each read once; and no more than a package may ask for.

Links are followed where the official validator does: reading `X.link` reads what it names, unless the
package is a built one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from pkgaction.model import jsontext, yamltext
from pkgaction.model.json import Json
from pkgaction.model.tree import Kind, PackageSource, TreeFile
from pkgaction.rules import linked
from pkgaction.rules.told import UnreadableError

T = TypeVar("T")

LARGEST_READ = 32 * 1024 * 1024  # bytes of one file; what is read of a package is far smaller
MOST_READ = 512 * 1024 * 1024  # bytes of all files that are read; a zip bomb has more
MOST_YAML = 32 * 1024 * 1024  # bytes of all YAML files that are read


@dataclass(slots=True)
class Reader:
    """Reads the files of a package. Every method raises UnreadableError."""

    source: PackageSource
    follows: bool  # links
    _documents: dict[str, yamltext.Node | UnreadableError | None] = field(default_factory=dict)
    _values: dict[str, Json | UnreadableError] = field(default_factory=dict)
    _targets: dict[str, TreeFile | UnreadableError] = field(default_factory=dict)
    _digests: dict[str, str] = field(default_factory=dict)
    _bytes: int = 0  # read so far
    _yaml: int = 0  # the same of YAML

    def read(self, path: str, limit: int) -> bytes:
        """The bytes of a file, or of what a link names."""
        content = self.file(path, limit).content
        self._bytes += content.size
        if self._bytes > MOST_READ:
            raise UnreadableError(path, f"more than {MOST_READ} bytes are read of no package")
        with content.open() as stream:
            return stream.read()

    def file(self, path: str, limit: int) -> TreeFile:
        """The file itself, or what a link names; of any size where the limit is 0."""
        found = self.source.tree.get(path)
        if found is None:
            raise UnreadableError(path, "there is no such file")
        if found.kind is not Kind.FILE:
            raise UnreadableError(path, f"this is a {found.kind.value}")
        if path.endswith(linked.SUFFIX):
            found = _once(self._targets, path, partial(self._target, found))
        if limit and found.content.size > limit:
            raise UnreadableError(path, f"it has {found.content.size} bytes, {limit} are read")
        return found

    def document(self, path: str) -> yamltext.Node | None:
        """The first document of a YAML file."""
        return _once(self._documents, path, partial(self._document, path))

    def json(self, path: str) -> Json:
        """The value of a JSON file, all of which must be one value."""
        return _once(self._values, path, partial(self._value, path))

    def _target(self, link: TreeFile) -> TreeFile | UnreadableError:
        if not self.follows:
            return UnreadableError(link.path, "a built package has no links")
        try:
            return linked.target(link, self.source, self._digests)
        except linked.LinkProblemError as error:
            return UnreadableError(link.path, str(error), 1)

    def _document(self, path: str) -> yamltext.Node | UnreadableError | None:
        try:
            data = self.read(path, yamltext.MOST_BYTES)
            self._yaml += len(data)
            if self._yaml > MOST_YAML:
                what = f"more than {MOST_YAML} bytes of YAML are read of no package"
                return UnreadableError(path, what)
            return yamltext.load(data)
        except yamltext.YamlProblemError as error:
            return UnreadableError(path, error.message, error.line, error.column)
        except UnreadableError as error:
            return error

    def _value(self, path: str) -> Json | UnreadableError:
        try:
            return jsontext.load(self.read(path, LARGEST_READ))
        except jsontext.JsonProblemError as error:
            return UnreadableError(path, error.message, error.line, error.column)
        except UnreadableError as error:
            return error


def _once(
    known: dict[str, T | UnreadableError], path: str, make: Callable[[], T | UnreadableError]
) -> T:
    """What was made for the path before, else what is made now; why it can't be had is kept, too."""
    if path not in known:
        known[path] = make()
    found = known[path]
    if isinstance(found, UnreadableError):
        raise found
    return found
