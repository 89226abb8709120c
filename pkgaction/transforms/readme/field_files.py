"""The entries of field files, as documents show them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from pkgaction.model import yamltext
from pkgaction.model.ecs import EcsSchema
from pkgaction.model.json import JsonObject
from pkgaction.model.tree import PackageSource
from pkgaction.ports import Sources
from pkgaction.transforms.build_settings import FILE, build_settings, readable, refused
from pkgaction.transforms.ecs_reference import schema_of
from pkgaction.transforms.external_fields import EXTERNAL, Importer
from pkgaction.transforms.links import linked
from pkgaction.transforms.readme.values import as_read, as_written

_LINK = ".link"


@dataclass(frozen=True)
class FieldFiles:
    """The field files of a source package. Where it has a build.yml, their imports are resolved."""

    source: PackageSource
    sources: Sources

    def entries(self, path: str) -> Sequence[JsonObject]:
        """The entries of the file, or of the file that a link names.

        Raises:
            BuildRefusedError: it is no list of fields, or imports what ECS does not have.
            SourceMissingError: the ECS schema can't be had.
        """
        with readable(self.source, path):
            node = yamltext.load(self._read(path)) or yamltext.Sequence((), 1)
            resolved = self.source.tree.get(FILE) is not None
            found = as_read(self._imported(node)) if resolved else as_written(node)
        items = found if isinstance(found, list) else [found]
        entries = [item for item in items if isinstance(item, dict)]
        if len(entries) != len(items) or not isinstance(found, list):
            raise refused(self.source, path, "it is no list of fields")
        return entries

    def _read(self, path: str) -> bytes:
        file = self.source.tree.get(path)
        found = linked(self.source, file) if file and path.endswith(_LINK) else file
        data = found.read(limit=yamltext.MOST_BYTES) if found else b""
        if data is None:
            raise refused(self.source, path, "it is no plain file, or too large")
        return data

    def _imported(self, node: yamltext.Node) -> yamltext.Node:
        """The entries with what they import, wherever they stand, and without empty groups."""
        schema = self._schema if self._reference and _imports(node) else EcsSchema()
        fields = Importer(schema=schema, anywhere=True, keep=True).fields(node)
        return yamltext.Sequence(tuple(_without_empty_groups(fields)), node.line)

    @cached_property
    def _reference(self) -> str:
        return build_settings(self.source).reference

    @cached_property
    def _schema(self) -> EcsSchema:
        return schema_of(self._reference, self.source, self.sources)


def _imports(node: yamltext.Node | None) -> bool:
    if isinstance(node, yamltext.Sequence):
        return any(map(_imports, node.items))
    if isinstance(node, yamltext.Mapping):
        return EXTERNAL in node.entries or _imports(node.entries.get("fields"))
    return False


def _without_empty_groups(fields: Sequence[yamltext.Node]) -> Iterator[yamltext.Node]:
    for field in fields:
        found = field
        inner = field.entries.get("fields") if isinstance(field, yamltext.Mapping) else None
        if isinstance(field, yamltext.Mapping) and isinstance(inner, yamltext.Sequence):
            left = yamltext.Sequence(tuple(_without_empty_groups(inner.items)), inner.line)
            found = replace(field, entries={**field.entries, "fields": left})
        if not _is_empty_group(found):
            yield found


def _is_empty_group(field: yamltext.Node) -> bool:
    if not isinstance(field, yamltext.Mapping) or EXTERNAL in field.entries:
        return False
    type_, inner = field.scalar("type"), field.entries.get("fields")
    filled = isinstance(inner, yamltext.Sequence) and bool(inner.items)
    return type_ is not None and type_.text == "group" and not filled
