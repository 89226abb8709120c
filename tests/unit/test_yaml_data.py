"""Values written as YAML anew: they read back, and are written the same again."""

import json
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pkgaction.model import yamltext
from pkgaction.model.json import Json
from pkgaction.model.yamltext import YamlProblemError
from pkgaction.model.yamlvalues import resolve
from pkgaction.transforms.yaml import data, reader, writer
from pkgaction.transforms.yaml.nodes import Document
from pkgaction.transforms.yaml.rewrite import written

_TEXTS = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=12),
    st.text("ab01_-.:#,[]{}&*!|>'\"%@`? \t\n=<~\\\x85\u2028\ufeff", max_size=8),
    st.sampled_from(["1.0", "yes", "1:20", "0x1F", "2020-1-1", "", "~", "=", "<<", "--- a", "a\n\n"]),
)
_FLOATS = st.floats(allow_nan=False).map(lambda number: number or 0.0)  # -0 reads as a whole number
_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), _FLOATS, _TEXTS)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_TEXTS, inner, max_size=3)),
    max_leaves=6,
)


def _node(value: Json) -> yamltext.Node:
    """A value as it would be read."""
    match value:
        case Mapping():
            keys = {key: yamltext.Scalar(key, plain=False, line=0, column=0) for key in value}
            return yamltext.Mapping({key: _node(inner) for key, inner in value.items()}, keys, 0)
        case str():
            return yamltext.Scalar(value, plain=False, line=0, column=0)
        case Sequence():
            return yamltext.Sequence(tuple(map(_node, value)), 0)
        case float() if value in {float("inf"), -float("inf")}:
            return yamltext.Scalar(".inf" if value > 0 else "-.inf", plain=True, line=0, column=0)
        case _:
            return yamltext.Scalar(json.dumps(value), plain=True, line=0, column=0)


def _value(node: yamltext.Node | None) -> object:
    match node:
        case yamltext.Mapping():
            return {key: _value(inner) for key, inner in node.entries.items()}
        case yamltext.Sequence():
            return [_value(item) for item in node.items]
        case yamltext.Scalar():
            return resolve(node)
        case None:
            return None


def _text(value: Json) -> str:
    return writer.text(Document(data.node(_node(value))), indent=4)


@settings(max_examples=50)
@given(_VALUES)
def test_what_is_written_reads_back_or_is_refused(value: Json) -> None:
    try:
        made = written(Document(data.node(_node({"k": value}))), 4)
    except YamlProblemError:
        return  # values that the Go tools would write as others

    assert _value(yamltext.load(made)) == {"k": value}


@settings(max_examples=50)
@given(_VALUES)
def test_what_is_written_is_written_the_same_again(value: Json) -> None:
    try:
        once = written(Document(data.node(_node({"k": value}))), 4)
    except YamlProblemError:
        return

    as_values = data.node(yamltext.load_mapping(once))
    assert written(Document(as_values), 4) == once
    assert written(reader.document(once), 4) == once


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("reef", "reef"),
        ("", '""'),
        ("true", '"true"'),
        ("yes", '"yes"'),
        ("Off", '"Off"'),
        ("~", '"~"'),
        ("1:20", '"1:20"'),
        ("08", '"08"'),
        ("1e3", '"1e3"'),
        ("0x1F", '"0x1F"'),
        ("2020-1-1", '"2020-1-1"'),
        (".inf", '".inf"'),
        ("=", "="),
        ("a: b", "'a: b'"),
        ("it's: so", "'it''s: so'"),
        ("- a", "'- a'"),
        ("-a", "-a"),
        ("a #b", "'a #b'"),
        ("a#", "a#"),
        ("@t", "'@t'"),
        ("x:", "'x:'"),
        (" x", "' x'"),
        ("a\tb", '"a\\tb"'),
        ("a\r\nb", '"a\\r\\nb"'),
        ("a \nb", '"a \\nb"'),
        ("a\\b", "a\\b"),
        ("\U0001f600", '"\\U0001F600"'),
        ("\u00e9\x01", '"\u00e9\\x01"'),
        ("\ufeff:", '"\\uFEFF\\x3A"'),
        ("a\nb", "|-\n    a\n    b"),
        ("a\tb\nc\n", "|\n    a\tb\n    c"),
        ("a\n\n", "|+\n    a\n"),
    ],
)
def test_a_text_is_quoted_only_where_it_must_be(text: str, line: str) -> None:
    assert _text({"k": text}) == f"k: {line}\n"


@pytest.mark.parametrize(
    ("written_as", "line"),
    [
        ("1.0", "1"),
        ("1e5", "100000"),
        ("1e6", "1e+06"),
        ("1234567.0", "1.234567e+06"),
        ("0.0001", "0.0001"),
        ("1e-5", "1e-05"),
        ("-0.0", "-0"),
        ("999999.5", "999999.5"),
        ("0x10", "16"),
        ("010", "8"),
        ("1_000", "1000"),
        (".0_9", "0.09"),
        ("18446744073709551615", "18446744073709551615"),
        ("-.INF", "-.inf"),
        (".NaN", ".nan"),
        ("Null", "null"),
        ("TRUE", "true"),
        ("2020-01-02", "2020-01-02T00:00:00Z"),
        ("[]", "[]"),
        ("{}", "{}"),
        ("!!str 1", '"1"'),
    ],
)
def test_a_value_is_written_in_one_way(written_as: str, line: str) -> None:
    read = yamltext.load_mapping(f"k: {written_as}".encode())

    assert writer.text(Document(data.node(read)), indent=4) == f"k: {line}\n"


def test_keys_are_sorted_word_by_word() -> None:
    given_keys = [
        "aB",
        "a_b",
        "a10",
        "a2",
        "a01",
        "A",
        "z9a",
        "z10",
        "z9",
        "a",
        "100x",
        "11x",
        "@t",
        "é",
    ]

    keys = [line.split(":")[0] for line in _text(dict.fromkeys(given_keys, 1)).splitlines()]

    assert keys == [
        "'@t'",
        "11x",
        "100x",
        "A",
        "a",
        "a_b",
        "a01",
        "a2",
        "a10",
        "aB",
        "z9",
        "z9a",
        "z10",
        "é",
    ]


def test_keys_that_are_no_texts_come_first_and_keep_their_type_below_an_entry() -> None:
    read = yamltext.load_mapping(b"m: {b: 1, 10: 1, 2: 1, true: 1, ~: 1}\n7: x")

    assert writer.text(Document(data.entry(read)), indent=4) == (
        '"7": x\nm:\n    null: 1\n    true: 1\n    2: 1\n    10: 1\n    b: 1\n'
    )


def test_blocks_are_indented_by_multiples_of_four_and_lists_below_their_key() -> None:
    value: Json = [{"fields": [{"name": "a", "m": {"nn": {"o": "x\ny\n"}}}, [[1], []]]}]

    assert _text(value) == (
        "- fields:\n    - m:\n        nn:\n            o: |\n                x\n                y\n"
        "      name: a\n    - - - 1\n      - []\n"
    )


@pytest.mark.parametrize("text", ["\nx", " x\ny"])
def test_a_text_that_would_not_read_back_is_refused_by_its_place(text: str) -> None:
    with pytest.raises(YamlProblemError, match="'deep' in item 1"):
        written(Document(data.node(_node([{"deep": text}]))), 4)


def test_a_long_key_is_written_behind_a_question_mark() -> None:
    key = "k" * 129

    assert _text({key: 1}) == f"? {key}\n: 1\n"
