"""Transforms are rendered, and their pipelines must be built with them."""

from collections.abc import Mapping

import pytest

from pkgaction.errors import BuildRefusedError
from pkgaction.model.tree import Tree
from pkgaction.transforms.transform_files import with_transforms
from tests.unit.trees import GOOD, source

_PATH = "elasticsearch/transform/tide/transform.yml"
_PIPELINES = {
    "elasticsearch/ingest_pipeline/main.yml": "a: b",
    "data_stream/bed/elasticsearch/ingest_pipeline/deep.yml": "a: b",
}
Files = Mapping[str, str | bytes]


def _built(files: Files) -> Tree:
    found = source({**GOOD, **_PIPELINES, **files})
    return with_transforms(found.tree, found)


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        pytest.param("dest: {index: a}", "dest: {index: a}", id="plain"),
        pytest.param(
            'dest:\n  pipeline: "{{ ingestPipelineName "main" }}"\n# {{`c`}}\n',
            'dest:\n  pipeline: "1.2.0-main"\n# c\n',
            id="pipeline of the package",
        ),
        pytest.param("dest: {pipeline: main}", "dest: {pipeline: main}", id="by its bare name"),
        pytest.param(
            "dest: {pipeline: logs-kelp.bed-1.2.0-deep}",
            "dest: {pipeline: logs-kelp.bed-1.2.0-deep}",
            id="pipeline of a data stream",
        ),
        pytest.param("a: {{.X}}\n{{- /* gone */ -}}\n", "a: <no value>", id="no value, comment"),
        pytest.param("'y': 1\n", "'y': 1\n", id="a quoted key"),
    ],
)
def test_a_transform_is_rendered(text: str, rendered: str) -> None:
    assert _built({_PATH: text}).read(_PATH, limit=1000) == rendered.encode()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        pytest.param('a: {{ ingestPipelineName "" }}', "arguments", id="empty name"),
        pytest.param("a: {{ ingestPipelineName }}", "arguments", id="no name"),
        pytest.param('a: {{ fields "bed" }}', "no function", id="another function"),
        pytest.param("a: {{", "not closed", id="not closed"),
        pytest.param("dest: {pipeline: other}", "pipeline other is not", id="no such pipeline"),
        pytest.param("dest: {pipeline: 1.1.0-main}", "1.1.0-main", id="another version"),
        pytest.param("dest: {pipeline: deep}", "pipeline deep is not", id="a data stream's bare name"),
        pytest.param("y: 1", "key y is no text", id="YAML 1.1 boolean"),
        pytest.param("a: [{off: 1}]", "key off is no text", id="a deep one"),
        pytest.param("a: {1: 1}", "key 1 is no text", id="number"),
        pytest.param("a: [", "transform.yml", id="no YAML"),
        pytest.param(b"\xff", "UTF-8", id="no text"),
    ],
)
def test_what_does_not_work_is_refused_with_its_file(text: str | bytes, what: str) -> None:
    with pytest.raises(BuildRefusedError) as caught:
        _built({_PATH: text})

    assert what in str(caught.value)
    assert caught.value.where.startswith(f"packages/kelp/{_PATH}")


def test_other_files_are_left_alone() -> None:
    path = "elasticsearch/transform/tide/deep/transform.yml"

    assert _built({path: "{{tide}}"}).read(path, limit=10) == b"{{tide}}"
