"""The fields of a data stream: those that every document has are declared."""

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pkgaction.entry import values
from pkgaction.entry.checks import check
from pkgaction.entry.package import Package
from pkgaction.entry.problem import EntryProblemError
from pkgaction.model import yamltext
from pkgaction.model.manifest import FILE
from pkgaction.model.tree import TreeFile
from pkgaction.model.yamltext import Mapping, Node, Scalar

CODE = "registry-fields"
BASE = {
    "data_stream.type": "constant_keyword",
    "data_stream.dataset": "constant_keyword",
    "data_stream.namespace": "constant_keyword",
    "@timestamp": "date",
}


@dataclass(frozen=True, slots=True)
class _Field:
    """An entry of a file in fields/."""

    file: str
    entry: Mapping

    @property
    def name(self) -> str:
        """Its name; empty where that is not a text."""
        return _text(self.entry.entries.get("name"))

    @property
    def type(self) -> str:
        """Its type; empty where that is not a text."""
        return _text(self.entry.entries.get("type"))

    @property
    def lacks_type(self) -> bool:
        """Whether nothing is written as its type; null and numbers are something."""
        node = self.entry.entries.get("type")
        return node is None or (isinstance(node, Scalar) and values.resolve(node) == "")


def base_fields_exist(package: Package) -> Iterator[EntryProblemError]:
    """A data stream declares @timestamp and the three data_stream fields, of the right type.

    All that lies in fields/ is read for them, whatever it is called.
    """
    inside: dict[str, list[TreeFile]] = {
        f"{folder}/fields": [] for folder in check.stream_folders(package)
    }
    left = check.MOST_YAML
    for file in package.tree.files:
        parent, folder = posixpath.split(file.path)[0], "/".join(file.path.split("/")[:3])
        if folder not in inside:
            continue
        if parent != folder:
            yield _problem("fields holds files only, no folders: move the file up", file.path)
            continue
        left -= file.content.size
        if left < 0:
            message = f"the fields have more than {check.MOST_YAML} bytes: make them smaller"
            raise EntryProblemError(message, file.path, code=CODE)
        inside[folder].append(file)
    for folder, files in inside.items():
        yield from _of_stream(folder, files, package)


def _of_stream(folder: str, files: Sequence[TreeFile], package: Package) -> Iterator[EntryProblemError]:
    fields: list[_Field] = []
    problems: list[EntryProblemError] = []
    for file in files:
        try:
            fields += _read(file.path, package)
        except EntryProblemError as error:
            problems.append(error)
    yield from problems or _missing(posixpath.dirname(folder), fields)


def _read(path: str, package: Package) -> list[_Field]:
    node = check.load_yaml(check.read(package, path, CODE), path, CODE)
    if node is None or (isinstance(node, Scalar) and node.plain and node.empty):
        return []
    if isinstance(node, yamltext.Sequence):
        return [_field(item, path) for item in node.items]
    raise _problem("a list of fields is expected at the top: begin each field with `- name:`", path, 1)


def _field(node: Node, path: str) -> _Field:
    if isinstance(node, Mapping) and "name" in node.entries:
        return _Field(path, node)
    raise _problem("a field must have a name: add it", path, node.line)


def _missing(stream: str, fields: Sequence[_Field]) -> Iterator[EntryProblemError]:
    for name, type_ in BASE.items():
        field = _declared(name, fields)
        if field is None:
            message = f"no file in {stream}/fields declares {name}: add it with type {type_}"
            yield _problem(message, f"{stream}/{FILE}")
        elif field.type != type_:
            line = (field.entry.entries.get("type") or field.entry).line
            yield _problem(f"{name} must have the type {type_}: write it", field.file, line)


def _declared(name: str, fields: Sequence[_Field]) -> _Field | None:
    """The first field of that name, written dotted; else that in the first group that it would be in.

    Later ones are not read by a registry. One without a type is, where there is no group.
    """
    flat = next((field for field in fields if field.name == name), None)
    group, _, last = name.partition(".")
    around = next((field for field in fields if last and field.name == group), None)
    if around is None or (flat and not flat.lacks_type):
        return flat
    return _inside(around, last)


def _inside(group: _Field, name: str) -> _Field:
    """The first field of that name in a group.

    Raises:
        EntryProblemError: it has none, or something that is not a field.
    """
    node = group.entry.entries.get("fields")
    items = node.items if isinstance(node, yamltext.Sequence) else ()
    inner = [_field(item, group.file) for item in items]
    if found := next((field for field in inner if field.name == name), None):
        return found
    raise _problem(f"the group {group.name} must declare {name}: add it", group.file, group.entry.line)


def _text(node: Node | None) -> str:
    value = values.resolve(node) if isinstance(node, Scalar) else None
    return value if isinstance(value, str) else ""


def _problem(message: str, file: str, line: int = 0) -> EntryProblemError:
    return EntryProblemError(message, file, line, CODE)
