"""An invented schema in ECS's form: what is kept of it, and how a name is looked for."""

import pytest

from pkgaction.model.ecs import EcsSchema
from pkgaction.transforms import ecs_schema

_SCHEMA = b"""\
base:
  fields:
    '@timestamp':
      type: date
      description: When.
    tags: {type: keyword, description: '', level: core}
  type: group
reef:
  description: A reef.
  reusable: {top_level: false}
  fields:
    reef.name:
      type: keyword
      multi_fields:
        - {flat_name: reef.name.text, name: text, type: match_only_text, norms: false}
    reef.place: {type: geo_point}
    reef.depths: {type: histogram}
    reef.raw: {type: keyword, index: false, doc_values: false, pattern: '^a', ignore_above: 10}
  type: group
notes:
  fields:
    notes.all: {type: object, object_type: keyword, description: Pairs.}
    notes.other: {type: object}
  type: group
empty:
  fields: {}
  type: group
"""


@pytest.fixture(scope="module")
def schema() -> EcsSchema:
    return ecs_schema.parse(_SCHEMA)


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("@timestamp", {"type": "date", "description": "When."}),
        ("tags", {"type": "keyword"}),
        ("reef", {"type": "group", "description": "A reef."}),
        (
            "reef.name",
            {"type": "keyword", "multi_fields": [{"name": "text", "type": "match_only_text"}]},
        ),
        ("reef.name.text", {"type": "match_only_text"}),
        ("reef.raw", {"type": "keyword", "pattern": "^a", "index": False, "doc_values": False}),
        ("reef.place.lat", {"type": "geo_point"}),
        ("reef.depths.counts", {"type": "histogram"}),
        ("tags.values", {"type": "keyword"}),
        ("notes.all.kelp", {"type": "keyword", "description": "Pairs."}),
        ("reef.place.values", None),
        ("reef.depths.lon", None),
        ("notes.other.kelp", None),
        ("notes.all.kelp.deep", None),
        ("empty", None),
        ("base", None),
        ("name", None),
    ],
)
def test_a_name_is_found_with_what_a_package_takes_over(
    schema: EcsSchema, name: str, attributes: object
) -> None:
    found = schema.find(name)

    assert (found and found.attributes) == attributes


@pytest.mark.parametrize(
    ("name", "top_level"),
    [("reef", True), ("reef.name", False), ("reef.name.text", True), ("tags", True)],
)
def test_fields_of_a_group_for_other_groups_only_are_marked(
    schema: EcsSchema, name: str, *, top_level: bool
) -> None:
    found = schema.find(name)

    assert found is not None
    assert found.top_level is top_level


def test_the_short_form_is_the_same_schema(schema: EcsSchema) -> None:
    assert ecs_schema.from_json(ecs_schema.to_json(schema)) == schema


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no fields"),
        (b"a: [", "line 2"),
        (b"- a", "line 1"),
        (b"a: 1", "'a' has no fields"),
        (b"a: {fields: {a.b: 1}}", "'a.b' is no map"),
        (b"a: {fields: {a.b: {type: 1}}}", "type of 'a.b'"),
        (b"a: {fields: {a.b: {type: t, multi_fields: [{type: t}]}}}", "multi-field of 'a.b'"),
    ],
)
def test_what_is_no_schema_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(ecs_schema.EcsProblemError, match=why):
        ecs_schema.parse(data)


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff", b"{}", b"[1]", b'[["a", 1, {"type": "t"}]]', b'[["a", true, {}]]', b"[" * 99_999],
)
def test_what_is_no_short_form_is_refused(data: bytes) -> None:
    with pytest.raises(ecs_schema.EcsProblemError):
        ecs_schema.from_json(data)
