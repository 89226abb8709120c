"""Saved objects of Kibana: a good one passes, each wrong one is found."""

import json
from collections.abc import Mapping

import pytest

from pkgaction.model.finding import Severity
from pkgaction.model.json import Json
from tests.unit import kelp
from tests.unit.kelp import DASHBOARD, MANIFEST, Place, places, swap

FILE = "kibana/dashboard/kelp-1.json"
LENS: Json = {
    "type": "lens",
    "embeddableConfig": {"attributes": {"state": {"filters": [], "query": {}}}},
}
STATE: Json = {"type": "lens", "embeddableConfig": {"attributes": {"state": {"filters": [{}]}}}}
QUERY: Json = {
    "type": "lens",
    "embeddableConfig": {"attributes": {"state": {"query": {"query": "a: b"}}}},
}
MAP: Json = {
    "type": "map",
    "embeddableConfig": {"attributes": {"mapStateJSON": json.dumps({"filters": [{}]})}},
}
BROKEN_MAP: Json = {"type": "map", "embeddableConfig": {"attributes": {"mapStateJSON": "{"}}}
NO_FILTERS: Json = {"type": "lens", "embeddableConfig": {"attributes": {"state": {"filters": ["a"]}}}}
REFERENCE: Json = {"type": "lens", "panelRefName": "x"}


@pytest.mark.parametrize(
    "kind", ["security_rule", "csp_rule_template", "ml_module", "osquery_pack_asset"]
)
def test_what_could_not_be_read_is_never_called_missing(kind: str) -> None:
    reference: Json = {"id": "kelp-2", "type": kind.replace("_", "-"), "name": "a"}
    dashboard = json.dumps({**DASHBOARD, "references": [reference]})

    broken = kelp.package({FILE: dashboard, f"kibana/{kind}/kelp-2.json": b"\xef\xbb\xbf{}"})
    absent = kelp.package({FILE: dashboard})

    assert kelp.findings("dangling-ids", broken) == []
    assert len(kelp.findings("dangling-ids", absent)) == 1


def _saved(kind: str, data: Json) -> dict[str, str | bytes | None]:
    return {f"kibana/{kind}/kelp-2.json": data if isinstance(data, str) else json.dumps(data)}


def _visualization(kind: str, **more: Json) -> Json:
    return {"type": "visualization", "embeddableConfig": {"savedVis": {"type": kind, **more}}}


def _dashboard(*panels: Json, search: Json = None, **more: Json) -> dict[str, str | bytes | None]:
    attributes: Json = {
        "panelsJSON": json.dumps(panels),
        "kibanaSavedObjectMeta": {"searchSourceJSON": json.dumps(search or {})},
    }
    return {FILE: json.dumps({**DASHBOARD, "attributes": attributes, **more})}


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        pytest.param("search", {"id": "kelp-2"}, 0, id="the file's name"),
        pytest.param("search", {"id": "kelp-3"}, 1, id="another name"),
        pytest.param("search", {"id": 2}, 1, id="no text"),
        pytest.param("search", {}, 1, id="none"),
        pytest.param("search", "{", 1, id="no JSON"),
        pytest.param("search", '{"id": "kelp-2"} x', 1, id="something follows"),
        pytest.param("search", [1], 1, id="a list"),
        pytest.param("security_rule", {"id": "kelp-2", "attributes": {"rule_id": "kelp"}}, 0, id="rule"),
        pytest.param(
            "security_rule", {"id": "kelp-2", "attributes": {"rule_id": "reef"}}, 1, id="other rule"
        ),
        pytest.param(
            "security_rule", {"id": "kelp-3", "attributes": {"rule_id": "kelp"}}, 1, id="rule's file"
        ),
        pytest.param("security_rule", {"id": "kelp-2"}, 1, id="no rule id"),
    ],
)
def test_an_id_is_the_files_name(kind: str, data: Json, expected: int) -> None:
    found = places("kibana-ids", kelp.package(_saved(kind, data)))

    assert found == [(f"kibana/{kind}/kelp-2.json", found[0][1] if found else 0, "")] * expected


def _refers(*references: Mapping[str, Json]) -> dict[str, str | bytes | None]:
    return {FILE: json.dumps({**DASHBOARD, "references": list(references)})}


@pytest.mark.parametrize(
    ("files", "dangling", "by_value"),
    [
        pytest.param(_refers(), [], [], id="none"),
        pytest.param(
            _refers({"id": "x", "type": "index-pattern", "name": "n"}), [], [], id="index pattern"
        ),
        pytest.param(
            {
                **_refers({"id": "kelp-2", "type": "lens", "name": "n"}),
                **_saved("lens", {"id": "kelp-2", "type": "lens"}),
            },
            [],
            [(FILE, 0, "SVR00004")],
            id="to what is there",
        ),
        pytest.param(
            _refers({"id": "x", "type": "search", "name": "n"}),
            [(FILE, 0, "SVR00003")],
            [],
            id="to nothing",
        ),
        pytest.param(_refers({"id": "x"}), [(FILE, 0, "")], [(FILE, 0, "")], id="half a reference"),
        pytest.param(
            {FILE: json.dumps({**DASHBOARD, "references": {}})},
            [(FILE, 0, "")],
            [(FILE, 0, "")],
            id="no list",
        ),
        pytest.param({FILE: json.dumps({"id": "a"})}, [(FILE, 0, "")], [], id="no type"),
        pytest.param({FILE: "["}, [(FILE, 1, "")], [(FILE, 1, "")], id="no JSON"),
    ],
)
def test_references_lead_somewhere_and_not_to_visualizations(
    files: kelp.Files, dangling: list[Place], by_value: list[Place]
) -> None:
    assert places("dangling-ids", kelp.package(files)) == dangling
    assert places("visualizations-by-value", kelp.package(files)) == by_value


def test_a_visualization_by_reference_is_a_warning_below_format_3() -> None:
    files = {"manifest.yml": kelp.at_format("2.9.0"), **_refers({"id": "x", "type": "map", "name": "n"})}
    (found,) = kelp.findings("visualizations-by-value", kelp.package(files))

    assert found.severity is Severity.WARNING


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(_dashboard(), [], id="no panels"),
        pytest.param(_dashboard(STATE, QUERY, MAP), [], id="each has one"),
        pytest.param(_dashboard(LENS, search={"filter": [{}]}), [], id="the dashboard has one"),
        pytest.param(
            _dashboard(BROKEN_MAP, search={"filter": [{}]}), [], id="broken, but the dashboard has one"
        ),
        pytest.param(
            _dashboard(REFERENCE, {"type": "search"}, _visualization("markdown")), [], id="none asks"
        ),
        pytest.param(
            _dashboard(_visualization("metrics", data={"searchSource": {"filter": [{}]}})), [], id="vis"
        ),
        pytest.param(_dashboard(STATE, LENS), ["SVR00002"], id="one has none"),
        pytest.param(_dashboard(NO_FILTERS), ["SVR00002"], id="its filters are no objects"),
        pytest.param(_dashboard(_visualization("vega")), ["SVR00002"], id="vega has none"),
        pytest.param(_dashboard(BROKEN_MAP), ["SVR00002"], id="a broken text in a panel"),
        pytest.param(_dashboard("x"), ["SVR00002"], id="a panel that is none"),
        pytest.param(
            _dashboard(LENS, search={"query": {"query": "a: b"}}), ["SVR00001"], id="a query alone"
        ),
        pytest.param(_dashboard(LENS, search="x"), ["SVR00002"], id="a search that is none"),
        pytest.param(
            {FILE: json.dumps({**DASHBOARD, "attributes": {}})}, ["SVR00002"], id="no panelsJSON"
        ),
        pytest.param(
            {FILE: json.dumps({"attributes": {"panelsJSON": [LENS]}})}, ["SVR00002"], id="a list itself"
        ),
        pytest.param({FILE: "{"}, [""], id="no JSON"),
    ],
)
def test_a_dashboard_has_a_filter(files: kelp.Files, expected: list[str]) -> None:
    found = places("dashboard-filters", kelp.package(files))

    assert [official for _, _, official in found] == expected


@pytest.mark.parametrize(
    ("kind", "params", "legacy"),
    [
        ("markdown", {}, False),
        ("vega", {}, False),
        ("input_control_vis", {}, False),
        ("metrics", {"type": "markdown"}, False),
        ("metrics", {"type": "timeseries"}, True),
        ("pie", {}, True),
        ("", {}, True),
    ],
)
def test_legacy_visualizations_are_found_in_panels_and_in_files(
    kind: str,
    params: Json,
    legacy: bool,  # noqa: FBT001
) -> None:
    state: Json = {"type": kind, "params": params}
    saved: Json = {"type": "visualization", "attributes": {"visState": json.dumps(state)}}

    panel = places(
        "legacy-visualizations", kelp.package(_dashboard(_visualization(kind, params=params)))
    )
    file = places("legacy-visualizations", kelp.package(_saved("visualization", saved)))
    assert (len(panel), len(file)) == (legacy, legacy)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (_saved("visualization", {"type": "other", "attributes": {"visState": "{"}}), 0),
        (_saved("visualization", {"type": "visualization", "attributes": {"visState": "{"}}), 1),
        (_saved("visualization", "{"), 1),
        (_dashboard(LENS, REFERENCE), 0),
        ({FILE: json.dumps({"attributes": {"panelsJSON": "{"}})}, 1),
        ({FILE: "{"}, 1),
    ],
)
def test_what_is_no_visualization_is_none_and_what_is_broken_is_found(
    files: kelp.Files, expected: int
) -> None:
    assert len(places("legacy-visualizations", kelp.package(files))) == expected


def test_security_rules_need_the_capability() -> None:
    rule = _saved("security_rule", {"id": "x"})
    without = swap(MANIFEST, ("[security]\nvars", "[alerts]\nvars"))

    assert places("security-capability", kelp.package(rule)) == []
    assert places("security-capability", kelp.package({"manifest.yml": without})) == []
    found = places("security-capability", kelp.package({"manifest.yml": without, **rule}))
    assert found == [("manifest.yml", 8, "")]


def _tag(name: str, file: str) -> dict[str, str | bytes | None]:
    return {f"kibana/tag/{file}.json": json.dumps({"type": "tag", "attributes": {"name": name}})}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(
            {"kibana/tags.yml": "- text: a\n- text: b\n", **_tag("c", "x")}, [], id="each once"
        ),
        pytest.param(
            {"kibana/tags.yml": "- text: a\n- text: a\n"},
            [("kibana/tags.yml", 2)],
            id="twice in tags.yml",
        ),
        pytest.param(
            {"kibana/tags.yml": "- text: a\n", **_tag("a", "x")},
            [("kibana/tag/x.json", 0)],
            id="in both",
        ),
        pytest.param(
            {**_tag("a", "x"), **_tag("a", "y")}, [("kibana/tag/y.json", 0)], id="twice as files"
        ),
    ],
)
def test_a_tag_is_defined_once(files: kelp.Files, expected: list[tuple[str, int]]) -> None:
    found = places("tag-duplicates", kelp.package(files))

    assert found == [(file, line, "SVR00007") for file, line in expected]


@pytest.mark.parametrize(
    "files", [{"kibana/tags.yml": "a: ["}, {"kibana/tag/x.json": "{"}], ids=["yaml", "json"]
)
def test_tags_that_cannot_be_read_are_found_without_a_code(files: kelp.Files) -> None:
    package = kelp.package(files)

    assert kelp.findings("tag-duplicates", package) == []
    (found,) = package.unreadable()
    assert (found.file, found.official) == (next(iter(files)), "")
