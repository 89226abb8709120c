"""Fields that a package imports: an entry with `external: ecs` gets what ECS says of its name.

A file that imports something is written anew, without its comments; all others keep their bytes.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from pkgaction.model import yamltext
from pkgaction.model.ecs import EcsField, EcsSchema
from pkgaction.model.json import Json, JsonObject
from pkgaction.model.tree import Bytes, PackageSource, Tree, TreeFile
from pkgaction.model.yamltext import Mapping, Node, Scalar, Sequence, YamlProblemError
from pkgaction.ports import Sources
from pkgaction.transforms.build_settings import build_settings, format_is, readable
from pkgaction.transforms.ecs_reference import schema_of
from pkgaction.transforms.yaml import data as values
from pkgaction.transforms.yaml.nodes import Document
from pkgaction.transforms.yaml.nodes import Sequence as Listed
from pkgaction.transforms.yaml.rewrite import written

_FILE = re.compile(r"(data_stream/[^/]+/|elasticsearch/transform/[^/]+/)?fields/[^/]+\.yml")
EXTERNAL = "external"  # the key that says where a field comes from
_ECS = "ecs"
_TOP_LEVEL_MATTERS = "3.0.0"  # format_version
_INDENT = 4
# types of ECS that a package may replace, each by its own
_OWN_TYPES = {
    ("keyword", "constant_keyword"),
    ("constant_keyword", "keyword"),
    ("object", "group"),
    ("object", "nested"),
}


def with_external_fields(tree: Tree, source: PackageSource, sources: Sources) -> Tree:
    """The same files, with the fields that field files import from ECS.

    Raises:
        BuildRefusedError: a field file can't be read, or imports what is not there.
        SourceMissingError: the schema can't be had.
    """
    reference = needed(tree, source)
    if not reference:
        return tree
    anywhere = not format_is(source, _TOP_LEVEL_MATTERS)
    importer = Importer(schema=schema_of(reference, source, sources), anywhere=anywhere)
    return tree.replacing(_imported(tree, source, importer, list(_importing(tree))))


def needed(tree: Tree, source: PackageSource) -> str:
    """The reference to the ECS schema that is imported from; empty where nothing is."""
    reference = build_settings(source).reference
    return reference if any(_importing(tree)) else ""


def _importing(tree: Tree) -> Iterator[str]:
    """Paths of the field files that may import something."""
    for file in tree.files:
        if _FILE.fullmatch(file.path) and _may_import(tree, file.path):
            yield file.path


def _may_import(tree: Tree, path: str) -> bool:
    """Whether the word is in the file, perhaps behind escapes or in another encoding."""
    data = tree.read(path, limit=yamltext.MOST_BYTES) or b""
    return EXTERNAL.encode() in data or b"\\" in data or b"\0" in data


def _imported(
    tree: Tree, source: PackageSource, importer: "Importer", paths: list[str]
) -> Iterator[TreeFile]:
    for path in paths:
        with readable(source, path):
            made = _file(tree.read(path, limit=yamltext.MOST_BYTES) or b"", importer)
        if made is not None:
            yield TreeFile(path=path, content=Bytes(made))


def _file(data: bytes, importer: "Importer") -> bytes | None:
    """The file anew; None where it imports nothing."""
    entries = yamltext.load(data)
    if entries is None or not any(EXTERNAL in entry.entries for entry in _all(_listed(entries))):
        return None
    fields = importer.fields(entries)
    return written(Document(Listed([values.entry(field) for field in fields])), _INDENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Importer:
    """Takes over what a schema says of fields."""

    schema: EcsSchema
    anywhere: bool = True  # also a field that must not stand where its name says
    keep: bool = False  # what is imported still says so

    def fields(self, entries: Node, above: str = "") -> list[Mapping]:
        """The entries of a field file, or below a field.

        Raises:
            YamlProblemError: they are no list of maps with names, or one imports what is not there.
        """
        return [self._entry(entry, above) for entry in _listed(entries)]

    def _entry(self, entry: Mapping, above: str) -> Mapping:
        name = _name(entry, above)
        external = entry.entries.get(EXTERNAL)
        if external is not None:
            return self._imported(entry, self._found(entry, name))
        inner = entry.entries.get("fields")
        if inner is None or (isinstance(inner, Scalar) and inner.empty):
            return entry
        fields = Sequence(tuple(self.fields(inner, name)), inner.line)
        return replace(entry, entries={**entry.entries, "fields": fields})

    def _found(self, entry: Mapping, name: str) -> EcsField:
        source = entry.scalar(EXTERNAL)
        if source is None or source.text != _ECS:
            message = f"{name[:120]}: external must be {_ECS}, nothing else is known"
            raise YamlProblemError(message, entry.line)
        found = self.schema.find(name)
        if found is None:
            message = f"{name[:120]} is not in that version of ECS"
            raise YamlProblemError(message, entry.line)
        if not found.top_level and not self.anywhere:
            message = f"{name[:120]} belongs to a set of fields that must not stand at the top level"
            raise YamlProblemError(message, entry.line)
        return found

    def _imported(self, entry: Mapping, found: EcsField) -> Mapping:
        """What ECS says, with what the package's own entry says in its place."""
        taken = _mapping(found.attributes, entry.line)
        own = {key: value for key, value in entry.entries.items() if self.keep or key != EXTERNAL}
        entries = {**taken.entries, **own}
        type_ = entry.scalar("type")
        if (found.type, type_.text if type_ else "") not in _OWN_TYPES:
            entries["type"] = _text(found.type, entry.line)
        return Mapping(entries, {**taken.keys, **entry.keys}, entry.line)


def _listed(entries: Node) -> Iterator[Mapping]:
    items = entries.items if isinstance(entries, Sequence) else (entries,)
    for item in items:
        if not isinstance(entries, Sequence) or not isinstance(item, Mapping):
            message = "fields must be a list of maps"
            raise YamlProblemError(message, item.line)
        yield item


def _all(entries: Iterable[Mapping]) -> Iterator[Mapping]:
    """The entries and all below them."""
    for entry in entries:
        yield entry
        inner = entry.entries.get("fields")
        if EXTERNAL not in entry.entries and isinstance(inner, Sequence):
            yield from _all(_listed(inner))


def _name(entry: Mapping, above: str) -> str:
    name = entry.entries.get("name")
    if not isinstance(name, Scalar) or name.empty:
        message = "a field has no name"
        raise YamlProblemError(message, entry.line)
    return f"{above}.{name.text}" if above else name.text


def _mapping(attributes: JsonObject, line: int) -> Mapping:
    entries = {key: _node(value, line) for key, value in attributes.items()}
    return Mapping(entries, {key: _text(key, line) for key in entries}, line)


def _node(value: Json, line: int) -> Node:
    """A value of the schema as it would be read."""
    match value:
        case bool():
            return Scalar("true" if value else "false", plain=True, line=line, column=0)
        case str():
            return _text(value, line)
        case list():
            return Sequence(tuple(_node(item, line) for item in value), line)
        case dict():
            return _mapping(value, line)
        case _:
            return Scalar("" if value is None else str(value), plain=True, line=line, column=0)


def _text(text: str, line: int) -> Scalar:
    return Scalar(text, plain=False, line=line, column=0)
