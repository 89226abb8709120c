"""Values of saved objects become texts; JSON is written as Go writes it."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pkgaction.errors import BuildRefusedError
from pkgaction.model.json import Json
from pkgaction.model.jsontext import JsonProblemError
from pkgaction.transforms import gojson
from pkgaction.transforms.copy import copied
from pkgaction.transforms.saved_objects import encoded, with_saved_objects
from tests.unit.trees import GOOD, source

_PATH = "kibana/dashboard/kelp-a.json"
_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=8,
)


@settings(max_examples=50)
@given(_VALUES)
def test_json_reads_back_and_is_written_the_same_again(value: Json) -> None:
    for write in (gojson.compact, gojson.indented):
        text = write(value)

        assert json.loads(text, parse_int=float) == value
        assert write(gojson.load(text.encode())) == text


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("1.0", "1"),
        ("1e5", "100000"),
        ("9007199254740993", "9007199254740992"),
        ("-0.0", "-0"),
        ("1e20", "100000000000000000000"),
        ("1e21", "1e+21"),
        ("0.000001", "0.000001"),
        ("0.0000001", "1e-7"),
        ("1.5e300", "1.5e+300"),
        ("123456789.25", "123456789.25"),
    ],
)
def test_every_number_is_a_double(written: str, number: str) -> None:
    assert gojson.compact(gojson.load(written.encode())) == number


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('a"\\\n\t\r\b\f', '"a\\"\\\\\\n\\t\\r\\b\\f"'),
        ("<a>&/", '"\\u003ca\\u003e\\u0026/"'),
        ("\u2028\u2029", '"\\u2028\\u2029"'),
        ("\x00\x1f\x7f", '"\\u0000\\u001f\x7f"'),
        ("é\U0001f600", '"é\U0001f600"'),
        ("\ud800", '"\ufffd"'),
    ],
)
def test_texts_are_escaped_as_for_a_web_page(text: str, written: str) -> None:
    assert gojson.compact(text) == written


def test_the_two_forms() -> None:
    value: Json = {"b": [1, {}, []], "a": {"é": None, "z": True}}

    assert gojson.compact(value) == '{"a":{"z":true,"é":null},"b":[1,{},[]]}'
    assert gojson.indented(value) == (
        '{\n  "a": {\n    "z": true,\n    "é": null\n  },\n  "b": [\n    1,\n    {},\n    []\n  ]\n}'
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff",
        b"NaN",
        b"1e999",
        b'{"a": 1,}',
        b"[" * 99_999,
        b"[" * 300 + b"]" * 300,
        b'"\n"',
    ],
)
def test_what_is_no_json_is_refused(data: bytes) -> None:
    with pytest.raises(JsonProblemError):
        gojson.load(data)


def _made(document: Json) -> Json:
    made = encoded(json.dumps(document).encode())
    return None if made is None else json.loads(made)


@pytest.mark.parametrize(
    ("document", "made"),
    [
        pytest.param(
            {"attributes": {"visState": {"b": 1, "a": "<"}}}, '{"a":"\\u003c","b":1}', id="object"
        ),
        pytest.param({"attributes": {"visState": None}}, "null", id="null"),
        pytest.param({"attributes": {"visState": 1.0}}, "1", id="number"),
        pytest.param({"attributes": {"visState": []}}, "[]", id="list"),
    ],
)
def test_a_value_becomes_a_text(document: Json, made: str) -> None:
    assert _made(document) == {"attributes": {"visState": made}}


def test_a_key_is_found_whole_or_through_objects() -> None:
    whole: Json = {"attributes.optionsJSON": {}, "attributes": {"controlGroupInput.panelsJSON": {}}}
    inner: Json = {"attributes": {"kibanaSavedObjectMeta": {"searchSourceJSON": {"a": 1}}}}

    assert _made(whole) == {
        "attributes.optionsJSON": "{}",
        "attributes": {"controlGroupInput.panelsJSON": "{}"},
    }
    assert _made(inner) == {"attributes": {"kibanaSavedObjectMeta": {"searchSourceJSON": '{"a":1}'}}}


def test_what_is_in_a_panel_is_encoded_before_the_panels() -> None:
    panel: Json = {"embeddableConfig": {"attributes": {"visState": {"t": "<"}}}, "x": 1}

    inner = '{"attributes":{"visState":"{\\"t\\":\\"\\\\u003c\\"}"}}'
    panels = f'[{{"embeddableConfig":{inner},"x":1}}]'
    assert _made({"attributes": {"panelsJSON": [panel]}}) == {"attributes": {"panelsJSON": panels}}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"attributes": {}},
        {"attributes": {"panelsJSON": "[]", "title": "T"}},
        {"panelsJSON": []},
        {"attributes": {"kibanaSavedObjectMeta": "x"}},
    ],
)
def test_a_file_without_such_a_value_keeps_its_bytes(document: Json) -> None:
    assert _made(document) is None


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ([], "must be a JSON object"),
        ({"attributes": "x"}, "attributes must be an object"),
        ({"attributes": {"panelsJSON": None}}, "list of objects"),
        ({"attributes": {"panelsJSON": {}}}, "list of objects"),
        ({"attributes": {"panelsJSON": [1]}}, "list of objects"),
        ({"attributes": {"panelsJSON": [{"embeddableConfig": None}]}}, "embeddableConfig"),
    ],
)
def test_what_kibana_could_not_read_is_refused(document: Json, why: str) -> None:
    with pytest.raises(JsonProblemError, match=why):
        _made(document)


def test_only_saved_objects_are_touched_and_a_fault_names_its_file() -> None:
    found = source({**GOOD, _PATH: '{"attributes": {"visState": {}}}', "kibana/tags.yml": "- text: a"})
    tree = with_saved_objects(copied(found.tree), found)

    assert tree.read(_PATH, limit=99) == b'{\n  "attributes": {\n    "visState": "{}"\n  }\n}'
    assert tree.read("kibana/tags.yml", limit=99) == b"- text: a"


@pytest.mark.parametrize(
    ("path", "content", "why"),
    [
        (_PATH, "[", "json:1: the file ends"),
        ("kibana/dashboard/deep/a.json", "{}", "folder"),
    ],
)
def test_a_broken_saved_object_fails_the_package(path: str, content: str, why: str) -> None:
    found = source({**GOOD, path: content})

    with pytest.raises(BuildRefusedError, match=why) as caught:
        with_saved_objects(copied(found.tree), found)

    assert caught.value.where.startswith(f"packages/kelp/{path}")
