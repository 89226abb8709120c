"""Saved objects of Kibana: values that Kibana stores as JSON in a text are made such texts.

A file in which nothing is to be made one keeps its bytes.
"""

import re
from collections.abc import Iterator

from pkgaction.model.json import Json
from pkgaction.model.jsontext import JsonProblemError
from pkgaction.model.tree import Bytes, PackageSource, Tree, TreeFile
from pkgaction.transforms import gojson
from pkgaction.transforms.build_settings import refused

_FILE = re.compile(r"kibana/[^/]+/[^/]+(?P<below>/.*)?")
_LARGEST = 64 * 1024 * 1024  # bytes
_ATTRIBUTES = "attributes"
_PANELS = "attributes.panelsJSON"
_ENCODED = (
    "attributes.controlGroupInput.ignoreParentSettingsJSON",
    "attributes.controlGroupInput.panelsJSON",
    "attributes.kibanaSavedObjectMeta.searchSourceJSON",
    "attributes.layerListJSON",
    "attributes.mapStateJSON",
    "attributes.optionsJSON",
    "attributes.uiStateJSON",
    "attributes.visState",
    _PANELS,
)


def with_saved_objects(tree: Tree, source: PackageSource) -> Tree:
    """The same files, with the values of saved objects encoded.

    Raises:
        BuildRefusedError: a file among them is no JSON object, or panels are no list of objects.
    """
    return tree.replacing(_encoded(tree, source))


def _encoded(tree: Tree, source: PackageSource) -> Iterator[TreeFile]:
    for file in tree.files:
        found = _FILE.fullmatch(file.path)
        if found and found["below"]:
            raise refused(source, file.path, "a folder stands among the saved objects")
        data = tree.read(file.path, limit=_LARGEST) if found else None
        if found and data is None:
            raise refused(source, file.path, f"a saved object may have {_LARGEST} bytes")
        try:
            made = encoded(data) if data is not None else None
        except JsonProblemError as error:
            raise refused(source, file.path, error.message, error.line) from error
        if made is not None:
            yield TreeFile(path=file.path, content=Bytes(made))


def encoded(data: bytes) -> bytes | None:
    """The saved object anew; None where nothing of it is to be encoded.

    Raises:
        JsonProblemError: it is no JSON object, or its panels are no list of objects.
    """
    document = gojson.load(data)
    if not isinstance(document, dict):
        message = "a saved object must be a JSON object"
        raise JsonProblemError(message)
    return gojson.indented(document).encode() if _encode(document) else None


def _encode(saved: dict[str, Json]) -> bool:
    """Encode what is to be in an object, in place; whether there was something."""
    changed = False
    panels = _place(saved, _PANELS)
    if panels and not isinstance(panels[0][panels[1]], str):
        changed = _encode_panels(panels[0][panels[1]])
    for key in _ENCODED:
        found = _place(saved, key)
        if found:
            holder, name = found
            value = holder[name]
            if not isinstance(value, str):
                holder[name] = gojson.compact(value)
                changed = True
    return changed


def _encode_panels(panels: Json) -> bool:
    changed = False
    for panel in panels if isinstance(panels, list) else (None,):
        if not isinstance(panel, dict):
            message = f"{_PANELS} must be a list of objects, or a text"
            raise JsonProblemError(message)
        inner = panel.get("embeddableConfig", {})
        if not isinstance(inner, dict):
            message = "a panel's embeddableConfig must be an object"
            raise JsonProblemError(message)
        changed = _encode(inner) or changed
    return changed


def _place(holder: Json, key: str) -> tuple[dict[str, Json], str] | None:
    """The object that holds a dotted key, and the name there: whole, or the rest of the key.

    Raises:
        JsonProblemError: the way to the panels leads through something that is no object.
    """
    whole = key
    while isinstance(holder, dict):
        if key in holder:
            return holder, key
        first, dot, rest = key.partition(".")
        if not dot or first not in holder:
            return None
        holder, key = holder[first], rest
    if whole == _PANELS:
        message = f"{_ATTRIBUTES} must be an object"
        raise JsonProblemError(message)
    return None
