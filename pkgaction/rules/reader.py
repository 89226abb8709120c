"""What is in a package's files, each read once; and no more than a package may ask for.

Links are followed where the official validator does: reading `X.link` reads what it names, unless the
package is a built one.
"""

from collections.abc import Callable, Container
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from pkgaction.model import jsontext, plaintext, yamltext
from pkgaction.model.json import Json
from pkgaction.model.manifest import FILE as MANIFEST
from pkgaction.model.tree import Kind, PackageSource, TreeFile
from pkgaction.model.yamltext import DoubledKey
from pkgaction.rules import linked
from pkgaction.rules.told import UnreadableError, not_a_file

T = TypeVar("T")

LARGEST_READ = 32 * 1024 * 1024  # bytes of one file; what is read of a package is far smaller
MOST_READ = 512 * 1024 * 1024  # bytes of all files that are read; a zip bomb has more
MOST_YAML = 32 * 1024 * 1024  # bytes of all YAML files that are read
MOST_VALUES = 1_500_000  # of all YAML files, aliases written out; the largest have a tenth of it


@dataclass(slots=True)
class Reader:
    """Reads the files of a package, and keeps what is wrong with those that were to be read.

    Every method raises UnreadableError. Whoever asks goes on without the file: what is kept is told
    once, whichever rules asked for it.
    """

    source: PackageSource
    follows: bool  # links
    folders: Container[str]  # paths
    problems: dict[str, UnreadableError] = field(default_factory=dict)  # by path; the first of a file
    doubled: list[UnreadableError] = field(default_factory=list)  # keys; the rest of a file is read
    _documents: dict[str, yamltext.Node | UnreadableError | None] = field(default_factory=dict)
    _values: dict[str, Json | UnreadableError] = field(default_factory=dict)
    _targets: dict[str, TreeFile | UnreadableError] = field(default_factory=dict)
    _digests: dict[str, str] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)  # paths that were read
    _bytes: int = 0  # of those
    _yaml: int = 0  # the same of YAML
    _values_read: int = 0  # of YAML, with every alias written out
    _exhausted: bool = False  # more was asked for than is read of a package

    def refuse(self, error: UnreadableError) -> UnreadableError:
        """Keep what is wrong with a file, to be raised."""
        self.problems.setdefault(error.file, self._where_it_stands(error))
        return error

    def told(self) -> list[UnreadableError]:
        """What is wrong with files; with what several links name, once, at the first of them."""
        behind: dict[str, list[UnreadableError]] = {}
        for path, error in self.problems.items():
            target = self._targets.get(path)
            place = f"/{target.path}" if isinstance(target, TreeFile) else path  # no package's path
            behind.setdefault(place, []).append(error)
        return [_first(errors) for errors in behind.values()]

    def read(self, path: str, limit: int) -> bytes:
        """The bytes of a file, or of what a link names; never what git left in their place."""
        content = self.file(path, limit).content
        if path not in self._seen:
            self._seen.add(path)
            self._bytes += content.size
        if self._bytes > MOST_READ:
            raise self._exhaust(path, f"the files that are checked have more than {MOST_READ} bytes")
        with content.open() as stream:
            data = stream.read()
        try:
            plaintext.refuse_what_git_left(data)
        except plaintext.LeftByGitError as error:
            raise self.refuse(UnreadableError.of(path, error)) from None
        return data

    def file(self, path: str, limit: int) -> TreeFile:
        """The file itself, or what a link names; of any size where the limit is 0."""
        found = self.source.tree.get(path)
        if found is None:
            raise self._missing(path)
        if found.kind is not Kind.FILE:
            raise self.refuse(UnreadableError(path, not_a_file(found.kind)))
        if path.endswith(linked.SUFFIX):
            found = _once(self._targets, path, partial(self._target, found))
        if limit and found.content.size > limit:
            message = f"the file has {found.content.size} bytes, {limit} are read: make it smaller"
            raise self.refuse(UnreadableError(path, message))
        return found

    def document(self, path: str) -> yamltext.Node | None:
        """The first document of a YAML file."""
        return _once(self._documents, path, partial(self._document, path))

    def json(self, path: str) -> Json:
        """The value of a JSON file, all of which must be one value."""
        return _once(self._values, path, partial(self._value, path))

    def _missing(self, path: str) -> UnreadableError:
        """Nothing is wrong with a file that is not there: whether it must be is a rule of its own."""
        if path in self.folders:
            return self.refuse(UnreadableError(path, "a file is expected, this is a folder"))
        return UnreadableError(path, "there is no such file")

    def _target(self, link: TreeFile) -> TreeFile | UnreadableError:
        if not self.follows:
            return self.refuse(
                UnreadableError(link.path, "a built package has no links: build it again")
            )
        try:
            return linked.target(link, self.source, self._digests)
        except linked.LinkProblemError as error:
            return self.refuse(UnreadableError(link.path, str(error), 1))

    def _document(self, path: str) -> yamltext.Node | UnreadableError | None:
        doubled: list[DoubledKey] = []
        try:
            data = self.read(path, yamltext.MOST_BYTES)
            self._yaml += len(data)
            if self._yaml > MOST_YAML:
                message = f"the YAML files that are checked have more than {MOST_YAML} bytes"
                return self._exhaust(path, message)
            found = yamltext.load(data, doubled=doubled)
            self._values_read += _values(found)
            if self._values_read > MOST_VALUES:
                message = f"the YAML files have more than {MOST_VALUES} values, aliases written out"
                return self._exhaust(path, message)
        except yamltext.YamlProblemError as error:
            return self.refuse(UnreadableError.of(path, error))
        except UnreadableError as error:
            return error
        if path == MANIFEST and (at_top := [key for key in doubled if key.depth == 1]):
            return self.refuse(UnreadableError.of_key(path, at_top[0]))  # who the package is, is open
        self.doubled += (self._where_it_stands(UnreadableError.of_key(path, key)) for key in doubled)
        return found

    def _value(self, path: str) -> Json | UnreadableError:
        try:
            return jsontext.load(self.read(path, LARGEST_READ))
        except jsontext.JsonProblemError as error:
            return self.refuse(UnreadableError.of(path, error))
        except UnreadableError as error:
            return error

    def _exhaust(self, path: str, message: str) -> UnreadableError:
        """What is too much in all is told of once, at the file where it became so."""
        error = UnreadableError(path, f"{message}: make the package smaller")
        if not self._exhausted:
            self._exhausted = True
            self.refuse(error)
        return error

    def _where_it_stands(self, error: UnreadableError) -> UnreadableError:
        """A place in what a link names is no place in the link."""
        target = self._targets.get(error.file)
        if not isinstance(target, TreeFile):
            return error
        place = ":".join([target.path, *(str(n) for n in (error.line, error.column) if n)])
        return UnreadableError(error.file, f"{place}: {error.message}", 1)


def _first(errors: list[UnreadableError]) -> UnreadableError:
    first, *others = sorted(errors, key=lambda one: one.file)
    if not others:
        return first
    message = f"{first.message} (and so for {len(others)} more that link to it)"
    return UnreadableError(first.file, message, first.line, first.column)


def _values(node: yamltext.Node | None) -> int:
    if isinstance(node, yamltext.Mapping):
        return 1 + sum(map(_values, node.entries.values()))
    return 1 + sum(map(_values, node.items)) if isinstance(node, yamltext.Sequence) else 1


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
