"""What a registry refuses in a zip: one claim a kind; `make registry-test` asks the real registry."""

import pytest

from pkgaction import entry
from pkgaction.entry import checks
from pkgaction.entry.checks import goyaml
from pkgaction.entry.package import Package
from pkgaction.model.finding import Finding
from pkgaction.model.yamltext import YamlProblemError
from tests.fakes.refused import (
    FIELDS,
    FIELDS_FILE,
    GOOD,
    IN,
    JSON_FILE,
    MANIFEST,
    PIPELINE_FILE,
    REFUSALS,
    STREAM,
    STREAM_FILE,
    tree,
)

_IN_A_GROUP = """\
- name: data_stream
  fields:
    - {name: type, type: constant_keyword}
    - {name: dataset, type: constant_keyword}
    - {name: namespace, type: constant_keyword}
- {name: "@timestamp", type: date}
"""


def _findings(**changes: str) -> tuple[Finding, ...]:
    """Of the good package with other files; a keyword stands for one of them."""
    names = {"manifest": "manifest.yml", "stream": STREAM_FILE, "fields": FIELDS_FILE}
    names |= {"pipeline": PIPELINE_FILE, "json": JSON_FILE}
    return entry.findings(tree({**GOOD, **{names[key]: text for key, text in changes.items()}}))


def test_a_good_package_is_taken() -> None:
    assert entry.findings(tree(GOOD)) == ()
    assert entry.accepted(tree(GOOD)) == entry.make(tree(GOOD))


@pytest.mark.parametrize("name", REFUSALS)
def test_what_a_registry_refuses_is_a_finding_with_its_file(name: str) -> None:
    refusal = REFUSALS[name]

    found = entry.findings(tree(refusal.files))

    assert (refusal.code, refusal.file) in {(finding.code, finding.file) for finding in found}, found
    with pytest.raises(entry.EntryRefusedError, match=r".+: .+"):
        entry.accepted(tree(refusal.files))


def test_each_check_is_in_the_table_of_refusals() -> None:
    """No check is without a case: each one alone finds something in some package of the table."""
    idle = set(checks.CHECKS)
    for refusal in REFUSALS.values():
        for check in list(idle):
            try:
                package = Package.of(tree(refusal.files))
                if list(check(package)):
                    idle.remove(check)
            except entry.EntryProblemError:
                continue

    assert idle == set()


def test_all_is_said_at_once_and_each_thing_once() -> None:
    found = _findings(stream=STREAM.replace("logs", "profiles") + "dataset: a-b\n", pipeline="[]")

    assert [(one.code, one.line) for one in found] == [
        ("registry-data-stream", 2),
        ("registry-data-stream", 5),
        ("registry-pipeline", 1),
    ]


def test_a_folder_with_a_dash_is_refused() -> None:
    (found,) = entry.findings(tree({**GOOD, "img/more-of-it/a.png": "", "img/more-of-it/b/c.png": ""}))

    assert (found.code, found.file) == ("registry-folder", "img/more-of-it/a.png")


@pytest.mark.parametrize(
    "fields",
    [
        _IN_A_GROUP,
        FIELDS + "- name: lamp\n  type: group\n  fields: [{name: oil, type: long}]\n",
        FIELDS + "- name: 1\n- name: yes\n",
        _IN_A_GROUP + "- {name: data_stream, fields: [{name: lamp, type: keyword}]}\n",
        FIELDS + "- {name: data_stream.type, type: keyword}\n- {name: '@timestamp', type: long}\n",
        _IN_A_GROUP + "- name: data_stream.type\n",
    ],
    ids=["in a group", "others beside", "other names", "a later group", "later ones", "no type"],
)
def test_base_fields_may_be_written_in_either_way(fields: str) -> None:
    assert _findings(fields=fields) == ()


@pytest.mark.parametrize("pipeline", ["", "---\n", "{}", "processors: []\n---\n]", "1: a"])
def test_a_pipeline_of_keys_and_values_or_nothing_is_taken(pipeline: str) -> None:
    assert _findings(pipeline=pipeline) == ()


@pytest.mark.parametrize("behind", [" lamp", "\nlamp: ]", "\n...\n}"])
def test_what_stands_behind_a_yaml_pipeline_is_refused(behind: str) -> None:
    (found,) = _findings(pipeline=f"# Dusk\n---\n{{processors: []}}{behind}")

    assert "something follows the pipeline" in found.message


@pytest.mark.parametrize("behind", ["---\n", "---\nlamp: [\n", "...\n"])
def test_of_a_data_streams_manifest_the_first_document_counts(behind: str) -> None:
    assert _findings(stream=STREAM + behind) == ()


@pytest.mark.parametrize("name", ["default", "./default", "/default", "../ingest_pipeline/default"])
def test_a_pipeline_may_be_named_by_its_path(name: str) -> None:
    assert _findings(stream=f"{STREAM}ingest_pipeline: {name}\n") == ()


@pytest.mark.parametrize("name", ["../../fields/base-fields", "../default", "more/default"])
def test_a_pipeline_of_another_folder_is_refused(name: str) -> None:
    (found,) = _findings(stream=f"{STREAM}ingest_pipeline: {name}\n")

    assert (found.code, found.file, found.line) == ("registry-pipeline", STREAM_FILE, 5)
    assert "leads out of ingest_pipeline" in found.message


def test_a_pipeline_beside_the_named_one_is_read_too() -> None:
    other = PIPELINE_FILE.replace("default", "other")

    (found,) = entry.findings(tree({**GOOD, other: "lamp"}))

    assert (found.code, found.file, found.line) == ("registry-pipeline", other, 1)


@pytest.mark.parametrize("name", ["beacon_1", "v_1", "1_2", "vv1", "x1"])
def test_a_name_that_no_version_begins_with_is_taken(name: str) -> None:
    assert _findings(manifest=MANIFEST.replace("name: beacon", f"name: {name!r}")) == ()


@pytest.mark.parametrize(
    "src", ["img/beacon.svg", "/img/beacon.svg", "./img/../img/beacon.svg", "/img", "/"]
)
def test_an_icon_may_be_named_from_the_packages_root(src: str) -> None:
    assert _findings(manifest=MANIFEST.replace("/img/beacon.svg", src)) == ()


@pytest.mark.parametrize(
    "text",
    [
        "a: [b, 'c?d', \"e?f\"]",
        "a: what?",
        "%YAML 1.1\n---\na: b",
        "a: !!str 1",
        "<<: {a: b}",
        "!!merge <<: {a: b}",
        "a: !own b",
        "a: b\n---\nc: [d?e]",
    ],
)
def test_yaml_that_the_registrys_reader_takes_is_taken(text: str) -> None:
    goyaml.check(text.encode())


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: b\nc: [d?e]", 2),
        ("a:\n  - {b: c?}", 2),
        ("a: !!int b", 1),
        ("a: [[b], c?d]", 1),
    ],
)
def test_yaml_that_the_registrys_reader_refuses_is_refused_on_its_line(text: str, line: int) -> None:
    with pytest.raises(YamlProblemError) as caught:
        goyaml.check(text.encode())

    assert caught.value.line == line


def test_files_without_end_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks.check, "MOST_YAML", 100)
    big = {f"{IN}/fields/a{n}.yml": "# " + "x" * 60 for n in range(3)}

    found = entry.findings(tree({**GOOD, **big}))

    assert any("make them smaller" in finding.message for finding in found)


def test_a_file_whose_name_is_not_printable_is_named_escaped() -> None:
    found = entry.findings(tree({**GOOD, "a\u202e-b/c": ""}))

    assert [finding.file for finding in found] == ["a\\u202e-b/c"]
