"""The specification's JSON schemas with their references followed, once for each format version."""

import posixpath
import re
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import unquote

from pkgaction.model.looseversion import LooseVersion
from pkgaction.model.yamljson import Value
from pkgaction.rules.spec.documents import Documents, broken

Schema: TypeAlias = dict[str, Value]

_INDEX = re.compile(r"0|[1-9][0-9]*")


@dataclass(frozen=True, slots=True)
class Schemas:
    """The schemas for one format version.

    In what they give, the value of a `$ref` is the schema itself: no validator has to look it up, and
    a schema that refers to itself contains itself.
    """

    documents: Documents
    version: LooseVersion
    _known: dict[str, Schema] = field(default_factory=dict, repr=False)

    def get(self, path: str) -> Schema:
        """The schema in a file.

        Raises:
            SpecificationError: it, or one that it refers to, is not there.
        """
        if path not in self._known:
            self._known[path] = self.documents.spec(path, self.version, {})
            self._follow(self._known[path], path)
        return self._known[path]

    def _follow(self, node: Value, path: str) -> None:
        if isinstance(node, list):
            for item in node:
                self._follow(item, path)
        elif isinstance(node, dict):
            reference = node.get("$ref")
            if isinstance(reference, str):
                node["$ref"] = self._target(reference, path)
                return
            if isinstance(node.get("$id"), str):
                del node["$id"]  # it has no effect there, and would have one here
            for item in node.values():
                self._follow(item, path)

    def _target(self, reference: str, path: str) -> Value:
        file, _, pointer = reference.partition("#")
        home = posixpath.normpath(posixpath.join(posixpath.dirname(path), file)) if file else path
        found: Value = self.get(home)
        for raw in pointer.split("/")[1:]:
            part = unquote(raw).replace("~1", "/").replace("~0", "~")
            if isinstance(found, dict) and part in found:
                found = found[part]
            elif isinstance(found, list) and _INDEX.fullmatch(part) and int(part) < len(found):
                found = found[int(part)]
            else:
                raise broken(path, f"it refers to {reference}, which is not there")
        return found
