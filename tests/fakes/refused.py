"""A package that every registry takes, and one change to it for each thing that a registry refuses.

The unit tests hold our answer against the table, `make registry-test` the real registry's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pkgaction.model.tree import Bytes, Tree, TreeFile

MANIFEST = """\
format_version: 3.1.0
name: beacon
title: Beacons
version: 1.4.0
description: Watches the beacons of a coast.
type: integration
categories: [custom]
owner: {github: deepwater/lights, type: community}
conditions: {kibana.version: ^8.13.0}
icons: [{src: /img/beacon.svg, type: image/svg+xml}]
policy_templates:
  - name: lights
    title: Lights
    description: Collect what lights say.
    inputs:
      - {type: logfile, title: Files, description: Read files}
"""
STREAM = """\
title: Flashes
type: logs
streams:
  - {input: logfile, title: Files, description: Read files}
"""
FIELDS = """\
- name: data_stream.type
  type: constant_keyword
- name: data_stream.dataset
  type: constant_keyword
- name: data_stream.namespace
  type: constant_keyword
- name: "@timestamp"
  type: date
"""
CHANGELOG = """\
- version: 1.4.0
  changes:
    - description: Sees farther.
      type: enhancement
      link: https://github.com/deepwater/packages/pull/9
"""
IN = "data_stream/flash"
STREAM_FILE, FIELDS_FILE = f"{IN}/manifest.yml", f"{IN}/fields/base-fields.yml"
PIPELINE_FILE = f"{IN}/elasticsearch/ingest_pipeline/default.yml"
JSON_FILE = PIPELINE_FILE.replace(".yml", ".json")
GOOD: Mapping[str, str] = {
    "manifest.yml": MANIFEST,
    "changelog.yml": CHANGELOG,
    "docs/README.md": "# Beacons\n",
    "img/beacon.svg": "<svg/>\n",
    STREAM_FILE: STREAM,
    FIELDS_FILE: FIELDS,
    PIPELINE_FILE: "---\ndescription: Flashes\nprocessors: []\n",
    f"{IN}/agent/stream/stream.yml.hbs": "paths: []\n",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A change to the good package, and what is said of it."""

    code: str
    file: str  # that the finding names
    changes: Mapping[str, str | None] = field(default_factory=dict)  # None: without that file

    @property
    def files(self) -> dict[str, str]:
        """The files of the package as it is refused."""
        changed = {**GOOD, **self.changes}
        return {path: text for path, text in changed.items() if text is not None}


def _manifest(old: str, new: str, code: str = "entry") -> Refusal:
    assert old in MANIFEST
    return Refusal(f"registry-{code}", "manifest.yml", {"manifest.yml": MANIFEST.replace(old, new)})


def _more(text: str, code: str) -> Refusal:
    return Refusal(f"registry-{code}", "manifest.yml", {"manifest.yml": f"{MANIFEST}{text}\n"})


def _stream(text: str, code: str = "data-stream") -> Refusal:
    return Refusal(f"registry-{code}", STREAM_FILE, {STREAM_FILE: text})


def _pipeline(text: str) -> Refusal:
    return Refusal("registry-pipeline", PIPELINE_FILE, {PIPELINE_FILE: text})


def _json(text: str) -> Refusal:
    return Refusal("registry-pipeline", JSON_FILE, {JSON_FILE: text})


def _fields(text: str, file: str = FIELDS_FILE) -> Refusal:
    return Refusal("registry-fields", file, {FIELDS_FILE: text})


def _folder(name: str) -> Refusal:
    inside = [path for path in GOOD if path.startswith(f"{IN}/")]
    to = {path.replace(IN, f"data_stream/{name}"): GOOD[path] for path in inside}
    file = f"data_stream/{name}/manifest.yml"
    return Refusal("registry-data-stream", file, {**dict.fromkeys(inside), **to})


_ONE_GROUP = "- name: data_stream\n  fields: [{name: type, type: constant_keyword}]\n"

_WHOLE_GROUP = """\
- name: data_stream
  fields:
    - {name: type, type: constant_keyword}
    - {name: dataset, type: constant_keyword}
    - {name: namespace, type: constant_keyword}
"""

REFUSALS: Mapping[str, Refusal] = {
    # the package's manifest
    "description_empty": _manifest("description: Watches the beacons of a coast.", "description: ''"),
    "title_missing": _manifest("title: Beacons\n", ""),
    "range_of_words": _manifest("^8.13.0", '">=8.13.0 || newest"'),
    "release_unknown": _more("release: nearly", "entry"),
    "format_of_two_numbers": _manifest("format_version: 3.1.0", "format_version: '3.1'"),
    "discovery_without_name": _more("discovery: {fields: [{}]}", "entry"),
    "key_boolean": _more("vars: [{name: a, type: text, default: {y: 1}}]", "manifest"),
    "key_number": _more("vars: [{name: a, type: text, default: {1: b}}]", "manifest"),
    "key_null": _more("~: b", "manifest"),
    "key_negative": _more("vars: [{name: a, type: text, default: {'-1': b}}]", "manifest"),
    "key_ends_in_dot": _more("title.: b", "entry"),
    "key_of_the_registry": _more("data_streams: [{}]", "manifest"),
    "key_of_the_registrys_folder": _more("basepath: /nowhere", "manifest"),
    "readme_not_a_text": _more("readme: {a: b}", "entry"),
    "assets_not_texts": _more("assets: [{a: b}]", "entry"),
    "tag_that_lies": _more("x: !!int lamp", "manifest"),
    "question_in_brackets": _more("x: [http://lamp.example/?on]", "manifest"),
    "yaml_of_another_version": Refusal(
        "registry-entry", "manifest.yml", {"manifest.yml": f"%YAML 1.2\n---\n{MANIFEST}"}
    ),
    "name_a_number": _manifest("name: beacon", "name: '12'", "name"),
    "name_a_version": _manifest("name: beacon", "name: v1", "name"),
    "icon_missing": _manifest("/img/beacon.svg", "/img/lamp.svg", "image"),
    "icon_outside": _manifest("/img/beacon.svg", "../img/beacon.svg", "image"),
    "screenshot_missing": _more("screenshots: [{src: /img/coast.png}]", "image"),
    "input_without_type": _manifest("{type: logfile, title", "{title", "input"),
    "input_of_both_kinds": _manifest("{type: logfile,", "{type: logfile, package: lens,", "input"),
    "requires_no_version": _more("requires: {input: [{package: lens}]}", "requires"),
    "template_document_a_folder": Refusal(
        "registry-folder", "manifest.yml", {"docs/lights.md/more.md": "# More\n"}
    ),
    "agentless_release": _more(
        "    deployment_modes: {agentless: {enabled: true, release: experimental}}", "entry"
    ),
    "readme_missing": Refusal("registry-entry", "docs/README.md", {"docs/README.md": None}),
    # data streams
    "dataset_with_dash": _stream(f"{STREAM}dataset: beacon.flash-daily\n"),
    "folder_with_dash": _folder("fla-sh"),
    "folder_a_pattern": _folder("fla[s"),
    "manifest_a_folder": Refusal(
        "registry-data-stream",
        "data_stream/dusk/manifest.yml/more.yml",
        {"data_stream/dusk/manifest.yml/more.yml": "a: b\n"},
    ),
    "folder_of_images_with_dash": Refusal(
        "registry-folder", "img/at-night/beacon.svg", {"img/at-night/beacon.svg": "<svg/>\n"}
    ),
    "type_unknown": _stream(STREAM.replace("type: logs", "type: profiles")),
    "type_missing": _stream(STREAM.replace("type: logs\n", ""), "entry"),
    "stream_title_missing": _stream(STREAM.replace("title: Flashes\n", ""), "entry"),
    "stream_without_input": _stream(STREAM.replace("input: logfile, ", "")),
    "stream_of_both_kinds": _stream(STREAM.replace("input: logfile,", "input: logfile, package: lens,")),
    "stream_path_of_the_registry": _stream(f"{STREAM}basepath: /nowhere\n", "manifest"),
    "stream_key_boolean": _stream(
        f"{STREAM}elasticsearch.index_template.mappings: {{properties: {{y: {{type: long}}}}}}\n",
        "manifest",
    ),
    # pipelines
    "pipeline_missing": _stream(f"{STREAM}ingest_pipeline: dusk\n", "pipeline"),
    "pipeline_of_another_folder": _stream(
        f"{STREAM}ingest_pipeline: ../../fields/base-fields\n", "pipeline"
    ),
    "pipeline_unused": Refusal(
        "registry-entry",
        STREAM_FILE,
        {PIPELINE_FILE: None, PIPELINE_FILE.replace("default", "dusk"): "processors: []\n"},
    ),
    "pipeline_a_folder": Refusal(
        "registry-pipeline", f"{JSON_FILE}/a.json", {f"{JSON_FILE}/a.json": "{}"}
    ),
    "pipeline_a_list": _pipeline("---\n- set: {field: a}\n"),
    "pipeline_a_text": _pipeline("lamp\n"),
    "pipeline_not_yaml": _pipeline("processors: [\n"),
    "pipeline_of_another_yaml": _pipeline("%YAML 1.2\n---\nprocessors: []\n"),
    "pipeline_alias_of_nothing": _pipeline("processors: *lamps\n"),
    "pipeline_key_a_list": _pipeline("processors: []\n? [a]\n: b\n"),
    "json_not_json": _json("{'processors': []}"),
    "json_empty": _json(""),
    "json_a_list": _json("[]"),
    "json_more_behind": _json('{"processors": []}\n{"a": 1}\n'),
    "json_text_behind": _json('{"processors": []} lamp'),
    "json_with_bom": _json('\ufeff{"processors": []}'),
    "json_number_too_large": _json('{"processors": [], "a": 1e999}'),
    # fields
    "fields_missing": Refusal("registry-fields", STREAM_FILE, {FIELDS_FILE: None}),
    "timestamp_missing": _fields(FIELDS.replace('"@timestamp"', "when"), STREAM_FILE),
    "timestamp_a_number": _fields(FIELDS.replace("type: date", "type: long")),
    "timestamp_type_not_a_text": _fields(FIELDS.replace("type: date", "type: 1")),
    "type_not_constant": _fields(FIELDS.replace("constant_keyword", "keyword", 1)),
    "group_not_whole": _fields(_ONE_GROUP + FIELDS[FIELDS.index('- name: "@') :]),
    "group_not_whole_first": Refusal(
        "registry-fields",
        f"{IN}/fields/aaa.yml",
        {
            f"{IN}/fields/aaa.yml": _ONE_GROUP,
            FIELDS_FILE: _WHOLE_GROUP + FIELDS[FIELDS.index('- name: "@') :],
        },
    ),
    "fields_in_a_folder": Refusal(
        "registry-fields",
        f"{IN}/fields/more/dusk.yml",
        {f"{IN}/fields/more/dusk.yml": "- name: dusk\n  type: date\n"},
    ),
    "field_without_name": _fields("- type: long\n" + FIELDS),
    "field_a_text": _fields(FIELDS + "- lamp\n"),
    "fields_a_map": _fields("fields: []\n"),
    "fields_not_yaml": Refusal(
        "registry-fields", f"{IN}/fields/notes.md", {f"{IN}/fields/notes.md": "# Notes\nlamp: ]\n"}
    ),
}


def tree(files: Mapping[str, str]) -> Tree:
    """The files as a value."""
    return Tree(tuple(TreeFile(path=p, content=Bytes(text.encode())) for p, text in files.items()))
