"""YAML is read as it is written, and what could mislead or exhaust a reader is refused."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkgaction.model import yamltext
from pkgaction.model.yamltext import Mapping, Scalar, Sequence, YamlProblemError, load, load_mapping


def _value(text: str, *path: str) -> str:
    found = load_mapping(text.encode()).scalar(*(path or ("a",)))
    assert found is not None
    return found.text


def _problem(data: str | bytes) -> YamlProblemError:
    with pytest.raises(YamlProblemError) as caught:
        load(data.encode() if isinstance(data, str) else data)
    return caught.value


@pytest.mark.parametrize(
    "written",
    [
        "1.10",
        "1.0",
        "yes",
        "on",
        "true",
        "null",
        "~",
        "1e3",
        "0x1F",
        "010",
        "1_000",
        "2020-01-01",
        "2020-01-01T00:00:00Z",
        "12:30:45",
        ".inf",
        "-0",
        "=",
    ],
)
def test_a_scalar_keeps_its_text_quoted_or_not(written: str) -> None:
    assert [_value(f"a: {q}{written}{q}") for q in ("", '"', "'")] == [written] * 3


def test_a_plain_scalar_is_told_from_a_quoted_one() -> None:
    top = load_mapping(b"a: 1.10\nb: '1.10'\nc: |\n  1.10\nd: !!str 1.10\n")

    plain = {key: node.plain for key, node in top.entries.items() if isinstance(node, Scalar)}
    assert plain == {"a": True, "b": False, "c": False, "d": False}


def test_a_blank_around_a_quoted_scalar_stays() -> None:
    assert _value("a: '1.0.0 '") == "1.0.0 "


def test_line_and_column_count_from_one() -> None:
    found = load_mapping(b"# head\na:\n  b:  x\n").scalar("a", "b")

    assert found == Scalar("x", plain=True, line=3, column=7)


@pytest.mark.parametrize("data", [b"", b"# only a comment\n", b"---\n", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_has_no_document(data: bytes) -> None:
    assert load(data) is None
    assert load_mapping(data) == Mapping({}, {}, 1)


def test_an_empty_quoted_text_is_a_document() -> None:
    assert load(b'""') == Scalar("", plain=False, line=1, column=1)


@pytest.mark.parametrize("data", [b"- a\n", b"text\n"], ids=["list", "text"])
def test_a_map_is_expected_where_one_is_asked_for(data: bytes) -> None:
    with pytest.raises(YamlProblemError, match="a map of keys and values") as caught:
        load_mapping(data)

    assert caught.value.line == 1


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        pytest.param("a: 1\nb: 2\na: 3\n", 3, 1, id="at the top"),
        pytest.param("x:\n  a: 1\n  'a': 2\n", 3, 3, id="nested, quoted"),
        pytest.param("{a: 1, a: 2}", 1, 8, id="flow"),
    ],
)
def test_a_duplicate_key_is_refused_with_its_place(text: str, line: int, column: int) -> None:
    problem = _problem(text)

    assert "twice" in problem.message
    assert (problem.line, problem.column) == (line, column)


def test_only_the_first_document_is_read_whatever_follows() -> None:
    found = load(b"---\na: x\n---\na: [\n")

    assert isinstance(found, Mapping)
    assert list(found.entries) == ["a"]


def test_a_file_that_must_be_one_map_has_no_second_document() -> None:
    with pytest.raises(YamlProblemError, match="second document") as caught:
        load_mapping(b"a: 1\n---\nb: 2\n", only=True)

    assert (caught.value.line, caught.value.column) == (2, 1)


def test_an_end_of_document_mark_is_no_second_document() -> None:
    assert _value("---\na: x\n...\n") == "x"


def _laughs(levels: int, width: int) -> str:
    lines = ["a0: &a0 [" + ", ".join(["ha"] * width) + "]"]
    for level in range(1, levels):
        items = ", ".join([f"*a{level - 1}"] * width)
        lines.append(f"a{level}: &a{level} [{items}]")
    return "\n".join(lines)


def test_a_bomb_of_aliases_is_refused() -> None:
    assert "aliases written out" in _problem(_laughs(30, 10)).message


def test_a_bomb_of_merges_is_refused() -> None:
    keys = ", ".join(f"k{n}: x" for n in range(500))
    uses = "\n".join(f"u{n}: {{<<: *a}}" for n in range(2000))

    assert "aliases written out" in _problem(f"a: &a {{{keys}}}\n{uses}").message


def test_some_aliases_are_fine() -> None:
    top = load_mapping(_laughs(3, 10).encode())

    outer = top.get("a2")
    assert isinstance(outer, Sequence)
    assert len(outer.items) == 10


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a: &a [*a]", id="list in itself"),
        pytest.param("a: &a {b: *a}", id="map in itself"),
        pytest.param("a: &a\n  <<: *a", id="map merged into itself"),
        pytest.param("a: *nothing", id="no anchor"),
    ],
)
def test_an_alias_of_itself_or_of_nothing_is_refused(text: str) -> None:
    assert "stands for nothing, or for itself" in _problem(text).message


def test_an_anchor_used_again_stands_for_the_newer_value() -> None:
    assert _value("a: &x 1\nb: &x 2\nc: *x", "c") == "2"


def test_a_merge_gives_way_to_own_keys_and_to_earlier_merges() -> None:
    text = "one: &one {a: 1, b: 1, c: 1}\ntwo: &two {b: 2, d: 2}\nall:\n  <<: [*two, *one]\n  c: own\n"

    found = load_mapping(text.encode()).get("all")
    assert isinstance(found, Mapping)
    assert {k: v.text for k, v in found.entries.items() if isinstance(v, Scalar)} == {
        "c": "own",
        "b": "2",
        "d": "2",
        "a": "1",
    }


def test_a_quoted_merge_sign_is_a_key() -> None:
    assert _value("'<<': x", "<<") == "x"


def test_only_maps_are_merged() -> None:
    problem = _problem("a: 1\nb:\n  <<: text\n")

    assert "merges maps only" in problem.message
    assert problem.line == 3


@pytest.mark.parametrize("text", ["? [a]\n: 1\n", "{{a: 1}: 2}"], ids=["list", "map"])
def test_a_key_that_is_no_text_is_refused(text: str) -> None:
    assert "a key must be a text" in _problem(text).message


@pytest.mark.parametrize(
    "data",
    [
        pytest.param("a: ä\nb: c\n".encode(), id="utf-8"),
        pytest.param("a: ä\nb: c\n".encode("utf-8-sig"), id="utf-8 with a mark"),
        pytest.param("a: ä\nb: c\n".encode("utf-16"), id="utf-16, as the machine writes it"),
        pytest.param("\ufeffa: ä\nb: c\n".encode("utf-16-be"), id="utf-16, big-endian"),
        pytest.param("a: ä\r\nb: c\r\n".encode(), id="crlf"),
        pytest.param("a: ä\rb: c\r".encode(), id="cr"),
        pytest.param("\ufeffa: ä\r\nb: c".encode("utf-16-le"), id="utf-16, crlf, no newline at the end"),
    ],
)
def test_encodings_and_line_ends_are_read_alike(data: bytes) -> None:
    top = load_mapping(data)

    assert top.scalar("a") == Scalar("ä", plain=True, line=1, column=4)
    assert top.scalar("b") == Scalar("c", plain=True, line=2, column=4)


def test_bytes_that_are_no_text_are_refused_with_their_line() -> None:
    problem = _problem(b"a: 1\nb: \xff\n")

    assert "UTF-8" in problem.message
    assert problem.line == 2


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xff\xfea", id="half a unit"),
        pytest.param(b"\xff\xfe\x00\xd8a\x00", id="lone surrogate"),
        pytest.param(b"a: \x00", id="nul"),
        pytest.param(b"a: \x07", id="control character"),
        pytest.param(b"a:\n\tb: 1\n", id="tab that indents"),
        pytest.param(b"a: [1", id="open bracket"),
        pytest.param(b"a: 'x", id="open quote"),
        pytest.param(b"a: b: c", id="two colons"),
        pytest.param(b"a: %x", id="percent"),
        pytest.param(b"%YAML 9.9\n---\na: 1\n", id="other YAML"),
        pytest.param(b'a: "\\U00110000"', id="no character"),
    ],
)
def test_what_is_no_yaml_is_refused(data: bytes) -> None:
    assert _problem(data).message


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[" * 10_000, id="flow lists"),
        pytest.param("{a: " * 10_000, id="flow maps"),
        pytest.param("- " * 10_000 + "x", id="block lists"),
        pytest.param("? " * 10_000 + "x", id="keys"),
    ],
)
def test_deep_nesting_is_refused(text: str) -> None:
    assert _problem(text).message


def test_nesting_that_people_write_is_read() -> None:
    assert load(("[" * 60 + "]" * 60).encode()) is not None


def test_a_file_too_large_is_refused_unread() -> None:
    problem = _problem(b"[" * (6 * 1024 * 1024))

    assert str(yamltext.MOST_BYTES) in problem.message


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a:\n  b:\n    c: x", id="nested"),
        pytest.param("a.b.c: x", id="dotted"),
        pytest.param("a.b:\n  c: x", id="dotted first"),
        pytest.param("a:\n  b.c: x", id="dotted last"),
        pytest.param("a.b: text\na:\n  b:\n    c: x", id="both, one of them in the way"),
    ],
)
def test_a_path_is_followed_dotted_or_nested(text: str) -> None:
    assert _value(text, "a", "b", "c") == "x"


def test_a_path_that_ends_early_gives_nothing() -> None:
    top = load_mapping(b"a:\n  b: x\nl: [1]\n")

    assert top.get() is top
    assert top.get("a", "c") is None
    assert top.get("a", "b", "c") is None
    assert top.get("l", "0") is None
    assert top.scalar("a") is None


@given(st.binary(max_size=200))
def test_no_bytes_give_another_error(data: bytes) -> None:
    with contextlib.suppress(YamlProblemError):
        load_mapping(data)


_YAML_LIKE = st.lists(
    st.sampled_from(
        ["a", ": ", "- ", "\n", "  ", "\t", "&x ", "*x", "<<: ", "{", "}", "[", "]", ",", "'", '"', "|",
         ">", "#", "!", "!!str ", "%", "---\n", "...\n", "? ", "\\", "\ufeff", "\x85", "\u2028", "\r"]
    )
    | st.characters(),
    max_size=40,
).map("".join)  # fmt: skip


@given(_YAML_LIKE)
def test_no_text_gives_another_error(text: str) -> None:
    for encoding in ("utf-8", "utf-16"):
        with contextlib.suppress(YamlProblemError):
            load(text.encode(encoding, "replace"))


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30))
def test_a_quoted_text_comes_back(text: str) -> None:
    quoted = text.replace("'", "''")

    assert _value(f"a: '{quoted}'") == text


@pytest.mark.parametrize(
    "text",
    [
        'a: "\\/"',
        'a: "x\\\\\\/"',
        "a\nb: 1",
        "{a: 1}: b\nc",
        "%YAML 1.2\n---\na: 1",
        "a: 1\n---\n\tb: 1",
        "a: 1\n---\n@b",
        "a: &x {b: 1}\nc:\n  <<: *x\n  <<: *x",
        "a: &x {b: 1}\nc:\n  <<: *x\n  '<<': 1",
        "a: &x {b: 1}\nc:\n  '<<': 1\n  <<: *x",
    ],
)
def test_what_yaml_v3_refuses_is_refused(text: str) -> None:
    with pytest.raises(YamlProblemError):
        load(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        'a: "/"',
        'a: "\\\\/"',
        "a: '\\/'",
        "a: \\/",
        "a: 1\n---\nb: [",
        "a: 1\n...\n",
        "a: 1\n... b",
        "a: 1\n---\nb: *c",
        "a: 1\n---\nb: 1\nb: 2",
        "a: &x {b: 1}\nc: {<<: [*x, *x]}",
        "%YAML 1.1\n---\na: 1",
        "a: 1\n...\n%YAML 1.2\n---\nb: 1",
    ],
)
def test_what_yaml_v3_takes_is_taken(text: str) -> None:
    assert isinstance(load(text.encode()), Mapping)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param('a: "it\\\'s"', "it's", id="in double quotes"),
        pytest.param(r'a: "\\\'s"', r"\'s", id="behind an escaped backslash"),
        pytest.param(r'a: "\\' + "'" + 's"', r"\'s", id="an escaped backslash and an apostrophe"),
        pytest.param('a: "x\n  \\\'y"', "x 'y", id="on another line"),
        pytest.param(r"a: 'x\'", "x\\", id="in single quotes"),
        pytest.param(r"a: it\'s", r"it\'s", id="plain"),
        pytest.param('a: |-\n  "it\\\'s"', '"it\\\'s"', id="block"),
        pytest.param('a: "\ue000\\\'"', "\ue000'", id="beside a private character"),
    ],
)
def test_an_escaped_apostrophe_is_read_as_yaml_v3_does(text: str, value: str) -> None:
    assert _value(text) == value
