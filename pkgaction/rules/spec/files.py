"""One file: its size, its first line, its schema. The first step that fails ends the check of the file.

A file without a schema is not read.
"""

import codecs
import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

from jsonschema import FormatChecker

from pkgaction.model import jsontext, yamljson
from pkgaction.model.finding import Finding
from pkgaction.model.limited import UNFINISHED
from pkgaction.model.yamljson import Value
from pkgaction.model.yamltext import Node, YamlProblemError, load
from pkgaction.rules.folders import Entry
from pkgaction.rules.package import Package
from pkgaction.rules.spec import messages, validator
from pkgaction.rules.spec.items import Item
from pkgaction.rules.spec.schemas import Schemas
from pkgaction.rules.told import IS_EMPTY, UnreadableError, found

_DOTS_ARE_LITERAL = "3.0.0"  # below, dotted keys are maps in maps
_DASHES = re.compile(rb"---\r?(?:\n|\Z)")
_MOST_VALUES = 1_500_000  # that are checked of one package; the largest have a tenth of it
_MOST_ERRORS = 5_000  # of one file that are looked at
_TOO_DEEP = "the values are nested too deeply to be checked: nest them less deeply"


@dataclass(slots=True)
class Files:
    """Checks the files of a package."""

    package: Package
    schemas: Schemas
    link: Callable[[str], str]  # where a file of the specification can be read up
    values: int = 0  # how many were checked so far

    def check(self, entry: Entry, item: Item) -> Iterator[Finding]:
        """What is wrong with a file."""
        try:
            if problem := self._outside(entry.path, item):
                yield self._found("file-refused", entry.path, problem, item.defined)
            elif item.schema and self.values <= _MOST_VALUES:
                yield from self._inside(entry.path, item)
        except UnreadableError as error:
            self.package.refuse(error)
        except RecursionError:
            self.package.refuse(UnreadableError(entry.path, _TOO_DEEP))

    def _outside(self, path: str, item: Item) -> str:
        """What is wrong with the file as a whole; empty where nothing is."""
        file, media = self.package.file(path), item.media_type
        size, limits = file.content.size, item.limits
        if limits.file and size > limits.file:
            return f"the file has {size} bytes, {limits.file} are allowed"
        if media.name and not size:
            return IS_EMPTY
        if media.yaml and limits.configuration and size > limits.configuration:
            return f"the file has {size} bytes, a YAML file may have {limits.configuration}"
        return self._dashes(path) if media.dashes else ""

    def _dashes(self, path: str) -> str:
        """What is wrong with the first line, where it is text; else that it is none is said."""
        data = self.package.read(path)
        if data.startswith(codecs.BOM_UTF8):
            return "the file begins with a byte order mark: save as UTF-8 without it"
        if _DASHES.match(data):
            return ""
        try:
            self.package.document(path)
        except UnreadableError as error:
            if error.line <= 1:
                raise
        return "the first line must be ---: add it"

    def _inside(self, path: str, item: Item) -> Iterator[Finding]:
        value = self._yaml(path) if item.media_type.yaml else self._json(path)
        self._count(path, value)
        schema = self.schemas.get(item.schema)
        errors, more = validator.errors(schema, value, self._formats(path, item), _MOST_ERRORS)
        node = self._node(path, item) if errors else None
        for text in dict.fromkeys(map(messages.of, errors)):
            yield found(
                path,
                text.message,
                messages.place(node, text),
                code=f"schema-{text.keyword}",
                official=text.official,
                link=self.link(item.schema),
            )
        if more:  # that those above are excluded says nothing of the others
            message = f"the file has more than {_MOST_ERRORS} errors: fix those that are shown first"
            yield self._found(UNFINISHED, path, message, item.schema)

    def _count(self, path: str, value: Value) -> None:
        self.values += _values(value)
        if self.values > _MOST_VALUES:
            message = f"the files have more than {_MOST_VALUES} values: make the package smaller"
            raise UnreadableError(path, message)

    def _yaml(self, path: str) -> Value:
        try:
            value = yamljson.value(self.package.document(path))
            return value if self.package.at_least(_DOTS_ARE_LITERAL) else yamljson.expanded(value)
        except yamljson.NoJsonError as error:
            raise UnreadableError(path, error.message, error.line, error.column) from error
        except yamljson.CollisionError as error:
            raise UnreadableError(path, str(error)) from error

    def _json(self, path: str) -> Value:
        try:
            return cast("Value", jsontext.load(self.package.read(path), first=True))
        except jsontext.JsonProblemError as error:
            raise UnreadableError.of(path, error) from error

    def _node(self, path: str, item: Item) -> Node | None:
        """The document with its lines and columns; JSON is read as the YAML that it nearly always is."""
        if item.media_type.yaml:
            return self.package.document(path)
        try:
            return load(self.package.read(path))
        except YamlProblemError:
            return None

    def _formats(self, path: str, item: Item) -> FormatChecker:
        """What a `format` asks for, from the file's own folder."""

        def exists(value: object) -> bool:
            return not isinstance(value, str) or self._exists(posixpath.dirname(path), value, item)

        def is_data_stream(value: object) -> bool:
            path = _inside("data_stream", value) if isinstance(value, str) else "data_stream"
            return path is not None and (self.package.exists(path) or not isinstance(value, str))

        checker = FormatChecker(formats=())
        checker.checks("relative-path")(exists)
        checker.checks("data-stream-name")(is_data_stream)
        return checker

    def _exists(self, folder: str, value: str, item: Item) -> bool:
        path = _inside(folder, value)
        if path is None or self.package.is_folder(path):
            return path is not None
        if not self.package.exists(path):
            return False
        try:
            size = self.package.file(path).content.size
        except UnreadableError:
            return True
        return not item.limits.relative or size <= item.limits.relative

    def _found(self, code: str, path: str, message: str, defined: str) -> Finding:
        return found(path, message, code=code, link=self.link(defined))


def _values(value: Value) -> int:
    if isinstance(value, dict):
        return 1 + sum(map(_values, value.values()))
    return 1 + sum(map(_values, value)) if isinstance(value, list) else 1


def _inside(folder: str, value: str) -> str | None:
    """The path that a relative one leads to; None where it leads out of the package."""
    path = posixpath.normpath(posixpath.join(folder, value.lstrip("/")))
    return None if path == ".." or path.startswith("../") else "" if path == "." else path
