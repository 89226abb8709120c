"""Data streams, pipelines and agent templates: good ones pass, wrong ones are found where they stand."""

import hashlib

import pytest

from pkgaction.rules.package import Mode
from pkgaction.rules.semantic import templates
from tests.unit import kelp
from tests.unit.kelp import INPUT, MANIFEST, PIPELINE, STREAM, Place, places, swap
from tests.unit.trees import around, file

BED, MAN = "data_stream/bed/manifest.yml", "manifest.yml"
DEFAULT = "data_stream/bed/elasticsearch/ingest_pipeline/default.yml"
ILM = "data_stream/bed/elasticsearch/ilm/slow.json"
STREAM_HBS = "data_stream/bed/agent/stream/stream.yml.hbs"


@pytest.mark.parametrize(
    ("policy", "files", "expected"),
    [
        ("logs-kelp.bed-slow", {ILM: "{}"}, []),
        ("logs-kelp.bed-slow", {}, [(BED, 2, "")]),
        ("logs-kelp.reef-slow", {ILM: "{}"}, [(BED, 2, "")]),
        ("metrics-kelp.bed-slow", {ILM: "{}"}, [(BED, 2, "")]),
    ],
)
def test_a_lifecycle_policy_is_in_the_package(
    policy: str, files: kelp.Files, expected: list[Place]
) -> None:
    manifest = swap(STREAM, ("type: logs", f"ilm_policy: {policy}\ntype: logs"))

    assert places("lifecycle-policy", kelp.package({BED: manifest, **files})) == expected


@pytest.mark.parametrize(
    ("rules", "manifest", "expected"),
    [
        ("- target_dataset: x\n", STREAM, []),
        ("[]", swap(STREAM, ("dataset: kelp.bed\n", "")), []),
        ("- target_dataset: x\n", swap(STREAM, ("dataset: kelp.bed\n", "")), [(BED, 0, "")]),
    ],
)
def test_what_routes_has_a_dataset(rules: str, manifest: str, expected: list[Place]) -> None:
    files = {BED: manifest, "data_stream/bed/routing_rules.yml": rules}

    assert places("routing-dataset", kelp.package(files)) == expected


@pytest.mark.parametrize(
    ("template", "stream", "expected"),
    [
        ("[siem]", "[siem, iam]", []),
        ("[siem]", "[]", []),
        ("[siem, iam]", "[siem]", [(MAN, 19, "")]),
    ],
)
def test_a_data_stream_has_its_templates_categories(
    template: str, stream: str, expected: list[Place]
) -> None:
    files = {
        MAN: swap(MANIFEST, ("    title: Beds\n", f"    title: Beds\n    categories: {template}\n")),
        BED: swap(STREAM, ("[siem]", stream)),
    }

    assert places("template-categories", kelp.package(files)) == expected


@pytest.mark.parametrize(
    ("package", "stream", "expected"),
    [
        ("[security]", "[siem]", 0),
        ("[security]", "[]", 0),
        ("[aws]", "[aws]", 0),
        ("[aws]", "[siem]", 1),
        ("[siem]", "[siem]", 1),
        ("[aws]", "[siem, kubernetes]", 1),
        ("[security]", "[siem, seaweed]", 1),
    ],
)
def test_the_package_has_the_parents_of_its_categories(package: str, stream: str, expected: int) -> None:
    manifest = swap(MANIFEST, ("[observability, security]", package))
    files = {MAN: manifest, BED: swap(STREAM, ("[siem]", stream))}

    assert places("data-stream-categories", kelp.package(files)) == [(MAN, 6, "")] * expected


@pytest.mark.parametrize(
    ("processor", "expected"),
    [
        pytest.param("- drop: {tag: a}", [], id="tagged"),
        pytest.param("- ~", [], id="null"),
        pytest.param("- drop: {}", [(DEFAULT, 3, "SVR00006")], id="no tag"),
        pytest.param("- drop:", [(DEFAULT, 3, "SVR00006")], id="nothing"),
        pytest.param("- drop: {tag: ''}", [(DEFAULT, 3, "SVR00006")], id="empty"),
        pytest.param("- drop: {tag: 1}", [(DEFAULT, 3, "SVR00006")], id="a number"),
        pytest.param("- drop: {tag: set_height}", [(DEFAULT, 5, "")], id="another's"),
        pytest.param(
            "- drop:\n      tag: a\n      on_failure:\n      - set: {}",
            [(DEFAULT, 6, "SVR00006")],
            id="in its handler",
        ),
        pytest.param(
            "- drop:\n      tag: a\n      on_failure:\n      - set: {tag: a}",
            [(DEFAULT, 4, "")],
            id="its handler's",
        ),
        pytest.param(
            "- foreach:\n      tag: a\n      processor:\n        set: {}", [], id="an inner one"
        ),
    ],
)
def test_every_processor_has_a_tag_of_its_own(processor: str, expected: list[Place]) -> None:
    pipeline = swap(PIPELINE, ("processors:\n", f"processors:\n  {processor}\n"))

    assert places("pipeline-tags", kelp.package({DEFAULT: pipeline})) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param("append:", "set:", [], id="set instead"),
        pytest.param("value: pipeline_error", "value: error", ["SVR00008"], id="another kind"),
        pytest.param("event.kind", "event.type", ["SVR00008"], id="no kind"),
        pytest.param("error.message", "error.text", ["SVR00009"], id="no message"),
        pytest.param("{{{ _ingest.pipeline }}}", "", ["SVR00009"], id="a part is missing"),
        pytest.param("value: >-", "value:\n        - >-", ["SVR00009"] * 4, id="a list"),
        pytest.param("on_failure:", "on_success:", ["SVR00008", "SVR00009"], id="no handler"),
    ],
)
def test_a_failure_is_kept(old: str, new: str, expected: list[str]) -> None:
    pipeline = swap(PIPELINE, (old, new))
    if "- >-" in new:
        pipeline = pipeline.replace("        {{{", "          {{{")

    found = places("pipeline-on-failure", kelp.package({DEFAULT: pipeline}))
    assert [official for _, _, official in found] == expected


def test_pipelines_of_the_package_and_in_json_count_as_well() -> None:
    files = {"elasticsearch/ingest_pipeline/a.json": '{"processors": [{"drop": {}}]}'}

    found = places("pipeline-tags", kelp.package(files))
    assert found == [("elasticsearch/ingest_pipeline/a.json", 1, "SVR00006")]


def test_a_pipeline_that_cannot_be_read_is_told_of_once_and_the_others_are_judged() -> None:
    other = "elasticsearch/ingest_pipeline/a.yml"
    found = kelp.package({DEFAULT: "processors: [", other: "processors: [drop: {}]"})

    for rule in ("pipeline-tags", "pipeline-on-failure"):
        assert {finding.file for finding in kelp.findings(rule, found)} == {other}
    assert [finding.file for finding in found.unreadable()] == [DEFAULT]


@pytest.mark.parametrize(
    ("named", "good"),
    [
        ("template_path: input.yml.hbs", True),
        ("template_path: put.yml.hbs", True),
        ("template_paths: [input.yml.hbs]\n    template_path: other.yml.hbs", True),
        ("template_paths: []\n    template_path: input.yml.hbs", True),
        ("template_path: other.yml.hbs", False),
        ("template_path: agent/input.yml.hbs", False),
        ("template_paths: [input.yml.hbs, other.yml.hbs]", False),
        ("template_paths: []", False),
        ("title: none", False),
    ],
)
def test_an_input_packages_templates_are_there(named: str, good: bool) -> None:  # noqa: FBT001
    manifest = swap(str(INPUT[MAN]), ("template_path: input.yml.hbs", named))

    found = places("input-templates", kelp.package({MAN: manifest}, INPUT))
    assert (found == []) is good
    assert {file for file, _, _ in found} <= {MAN}


@pytest.mark.parametrize(
    ("stream", "files", "expected"),
    [
        pytest.param("", {}, [], id="the default"),
        pytest.param("", {STREAM_HBS: None}, [(BED, 6, "")], id="no default"),
        pytest.param("", {STREAM_HBS: None, f"{STREAM_HBS}.link": "x"}, [], id="a link"),
        pytest.param(
            "",
            {STREAM_HBS: None, STREAM_HBS.replace("stream.yml", "filestream.yml"): ""},
            [],
            id="ends so",
        ),
        pytest.param("template_path: a.yml.hbs", {}, [(BED, 7, "")], id="named, not there"),
        pytest.param("template_paths: [stream.yml.hbs, b.hbs]", {}, [(BED, 7, "")], id="one of two"),
        pytest.param("package: reef", {STREAM_HBS: None}, [], id="another package's"),
        pytest.param(
            "package: reef\n    template_path: a.hbs", {}, [(BED, 8, "")], id="another package's, named"
        ),
    ],
)
def test_a_streams_templates_are_there(stream: str, files: kelp.Files, expected: list[Place]) -> None:
    manifest = swap(STREAM, ("  - input: logfile\n", f"  - input: logfile\n    {stream}\n"))

    assert places("integration-templates", kelp.package({BED: manifest, **files})) == expected


def test_an_inputs_template_is_there_where_it_names_one() -> None:
    manifest = swap(MANIFEST, ("type: logfile\n", "type: logfile\n        template_path: a.hbs\n"))

    assert places("integration-templates", kelp.package({MAN: manifest})) == [(MAN, 21, "")]
    assert places("integration-templates", kelp.package({MAN: manifest, "agent/input/a.hbs": ""})) == []


def test_templates_are_handlebars() -> None:
    broken = "a: b\nc: {{#if d}}\n"
    other = {"agent/input/x.txt": broken, "agent/input/empty.hbs": ""}

    assert places("handlebars", kelp.package(other)) == []
    assert places("handlebars", kelp.package({STREAM_HBS: broken})) == [(STREAM_HBS, 2, "")]
    assert places("handlebars", kelp.package({"agent/input/a.hbs": "{{}}"})) == [
        ("agent/input/a.hbs", 1, "")
    ]


def test_templates_that_are_larger_than_any_good_one_are_refused_unread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(templates, "LARGEST_TEMPLATE", 10)
    monkeypatch.setattr(templates, "MOST_TEMPLATES", 20)
    files = {f"agent/input/{name}.hbs": "{{a}} {{b" for name in "abc"}  # 9 bytes each
    files["agent/input/0.hbs"] = "{{" * 6

    package = kelp.package(files)
    found = [*kelp.findings("handlebars", package), *package.unreadable()]
    messages = {one.file[-5:]: one.message for one in found}

    assert "12 bytes" in messages["0.hbs"]
    assert "Handlebars" in messages["a.hbs"]
    assert "Handlebars" in messages["b.hbs"]
    assert "more than 20 bytes" in messages["c.hbs"]


def test_a_link_to_a_template_is_followed_in_a_source_and_refused_in_a_built_package() -> None:
    good, broken = b"{{a}}", b"{{a"
    link = f"{STREAM_HBS}.link"
    for data, expected in ((good, []), (broken, [(link, 1, "")])):
        there = around(file("packages/shared/s.hbs", data))
        sha = hashlib.sha256(data).hexdigest()
        files: kelp.Files = {STREAM_HBS: None, link: f"../../../../../shared/s.hbs {sha}"}

        assert places("handlebars", kelp.package(files, repository=there)) == expected
        built = places("handlebars", kelp.package(files, mode=Mode.BUILD, repository=there))
        assert [f for f, _, _ in built] == [link]
