"""A package that asks for a transformation that is not there yet is refused; all others pass."""

from collections.abc import Mapping

import pytest

from pkgaction.errors import BuildRefusedError
from pkgaction.transforms.copy import copied
from pkgaction.transforms.pending import refuse
from tests.unit.trees import GOOD, MANIFEST, source

_BUILD = "_dev/build/build.yml"
_ECS = "dependencies:\n  ecs:\n    reference: git@v8.11.0\n"
_FIELDS = "data_stream/bed/fields/ecs.yml"
_DASHBOARD = "kibana/dashboard/kelp-a.json"
Files = Mapping[str, str | bytes]


def _refuse(files: Files) -> None:
    found = source({**GOOD, **files})
    refuse(copied(found.tree), found)


@pytest.mark.parametrize(
    ("files", "file", "what"),
    [
        pytest.param(
            {_BUILD: _ECS, _FIELDS: "- external: ecs\n  name: a"}, _FIELDS, "ECS", id="external field"
        ),
        pytest.param(
            {_BUILD: _ECS, "fields/a.yml": "- name: a\n  fields:\n    - name: b\n      external: ecs\n"},
            "fields/a.yml",
            "ECS",
            id="external field in a group of an input package",
        ),
        pytest.param(
            {_BUILD: "dependencies.ecs.reference: git@v1\n", _FIELDS: "- external: ecs"},
            _FIELDS,
            "ECS",
            id="reference as a dotted key",
        ),
        pytest.param(
            {_BUILD: _ECS, "elasticsearch/transform/t/fields/a.yml": "- external: ecs"},
            "elasticsearch/transform/t/fields/a.yml",
            "ECS",
            id="external field of a transform",
        ),
        pytest.param(
            {_BUILD: f"{_ECS}    import_mappings: true\n"},
            _BUILD,
            "import_mappings",
            id="dynamic mappings",
        ),
        pytest.param(
            {_BUILD: f"{_ECS}    import_mappings: yes\n"},
            _BUILD,
            "import_mappings",
            id="dynamic mappings, yes",
        ),
        pytest.param(
            {"manifest.yml": f"{MANIFEST}requires:\n  input:\n    - package: tide\n"},
            "manifest.yml",
            "requires.input",
            id="required input",
        ),
        pytest.param(
            {_DASHBOARD: '{"attributes": {"panelsJSON": [{"a": 1}]}}'},
            _DASHBOARD,
            "saved objects",
            id="panels",
        ),
        pytest.param(
            {_DASHBOARD: '{"attributes": {"optionsJSON": null}}'}, _DASHBOARD, "saved objects", id="null"
        ),
        pytest.param(
            {_DASHBOARD: '{"attributes": {"kibanaSavedObjectMeta": {"searchSourceJSON": {}}}}'},
            _DASHBOARD,
            "saved objects",
            id="search source",
        ),
        pytest.param(
            {_DASHBOARD: '{"attributes.visState": {"a": 1}}'},
            _DASHBOARD,
            "saved objects",
            id="dotted key",
        ),
        pytest.param({_DASHBOARD: "[]"}, _DASHBOARD, "saved objects", id="no object"),
        pytest.param({_DASHBOARD: "{"}, _DASHBOARD, "saved objects", id="no JSON"),
        pytest.param({_DASHBOARD: "[" * 100_000}, _DASHBOARD, "saved objects", id="deep JSON"),
        pytest.param({_DASHBOARD: b"\xff"}, _DASHBOARD, "saved objects", id="no text"),
    ],
)
def test_what_can_not_be_built_yet_is_refused_with_its_file(files: Files, file: str, what: str) -> None:
    with pytest.raises(BuildRefusedError) as caught:
        _refuse(files)

    assert what in caught.value.what
    assert caught.value.where == f"packages/kelp/{file}"


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({}, id="plain package"),
        pytest.param({_FIELDS: "- external: ecs\n  name: a"}, id="external field without build.yml"),
        pytest.param({_BUILD: "", _FIELDS: "- external: ecs"}, id="empty build.yml"),
        pytest.param({_BUILD: "dependencies: {}", _FIELDS: "- external: ecs"}, id="no reference"),
        pytest.param(
            {_BUILD: _ECS, _FIELDS: "- name: a\n  type: keyword"}, id="reference, no external field"
        ),
        pytest.param({_BUILD: _ECS, "docs/fields/a.yml": "- external: ecs"}, id="not a field file"),
        pytest.param(
            {_BUILD: _ECS, "_dev/fields/a.yml": "- external: ecs"}, id="not a built field file"
        ),
        pytest.param({_BUILD: f"{_ECS}    import_mappings: false\n"}, id="no dynamic mappings"),
        pytest.param(
            {"manifest.yml": f"{MANIFEST}requires:\n  other: []\n"}, id="requires something else"
        ),
        pytest.param({"_dev/build/docs/note.txt": "{{fields}}"}, id="no Markdown"),
        pytest.param({"_dev/build/docs/deep/README.md": "x"}, id="document in a folder"),
        pytest.param(
            {"elasticsearch/transform/t/transform.yml": "dest: {index: a}"}, id="plain transform"
        ),
        pytest.param(
            {_DASHBOARD: '{"attributes": {"panelsJSON": "[]", "title": "T"}}'}, id="encoded already"
        ),
        pytest.param({_DASHBOARD: "{}"}, id="empty object"),
        pytest.param({_DASHBOARD: '{"panelsJSON": []}'}, id="key in another place"),
        pytest.param({"kibana/tags.yml": "- text: a"}, id="tags"),
    ],
)
def test_what_needs_no_more_than_copying_passes(files: Files) -> None:
    _refuse(files)


def test_a_file_that_decides_and_can_not_be_read_is_refused() -> None:
    with pytest.raises(BuildRefusedError, match="line 2"):
        _refuse({_BUILD: "a: 1\na: 2\n"})


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({_DASHBOARD: '{"attributes": "x"}'}, id="attributes are no object"),
        pytest.param({"kibana/dashboard/folder/a.json": "{}"}, id="folder among saved objects"),
    ],
)
def test_what_the_reference_does_not_build_is_refused(files: Files) -> None:
    with pytest.raises(BuildRefusedError):
        _refuse(files)
