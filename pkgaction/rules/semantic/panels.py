"""The panels of a dashboard that hold their visualization themselves, by value."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pkgaction.model import jsontext
from pkgaction.model.json import Json, at

_EMBEDDED = (
    "kibanaSavedObjectMeta.searchSourceJSON",
    "mapStateJSON",
    "uiStateJSON",
    "visState",
    "layerListJSON",
)
_QUERIES = (
    "attributes.kibanaSavedObjectMeta.searchSourceJSON.query.query",
    "attributes.state.query.query",
    "embeddableConfig.attributes.mapStateJSON.query.query",
    "embeddableConfig.attributes.state.query.query",
    "embeddableConfig.savedVis.data.searchSource.query.query",
)
_FILTERS = (
    "attributes.state.filters",
    "embeddableConfig.attributes.state.filters",
    "embeddableConfig.attributes.mapStateJSON.filters",
    "embeddableConfig.savedVis.data.searchSource.filter",
    "attributes.kibanaSavedObjectMeta.searchSourceJSON.filter",
)


class PanelProblemError(ValueError):
    """The dashboard's panels can't be read: says why."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel, the JSON texts in it read."""

    value: Json

    @property
    def by_value(self) -> bool:
        """Whether it holds its visualization itself."""
        kind = at(self.value, "type")
        if kind == "visualization":
            return at(self.value, "embeddableConfig", "savedVis") is not None
        return kind in {"lens", "map"} and at(self.value, "embeddableConfig", "attributes") is not None

    @property
    def queries(self) -> bool:
        """Whether it can ask for data: text panels can't."""
        return at(self.value, "type") != "visualization" or self.visualization != "markdown"

    @property
    def visualization(self) -> str:
        """The type of its visualization; empty where it says none."""
        places = ("attributes.type", "attributes.visState.type", "embeddableConfig.savedVis.type")
        types = (at(self.value, *place.split(".")) for place in places)
        return next((kind for kind in types if isinstance(kind, str) and kind), "")

    @property
    def filtered(self) -> bool:
        """Whether it asks for less than everything: by a query or a filter of its own."""
        queries = (at(self.value, *place.split(".")) for place in _QUERIES)
        filters = (at(self.value, *place.split(".")) for place in _FILTERS)
        return any(isinstance(query, str) and query for query in queries) or any(
            _objects(listed) for listed in filters
        )


def panels(dashboard: Json) -> Iterator[Panel]:
    """The panels by value of a dashboard.

    Raises:
        PanelProblemError: `panelsJSON` is no list of objects, or a JSON text in a panel is broken.
    """
    listed = decoded(at(dashboard, "attributes", "panelsJSON"))
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        raise PanelProblemError("attributes.panelsJSON must be a list of panels")
    for value in listed:
        if not isinstance(value, Mapping):
            raise PanelProblemError("a panel must be an object")
        panel = Panel(value)
        if panel.by_value:
            yield Panel(_with_embedded(value))


def decoded(value: Json) -> Json:
    """The value that a JSON text stands for; anything but a text is its own value.

    Raises:
        PanelProblemError: the text is no JSON.
    """
    if not isinstance(value, str):
        return value
    try:
        return jsontext.load(value.encode(errors="replace"))
    except jsontext.JsonProblemError as error:
        raise PanelProblemError(
            f"a JSON text in the saved object cannot be read: {error.message}"
        ) from None


def _with_embedded(panel: Mapping[str, Json]) -> Json:
    found: Json = panel
    for above in (("attributes",), ("embeddableConfig", "attributes")):
        for place in _EMBEDDED:
            path = (*above, *place.split("."))
            text = at(found, *path)
            if isinstance(text, str) and text:
                found = _replaced(found, path, decoded(text))
    return found


def _replaced(value: Json, path: Sequence[str], new: Json) -> Json:
    if not path or not isinstance(value, Mapping):
        return new
    return {**value, path[0]: _replaced(value[path[0]], path[1:], new)}


def _objects(value: Json) -> bool:
    """Whether it is a list of objects that is not empty."""
    return (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and bool(value)
        and all(isinstance(each, Mapping) for each in value)
    )
