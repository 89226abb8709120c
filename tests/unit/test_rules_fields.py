"""Fields: a good one passes, each wrong one is found where it stands."""

import pytest

from pkgaction.rules.package import Mode
from tests.unit import kelp
from tests.unit.kelp import FIELDS, INPUT, STREAM, Place, places, swap

BASE, MORE = "data_stream/bed/fields/base.yml", "data_stream/bed/fields/more.yml"
PIVOT = "elasticsearch/transform/pivot/fields/f.yml"
BED = "data_stream/bed/manifest.yml"
BUILD = "_dev/build/build.yml"
ECS = "dependencies: {ecs: {reference: git@v8.0.0}}\n"
EXTERNAL = "- name: host.name\n  external: ecs\n"


@pytest.mark.parametrize(
    ("rule", "field", "expected"),
    [
        ("field-groups", "- name: a\n  type: group", []),
        ("field-groups", "- name: a\n  type: long\n  unit: byte\n  metric_type: gauge", []),
        ("field-groups", "- name: a\n  type: group\n  unit: byte\n  metric_type: x", [(MORE, 3, "")]),
        ("field-groups", "- fields:\n  - name: b\n    type: group\n    metric_type: x", [(MORE, 4, "")]),
        ("unique-fields", "- name: kelp.width", []),
        ("unique-fields", "- name: kelp\n  fields: []", []),
        ("unique-fields", "- name: kelp.height\n  type: long", [(MORE, 1, "")]),
        ("unique-fields", "- name: k\n  fields:\n  - name: h\n  - name: h", [(MORE, 4, "")]),
        ("dimension-types", "- name: a\n  type: keyword\n  dimension: true", []),
        ("dimension-types", "- name: a\n  type: text", []),
        ("dimension-types", "- name: a\n  external: ecs\n  dimension: true", []),
        ("dimension-types", "- name: a\n  type: text\n  dimension: false", []),
        ("dimension-types", "- name: a\n  type: text\n  dimension: true", [(MORE, 2, "")]),
        ("dimension-types", "- name: a\n  type: text\n  dimension: yes", [(MORE, 2, "")]),
        ("dimension-types", "- name: a\n  dimension: true", [(MORE, 2, "")]),
        ("date-formats", "- name: a\n  type: date\n  date_format: yyyy", []),
        ("date-formats", "- name: a\n  type: long\n  date_format: yyyy", [(MORE, 3, "")]),
        ("required-fields", "- name: data_stream.type\n  type: constant_keyword", []),
        ("required-fields", "- name: '@timestamp'\n  external: ecs", []),
        ("required-fields", "- name: '@timestamp'\n  type: long", [(MORE, 2, "")]),
        (
            "required-fields",
            "- name: data_stream\n  fields:\n  - {name: type, type: x}",
            [(MORE, 3, "")],
        ),
    ],
)
def test_a_field_is_as_it_should_be(rule: str, field: str, expected: list[Place]) -> None:
    assert places(rule, kelp.package({MORE: field})) == expected


def test_the_same_name_in_another_owner_is_another_field() -> None:
    assert (
        places("unique-fields", kelp.package({PIVOT: FIELDS, "data_stream/reef/fields/f.yml": FIELDS}))
        == []
    )
    assert places("unique-fields", kelp.package({PIVOT: "- name: a\n- name: a"})) == [(PIVOT, 2, "")]


def test_required_fields_are_asked_of_data_streams_and_input_packages_alone() -> None:
    only = "- name: kelp\n  type: long\n"

    assert places("required-fields", kelp.package({PIVOT: only})) == []
    assert places("required-fields", kelp.package({BASE: "[]"})) == []
    assert [f for f, _, _ in places("required-fields", kelp.package({BASE: only}))] == [
        "data_stream/bed/fields"
    ] * 4
    assert [
        f for f, _, _ in places("required-fields", kelp.package({"fields/base.yml": only}, INPUT))
    ] == ["fields"] * 4


def test_a_data_stream_has_2048_fields_at_most() -> None:
    many = "".join(f"- name: f{n}\n" for n in range(2048 - 5))

    assert places("fields-limit", kelp.package({MORE: many})) == []
    assert places("fields-limit", kelp.package({MORE: many + "- name: g\n"})) == [
        ("data_stream/bed/fields", 0, "")
    ]


@pytest.mark.parametrize(
    ("mode", "field", "expected"),
    [
        pytest.param("time_series", "- name: a\n  type: keyword\n  dimension: true", [], id="has one"),
        pytest.param("time_series", "- name: a\n  type: keyword", [(BED, 3, "")], id="has none"),
        pytest.param("standard", "- name: a\n  type: keyword", [], id="needs none"),
    ],
)
def test_a_time_series_has_a_dimension(mode: str, field: str, expected: list[Place]) -> None:
    for written in (
        f"elasticsearch:\n  index_mode: {mode}\n",
        f"# dotted\nelasticsearch.index_mode: {mode}\n",
    ):
        manifest = swap(STREAM, ("dataset:", f"{written}dataset:")).replace("title: Beds\n", "", 1)
        assert places("dimensions-present", kelp.package({BED: manifest, MORE: field})) == expected


@pytest.mark.parametrize(
    ("build", "field", "expected"),
    [
        pytest.param(ECS, EXTERNAL, [], id="declared"),
        pytest.param(None, "- name: a", [], id="nothing is imported"),
        pytest.param(None, EXTERNAL, [(MORE, 2, "")], id="no build.yml"),
        pytest.param(ECS, EXTERNAL.replace("ecs", "other"), [(MORE, 2, "")], id="another source"),
        pytest.param("dependencies: [ecs]", EXTERNAL, [(BUILD, 1, "")], id="no map"),
        pytest.param("{}", EXTERNAL, [(BUILD, 0, "")], id="no dependencies"),
    ],
)
def test_a_source_of_fields_is_declared(build: str | None, field: str, expected: list[Place]) -> None:
    files = {BUILD: build, MORE: field}

    assert places("external-sources", kelp.package(files)) == expected
    assert places("external-sources", kelp.package(files, mode=Mode.BUILD)) == []


def test_a_built_package_imports_nothing() -> None:
    assert places("no-external-fields", kelp.package({MORE: EXTERNAL}, mode=Mode.BUILD)) == [
        (MORE, 2, "")
    ]
    assert places("no-external-fields", kelp.package({MORE: EXTERNAL})) == []


def test_a_source_has_no_template_of_the_builders() -> None:
    template = """\
elasticsearch:
  index_template:
    mappings:
      dynamic_templates:
        - _embedded_ecs-x:
            match: x
        - mine: {}
"""
    assert places("no-embedded-templates", kelp.package({BED: template})) == [(BED, 5, "")]
    assert places("no-embedded-templates", kelp.package({BED: template}, mode=Mode.BUILD)) == []
    assert places("no-embedded-templates", kelp.package({BED: template}, mode=Mode.LEGACY)) == []


def test_files_that_are_no_fields_are_passed_over() -> None:
    files: kelp.Files = {
        MORE: "a: [",
        BASE: "- 1\n- [x]\n- name: [a]\n",
        "data_stream/bed/fields/x/y.yml": "- a",
    }

    for rule in ("field-groups", "fields-limit", "unique-fields", "dimension-types", "date-formats"):
        assert list(kelp.findings(rule, kelp.package(files))) == []


def test_a_name_beyond_all_measure_is_told_in_the_same_words_in_every_run() -> None:
    field = f"- name: {'k' * 2000}\n  fields:\n  - name: d\n    type: keyword\n    date_format: x\n"

    (only,) = kelp.findings("date-formats", kelp.package({MORE: field}))

    assert f"{'k' * 100}\u20261c8123314be794fe.d'" in only.message
