"""Transformations that are not built in yet: a package that asks for one is refused, never half-built.

Each function looks for one of them and names the file that asks for it.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence

from pkgaction.errors import BuildRefusedError
from pkgaction.model import yamltext
from pkgaction.model.json import Json
from pkgaction.model.tree import PackageSource, Tree

_BUILD = "_dev/build/build.yml"
_TRUE = {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y"}
_FIELDS = re.compile(r"(data_stream/[^/]+/|elasticsearch/transform/[^/]+/)?fields/[^/]+\.yml")
_SAVED_OBJECT = re.compile(r"kibana/[^/]+/[^/]+(/.*)?")
_LARGEST_JSON = 16 * 1024 * 1024  # bytes; a larger saved object can't be judged, and is refused
_ENCODED = (
    "controlGroupInput.ignoreParentSettingsJSON",
    "controlGroupInput.panelsJSON",
    "kibanaSavedObjectMeta.searchSourceJSON",
    "layerListJSON",
    "mapStateJSON",
    "optionsJSON",
    "panelsJSON",
    "uiStateJSON",
    "visState",
)

Asked = tuple[str, str]  # what is asked for, and the file that asks


def refuse(tree: Tree, source: PackageSource) -> None:
    """Pass a package on that needs no more than copying.

    Raises:
        BuildRefusedError: it asks for more, or a file that decides it can't be read.
    """
    for look in _LOOKS:
        try:
            for what, file in look(tree, source):
                raise BuildRefusedError(
                    what=f"the package needs {what}, which this version can't build yet",
                    where=f"{source.folder}/{file}",
                    fix="publish it with a version that can, or take that out of the package",
                )
        except yamltext.YamlProblemError as error:
            fix = "mend the YAML files that decide how it is built"
            what = f"line {error.line}: {error.message}"
            raise BuildRefusedError(what=what, where=source.folder, fix=fix) from error


def _external_fields(tree: Tree, source: PackageSource) -> Iterator[Asked]:
    if not _setting(source, "reference"):
        return
    for file in tree.files:
        if _FIELDS.fullmatch(file.path) and _has_external(_yaml(tree, file.path)):
            yield "fields imported from ECS", file.path


def _dynamic_mappings(tree: Tree, source: PackageSource) -> Iterator[Asked]:
    del tree
    if _setting(source, "import_mappings") in _TRUE:
        yield "ECS's dynamic mappings (import_mappings)", _BUILD


def _required_inputs(tree: Tree, source: PackageSource) -> Iterator[Asked]:
    del source
    manifest = _yaml(tree, "manifest.yml")
    if isinstance(manifest, yamltext.Mapping) and manifest.get("requires", "input"):
        yield "required input packages (requires.input)", "manifest.yml"


def _saved_objects(tree: Tree, source: PackageSource) -> Iterator[Asked]:
    del source
    for file in tree.files:
        found = _SAVED_OBJECT.fullmatch(file.path)
        if found and (found[1] or _encodes(tree, file.path)):
            yield "saved objects with their JSON encoded into texts", file.path


_LOOKS: Sequence[Callable[[Tree, PackageSource], Iterator[Asked]]] = (_required_inputs,)


def _setting(source: PackageSource, key: str) -> str:
    build = _yaml(source.tree, _BUILD)
    if not isinstance(build, yamltext.Mapping):
        return ""
    found = build.scalar("dependencies", "ecs", key)
    return found.text if found else ""


def _yaml(tree: Tree, path: str) -> yamltext.Node | None:
    file = tree.get(path)
    if file is None:
        return None
    data = tree.read(path, limit=yamltext.MOST_BYTES)
    if data is None:
        raise yamltext.YamlProblemError(f"{path} is too large to be judged, or no plain file")
    return yamltext.load(data)


def _has_external(node: yamltext.Node | None) -> bool:
    if isinstance(node, yamltext.Sequence):
        return any(_has_external(item) for item in node.items)
    if isinstance(node, yamltext.Mapping):
        return "external" in node.entries or _has_external(node.entries.get("fields"))
    return False


def _encodes(tree: Tree, path: str) -> bool:
    """Whether the file has a value that is to be encoded, or can't be judged."""
    data = tree.read(path, limit=_LARGEST_JSON)
    try:
        document: Json = json.loads(data or b"")
    except (ValueError, RecursionError):
        return True
    if not isinstance(document, dict) or not isinstance(document.get("attributes", {}), dict):
        return True
    return any(
        not isinstance(value, str) for key in _ENCODED for value in _found(document, f"attributes.{key}")
    )


def _found(value: Json, key: str) -> Iterator[Json]:
    """The value at a dotted key, by its whole name or through nested objects."""
    if isinstance(value, dict):
        if key in value:
            yield value[key]
        elif "." in key:
            first, rest = key.split(".", 1)
            yield from _found(value.get(first), rest)
