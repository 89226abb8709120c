"""Fields that are imported from ECS, and its dynamic mappings. Both are invented here."""

from collections.abc import Mapping

import pytest

from pkgaction.errors import BuildRefusedError, SourceMissingError
from pkgaction.model import yamltext
from pkgaction.transforms import ecs_schema
from pkgaction.transforms.copy import copied
from pkgaction.transforms.dynamic_mappings import with_dynamic_mappings
from pkgaction.transforms.external_fields import Importer, with_external_fields
from tests.fakes.sources import MemorySources
from tests.unit.trees import GOOD, MANIFEST, source

_BUILD = "_dev/build/build.yml"
_REFERENCE = "dependencies:\n  ecs:\n    reference: git@v1.0.0\n"
_FIELDS = "data_stream/bed/fields/ecs.yml"
_SCHEMA = ecs_schema.parse(b"""\
base:
  fields:
    message: {type: match_only_text, description: "Two\\nlines"}
    kind: {type: keyword, description: Kind.}
    pairs: {type: object, object_type: keyword, description: Pairs.}
  type: group
reef:
  description: A reef.
  reusable: {top_level: false}
  fields:
    reef.raw: {type: keyword, index: false}
    reef.name: {type: keyword, multi_fields: [{name: text, type: match_only_text}]}
  type: group
""")
_SOURCES = MemorySources(
    schemas={"git@v1.0.0": _SCHEMA},
    mappings=b"mappings:\n  dynamic_templates:\n    - t1: {mapping: {type: ip, index: no}, match: ip}\n",
)
Files = Mapping[str, str]


def _built(files: Files, path: str = _FIELDS, sources: MemorySources = _SOURCES) -> str:
    found = source({**GOOD, _BUILD: _REFERENCE, **files})
    tree = with_external_fields(copied(found.tree), found, sources)
    tree = with_dynamic_mappings(tree, found, sources)
    return (tree.read(path, limit=1 << 20) or b"").decode()


@pytest.mark.parametrize(
    ("entry", "made"),
    [
        pytest.param(
            "- name: message\n  external: ecs # why\n",
            "- description: |-\n    Two\n    lines\n  name: message\n  type: match_only_text\n",
            id="as ECS has it",
        ),
        pytest.param(
            "- {external: ecs, name: kind, type: long, description: Own, level: x}",
            "- description: Own\n  level: x\n  name: kind\n  type: keyword\n",
            id="own keys, but not the type",
        ),
        pytest.param(
            "- {external: ecs, name: kind, type: constant_keyword, value: v}",
            "- description: Kind.\n  name: kind\n  type: constant_keyword\n  value: v\n",
            id="a type that may be its own",
        ),
        pytest.param(
            "- {external: ecs, name: pairs.a}",
            "- description: Pairs.\n  name: pairs.a\n  type: keyword\n",
            id="a part of an object",
        ),
        pytest.param(
            "- name: kelp\n  fields: [{name: b, type: long}]\n- {name: kind, external: ecs, 1: x}",
            "- fields:\n    - name: b\n      type: long\n  name: kelp\n"
            '- "1": x\n  description: Kind.\n  name: kind\n  type: keyword\n',
            id="the whole file is written anew",
        ),
    ],
)
def test_an_entry_gets_what_ecs_says_and_its_own(entry: str, made: str) -> None:
    assert _built({_FIELDS: entry}) == made


def test_names_are_found_with_those_above_them() -> None:
    old = MANIFEST.replace("3.1.0", "2.9.0")
    made = _built(
        {
            "manifest.yml": old,
            _FIELDS: "- name: reef\n  fields:\n    - {name: raw, external: ecs}\n"
            "    - {name: name, external: ecs, multi_fields: []}\n",
        }
    )

    assert made == (
        "- fields:\n    - index: false\n      name: raw\n      type: keyword\n"
        "    - multi_fields: []\n      name: name\n      type: keyword\n  name: reef\n"
    )


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({_BUILD: "", _FIELDS: "- external: ecs"}, id="no reference"),
        pytest.param({_BUILD: "dependencies.ecs.reference: ~", _FIELDS: "- external: ecs"}, id="null"),
        pytest.param({_FIELDS: "#  external\n- name:   a # c\n"}, id="only the word"),
        pytest.param({_FIELDS: '- name: "\\x61"'}, id="escapes"),
        pytest.param({_FIELDS: "# external"}, id="empty"),
    ],
)
def test_a_file_that_imports_nothing_keeps_its_bytes(files: Files) -> None:
    assert _built(files) == files[_FIELDS]


@pytest.mark.parametrize("path", ["fields/a.yml", _FIELDS, "elasticsearch/transform/t/fields/a.yml"])
def test_fields_lie_in_three_places(path: str) -> None:
    made = _built(
        {_BUILD: "dependencies.ecs.reference: git@v1.0.0", path: "- {name: kind, external: ecs}"}, path
    )

    assert made.endswith("type: keyword\n")


@pytest.mark.parametrize(
    ("entry", "line", "why"),
    [
        ("- name: kind\n- {name: sand, external: ecs}", 2, "sand is not in that version"),
        ("- {name: reef.raw, external: ecs}", 1, "must not stand at the top level"),
        ("- {name: kind, external: other}", 1, "external must be ecs"),
        ("- {external: ecs}", 1, "no name"),
        ("- external: ecs\n  name: []", 1, "no name"),
        ("- kind # external", 1, "list of maps"),
        ("external: ecs", 1, "list of maps"),
        ("- {name: kind, external: ecs, name: x}", 1, "twice"),
        ('- {name: kind, external: ecs, note: "\\nx"}', 1, "'note' in item 1"),
    ],
)
def test_an_import_that_can_not_be_made_is_refused_with_its_line(
    entry: str, line: int, why: str
) -> None:
    with pytest.raises(BuildRefusedError, match=why) as caught:
        _built({_FIELDS: entry})

    assert caught.value.where == f"packages/kelp/{_FIELDS}" + (f":{line}" if line else "")


def test_a_schema_that_can_not_be_had_fails_the_package_only_if_it_is_needed() -> None:
    nothing = MemorySources()

    assert _built({_FIELDS: "- name: a"}, sources=nothing) == "- name: a"
    with pytest.raises(SourceMissingError, match="git@v1"):
        _built({_FIELDS: "- {name: kind, external: ecs}"}, sources=nothing)


def test_documents_see_what_is_imported_with_its_mark() -> None:
    entries = yamltext.load(b"- {name: reef.raw, external: ecs}")
    assert entries is not None

    (field,) = Importer(schema=_SCHEMA, keep=True).fields(entries)

    assert {"external", "type", "index"} <= field.entries.keys()


_MAPPINGS = "dependencies: {ecs: {import_mappings: yes}}"
_STREAM = "data_stream/bed/manifest.yml"
_ADDED = (
    "elasticsearch:\n  index_template:\n    mappings:\n      dynamic_templates:\n"
    '        - _embedded_ecs-t1:\n            mapping:\n              index: "no"\n'
    "              type: ip\n            match: ip\n"
)


def test_templates_are_added_at_the_end_of_a_data_streams_manifest() -> None:
    made = _built({_BUILD: _MAPPINGS, _STREAM: "---\n# head\ntitle:   Bed\n"}, _STREAM)

    assert made == f"# head\ntitle: Bed\n{_ADDED}"


def test_what_is_there_stays_in_front() -> None:
    above = "elasticsearch:\n  index_template:\n    mappings:\n      dynamic_templates: [{own: {}}]\n"
    made = _built({_BUILD: _MAPPINGS, _STREAM: above}, _STREAM)

    assert "dynamic_templates: [{own: {}}, {_embedded_ecs-t1:" in made


def test_what_is_no_map_on_the_way_gets_nothing() -> None:
    assert _built({_BUILD: _MAPPINGS, _STREAM: "elasticsearch: x\n"}, _STREAM) == "elasticsearch: x\n"


@pytest.mark.parametrize(
    ("files", "path", "added"),
    [
        pytest.param(
            {"manifest.yml": MANIFEST.replace("integration", "input")}, "manifest.yml", True, id="input"
        ),
        pytest.param({}, "manifest.yml", False, id="an integration's root"),
        pytest.param(
            {"manifest.yml": MANIFEST.replace("3.1.0", "2.2.0")}, _STREAM, False, id="old format"
        ),
        pytest.param({_BUILD: _REFERENCE}, _STREAM, False, id="not asked for"),
        pytest.param({_BUILD: _MAPPINGS.replace("yes", "'yes'")}, _STREAM, False, id="a text"),
    ],
)
def test_templates_are_added_where_they_are_asked_for(files: Files, path: str, *, added: bool) -> None:
    assert (
        "_embedded_ecs-" in _built({_BUILD: _MAPPINGS, _STREAM: "title: B\n", **files}, path)
    ) == added


@pytest.mark.parametrize("mappings", [None, b"", b"a: [", b"mappings: {dynamic_templates: [1]}"])
def test_mappings_that_can_not_be_had_or_used_fail_the_package(mappings: bytes | None) -> None:
    with pytest.raises(SourceMissingError, match="dynamic mappings"):
        _built({_BUILD: _MAPPINGS, _STREAM: "title: B\n"}, sources=MemorySources(mappings=mappings))


@pytest.mark.parametrize(
    ("files", "where"),
    [
        ({_BUILD: "a: ["}, _BUILD),
        ({_BUILD: "- a"}, _BUILD),
        ({_BUILD: _MAPPINGS, _STREAM: "{a: }"}, _STREAM),
        ({_BUILD: _MAPPINGS, "manifest.yml": MANIFEST.replace("3.1.0", "3")}, "manifest.yml"),
    ],
)
def test_a_file_that_decides_and_can_not_be_used_is_refused(files: Files, where: str) -> None:
    with pytest.raises(BuildRefusedError) as caught:
        _built({_STREAM: "title: B\n", **files})

    assert f"packages/kelp/{where}" in caught.value.where
