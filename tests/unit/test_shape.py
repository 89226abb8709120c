"""An entry that readers can't read never gets into a list: each such case is refused here."""

import json
from pathlib import Path

import pytest

from pkgaction.entry import make, shape
from pkgaction.entry.shape import UnreadableError
from pkgaction.model.json import Json
from tests.fakes import release

GOOD: dict[str, Json] = {"name": "crab", "version": "1.0.0", "format_version": "3.0.0"}


def refused(**changed: Json) -> str:
    with pytest.raises(UnreadableError) as caught:
        shape.key_of(json.dumps({**GOOD, **changed}).encode())
    return str(caught.value)


@pytest.mark.parametrize("version", ["1.0", "v1.0.0", "01.0.0", "1.0.0 ", "1", "", "1.0.0-", "latest"])
def test_a_version_that_is_not_strict_is_refused(version: str) -> None:
    assert "not strict" in refused(version=version)
    assert "not strict" in refused(format_version=version)


@pytest.mark.parametrize("key", ["name", "version", "format_version"])
def test_what_every_reader_needs_must_be_there(key: str) -> None:
    without = {name: value for name, value in GOOD.items() if name != key}

    with pytest.raises(UnreadableError, match=key):
        shape.key_of(json.dumps(without).encode())
    assert refused(**{key: None})


@pytest.mark.parametrize("name", ["kibana", "agent"])
@pytest.mark.parametrize("version", ["", "newest", "^8.x.y", ">=8 <", "8.0.0 nine", "^^8.0.0"])
def test_a_condition_that_is_no_range_is_refused(name: str, version: str) -> None:
    assert "no range" in refused(conditions={name: {"version": version}})


@pytest.mark.parametrize("name", ["kibana", "agent"])
def test_a_condition_without_its_range_is_refused(name: str) -> None:
    assert "no range" in refused(conditions={name: {}})


@pytest.mark.parametrize(
    "changed",
    [
        {"title": 5},
        {"title": ["a"]},
        {"icons": {"src": "a"}},
        {"icons": ["a"]},
        {"icons": [{"size": 32}]},
        {"categories": "security"},
        {"categories": [1]},
        {"assets": [None]},
        {"owner": "deepwater"},
        {"conditions": []},
        {"conditions": {"kibana": "^8.0.0"}},
        {"conditions": {"elastic": {"capabilities": "security"}}},
        {"policy_templates": [{"multiple": "true"}]},
        {"policy_templates": [{"inputs": [{"vars": [{"required": 1}]}]}]},
        {"policy_templates": [{"inputs": [{"streams": [{"enabled": "yes"}]}]}]},
        {"policy_templates": [{"deployment_modes": {"agentless": {"enabled": "no"}}}]},
        {"data_streams": [None]},
        {"data_streams": [{"streams": [{"vars": {}}]}]},
        {"data_streams": [{"elasticsearch": {"index_template.settings": []}}]},
        {"data_streams": [{"agent": {"privileges": {"root": "true"}}}]},
        {"vars": [{"name": 1}]},
        {"elasticsearch": {"privileges": {"cluster": "monitor"}}},
        {"requires": {"input": [{"version": 1}]}},
        {"discovery": {"fields": ["a"]}},
        {"deprecated": {"replaced_by": "eel"}},
        {"deprecated": True},
    ],
    ids=str,
)
def test_a_value_of_another_type_than_readers_expect_is_refused(changed: dict[str, Json]) -> None:
    assert refused(**changed)


@pytest.mark.parametrize(
    "text",
    [
        b"null",
        b"[]",
        b"5",
        b'"crab"',
        b"{}",
        b"",
        b"{",
        b'{"name":"crab","version":"1.0.0","format_version":"3.0.0"',
        b'{"name":"crab","version":"1.0.0","format_version":"3.0.0","a":NaN}',
        b'{"name":"crab","version":"1.0.0","format_version":"3.0.0","title":"\xff"}',
        b'{"name":"crab","version":"1.0.0","format_version":"3.0.0","a":' + b"[" * 100_000,
    ],
    ids=["null", "list", "number", "text", "empty", "nothing", "cut", "later", "NaN", "bytes", "deep"],
)  # fmt: skip
def test_what_is_no_entry_at_all_is_refused(text: bytes) -> None:
    with pytest.raises(UnreadableError):
        shape.key_of(text)


def test_what_readers_tolerate_is_taken() -> None:
    tolerated: Json = {
        **GOOD,
        "version": "1.0.0-beta.1+build.5",
        "title": None,
        "conditions": {"kibana.version": "^8.0.0", "elastic": None},
        "unknown": {"a": [1, None]},
        "vars": [{"default": {"any": ["thing", 1.5, None]}}],
        "data_streams": [{"elasticsearch": {"index_template.mappings": {"a": [1]}, "other": 1}}],
    }

    assert shape.key_of(json.dumps(tolerated).encode()) == ("crab", "1.0.0-beta.1+build.5")


def test_an_entry_of_ours_is_readable(tmp_path: Path) -> None:
    built = release.built(tmp_path, "crab", "0.1.0")

    assert shape.key_of(json.dumps(make(built.tree)).encode()) == ("crab", "0.1.0")


# --- keys that Go takes for one ----------------------------------------------------------------------


def with_text(more: str) -> bytes:
    """An entry with more keys, as they are written."""
    return json.dumps(GOOD).encode()[:-1] + f",{more}}}".encode()


@pytest.mark.parametrize(
    "more",
    [
        pytest.param('"Name": "evil"', id="another spelling"),
        pytest.param('"NAME": "evil"', id="capitals"),
        pytest.param('"name": "evil"', id="twice"),
        pytest.param('"n\\u0061me": "evil"', id="twice, escaped"),
        pytest.param('"Title": 5', id="of a field that is not there"),
        pytest.param('"license": "basic", "LICENSE": "x"', id="another field"),
        pytest.param('"\u017fource": {"license": "x"}', id="long s"),
        pytest.param('"\\u017fource": {"license": "x"}', id="long s, escaped"),
        pytest.param('"conditions": {"\u212aibana": {"version": "^8.0.0"}}', id="Kelvin sign"),
        pytest.param('"owner": {"github": "a/b", "GitHub": "c/d"}', id="deeper"),
        pytest.param('"policy_templates": [{"inputs": [{"Type": "x"}]}]', id="in lists"),
        pytest.param('"vars": [{"name": "a", "Default": 1}]', id="the name of a map"),
        pytest.param('"vars": [{"name": "a", "default": {"a": 1, "a": 2}}]', id="twice in a map"),
        pytest.param('"x": {"a": 1, "a": 2}', id="twice where nobody looks"),
        pytest.param('"other": 1, "Other": 2', id="two spellings of what nobody knows"),
        pytest.param(
            '"policy_templates": [{"deployment_modes": '
            '{"default": {"enabled": true, "Enabled": false}}}]',
            id="a field called default",
        ),
    ],
)
def test_keys_that_go_takes_for_one_are_refused(more: str) -> None:
    with pytest.raises(UnreadableError, match="key"):
        shape.key_of(with_text(more))


@pytest.mark.parametrize(
    "more",
    [
        pytest.param(
            '"vars": [{"name": "a", "default": {"Host": 1, "host": 2, "Name": 3}}]', id="default"
        ),
        pytest.param(
            '"data_streams": [{"elasticsearch": {"index_template.mappings": '
            '{"properties": {"Host": {"Type": "x"}, "host": {"type": "x"}}}}}]',
            id="mappings",
        ),
        pytest.param('"Unknown": {"Name": 1, "name": 2}', id="what nobody looks into"),
        pytest.param('"stra\u00dfe": 1, "strasse": 2', id="no simple folding"),
    ],
)
def test_keys_of_maps_may_differ_in_case(more: str) -> None:
    assert shape.key_of(with_text(more)) == ("crab", "1.0.0")


@pytest.mark.parametrize("number", ["9" * 5000, "1e999", "-1e999"], ids=["digits", "large", "small"])
def test_a_number_that_no_float_holds_is_refused(number: str) -> None:
    with pytest.raises(UnreadableError, match="out of range"):
        shape.load(f'{{"x": [{number}]}}'.encode())
