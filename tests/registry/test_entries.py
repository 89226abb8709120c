"""Our entry of a package is the one that the real Package Registry makes of the same files.

Of invented packages, each with some corner of the rules, as folders and as zips; and of the registry's
own test packages, where they are at hand.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from pkgaction.adapters import folder as folders
from pkgaction.entry import make
from pkgaction.model.json import Json, JsonObject, text_at
from pkgaction.model.tree import Tree
from pkgaction.transforms import archive, unarchive
from tests.registry.conftest import Registry, needs_registry, on_folders

_GOLDEN = Path(__file__).parents[3] / "shared" / "data" / "index" / "packages"
_LATER = {"group"}  # keys that the release in go.mod does not know yet

_MANIFEST = """\
format_version: 3.1.0
name: {name}
title: Tide gauges
version: {version}
description: Water levels.
categories: [security]
owner: {{github: deepwater/gauges, type: community}}
conditions: {{kibana.version: ^8.13.0}}
"""
_BASE_FIELDS = """\
- name: data_stream.type
  type: constant_keyword
- name: data_stream.dataset
  type: constant_keyword
- name: data_stream.namespace
  type: constant_keyword
- name: "@timestamp"
  type: date
"""
_PIPELINE = "description: A pipeline\nprocessors: []\n"
_STREAM = "title: Levels\ntype: logs\n"


_VARIABLES = """\
vars:
  - {name: a, type: bool, default: false}
  - {name: b, type: integer, default: 0, multi: true, required: true, show_user: true}
  - {name: c, type: text, default: '', title: T, description: D}
  - {name: d, type: text, multi: true, default: []}
  - {name: e, type: yaml, default: ~}
  - {name: f, type: text, default: {}}
  - {name: g, type: text, default: [y, 'y', 1.50, 1e3, 0o17, 1_000, 2020-01-02]}
  - {name: h, type: text, default: {x.y: 1.0}}
  - {name: i, type: text, default: 18446744073709551615}
  - {name: j, type: text, default: 0.1, secret: true, url_allowed_schemes: [http]}
  - {name: k, type: text, default: -0.0000001}
  - {name: l, type: text, default: 123456789.125}
"""
_TITLES = (
    *("1234567.5", "123456.5", "1000000.0", "999999.0", "1e6", "1e5", "0.0001", "0.00001", "-1e7"),
    *("1e100", "123456789012345680000.0", "2097152.0", "0.1e-3", "12345678901234567890"),
)
_FLOATS = (
    "1e21, 1e20, 123456789012345678, 0.000001, 0.0000001, 5e-324, 1.7976931348623157e308, -0, -0.0, "
    "100000000000000000000.0, 1e100, 9007199254740993, 9007199254740993.0, -9223372036854775808, "
    "21676178940827220654"
)
_IMAGES = """\
icons: [{src: /img/a.svg, title: A, size: 32x32, type: image/svg+xml}]
screenshots: [{src: img/b.png, size: 6x6}]
"""


def _stream(text: str = "", *pipelines: str, folder: str = "level") -> dict[str, str]:
    base = f"data_stream/{folder}"
    files = {f"{base}/manifest.yml": _STREAM + text, f"{base}/fields/base-fields.yml": _BASE_FIELDS}
    return files | {f"{base}/elasticsearch/ingest_pipeline/{name}": _PIPELINE for name in pipelines}


def _template(text: str) -> str:
    head = "policy_templates:\n  - name: pt\n    title: T\n    description: D\n"
    return head + "".join(f"    {line}\n" for line in text.splitlines())


# what is added to the manifest, or stands in the place of one of its lines, and more files
_CORNERS: Mapping[str, tuple[str, dict[str, str]]] = {
    "plain": ("", {}),
    "zero": ("version: 0.9.0", {}),
    "prerelease": ("version: 1.0.0-rc.1+build.7", {}),
    "experimental": ("release: experimental", {}),
    "empty_objects": ("owner: {github: a/b}\nagent: {}\nelasticsearch: {}\nsource: {}", {}),
    "no_root": ("agent.privileges.root: false", {}),
    "root": ("agent: {privileges: {root: true}}", {}),
    "cluster": ("elasticsearch: {privileges: {cluster: monitor}}", {}),
    "subscription": ("conditions: {elastic.subscription: gold, kibana: {version: '^8.0 || ^9'}}", {}),
    "capabilities": ("conditions.elastic: {subscription: basic, capabilities: [security, uptime]}", {}),
    "agent_version": ("conditions.agent.version: '>=8.1.0 <10'", {}),
    "licensed": ("license: trial\nsource: {license: Elastic-2.0, other: x}", {}),
    "categories": ("categories: [web, siem, aws, custom_logs]", {}),
    "discovery": ("discovery: {fields: [{name: a.b}], datasets: [{name: c}]}", {}),
    "discovery_empty": ("discovery: {fields: []}", {}),
    "deprecated": ("deprecated: {since: 1.0.0, description: D, replaced_by: {package: wave}}", {}),
    "images": (
        _IMAGES,
        {"img/a.svg": "<svg/>", "img/b.png": "x"},
    ),
    "assets": ("", {"a/b/x": "", "a_b/x": "", "a/x": "", ".hidden": "", "a/.DS_Store": "", "a.b": ""}),
    "title_boolean": ("title: yes", {}),
    "title_number": ("title: 1.0", {}),
    "title_octal": ("title: 017", {}),
    "title_date": ("title: 2020-01-02", {}),
    "title_time": ("title: 1:30", {}),
    "title_long_number": ("title: 123456789012345678901234567890", {}),
    "title_exponent": ("title: 1e21", {}),
    "title_large": ("title: 1e20", {}),
    "title_small": ("title: 0.0000015", {}),
    **{f"title_{n}": (f"title: {text}", {}) for n, text in enumerate(_TITLES)},
    "title_fraction": ("title: .5", {}),
    "title_minus": ("title: -0", {}),
    "title_signed": ("title: +5.0", {}),
    "title_hex": ("title: 0xFFFFFFFFFFFFFFFF", {}),
    "title_off": ("title: OFF", {}),
    "floats": (f"vars: [{{name: a, type: text, default: [{_FLOATS}]}}]", {}),
    "merged": ("x: &x {type: text, title: T}\nvars: [{name: a, <<: *x}, {name: b, <<: [*x]}]", {}),
    "odd_text": ("description: \"<b> & 'ü' \\u2028 \\t 🦀 \\\\ \\x7f\"", {}),
    "folded": ("description: >-\n  one\n  two\n\n  three", {}),
    "variables": (
        _VARIABLES,
        {},
    ),
    "template": (_template("multiple: false\ncategories: [tides, web]"), {}),
    "template_readme": (_template("data_streams: level"), {**_stream(), "docs/pt.md": "# PT"}),
    "modes": (
        _template(
            "deployment_modes:\n  default: {enabled: false}\n"
            "  agentless: {enabled: true, is_default: false, release: beta, organization: o, team: t}"
        ),
        {},
    ),
    "inputs": (
        _template(
            "inputs:\n"
            "  - {type: tcp, title: T, description: D, template_path: a.hbs, input_group: logs}\n"
            "  - {type: udp, deployment_modes: [agentless], vars: [{name: port, type: integer}]}\n"
            "  - {type: x, streams: [{input: tcp, enabled: false}, {input: httpjson}]}"
        ),
        {"agent/input/a.hbs": "a: 1"},
    ),
    "input_type": (
        "type: input\n"
        + _template("type: logs\ninput: http_endpoint\ntemplate_path: a.hbs\ningestion_method: own"),
        {"agent/input/a.hbs": "a: 1", "fields/base-fields.yml": _BASE_FIELDS},
    ),
    "input_unknown": (
        "type: input\n" + _template("type: logs\ninput: carrier_pigeon\ntemplate_path: input.yml.hbs"),
        {"agent/input/input.yml.hbs": "a: 1", "fields/base-fields.yml": _BASE_FIELDS},
    ),
    "method_by_hand": (_template("ingestion_method: Webhook\ninput: tcp"), {}),
    "stream": ("", _stream()),
    "stream_all": (
        "",
        _stream(
            "dataset: tide.own\nhidden: true\nilm_policy: p\ndataset_is_prefix: true\nrelease: beta\n"
            "agent: {privileges: {root: true}}\n"
            "deprecated: {since: 1.0.0, description: D, replaced_by: {data_stream: other}}\n"
        ),
    ),
    "streams": (
        "",
        _stream(
            "streams:\n"
            "  - {input: tcp, title: T, description: D}\n"
            "  - {input: iis/metrics, title: T, description: D, ingestion_method: own, enabled: false}\n"
            "  - {input: dove, title: T, description: D, ingestion_method: own, template_path: o.hbs}\n"
        )
        | {f"data_stream/level/agent/stream/{n}": "a: 1" for n in ("stream.yml.hbs", "o.hbs")},
    ),
    "pipeline": ("", _stream("", "default.yml")),
    "pipeline_named": ("", _stream("ingest_pipeline: other\n", "other.yml")),
    "pipeline_both": ("", _stream("ingest_pipeline: other\n", "other.yml", "default.yml")),
    "pipeline_object": ("", _stream("elasticsearch: {}\n", "default.yml")),
    "pipeline_mode": (
        "",
        _stream(
            "ingest_pipeline: other\nelasticsearch: {index_mode: time_series}\n",
            *("default.yml", "other.yml"),
        ),
    ),
    "pipeline_own": (
        "", _stream("elasticsearch.ingest_pipeline.name: own\n", "default.yml", "own.yml")
    ),
    "pipeline_none": ("", _stream("elasticsearch: {index_mode: time_series}\n")),
    "index_template": (
        "",
        _stream(
            "elasticsearch:\n  index_template:\n"
            "    settings: {index.codec: best_compression, a: 1.5, b: yes, c: [1, 2.0]}\n"
            "    mappings: {dynamic: false, properties: {a.b: {type: keyword}}}\n"
            "  privileges: {indices: [read, auto_configure]}\n"
        ),
    ),
    "index_settings_empty": ("", _stream("elasticsearch: {index_template: {mappings: {}}}\n")),
    "many_streams": ("", {**_stream(folder="b"), **_stream(folder="a_b"), **_stream(folder="a")}),
    "no_stream": ("", {"data_stream/x.md": "", **_stream()}),
    "unknown": ("internal: true\nvar_groups: []\nunknown: {a: 1}", {}),
    "ranges": ("conditions: {kibana: {version: '~8.1.x || >=9.0.0-SNAPSHOT, <10'}}", {}),
}  # fmt: skip


def _files(name: str, changes: str, more: Mapping[str, str]) -> dict[str, str]:
    """The package: lines of the manifest that are said anew go."""
    said = {line.split(":")[0].split(".")[0] for line in changes.splitlines() if line[:1].isalpha()}
    lines = _MANIFEST.format(name=name, version="1.2.0").splitlines()
    kept = [line for line in lines if line.split(":")[0] not in said]
    manifest = "\n".join([*kept, changes])
    return {"manifest.yml": manifest, "docs/README.md": "# Tide", "changelog.yml": "[]", **more}


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """The invented packages in folders, by name."""
    top = tmp_path_factory.mktemp("packages")
    found = {}
    for name, (changes, more) in _CORNERS.items():
        found[name] = top / name / "it"
        for path, text in _files(name, changes, more).items():
            target = found[name] / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        version = text_at(make(folders.package(found[name]).tree), "version")
        found[name] = found[name].rename(found[name].with_name(version))
    return found


@pytest.fixture(scope="module")
def zips(packages: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """The same as zips, as our build writes them."""
    top, found = tmp_path_factory.mktemp("zips"), {}
    for name, folder in packages.items():
        found[name] = top / f"{name}-{folder.name}.zip"
        archive.write(found[name], f"{name}-{folder.name}", _tree(folder), jobs=1)
    return found


@pytest.fixture(scope="module", params=["folders", "zips"])
def registry(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Registry]:
    """A registry that has read the invented packages itself."""
    needs_registry()
    if request.param == "zips":
        path = next(iter(request.getfixturevalue("zips").values())).parent
    else:
        path = next(iter(request.getfixturevalue("packages").values())).parents[1]
    with on_folders(tmp_path_factory.mktemp("epr") / "run", [path]) as running:
        yield running


def _tree(folder: Path) -> Tree:
    return folders.package(folder).tree


def _ours(tree: Tree) -> JsonObject:
    """Our entry, but for the signature: the registry reads unsigned packages."""
    entry: dict[str, Json] = json.loads(json.dumps(make(tree)))
    entry.pop("signature_path")
    return entry


@pytest.mark.parametrize("name", _CORNERS)
def test_an_entry_is_the_registrys_own(
    name: str, registry: Registry, packages: Mapping[str, Path]
) -> None:
    theirs = registry.json(f"/package/{name}/{packages[name].name}/")

    ours = _ours(_tree(packages[name]))

    assert ours == theirs
    assert list(ours) == list(theirs if isinstance(theirs, dict) else ())


@pytest.mark.parametrize("name", _CORNERS)
def test_the_entry_of_a_zip_is_the_one_of_its_folder(
    name: str, packages: Mapping[str, Path], zips: Mapping[str, Path]
) -> None:
    with unarchive.opened(zips[name]) as (_, tree):
        assert make(tree) == make(_tree(packages[name]))


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry that has read its own test packages."""
    needs_registry()
    if not _GOLDEN.is_dir():
        pytest.skip("the registry's own packages are not in this repository (their license)")
    with on_folders(tmp_path_factory.mktemp("golden") / "run", [_GOLDEN]) as running:
        yield running


@pytest.mark.parametrize(
    "folder", sorted(_GOLDEN.glob("*/*")), ids=lambda path: f"{path.parent.name}-{path.name}"
)
def test_the_entry_of_a_test_package_is_the_registrys_own(folder: Path, golden: Registry) -> None:
    theirs = golden.json(f"/package/{folder.parent.name}/{folder.name}/")
    assert isinstance(theirs, dict)

    ours = _ours(_tree(folder))

    # it shows what the newest version of a package says of its end at all versions
    carried = {"deprecated"} - ours.keys()
    kept = {key: value for key, value in theirs.items() if key not in carried}
    assert {key: value for key, value in ours.items() if key not in _LATER} == kept
