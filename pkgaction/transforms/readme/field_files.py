"""The entries of field files, as documents show them."""

from collections.abc import Sequence
from dataclasses import dataclass

from pkgaction.errors import BuildRefusedError
from pkgaction.model import yamltext
from pkgaction.model.json import Json, JsonObject
from pkgaction.model.tree import PackageSource, Tree
from pkgaction.ports import Sources
from pkgaction.transforms.links import linked

_LINK = ".link"


@dataclass(frozen=True, slots=True)
class FieldFiles:
    """The field files of a source package."""

    source: PackageSource
    sources: Sources

    def entries(self, path: str) -> Sequence[JsonObject]:
        """The entries of the file, or of the file that a link names.

        Raises:
            BuildRefusedError: it is no list of fields, or imports what ECS does not have.
            SourceMissingError: the ECS schema can't be had.
        """
        file = self.source.tree.get(path)
        found = linked(self.source, file) if file and path.endswith(_LINK) else file
        data = Tree((found,)).read(found.path, limit=yamltext.MOST_BYTES) if found else b""
        if data is None:
            raise self._refused(path, "it is no plain file, or too large")
        try:
            node = yamltext.load(data)
        except yamltext.YamlProblemError as error:
            raise self._refused(f"{path}:{error.line}", error.message) from error
        items = texts(node) if node else []
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise self._refused(path, "it is no list of fields")
        return [item for item in items if isinstance(item, dict)]

    def _refused(self, place: str, what: str) -> BuildRefusedError:
        where = f"{self.source.folder}/{place}"
        return BuildRefusedError(what=what, where=where, fix="mend the file")


def texts(node: yamltext.Node) -> Json:
    """A node's value with every scalar as it is written."""
    match node:
        case yamltext.Mapping():
            return {key: texts(value) for key, value in node.entries.items()}
        case yamltext.Sequence():
            return [texts(item) for item in node.items]
        case yamltext.Scalar():
            return None if node.empty and node.plain else node.text
