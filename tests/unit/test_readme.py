"""Documents are what their templates render, out of the source package alone."""

from collections.abc import Mapping

import pytest

from pkgaction.errors import BuildRefusedError, SourceMissingError
from pkgaction.model.finding import Severity
from pkgaction.model.tree import Kind, PackageSource, Tree, TreeFile
from pkgaction.transforms.readme import (
    Phrases,
    PhrasesProblemError,
    rendered,
    stale,
    with_documents,
)
from tests.fakes.sources import MemorySources, missing
from tests.unit.trees import GOOD, MANIFEST, Around, around, file, source, tree

_TEMPLATE = "_dev/build/docs/README.md"
_WORDS = Phrases({name: f"<{name}>" for name in Phrases.ours().texts})
_OLD = MANIFEST.replace("3.1.0", "2.11.0")
_NEW = MANIFEST.replace("3.1.0", "3.6.0")
_LINKS = file("links_table.yml", "links:\n  kelp: https://kelp.example/\n")
Files = Mapping[str, str | bytes]


def render(
    template: str,
    files: Files | None = None,
    repository: Around | None = None,
    *,
    sources: MemorySources | None = None,
    words: Phrases = _WORDS,
) -> str:
    """The one document of a package."""
    found = source({**GOOD, _TEMPLATE: template, **(files or {})}, repository)
    (document,) = rendered(found, sources or MemorySources(), words)
    assert document.path == "docs/README.md"
    with document.content.open() as stream:
        return stream.read().decode()


def refusal(template: str, files: Files | None = None, repository: Around | None = None) -> str:
    with pytest.raises(BuildRefusedError) as caught:
        render(template, files, repository)
    return str(caught.value)


# --- documents ---------------------------------------------------------------------------------------


def test_every_template_becomes_a_document_and_nothing_else_does() -> None:
    files = {
        **GOOD,
        "_dev/build/docs/README.md": "one",
        "_dev/build/docs/other.md": "{{`two`}}",
        "_dev/build/docs/note.txt": "{{tide}}",
        "_dev/build/docs/deep/README.md": "{{tide}}",
        "docs/by-hand.md": "{{tide}}",
    }
    found = source(files)

    built = with_documents(found.tree, found, MemorySources(), _WORDS)

    assert built.read("docs/README.md", limit=10) == b"one"
    assert built.read("docs/other.md", limit=10) == b"two"
    assert built.read("docs/by-hand.md", limit=10) == b"{{tide}}"
    assert {f.path for f in built.files} - {f.path for f in found.tree.files} == {"docs/other.md"}


def test_a_template_that_cant_be_rendered_is_named_with_its_line() -> None:
    assert "packages/kelp/_dev/build/docs/README.md:2: tide is no function" in refusal("a\n{{tide}}")


def test_a_template_must_be_a_text() -> None:
    files = {**GOOD, _TEMPLATE: b"\xff"}

    with pytest.raises(BuildRefusedError, match="UTF-8"):
        list(rendered(source(files), MemorySources(), _WORDS))


@pytest.mark.parametrize("path", [_TEMPLATE, "sample_event.json"])
def test_what_a_document_is_made_of_must_be_a_plain_file(path: str) -> None:
    found = tree({**GOOD, _TEMPLATE: "{{event}}"}).replacing([file(path, "/etc/passwd", Kind.SYMLINK)])

    with pytest.raises(BuildRefusedError, match="symbolic link"):
        list(rendered(source(found), MemorySources(), _WORDS))


def test_a_document_that_only_its_template_makes_is_not_warned_of() -> None:
    found = source({**GOOD, "_dev/build/docs/more.md": "more"})
    built = with_documents(found.tree, found, MemorySources(), _WORDS)

    assert built.read("docs/more.md", limit=9) == b"more"
    assert list(stale(found, built)) == []


def test_a_document_that_is_not_what_its_template_renders_is_warned_of() -> None:
    files = {**GOOD, _TEMPLATE: "new", "_dev/build/docs/same.md": "a"}
    found = source({**files, "docs/same.md": "a"})
    built = with_documents(found.tree, found, MemorySources(), _WORDS)

    findings = list(stale(found, built))

    assert [(f.file, f.code, f.severity) for f in findings] == [
        ("docs/README.md", "docs.stale", Severity.WARNING),
    ]
    assert "not what its template renders" in findings[0].message


# --- wording -----------------------------------------------------------------------------------------


def test_the_header_is_a_comment_that_says_what_not_to_change() -> None:
    text = render("{{- generatedHeader }}\n# Kelp", words=Phrases.ours())

    assert text.startswith("<!-- ")
    assert text.endswith(" -->\n# Kelp")


def test_another_wording_replaces_ours() -> None:
    words = Phrases.parse(b'no_fields: "Nothing to see.\\n"\n')

    assert render("{{fields}}", words=words) == "**Fields**\n\nNothing to see.\n"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("- a", "map"),
        ("no_field: x", "none of the texts"),
        ("no_fields: [x]", "none of the texts"),
        ("a: 'b", "not closed"),
    ],
)
def test_what_is_no_wording_is_refused(text: str, what: str) -> None:
    with pytest.raises(PhrasesProblemError, match=what):
        Phrases.parse(text.encode())


# --- url ---------------------------------------------------------------------------------------------


def test_a_link_comes_out_of_the_repositorys_table() -> None:
    template = '{{url "kelp"}} {{url "kelp" "Kelp"}} {{url "kelp" ""}}'

    assert render(template, repository=around(_LINKS)) == (
        "https://kelp.example/ [Kelp](https://kelp.example/) https://kelp.example/"
    )


@pytest.mark.parametrize(
    "repository",
    [
        pytest.param(around(), id="no table"),
        pytest.param(around(_LINKS), id="no such key"),
        pytest.param(around(file("links_table.yml", "links: [")), id="no YAML"),
        pytest.param(around(file("links_table.yml", "", Kind.SYMLINK)), id="symbolic link"),
    ],
)
def test_a_link_that_is_not_there_is_refused(repository: Around) -> None:
    assert "links_table.yml" in refusal('{{url "tide"}}', repository=repository)


# --- event -------------------------------------------------------------------------------------------


def test_an_event_is_indented_and_else_as_it_is_written() -> None:
    event = ' {"z":1.0,"a":"<&>\\u00e4 \\/ \\"{,","e":{ },"l":[\n],"n":[1,{"x":1e5}],"z":-2}\n'

    text = render('{{event "bed"}}', {"data_stream/bed/sample_event.json": event})

    assert text == (
        '<sample_event_of>```json\n{\n    "z": 1.0,\n    "a": "<&>\\u00e4 \\/ \\"{,",\n    "e": {},\n'
        '    "l": [],\n    "n": [\n        1,\n        {\n            "x": 1e5\n        }\n    ],\n'
        '    "z": -2\n}\n```'
    )


def test_old_packages_escape_what_html_would_read() -> None:
    event = '{"a":"<&>\u2028"}'

    text = render("{{event}}", {"manifest.yml": _OLD, "sample_event.json": event})

    assert '"a": "\\u003c\\u0026\\u003e\\u2028"' in text


def test_a_data_stream_is_called_without_its_kind() -> None:
    words = Phrases.parse(b"sample_event_of: 'of {data_stream}: '")
    files = {"data_stream/bed_logs_metrics/sample_event.json": "{}"}

    assert render('{{event "bed_logs_metrics"}}', files, words=words).startswith("of bed: ```json")


def test_the_first_of_several_events_is_taken_where_none_is_the_event() -> None:
    files = {"sample_event_b.json": "[2]", "sample_event_a.json": "[1]", "deep/sample_event.json": "[3]"}

    assert "1" in render("{{event}}", files)


@pytest.mark.parametrize(
    ("event", "what"),
    [
        pytest.param(None, "missing", id="none"),
        pytest.param("{", "the file ends where a", id="no JSON"),
        pytest.param('{"a": NaN}', "not JSON", id="not a number"),
        pytest.param("[" * 100_000, "not JSON", id="deep"),
    ],
)
def test_an_event_must_be_there_and_be_json(event: str | None, what: str) -> None:
    files = {} if event is None else {"data_stream/bed/sample_event.json": event}

    assert what in refusal('{{event "bed"}}', files)


# --- fields ------------------------------------------------------------------------------------------

_FIELDS = """\
- name: z
  type: long
  description: |
    Two
    lines, *bold* {a} <b> | pipe
- name: group
  type: group
  fields:
    - name: b
      type: date
      runtime: true
      multi_fields:
        - name: text
          type: text
    - name: empty
      type: group
- name: no.type
- name: A
  type: keyword
"""


def test_fields_are_a_table_sorted_by_name() -> None:
    words = Phrases.parse(b"{exported_fields: '', multi_field: 'As {name}'}")

    text = render('{{fields "bed"}}', {"data_stream/bed/fields/f.yml": _FIELDS}, words=words)

    assert text == (
        "| Field | Description | Type |\n|---|---|---|\n"
        "| A |  | keyword |\n"
        "| group.b |  | date (runtime) |\n"
        "| group.b.text | As group.b | text |\n"
        "| no.type |  |  |\n"
        "| z | Two lines, \\*bold\\* \\{a\\} \\<b\\> | pipe | long |\n"
    )


def test_units_and_metric_types_have_columns_where_there_are_any() -> None:
    files = {"fields/f.yml": "- name: a\n  unit: byte\n  metric_type: gauge\n- name: b\n"}

    assert render("{{fields}}", files).endswith(
        "| Field | Description | Type | Unit | Metric Type |\n|---|---|---|---|---|\n"
        "| a |  |  | byte | gauge |\n| b |  |  |  |  |\n"
    )


@pytest.mark.parametrize(
    ("runtime", "is_runtime"),
    [
        ("true", True),
        ("'emit(1)'", True),
        ("''", True),
        ("false", False),
        ("f", False),
        ("0", False),
        ("", False),
    ],
)
def test_a_runtime_field_is_marked(runtime: str, *, is_runtime: bool) -> None:
    text = render("{{fields}}", {"fields/f.yml": f"- name: a\n  type: long\n  runtime: {runtime}\n"})

    assert ("long (runtime)" in text) is is_runtime


def test_of_two_fields_of_one_name_the_last_is_shown() -> None:
    text = render("{{fields}}", {"fields/a.yml": "- name: a\n  type: x\n- name: a\n  type: y\n"})

    assert "| a |  | y |" in text
    assert "x" not in text.split("---|\n")[1]


def test_linked_field_files_are_shown() -> None:
    repository = around(file("shared/f.yml", "- name: tide\n"))

    text = render("{{fields}}", {"fields/f.yml.link": "../../../shared/f.yml"}, repository)

    assert "| tide |" in text


@pytest.mark.parametrize(
    "link", ["../../../../../etc/passwd", "../../../folder", "f.yml.link", "../../../symlink"]
)
def test_a_link_that_leads_astray_is_refused(link: str) -> None:
    repository = Around({"symlink": file("symlink", "", Kind.SYMLINK)})

    assert "f.yml.link" in refusal("{{fields}}", {"fields/f.yml.link": link}, repository)


@pytest.mark.parametrize("template", ["{{fields}}", '{{fields "bed"}}', '{{fields ""}}'])
def test_no_fields_are_said_to_be_none(template: str) -> None:
    assert render(template) == "<exported_fields><no_fields>"


@pytest.mark.parametrize("name", ["../other", "a/b", "..", "."])
@pytest.mark.parametrize("function", ["fields", "event", "ilm"])
def test_a_name_leads_to_data_streams_only(function: str, name: str) -> None:
    assert "is no name of a data stream" in refusal(f'{{{{{function} "{name}"}}}}')


@pytest.mark.parametrize("text", ["a: b", "- a", "- [", "- {a: 1, a: 2}"])
def test_a_field_file_must_be_a_list_of_fields(text: str) -> None:
    assert "fields/f.yml" in refusal("{{fields}}", {"fields/f.yml": text})


# --- ilm ---------------------------------------------------------------------------------------------


def test_policies_are_tables_of_their_leaves() -> None:
    files = {
        "data_stream/b/elasticsearch/ilm/p.json": '{"p": {"n": 50, "m": 1000000, "l": [1, [2, "x"]],'
        ' "e": {}, "o": null, "t": "a|*"}}',
        "data_stream/a/lifecycle.yml": "x: 2020-01-02\ny: 2020-01-02T03:04:05.5+01:00\n"
        "z: 1000000\nw: 1.0",
        "data_stream/c/manifest.yml": "a: b",
    }
    words = Phrases.parse(b"{ilm_title: '', ilm_policy: 'of {data_stream}\n\n'}")
    table = "| Key | Value |\n|---|---|\n"
    b = (
        f"of b\n{table}| p.l.0 | 1 |\n| p.l.1 | [2 x] |\n| p.m | 1e+06 |\n| p.n | 50 |\n"
        "| p.o | \\<nil\\> |\n| p.t | a|\\* |\n"
    )
    a = (
        f"of a\n{table}| w | 1 |\n| x | 2020-01-02 00:00:00 +0000 UTC |\n"
        "| y | 2020-01-02 03:04:05.5 +0100 +0100 |\n| z | 1000000 |\n"
    )

    assert render("{{ilm}}", files, words=words) == b
    assert render('{{ilm "b" "a"}}', files, words=words) == b + a


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({}, id="none"),
        pytest.param({"data_stream/a/elasticsearch/ilm/p.json": "{"}, id="no JSON"),
        pytest.param({"data_stream/a/lifecycle.yml": "a: ["}, id="no YAML"),
    ],
)
def test_a_policy_must_be_there_and_be_read(files: Files) -> None:
    assert "data_stream/a/" in refusal('{{ilm "a"}}', files)


# --- what a package holds ----------------------------------------------------------------------------


def test_transforms_are_shown_with_their_fields() -> None:
    folder = "elasticsearch/transform/tide"
    files = {
        f"{folder}/transform.yml": "description: d <x>\nsource: {index: [logs-*, b]}\n"
        "dest: {index: out}\n",
        f"{folder}/fields/f.yml": "- name: x\n  type: long\n",
        "elasticsearch/transform/ebb/transform.yml": "{}",
    }

    assert render("{{transform}}", files) == (
        "<transforms_title>\n#### ebb\n\n<exported_fields><no_fields>"
        "\n#### tide\n* Description: d \\<x\\>\n* Source Index: logs-\\*\n* Destination Index: out\n\n"
        "<exported_fields>| Field | Description | Type |\n|---|---|---|\n| x |  | long |\n"
    )


def test_inputs_are_described_in_upstreams_words() -> None:
    sources = MemorySources(
        inputs={
            "gcs": b"name: gcs\ndocumentation: |-\n  Text\n",
            "a_b": b"name: a-b\ndocumentation: x\n",
        }
    )
    files = {
        "data_stream/a/manifest.yml": "streams:\n  - input: udp\n  - input: gcs\n  - input: a_b\n",
        "data_stream/b/manifest.yml": "streams:\n  - input: gcs\n  - package: x\n",
    }

    text = render("{{inputDocs}}", files, sources=sources)

    assert text == "<input_docs><details>\n<summary>gcs</summary>\n\nText\n</details>\n"
    assert render("{{inputDocs}}", sources=sources) == ""


def test_upstreams_words_that_cant_be_had_are_said_to_be_missing() -> None:
    class Cut(MemorySources):
        def input_documentation(self, name: str) -> bytes | None:
            raise missing(name)

    files = {"data_stream/a/manifest.yml": "streams: [{input: udp}]"}

    with pytest.raises(SourceMissingError, match="udp"):
        render("{{inputDocs}}", files, sources=Cut())


_RULES = {
    "kibana/alerting_rule_template/a.json": '{"attributes": {"NAME": "A"}}',
    "kibana/alerting_rule_template/b.json": '{"Attributes": {"name": " B <x> ",'
    ' "description": "1\\n2*"}}',
}


def test_alerting_rules_are_a_list_in_old_packages_and_a_table_in_new_ones() -> None:
    assert render("{{alertRuleTemplates}}", _RULES) == (
        "<alert_rules><alert_rules_list>**A**\n\n\n\n** B <x> **\n\n1\n2*\n\n"
    )
    assert render("{{alertRuleTemplates}}", {**_RULES, "manifest.yml": _NEW}) == (
        "<alert_rules><alert_rules_table><details>\n<summary><alert_rules_summary></summary>\n\n"
        "| Name | Description |\n|---|---|\n| A |  |\n| B \\<x\\> | 1 2\\* |\n\n</details>\n\n"
    )


def test_service_level_objectives_are_a_table_with_the_repositorys_link() -> None:
    words = Phrases.parse(b"{slos: '{link} ', slos_table: '', slos_summary: s, docs_start: D}")
    files = {"kibana/slo_template/a.json": '{"attributes": {"name": "S", "description": null}}'}
    links = file("links_table.yml", "links: {slo-templates: https://slo.example}")

    text = render("{{sloTemplates}}", files, around(links), words=words)

    assert text.startswith("https://slo.example <details>\n<summary>s</summary>")
    assert "| S |  |" in text
    assert render("{{sloTemplates}}", files, words=words).startswith("D <details>")


@pytest.mark.parametrize("function", ["alertRuleTemplates", "sloTemplates", "transform", "inputDocs"])
def test_what_is_not_there_gives_nothing(function: str) -> None:
    assert render(f"a{{{{{function}}}}}b") == "ab"


@pytest.mark.parametrize("text", ["{", '{"attributes": {"name": 5}}'])
def test_a_template_of_kibana_must_be_readable(text: str) -> None:
    files = {"kibana/alerting_rule_template/a.json": text}

    assert "kibana/alerting_rule_template/a.json" in refusal("{{alertRuleTemplates}}", files)


def test_a_lone_surrogate_is_replaced() -> None:
    files = {"kibana/alerting_rule_template/a.json": '{"attributes": {"name": "\\ud800"}}'}

    assert "**\ufffd**" in render("{{alertRuleTemplates}}", files)


def test_nothing_is_read_but_the_source() -> None:
    built = Tree((TreeFile(path="fields/f.yml", content=file("x", "- name: bundled").content),))
    found = PackageSource(
        folder="packages/kelp", tree=tree({**GOOD, _TEMPLATE: "{{fields}}"}), repository=around()
    )

    documents = with_documents(built, found, MemorySources(), _WORDS)

    assert documents.read("docs/README.md", limit=100) == b"<exported_fields><no_fields>"


def test_of_a_field_that_is_defined_twice_the_row_is_the_references() -> None:
    names = [f"k{number:02d}" for number in range(14)]
    files = {
        "data_stream/bed/fields/a.yml": "".join(f"- {{name: {n}, type: keyword}}\n" for n in names),
        "data_stream/bed/fields/b.yml": "".join(f"- {{name: {n}, type: long}}\n" for n in names[::2]),
    }

    rows = [line for line in render('{{fields "bed"}}', files).splitlines() if "| k" in line]

    assert [row.split("|")[1].strip() for row in rows] == names
    # as Go's sort leaves them: of the first name the first row, of the others the second
    assert [row.split("|")[3].strip() for row in rows[::2]] == ["keyword", *["long"] * 6]
