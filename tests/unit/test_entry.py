"""The index entry of a package: one claim a rule, on small invented packages."""

import json

import pytest

from pkgaction.entry import EntryProblemError, make
from pkgaction.entry.ranges import is_range
from pkgaction.entry.values import Value, as_json, as_text, resolve
from pkgaction.model.json import Json, JsonObject, at
from pkgaction.model.tree import Bytes, Kind, Tree, TreeFile
from pkgaction.model.yamltext import Scalar
from tests.unit.trees import without

_BASE = {
    "format_version": "format_version: 3.1.0",
    "name": "name: tide",
    "title": "title: Tide gauges",
    "version": "version: 1.2.0",
    "description": "description: Water levels.",
}
_STREAM = "title: Levels\ntype: logs\n"


def _tree(manifest: str = "", files: dict[str, str] | None = None, /, **lines: str) -> Tree:
    """A minimal package: other lines for the base ones (or none), more of them, more files."""
    text = "\n".join([*{**_BASE, **lines}.values(), manifest])
    contents = {"manifest.yml": text, "docs/README.md": "# Tide", **(files or {})}
    return Tree(tuple(TreeFile(path=p, content=Bytes(c.encode())) for p, c in contents.items()))


def _entry(manifest: str = "", files: dict[str, str] | None = None, /, **lines: str) -> Json:
    """The entry, after a way through JSON, so that only what can be stored is compared."""
    entry: Json = json.loads(json.dumps(make(_tree(manifest, files, **lines))))
    return entry


def _data_stream(manifest: str = "", *files: str) -> Json:
    """The one data stream of a package, `data_stream/level`, with these files in its folder."""
    contents = {f"data_stream/level/{name}": "" for name in files}
    contents["data_stream/level/manifest.yml"] = _STREAM + manifest
    return _first(_entry("", contents), "data_streams")


def _template(manifest: str = "", /, **lines: str) -> Json:
    head = "policy_templates:\n  - name: pt\n    title: T\n    description: D\n"
    return _first(_entry(head + manifest, **lines), "policy_templates")


def _variable(manifest: str) -> Json:
    return _first(_entry("vars:\n  - name: v\n" + manifest), "vars")


def _first(value: Json, key: str) -> Json:
    found = at(value, key)
    assert isinstance(found, list)
    first: Json = found[0]
    return first


def _has(value: Json, key: str) -> bool:
    assert isinstance(value, dict)
    return key in value


def test_a_minimal_package_has_what_is_always_there() -> None:
    base = "/package/tide/1.2.0"
    wanted: JsonObject = {
        "name": "tide",
        "title": "Tide gauges",
        "version": "1.2.0",
        "release": "ga",
        "description": "Water levels.",
        "type": "integration",
        "download": "/epr/tide/tide-1.2.0.zip",
        "path": base,
        "signature_path": "/epr/tide/tide-1.2.0.zip.sig",
        "format_version": "3.1.0",
        "readme": f"{base}/docs/README.md",
        "license": "basic",
        "assets": [f"{base}/manifest.yml", f"{base}/docs/README.md"],
    }

    entry = _entry()

    assert entry == wanted


@pytest.mark.parametrize(
    ("version", "release"),
    [("0.9.0", "beta"), ("1.0.0-rc1", "beta"), ("1.0.0", "ga"), ("1.0.0+build", "ga")],
)
def test_release_is_beta_below_1_0_0_and_with_a_prerelease(version: str, release: str) -> None:
    assert at(_entry(version=f"version: {version}"), "release") == release


def test_a_written_release_wins() -> None:
    assert at(_entry("release: experimental"), "release") == "experimental"


@pytest.mark.parametrize(
    ("manifest", "license_"),
    [
        ("", "basic"),
        ("conditions: {elastic.subscription: gold}", "gold"),
        ("license: trial\nconditions: {elastic.subscription: gold}", "trial"),
    ],
    ids=["default", "subscription", "old key"],
)
def test_license_is_the_subscription_unless_written(manifest: str, license_: str) -> None:
    assert at(_entry(manifest), "license") == license_


def test_unknown_categories_are_dropped_in_order() -> None:
    assert at(_entry("categories: [web, tides, aws]"), "categories") == ["web", "aws"]


@pytest.mark.parametrize(
    ("manifest", "key", "value"),
    [
        ("owner: {}", "owner", {}),
        ("agent: {}", "agent", {}),
        ("agent.privileges.root: false", "agent", {"privileges": {}}),
        ("agent.privileges.root: true", "agent", {"privileges": {"root": True}}),
        ("elasticsearch: {index_template: {a: 1}}", "elasticsearch", {}),
        (
            "elasticsearch.privileges.cluster: [monitor]",
            "elasticsearch",
            {"privileges": {"cluster": ["monitor"]}},
        ),
        ("source: {license: X, other: y}", "source", {"license": "X"}),
        ("conditions: {elastic: {}}", "conditions", {"elastic": {"subscription": ""}}),
        (
            "conditions.kibana.version: ^8.0.0",
            "conditions",
            {"kibana": {"version": "^8.0.0"}},
        ),
        ("requires: {input: [{package: p, version: 1.0.0}]}", "requires",
         {"input": [{"package": "p", "version": "1.0.0"}]}),
        ("discovery: {fields: [{name: f}]}", "discovery", {"fields": [{"name": "f"}]}),
        ("group: tides", "group", "tides"),
        (
            "deprecated: {replaced_by: {package: wave}}",
            "deprecated",
            {"description": "", "replaced_by": {"package": "wave"}},
        ),
        (
            "icons: [{src: img/a.svg}]",
            "icons",
            [{"src": "img/a.svg", "path": "/package/tide/1.2.0/img/a.svg"}],
        ),
        (
            "screenshots: [{src: /img//b.png, size: 6x6}]",
            "screenshots",
            [{"src": "/img//b.png", "path": "/package/tide/1.2.0/img/b.png", "size": "6x6"}],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_manifest_key_becomes(manifest: str, key: str, value: Json) -> None:
    assert at(_entry(manifest), key) == value


@pytest.mark.parametrize(
    "manifest",
    ["owner: ~", "discovery: {fields: [], datasets: []}", "vars: []", "categories: [tides]",
     "unknown: 1", "policy_templates_behavior: ''"],
)  # fmt: skip
def test_an_entry_leaves_out_what_is_empty_or_unknown(manifest: str) -> None:
    assert _entry(manifest) == _entry()


def test_dotted_and_nested_keys_are_merged() -> None:
    entry = _entry("conditions: {kibana.version: ^8.0.0, elastic: {subscription: gold}}\n"
                   "conditions.elastic.capabilities: security")  # fmt: skip

    assert at(entry, "conditions") == {
        "kibana": {"version": "^8.0.0"},
        "elastic": {"subscription": "gold", "capabilities": ["security"]},
    }


def test_assets_come_by_depth_and_then_as_in_the_zip() -> None:
    files = dict.fromkeys(("a/b/x", "a-b/x", "a/x", "a.b", ".hidden", "a/.DS_Store"), "")
    files |= {"manifest.yml": "\n".join(_BASE.values())}

    assets = at(_entry("", files), "assets")

    names = [".hidden", "a.b", "manifest.yml", "a/x", "a-b/x", "docs/README.md", "a/b/x"]
    assert assets == [f"/package/tide/1.2.0/{name}" for name in names]


def test_what_is_no_plain_file_is_no_asset() -> None:
    link = TreeFile(path="link", content=Bytes(b""), kind=Kind.SYMLINK)

    assert make(_tree().replacing([link])) == make(_tree())


def test_a_file_name_that_is_no_text_is_refused() -> None:
    bad = TreeFile(path="a\udcff", content=Bytes(b""))

    with pytest.raises(EntryProblemError, match="UTF-8"):
        make(_tree().replacing([bad]))


@pytest.mark.parametrize(
    ("written", "kept"),
    [("false", [False]), ("0", [0]), ("''", [""]), ("[]", [[]]), ("~", []), ("{}", []),
     ("{a.b: 1.0}", [{"a": {"b": 1}}]), ("[y, 017]", [[True, 15]])],
)  # fmt: skip
def test_a_default_is_left_out_only_where_it_is_null_or_an_empty_map(
    written: str, kept: list[Json]
) -> None:
    variable = _variable(f"    default: {written}")

    assert ([at(variable, "default")] if _has(variable, "default") else []) == kept


def test_a_variable_always_has_type_and_flags() -> None:
    flags = {"multi": False, "required": False, "show_user": False}

    assert _variable("") == {"name": "v", "type": "", **flags}


def test_a_policy_template_may_be_used_more_than_once_unless_it_says_no() -> None:
    assert at(_template(), "multiple") is True
    assert at(_template("    multiple: false"), "multiple") is False


@pytest.mark.parametrize(("type_", "method"), [("input", "Webhook"), ("integration", "by hand")])
def test_the_table_of_methods_beats_an_input_packages_template(type_: str, method: str) -> None:
    lines = "    input: http_endpoint\n    ingestion_method: by hand"

    assert at(_template(lines, type=f"type: {type_}"), "ingestion_method") == method


def test_a_template_has_a_readme_of_its_own_name() -> None:
    manifest = "policy_templates: [{name: pt, title: T, description: D}]"

    found = _first(_entry(manifest, {"docs/pt.md": ""}), "policy_templates")

    assert at(found, "readme") == "/package/tide/1.2.0/docs/pt.md"
    assert not _has(_template(), "readme")


def test_deployment_modes_keep_what_the_registry_knows() -> None:
    lines = "    deployment_modes: {default: {}, agentless: {enabled: true, is_default: false, "
    lines += "release: beta, team: t}}"

    assert at(_template(lines), "deployment_modes") == {
        "default": {"enabled": False},
        "agentless": {"enabled": True, "is_default": False, "release": "beta"},
    }


def test_a_deployment_mode_that_is_not_written_is_left_out() -> None:
    found = _template("    deployment_modes: {agentless: {enabled: true}}")

    assert at(found, "deployment_modes") == {"agentless": {"enabled": True}}


def test_an_inputs_own_streams_get_no_defaults() -> None:
    found = _template("    inputs: [{type: tcp, streams: [{input: tcp}], deployment_modes: x}]")

    assert at(found, "inputs") == [
        {"type": "tcp", "streams": [{"input": "tcp"}], "deployment_modes": ["x"]}
    ]


def test_a_data_stream_has_defaults() -> None:
    assert _data_stream() == {
        "type": "logs",
        "dataset": "tide.level",
        "title": "Levels",
        "release": "ga",
        "package": "tide",
        "path": "level",
    }


def test_a_data_streams_streams_have_defaults() -> None:
    found = _data_stream("streams: [{input: tcp, ingestion_method: x}, {input: o, enabled: no}]")

    assert at(found, "streams") == [
        {
            "input": "tcp",
            "template_path": "stream.yml.hbs",
            "enabled": True,
            "ingestion_method": "Network Protocol",
        },
        {"input": "o", "template_path": "stream.yml.hbs", "enabled": False},
    ]


_DEFAULT = "elasticsearch/ingest_pipeline/default.yml"
_OTHER = "elasticsearch/ingest_pipeline/other.json"


@pytest.mark.parametrize(
    ("manifest", "file", "legacy", "elasticsearch"),
    [
        ("", _DEFAULT, "default", None),
        ("ingest_pipeline: other", _DEFAULT, "other", None),
        ("ingest_pipeline: other", _OTHER, "other", None),
        ("elasticsearch: {}", _DEFAULT, "default", {"ingest_pipeline.name": "default"}),
        (
            "ingest_pipeline: other\nelasticsearch: {index_mode: x}",
            _DEFAULT,
            "default",
            {"ingest_pipeline.name": "default"},
        ),
        (
            "elasticsearch.ingest_pipeline.name: own",
            _DEFAULT,
            "default",
            {"ingest_pipeline.name": "own"},
        ),
        ("elasticsearch: {index_mode: x}", "sample_event.json", None, {}),
    ],
)
def test_the_ingest_pipeline_is(manifest: str, file: str, legacy: Json, elasticsearch: Json) -> None:
    found = _data_stream(manifest, file)

    assert (at(found, "ingest_pipeline"), at(found, "elasticsearch")) == (legacy, elasticsearch)


def test_pipelines_that_nothing_names_are_refused() -> None:
    with pytest.raises(EntryProblemError, match=r"default\.yml"):
        _data_stream("elasticsearch: {}", _OTHER)


def test_an_index_template_keeps_its_maps_under_dotted_keys() -> None:
    found = _data_stream(
        "elasticsearch: {index_template: {settings: {index.codec: best, n: 1.5}, mappings: {}},"
        " privileges: {indices: read}}"
    )

    assert at(found, "elasticsearch") == {
        "index_template.settings": {"index": {"codec": "best"}, "n": 1.5},
        "privileges": {"indices": ["read"]},
    }


def test_data_streams_come_by_folder_and_only_with_a_manifest() -> None:
    files = {f"data_stream/{name}/manifest.yml": _STREAM for name in ("b", "a.b", "a")}

    found = at(_entry("", {**files, "data_stream/c/x": "", "data_stream/x.md": ""}))

    streams = at(found, "data_streams")
    assert isinstance(streams, list)
    assert [at(stream, "path") for stream in streams] == ["a", "a.b", "b"]


@pytest.mark.parametrize(
    ("written", "text"),
    [("yes", "true"), ("1.0", "1"), ("1.50", "1.5"), ("1e6", "1e+06"), ("123456.5", "123456.5"),
     ("1234567.5", "1.2345675e+06"),
     ("0.00001", "1e-05"), ("-0.0", "-0"), ("0x1F", "31"), ("2020-01-02", "2020-01-02"),
     ("'yes'", "yes")],
)  # fmt: skip
def test_a_number_or_boolean_becomes_text_where_text_is_wanted(written: str, text: str) -> None:
    assert at(_entry(title=f"title: {written}"), "title") == text


@pytest.mark.parametrize("key", sorted(_BASE))
def test_a_missing_key_is_refused(key: str) -> None:
    with pytest.raises(EntryProblemError, match=f"{key} is missing"):
        _entry(**{key: ""})


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        ({"version": "version: 1.0"}, 4),
        ({"version": "version: v1.0.0"}, 4),
        ({"format_version": "format_version: 3.0"}, 1),
        ({"format_version": "format_version: '3.0'"}, 1),
        ({"name": "name: Tide"}, 2),
        ({"name": "name: 0123"}, 2),
        ({"title": "title: [a]"}, 3),
        ({"title": "title: .inf"}, 3),
        ({"more": "release: stable"}, 6),
        ({"more": "conditions.kibana.version: newest"}, 6),
        ({"more": "conditions: {agent: {}}"}, 6),
        ({"more": "conditions: text"}, 6),
        ({"more": "owner: [a]"}, 6),
        ({"more": "categories: {a: b}"}, 6),
        ({"more": "icons: [{title: t}]"}, 6),
        ({"more": "vars: [text]"}, 6),
        ({"more": "vars: [{name: n, multi: 'yes'}]"}, 6),
        ({"more": "vars: [{name: n, multi: 1}]"}, 6),
        ({"more": "vars: [{name: n, default: .nan}]"}, 6),
        ({"more": "policy_templates: [{name: a, title: b}]"}, 6),
        ({"more": "discovery: {fields: [{}]}"}, 6),
        ({"more": "a: 1\na.b: 2"}, 7),
        ({"more": "a: {" + ".".join("b" * 64) + ": 1}"}, 6),
        ({"more": "a: ["}, 7),
    ],
    ids=lambda value: next(iter(value.values()))[:40] if isinstance(value, dict) else "",
)
def test_what_readers_would_refuse_is_refused_with_its_line(lines: dict[str, str], line: int) -> None:
    with pytest.raises(EntryProblemError) as caught:
        _entry(**lines)

    assert (caught.value.file, caught.value.line) == ("manifest.yml", line)
    assert str(caught.value).startswith(f"manifest.yml:{line}: {caught.value.message}")


@pytest.mark.parametrize("path", ["manifest.yml", "docs/README.md"])
def test_a_package_needs_its_manifest_and_its_readme(path: str) -> None:
    with pytest.raises(EntryProblemError) as caught:
        make(without(_tree(), [path]))

    assert (caught.value.file, caught.value.line) == (path, 0)


@pytest.mark.parametrize("key", ["type", "title"])
def test_a_data_stream_needs_type_and_title(key: str) -> None:
    manifest = "\n".join(line for line in _STREAM.splitlines() if not line.startswith(key))

    with pytest.raises(EntryProblemError, match=f"{key} is missing") as caught:
        _entry("", {"data_stream/level/manifest.yml": manifest})

    assert caught.value.file == "data_stream/level/manifest.yml"


@pytest.mark.parametrize(
    ("text", "value"),
    [("", None), ("~", None), ("Null", None), ("y", True), ("N", False), ("oN", "oN"),
     ("017", 15), ("0o17", 15), ("0x1F", 31), ("0b11", 3), ("-0x10", -16), ("+7", 7),
     ("08", 8), ("1_000", 1000), ("_1", "_1"), ("1e3", 1000), ("1.0", 1), (".5", 0.5),
     ("._5", "._5"), ("5.", 5), ("1:30", "1:30"), ("2020-01-02", "2020-01-02"), ("1.2.3", "1.2.3"),
     ("18446744073709551615", 2**64 - 1), ("9" * 5000, "9" * 5000), ("1e999", "1e999"),
     ("1e300", 1e300), ("-", "-"), ("0o8", "0o8"), ("²", "²")],
)  # fmt: skip
def test_a_plain_scalar_is_read_as_the_registry_reads_it(text: str, value: Value) -> None:
    found = as_json(resolve(Scalar(text, plain=True, line=1, column=1)))

    assert (type(found), found) == (type(value), value)


def test_over_64_bits_is_a_float() -> None:
    assert resolve(Scalar(str(2**64), plain=True, line=1, column=1)) == float(2**64)


@pytest.mark.parametrize("text", [".inf", "-.INF", "+.Inf", ".NaN"])
def test_what_json_can_t_hold_is_a_float(text: str) -> None:
    assert isinstance(resolve(Scalar(text, plain=True, line=1, column=1)), float)


def test_null_is_the_empty_text() -> None:
    assert as_text(None) == ""


@pytest.mark.parametrize(
    "text",
    ["^8.1.0", "*", "8", ">= 8.1 , <9", ">6.7.0  <7.6.0", "^8.1.0 || ^9.0.0", "~7.x.x", " 1 - 2 ",
     "1 - 2 , <3", "<7 || 8 - 9",     ">=8.0.0-SNAPSHOT+b.1", "v1.2", "=>1", "!=1.2.3"],
)  # fmt: skip
def test_a_version_range_is(text: str) -> None:
    assert is_range(text)


@pytest.mark.parametrize(
    "text",
    ["", " ", "latest", "^8.1.0 ||", "^8.1.0 | ^9", ">=1<2", "1.2.3.4", ">=", "1,", "1,,2",
     "<9 1 - 2", "<7.1.0||8.1.0 - 9", "1 - 2.0.0-01",
     "1.2.3-01", "1" * 20, " ".join(["1"] * 300), " || ".join(["1"] * 33)],
)  # fmt: skip
def test_no_version_range_is(text: str) -> None:
    assert not is_range(text)
