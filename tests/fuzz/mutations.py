"""Hostile variants of invented packages, as Hypothesis strategies."""

import json
from collections.abc import Mapping

from hypothesis import strategies as st

from pkgaction.model.json import Json
from pkgaction.rules.package import Mode, Package
from tests.unit import kelp

Files = dict[str, str | bytes]

EXTRA: Files = {
    "validation.yml": "docs_structure_enforced: {enabled: true, version: 1}\n",
    "docs/more.md": "# Overview\n\n> ## Troubleshooting\n",
    "_dev/build/build.yml": "dependencies: {ecs: {reference: git@v8.0.0}}\n",
    "_dev/test/config.yml": "system: {requires: [{package: reef, version: 1.0.0}, {source: ../reef}]}\n",
    "kibana/tags.yml": "- text: a\n",
    "kibana/tag/a.json": '{"type": "tag", "attributes": {"name": "b"}}',
    "kibana/security_rule/a_1.json": '{"id": "a_1", "attributes": {"rule_id": "a"}}',
    "kibana/visualization/v.json": '{"type": "visualization", "attributes": {"visState": "{}"}}',
    "data_stream/bed/routing_rules.yml": "- target_dataset: x\n",
    "elasticsearch/transform/t/fields/f.yml": "- name: a\n  type: long\n",
}
_PIECES = st.sampled_from(
    [
        *(
            "",
            "~",
            "[]",
            "{}",
            "[~]",
            "[{}]",
            "- a",
            "a: b",
            "a: {b: c}",
            "true",
            "no",
            "1.0",
            "0x1f",
            "1e999",
        ),
        *(
            "''",
            '"\\ud800"',
            "&a [*a]",
            "*a",
            "!!binary x",
            "<<: [a]",
            "? [a]\n: b",
            "---",
            "...",
            "%YAML 9",
            "\t",
        ),
        *(
            ".nan",
            "2020-01-01",
            "a.b.c: d",
            "type: group",
            "fields: [{name: a, fields: [{name: b}]}]",
            "name: [a]",
        ),
        *(
            "inputs: [a, {}, {type: [x]}]",
            "vars: {a: b}",
            "deprecated: {replaced_by: []}",
            "{{#a}}",
            "{{{{",
            "\\{{",
        ),
        *(
            "required: true",
            "type: duration\n  default: 9999999999h",
            "version: 1.2.0-01",
            "\0",
            "\u2028",
            "é" * 3,
        ),
    ]
)
_TEXT = st.one_of(_PIECES, st.text(max_size=8))
_JSON: st.SearchStrategy[Json] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=4)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=5,
)
_PATHS = st.one_of(
    st.sampled_from(
        [
            *(
                "data_stream",
                "data_stream/bed",
                "kibana/a.json",
                "kibana/dashboard/x.json/y.json",
                "fields/a",
            ),
            *(
                "data_stream/bed/fields/x.yml.link",
                "agent/input/a.hbs.link",
                "docs/a.md",
                "a/../b",
                "x" * 300,
            ),
            *(
                "elasticsearch/ingest_pipeline/a/b.yml",
                "data_stream/b\nc/manifest.yml",
                "kibana/tag/\udcff.json",
            ),
        ]
    ),
    st.text(max_size=12),
)


@st.composite
def _lines(draw: st.DrawFn, text: str) -> str:
    """Text with some lines replaced, doubled or taken away, and some of their values."""
    lines = text.split("\n")
    for _ in range(draw(st.integers(1, 4))):
        number = draw(st.integers(0, len(lines) - 1))
        line = lines[number]
        indent = line[: len(line) - len(line.lstrip())]
        key = line.partition(":")[0]
        kind = draw(st.sampled_from(["value", "value", "line", "cut", "double"]))
        new = {
            "value": [f"{key}: {draw(_TEXT)}"],
            "line": [indent + draw(_TEXT)],
            "cut": [""],
            "double": [line, line],
        }[kind]
        lines[number : number + 1] = new
    return "\n".join(lines)


@st.composite
def _values(draw: st.DrawFn, value: Json) -> Json:
    """JSON with one value in it replaced."""
    if isinstance(value, Mapping) and value and draw(st.integers(0, 3)):
        key = draw(st.sampled_from(sorted(value)))
        return {**value, key: draw(_values(value[key]))}
    if isinstance(value, list) and value and draw(st.integers(0, 3)):
        return [draw(_values(value[0])), *value[1:]]
    if isinstance(value, str) and value[:1] in {"{", "["} and draw(st.booleans()):
        return json.dumps(draw(_values(json.loads(value))))
    return draw(_JSON)


@st.composite
def _content(draw: st.DrawFn, path: str, text: str) -> str | bytes:
    if path.endswith(".json") and draw(st.integers(0, 4)):
        return json.dumps(draw(_values(json.loads(text))))
    changed = draw(_lines(text))
    if draw(st.integers(0, 9)):
        return changed
    data = changed.encode(errors="replace")
    return data[: draw(st.integers(0, len(data)))] + draw(st.binary(max_size=4))


@st.composite
def packages(draw: st.DrawFn) -> Package:
    """A package whose files were changed, renamed or added to."""
    base = draw(st.sampled_from([kelp.INTEGRATION, kelp.INTEGRATION, kelp.INPUT, kelp.CONTENT]))
    files: Files = {**base, **EXTRA}
    for path in draw(st.lists(st.sampled_from(sorted(files)), min_size=1, max_size=4, unique=True)):
        if path == "manifest.yml" and draw(st.integers(0, 2)) == 0:
            continue
        files[path] = draw(_content(path, str(files[path])))
    for path in draw(st.lists(_PATHS, max_size=2, unique=True)):
        files[path] = draw(st.sampled_from([*files.values(), "", "a"]))
    return kelp.package(files, {}, draw(st.sampled_from(list(Mode))))
