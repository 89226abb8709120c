"""A file that can't be read is told of once, in words, and no rule speaks of what may stand in it."""

import hashlib
import json
from collections.abc import Iterator, Mapping

import pytest

from pkgaction.model import jsontext, yamltext
from pkgaction.model.finding import Finding, errors
from pkgaction.model.plaintext import TextProblemError
from pkgaction.model.tree import Kind
from pkgaction.rules import core
from pkgaction.rules.once import without_effects
from pkgaction.rules.package import Mode, Package
from pkgaction.rules.rule import check
from pkgaction.rules.semantic.registry import RULES
from pkgaction.stages import validate
from tests.fakes import specification
from tests.unit import kelp
from tests.unit.trees import GOOD, LFS_POINTER, around, file, source, tree

# one file of every kind that a rule reads, each needed by another one
FILES: kelp.Files = {
    **kelp.INTEGRATION,
    "manifest.yml": kelp.swap(
        kelp.MANIFEST, ("type: integration\n", "type: integration\nowner: {github: a/b}\n")
    ),
    "_dev/build/build.yml": "dependencies:\n  ecs:\n    reference: git@v8.11.0\n",
    "_dev/build/docs/README.md": "# Kelp\n",
    "_dev/test/config.yml": "system: {}\n",
    "data_stream/bed/fields/ecs.yml": "- name: message\n  external: ecs\n",
    "data_stream/bed/routing_rules.yml": "- source_dataset: kelp.bed\n  rules: []\n",
    "kibana/tags.yml": "- text: kelp\n",
    "kibana/tag/kelp-tag.json": json.dumps({"id": "kelp-tag", "type": "tag"}),
    "kibana/dashboard/kelp-2.json": json.dumps(
        {
            **kelp.DASHBOARD,
            "id": "kelp-2",
            "references": [
                {"id": "kelp-1", "type": "dashboard", "name": "a"},
                {"id": "kelp-tag", "type": "tag", "name": "b"},
            ],
        }
    ),
    "elasticsearch/ingest_pipeline/other.yml": kelp.PIPELINE,
    "validation.yml": "errors: {exclude_checks: []}\n",
}
_YAML = [path for path in FILES if path.endswith(".yml")]
_JSON = [path for path in FILES if path.endswith(".json")]


def _said(package: Package) -> list[Finding]:
    """What all rules and the core checks say, as validation puts it together."""
    found = list(check(RULES, package))
    found = [*found, *package.unreadable()]
    return found + core.check(package, errors(found))


def _broken(path: str, data: str | bytes) -> Package:
    return kelp.package({**FILES, path: data})


def test_the_package_that_is_broken_here_has_no_findings() -> None:
    assert _said(kelp.package(FILES)) == []


_CONFLICT = "<<<<<<< HEAD\n---\na: 1\n=======\n---\na: 2\n>>>>>>> other\n"
_TEXTS = [path for path in FILES if path.endswith((".md", ".hbs"))]


@pytest.mark.parametrize("path", [*_YAML, *_JSON, *_TEXTS, "docs/knowledge_base/more.md"])
@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(LFS_POINTER, "this is a Git LFS pointer, not the file", id="pointer"),
        pytest.param(_CONFLICT, "a conflict of a merge is not resolved", id="conflict"),
        pytest.param(_CONFLICT.replace("\n", "\r\n"), "a conflict of a merge is not", id="CRLF"),
    ],
)
def test_what_git_left_in_a_files_place_is_one_error(path: str, data: str, message: str) -> None:
    (found,) = _said(_broken(path, data))

    assert found in errors([found])
    assert found.file == path
    assert found.message.startswith(message)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Heading\n=======\n", id="a heading"),
        pytest.param("=======\n<<<<<<< a\n>>>>>>> b\n", id="another order"),
        pytest.param("    <<<<<<< a\n    =======\n    >>>>>>> b\n", id="indented"),
        pytest.param("<<<<<<< a\n========\n>>>>>>> b\n", id="a longer line"),
        pytest.param(f"Begins with {LFS_POINTER}", id="speaks of a pointer"),
    ],
)
def test_what_only_looks_like_what_git_leaves_is_a_text(text: str) -> None:
    assert _said(_broken("docs/README.md", text)) == []


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(LFS_POINTER, "this is a Git LFS pointer", id="pointer"),
        pytest.param(_CONFLICT, "a conflict of a merge is not resolved", id="conflict"),
        pytest.param("---\na: 1\n".encode("utf-16-le"), "the file is UTF-16", id="UTF-16"),
        pytest.param("\t---\na: 1\n", "the line has a tab", id="tab"),
        pytest.param("", "the file is empty", id="empty"),
        pytest.param("a: 1\n", "the first line must be ---", id="no dashes"),
    ],
)
def test_what_must_begin_with_dashes_is_told_of_once(data: str | bytes, message: str) -> None:
    files = {**GOOD, "manifest.yml": GOOD_4, "lamps/ab/x": "", "lamps/kelp-red.yml": data}
    found = errors(validate.findings(source(files), specification.make()))

    assert [one.file for one in found] == ["lamps/kelp-red.yml"]
    assert found[0].message.startswith(message)


def test_a_shared_file_that_cannot_be_read_is_told_of_once() -> None:
    broken = "- name: a\n\ttype: keyword\n"
    link = f"../../../../../shared/x.yml {hashlib.sha256(broken.encode()).hexdigest()}\n"
    links = {f"data_stream/bed/fields/{name}.yml.link": link for name in ("red", "green", "brown")}

    (found,) = _said(kelp.package({**FILES, **links}, repository=around(file("shared/x.yml", broken))))

    assert found.file == "data_stream/bed/fields/brown.yml.link"
    assert found.message.startswith("shared/x.yml:2:1: the line has a tab")
    assert found.message.endswith("(and so for 2 more that link to it)")


@pytest.mark.parametrize("path", _YAML)
@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param("a:\n\tb: 1\n", "the line has a tab: indent with spaces", id="tab"),
        pytest.param("a: 'b\nc: d\n", "the quote that begins here is not closed", id="quote"),
        pytest.param(
            b"a: gr\xfc\xdfe\n",
            "byte 0xFC is not UTF-8 (in Latin-1 it is 'ü'): save",
            id="latin",
        ),
        pytest.param(b"a: \0\n", "the file has a NUL byte: ", id="NUL"),
    ],
)
def test_a_broken_yaml_file_is_one_finding(path: str, data: str | bytes, message: str) -> None:
    (found,) = _said(_broken(path, data))

    assert found.file == path
    assert found.message.startswith(message)
    assert found.line
    assert found.column


@pytest.mark.parametrize("path", _JSON)
@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(
            b"\xef\xbb\xbf{}",
            "the file begins with a byte order mark: save as UTF-8 without it",
            id="mark",
        ),
        pytest.param('{"a": 1'.encode("utf-16"), "the file is UTF-16: save as UTF-8", id="UTF-16"),
        pytest.param('{"a": 1'.encode("utf-16-be"), "the file is UTF-16: save as UTF-8", id="no mark"),
        pytest.param(b'{"a": "gr\xfc"}', "byte 0xFC is not UTF-8", id="latin"),
        pytest.param("{", "the file ends where a value is expected: complete it", id="half"),
        pytest.param("[]", "a saved object must be a JSON object", id="a list"),
        pytest.param('{"a": ' * 300 + "1" + "}" * 300, "the value has more than 200 levels", id="deep"),
    ],
)
def test_a_broken_saved_object_is_one_finding(path: str, data: str | bytes, message: str) -> None:
    (found,) = _said(_broken(path, data))

    assert found.file == path
    assert found.message.startswith(message)


@pytest.mark.parametrize("path", [*_YAML, *_JSON])
@pytest.mark.parametrize("kind", [Kind.SYMLINK, Kind.SUBMODULE])
def test_what_is_no_file_is_one_finding(path: str, kind: Kind) -> None:
    others = {name: data for name, data in FILES.items() if data is not None and name != path}

    found = core.check(Package(source(tree(others, file(path, b"", kind)))))

    assert [(one.file, one.code) for one in found] == [(path, "not-a-file")]


def test_a_doubled_key_is_one_error_and_the_rest_of_the_document_is_judged() -> None:
    doubled = _broken("data_stream/bed/manifest.yml", kelp.STREAM + "dataset: a\n")
    wrong = kelp.STREAM + "dataset: a\nilm_policy: other\n"

    (found,) = _said(doubled)
    assert found.code == "key-doubled"
    assert "the key 'dataset' is there twice, first on line" in found.message
    assert {one.code for one in _said(_broken("data_stream/bed/manifest.yml", wrong))} == {
        "key-doubled",
        "lifecycle-policy",
    }


def test_thousands_of_doubled_keys_are_not_thousands_of_findings() -> None:
    assert len(_said(_broken("kibana/tags.yml", "- {a: 1, a: 1}\n" * 5000))) == 20


def test_with_a_specification_a_file_is_told_of_once_as_well() -> None:
    lamp = "lamps/kelp-red.yml"
    files = {**GOOD, "manifest.yml": GOOD_4, "lamps/ab/x": "", lamp: "---\n\ta: 1\n"}
    found = validate.findings(source(files), specification.make())

    assert [(one.file, one.line) for one in errors(found)] == [(lamp, 2)]


GOOD_4 = str(GOOD["manifest.yml"]).replace("3.1.0", "4.0.0")


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"manifest.yml": "a: [\n"}, id="not YAML"),
        pytest.param({"manifest.yml": GOOD_4 + "name: eel\n"}, id="twice who it is"),
        pytest.param({"manifest.yml": "- a\n"}, id="a list"),
        pytest.param({"manifest.yml": GOOD_4.encode("latin-1") + b"# \xe9\n"}, id="Latin-1"),
        pytest.param({"changelog.yml": "- version: '1.2.0\n"}, id="changelog"),
        pytest.param({"lamps/kelp-red.yml": b"\xef\xbb\xbf---\na: 1\n"}, id="a mark before the dashes"),
        pytest.param({"lamps/kelp-red.yml": "---\na: " + "1" * 750}, id="too large"),
        pytest.param({"lamps/kelp-red.json": "{"}, id="JSON with a schema"),
    ],
)
@pytest.mark.parametrize("with_specification", [True, False], ids=["specification", "core"])
def test_whoever_reads_a_broken_file_it_is_one_error(
    files: Mapping[str, str | bytes], *, with_specification: bool
) -> None:
    whole = {**GOOD, "manifest.yml": GOOD_4, "lamps/ab/x": "", **files}
    found = validate.findings(source(whole), specification.make() if with_specification else None)

    path = next(iter(files))
    core_reads = with_specification or path in {"manifest.yml", "changelog.yml"}
    assert [one.file for one in errors(found)] == ([path] if core_reads else [])


def _yaml(data: bytes) -> None:
    yamltext.load(data)


def _json(data: bytes) -> None:
    jsontext.load(data)


_YAML_WORDS = [
    ("a: @b\n", 1, 4, "a value cannot begin with @"),
    ("a: `b`\n", 1, 4, "a value cannot begin with a backquote"),
    ("a: %b\n", 1, 4, "a value cannot begin with %"),
    ("a: *\n", 1, 5, "a value cannot begin with * or &"),
    ("a: >=8.1\n", 1, 5, "a value cannot begin with | or >"),
    ("a: b: c\n", 1, 5, "a second ': ' in one value"),
    ("a: 'it's'\n", 1, 8, "a key is expected here"),
    ("a:\n    b: 1\n  c: 2\n", 3, 3, "align the line"),
    ("a: 1\nb\nc: 2\n", 2, 1, "the line is not 'key: value'"),
    ("- a\nb: 1\n", 2, 1, "a list item is expected here"),
    ("a: [1, 2\nb: 1\n", 1, 4, "the [ that stands here is not closed"),
    ("a: {b: 1\nc: 2\n", 1, 4, "the { that stands here is not closed"),
    ("a: [\n", 2, 1, "a bracket or brace above is not closed"),
    ('a: "\\d"\n', 1, 5, "an unknown escape in double quotes"),
    ("a: b\x01\n", 1, 5, "the control character U+0001 stands here"),
    ("a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> x\n", 2, 1, "a conflict of a merge"),
    ("a: |\n\tb\n", 2, 1, "a tab: indent with spaces"),
    ("a: {b: 1, b: 2}\n", 1, 11, "the key 'b' is there twice, first on line 1: remove one"),
]
_JSON_WORDS = [
    ("", 1, 1, "the file is empty"),
    ("{'a': 1}", 1, 2, "a single quote: write texts in double quotes"),
    ('{"a": 1,}', 1, 9, "a comma before }: remove it"),
    ('{"a": [1,]}', 1, 10, "a comma before ]: remove it"),
    ('{"a": 1 // x\n}', 1, 9, "a comma is expected here"),
    ('{\n// x\n"a": 1}', 2, 1, "a comment: JSON has none, remove it"),
    ('{"a" 1}', 1, 6, "a colon is expected here"),
    ('{"a": "b}', 1, 7, "the quote that begins here is not closed"),
    ('{"a": "b\tc"}', 1, 9, "a line break, a tab or another control character"),
    ('{"a": "\\d"}', 1, 8, "an unknown escape"),
    ('{"a": NaN}', 0, 0, "NaN is not a JSON number"),
    ('{}\n{"a": 1}', 2, 1, "something follows the JSON value: remove it"),
    ("{\n<<<<<<< HEAD", 2, 1, "a conflict of a merge is not resolved"),
]


@pytest.mark.parametrize(
    ("read", "text", "line", "column", "words"),
    [
        *((_yaml, *case) for case in _YAML_WORDS),
        *((_json, *case) for case in _JSON_WORDS),
    ],
)
def test_what_is_wrong_is_said_in_words_where_it_begins(
    read: object, text: str, line: int, column: int, words: str
) -> None:
    assert callable(read)
    with pytest.raises(TextProblemError) as caught:
        read(text.encode())

    assert words in caught.value.message
    assert (caught.value.line, caught.value.column) == (line, column)


@pytest.mark.parametrize(
    ("path", "data", "wrong"),
    [
        ("docs/more.md", b"gr\xfc\xdfe", "warning"),
        ("docs/more.md", b"\xef\xbb\xbf# Kelp", "warning"),
        ("agent/input/a.yml.hbs", "a: 1".encode("utf-16"), "warning"),
        ("data_stream/bed/agent/stream/stream.yml.hbs", b"a: \xff\n", "warning"),
        ("sample_event.json", b'{"a": "\xe9"}', "warning"),
        ("_dev/build/docs/README.md", b"gr\xfc\xdfe", "error"),
        ("elasticsearch/transform/a/transform.yml", "a: 1".encode("utf-16"), "error"),
        ("img/a.svg", b"\xff", ""),
    ],
)
def test_a_text_that_is_not_utf_8_is_found_before_it_is_built(
    path: str, data: bytes, wrong: str
) -> None:
    found = core.check(_broken(path, data))

    assert [(one.file, one.severity.value) for one in found] == ([(path, wrong)] if wrong else [])


def _renders(files: Mapping[str, str], mode: Mode = Mode.SOURCE) -> Iterator[Finding]:
    whole = {**GOOD, "manifest.yml": GOOD_4, "lamps/ab/x": "", **files}
    whole.pop("docs/README.md")
    yield from validate.findings(source(whole), specification.make(), mode)


@pytest.mark.parametrize(
    ("files", "mode", "found"),
    [
        ({"_dev/build/docs/README.md": "x"}, Mode.SOURCE, []),
        (
            {"_dev/build/docs/README.md": "x", "docs/x.txt": ""},
            Mode.SOURCE,
            [("docs/x.txt", "item-not-allowed")],
        ),
        ({"_dev/build/docs/other.md": "x"}, Mode.SOURCE, [("docs/README.md", "item-missing")]),
        ({}, Mode.SOURCE, [("docs", "item-missing")]),
        ({"_dev/build/docs/README.md": "x"}, Mode.LEGACY, [("docs", "item-missing")]),
    ],
)
def test_a_readme_that_building_renders_need_not_be_there_for_any_rule(
    files: Mapping[str, str], mode: Mode, found: list[tuple[str, str]]
) -> None:
    assert [(one.file, one.code) for one in errors(_renders(files, mode))] == found


def test_what_follows_from_an_empty_file_is_not_told_beside_it() -> None:
    def found(file: str, code: str, message: str) -> Finding:
        return Finding(code=code, file=file, message=message)

    empty = found("a.yml", "file-refused", "the file is empty")
    value = found("b.yml", "schema-type", "the value must be of type object, it is of type null")
    inner = found("c.yml", "schema-type", "x: the value must be of type object, it is of type null")
    effects = [found(file, "rule", "wrong") for file in ("a.yml", "b.yml", "c.yml")]

    assert list(without_effects([effects[0], empty, value, inner, *effects[1:]])) == [
        empty,
        value,
        inner,
        effects[2],
    ]
