"""Rules about what dashboards show: their own data, by what Kibana still has."""

from collections.abc import Iterator

from pkgaction.model.finding import Finding
from pkgaction.model.json import Json, at, text_at
from pkgaction.rules.package import Package
from pkgaction.rules.semantic.panels import Panel, PanelProblemError, decoded, panels
from pkgaction.rules.semantic.savedobjects import SavedObject, saved_objects
from pkgaction.rules.told import found, quoted

_NEEDS_FILTER = "the dashboard needs a filter, as on data_stream.dataset, or one in each panel"
_KEPT = frozenset({"markdown", "vega", "input_control_vis"})


def filters(package: Package) -> Iterator[Finding]:
    """A dashboard, or each of its panels, has a filter, or it reads the whole cluster's data.

    SVR00001: it has a query alone. SVR00002: nor that.
    """
    for saved in saved_objects(package, "dashboard"):
        if problem := _filter_problem(saved):
            official, message = problem
            yield found(saved.file, message, official=official)


def _filter_problem(saved: SavedObject) -> tuple[str, str] | None:
    """The official code, and what is wrong: where something can't be read, only that is told of."""
    unread = ""
    try:
        if all(panel.filtered for panel in panels(saved.value) if panel.queries):
            return None
    except PanelProblemError as error:
        unread = str(error)  # a dashboard whose panels can't be read may still have a filter itself
    try:
        search = decoded(at(saved.value, "attributes", "kibanaSavedObjectMeta", "searchSourceJSON"))
    except PanelProblemError as error:
        return "SVR00002", unread or str(error)
    if at(search, "filter"):
        return None
    if at(search, "query", "query"):
        return "SVR00001", unread or f"{_NEEDS_FILTER}; the query alone is not one"
    return "SVR00002", unread or _NEEDS_FILTER


def legacy(package: Package) -> Iterator[Finding]:
    """No visualization is of a kind that Kibana replaces by Lens."""
    for saved in saved_objects(package, "visualization"):
        yield from _legacy_visualization(saved)
    for saved in saved_objects(package, "dashboard"):
        yield from _legacy_panels(saved)


def _legacy_visualization(saved: SavedObject) -> Iterator[Finding]:
    if at(saved.value, "type") != "visualization":
        return
    try:
        state = decoded(at(saved.value, "attributes", "visState"))
    except PanelProblemError as error:
        yield found(saved.file, str(error))
        return
    if kind := _legacy(state):
        name = text_at(saved.value, "attributes", "title")
        yield found(saved.file, f"the visualization {quoted(name)} is {kind}: make it anew with Lens")


def _legacy_panels(saved: SavedObject) -> Iterator[Finding]:
    try:
        shown: list[Panel] = list(panels(saved.value))
    except PanelProblemError as error:
        yield found(saved.file, str(error))
        return
    for panel in shown:
        if at(panel.value, "type") == "visualization":
            kind = _legacy(at(panel.value, "embeddableConfig", "savedVis"))
            if kind:
                name = text_at(panel.value, "embeddableConfig", "savedVis", "title")
                yield found(saved.file, f"the panel {quoted(name)} is {kind}: make it anew with Lens")


def _legacy(state: Json) -> str:
    """What kind of legacy visualization it is, for people; empty where it is none."""
    kind = text_at(state, "type")
    if kind == "metrics":
        return "" if text_at(state, "params", "type") == "markdown" else "a TSVB one"
    return "" if kind in _KEPT else f"of the legacy type {quoted(kind)}"
