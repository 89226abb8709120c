"""The index as a value."""

import json
from itertools import permutations

import pytest

from pkgaction.entry.catalog import Catalog, CatalogProblemError
from pkgaction.entry.shape import Key
from pkgaction.model.json import Json, JsonObject


def entry(name: str = "crab", version: str = "1.0.0", **more: Json) -> JsonObject:
    return {"name": name, "version": version, "format_version": "3.0.0", **more}


def stored(*entries: JsonObject) -> bytes:
    return json.dumps({"packages": [{"package_manifest": one} for one in entries]}).encode()


def written(catalog: Catalog) -> bytes:
    return b"".join(catalog.chunks())


def said(catalog: Catalog) -> dict[Key, JsonObject | None]:
    return {key: catalog.entry(key) for key in catalog.texts}


def inside(data: bytes, key: str = "packages") -> list[JsonObject]:
    return [item["package_manifest"] for item in json.loads(data)[key]]


# --- reading -----------------------------------------------------------------------------------------


def test_a_list_is_read_by_name_and_version() -> None:
    one, two, three = entry("crab"), entry("crab", "1.1.0"), entry("eel")

    catalog = Catalog.parse(stored(one, two, three))

    assert said(catalog) == {
        ("crab", "1.0.0"): one,
        ("crab", "1.1.0"): two,
        ("eel", "1.0.0"): three,
    }


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b'{"packages": [ONE], "packages": [TWO]}', id="two lists"),
        pytest.param(b'{"packages": [ONE], "Packages": [TWO]}', id="two spellings of the list"),
        pytest.param(b'{"Packages": [TWO], "packages": [ONE]}', id="the other first"),
        pytest.param(
            b'{"packages": [{"package_manifest": CRAB, "package_manifest": EEL}]}', id="two entries"
        ),
        pytest.param(
            b'{"packages": [{"package_manifest": CRAB, "Package_Manifest": EEL}]}', id="two spellings"
        ),
        pytest.param(
            b'{"packages": [{"pac\\u212aage_manifest": EEL, "package_manifest": CRAB}]}',
            id="Kelvin sign",
        ),
        pytest.param(b'{"packages": [{"package_manifest": {"Name": "eel", CRAB}]}', id="in an entry"),
    ],
)
def test_a_list_that_readers_would_read_differently_is_refused(data: bytes) -> None:
    crab, eel = json.dumps(entry("crab")).encode(), json.dumps(entry("eel")).encode()
    data = data.replace(b'"eel", CRAB', b'"eel", ' + crab[1:])
    for name, one in ((b"ONE", crab), (b"TWO", eel)):
        data = data.replace(name, b'{"package_manifest": ' + one + b"}")

    with pytest.raises(CatalogProblemError, match="key"):
        Catalog.parse(data.replace(b"CRAB", crab).replace(b"EEL", eel))


def test_other_keys_beside_the_list_and_the_entries_do_not_matter() -> None:
    data = stored(entry()).replace(b'{"package_manifest"', b'{"more": 1, "package_manifest"')

    assert said(Catalog.parse(data.replace(b'{"packages"', b'{"made": "by", "packages"'))) == {
        ("crab", "1.0.0"): entry()
    }


@pytest.mark.parametrize(
    "data",
    [
        b"",
        stored(entry())[:-1],
        stored(entry())[:-5],
        stored(entry())[: len(stored(entry())) // 2],
        b"not json",
        b"null",
        b"[]",
        b'"packages"',
        b"{}",
        b'{"packages": null}',
        b'{"packages": []}',
        b'{"packages": {}}',
        b'{"packages": {"package_manifest": {"name": "a", "version": "1.0.0"}}}',
        b'{"packages": "packages"}',
        b'{"packages": [null]}',
        stored(entry()).replace(b"]}", b", null]}"),
        b'{"packages": [[]]}',
        b'{"packages": [{"name": "a", "version": "1.0.0"}]}',
        b'{"packages": [{"package_manifest": null}]}',
        b'{"packages": [{"package_manifest": []}]}',
        b'{"packages": [{"package_manifest": {"version": "1.0.0", "format_version": "1.0.0"}}]}',
        b'{"packages": [{"package_manifest": {"name": "a", "format_version": "1.0.0"}}]}',
        stored(entry("")),
        b'{"packages": [{"package_manifest": {"name": "a", "version": 1, "format_version": "1.0.0"}}]}',
        stored(entry(), entry("eel"), entry()),
        b"\xff\xfe",
        stored(entry()) + b"x",
    ],
    ids=[
        "nothing",
        "last byte cut",
        "end cut",
        "half",
        "no json",
        "null",
        "list",
        "text",
        "packages missing",
        "packages null",
        "packages empty",
        "packages an empty object",
        "packages an object",
        "packages a text",
        "entry null",
        "second entry null",
        "entry a list",
        "entry not wrapped",
        "wrapped null",
        "wrapped list",
        "no name",
        "no version",
        "empty name",
        "version a number",
        "duplicate",
        "no UTF-8",
        "more after the end",
    ],
)
def test_a_list_that_breaks_readers_is_refused(data: bytes) -> None:
    with pytest.raises(CatalogProblemError):
        Catalog.parse(data)


def test_a_list_that_is_nested_too_deeply_is_refused() -> None:
    with pytest.raises(CatalogProblemError):
        Catalog.parse(b'{"packages": ' + b"[" * 200_000)


@pytest.mark.parametrize("number", [float("nan"), float("inf")], ids=["NaN", "Infinity"])
def test_a_number_that_json_does_not_have_is_not_written(number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        Catalog.empty().with_entries([entry(default=number)])


def test_an_empty_list_is_not_written() -> None:
    with pytest.raises(CatalogProblemError, match="empty"):
        list(Catalog.empty().chunks())


# --- writing -----------------------------------------------------------------------------------------


def test_entries_are_sorted_by_name_then_by_semantic_version() -> None:
    versions = ["1.10.0", "1.9.0", "2.0.0-rc.10", "2.0.0", "2.0.0-rc.9", "1.9.0-beta"]
    entries = [entry("eel"), *(entry("crab", version) for version in versions), entry("crab_2")]

    data = written(Catalog.parse(stored(*entries)))

    assert [(one["name"], one["version"]) for one in inside(data)] == [
        ("crab", "1.9.0-beta"),
        ("crab", "1.9.0"),
        ("crab", "1.10.0"),
        ("crab", "2.0.0-rc.9"),
        ("crab", "2.0.0-rc.10"),
        ("crab", "2.0.0"),
        ("crab_2", "1.0.0"),
        ("eel", "1.0.0"),
    ]


def test_the_same_set_is_the_same_bytes_in_any_order() -> None:
    entries = [entry("a"), entry("b", "1.0.0+x"), entry("b", "1.0.0+y"), entry("b", "1.0.0")]

    lists = {written(Catalog.parse(stored(*order))) for order in permutations(entries)}

    assert len(lists) == 1


def test_a_list_holds_the_one_key_and_whole_entries_and_reads_back() -> None:
    one = entry(title="Krabbe „ü“ 🦀", vars=[{"default": False}, {"default": 0.5}], icons=[])
    catalog = Catalog.parse(stored(one, entry("eel")))

    data = written(catalog)

    assert list(json.loads(data)) == ["packages"]
    assert inside(data)[0] == one
    assert list(inside(data)[0]) == list(one)  # in the entry's own order
    assert said(Catalog.parse(data)) == said(catalog)
    assert b"".join(Catalog.empty().with_entries([one]).catalog.chunks()).count("🦀".encode()) == 1


def test_entries_of_others_lose_nothing_but_blanks() -> None:
    theirs = (
        b'{ "name":"crab",\n "version": "1.0.0", "format_version":"3.0.0", "a": [1.50, "\\u00fc x"] }'
    )

    data = written(Catalog.parse(b'{"packages": [ {"package_manifest": ' + theirs + b"} ]}"))

    assert b'"a":[1.50,"\\u00fc x"]' in data


# --- merging -----------------------------------------------------------------------------------------


def test_a_new_version_is_added() -> None:
    catalog = Catalog.parse(stored(entry()))

    merge = catalog.with_entries([entry(version="1.1.0")])

    assert (merge.added, merge.updated) == ((("crab", "1.1.0"),), ())
    assert merge.changed == {("crab", "1.1.0")}
    assert set(merge.catalog.texts) == {("crab", "1.0.0"), ("crab", "1.1.0")}


def test_another_entry_of_a_known_version_is_an_update() -> None:
    catalog = Catalog.parse(stored(entry(title="Old"), entry("eel")))

    merge = catalog.with_entries([entry(title="New")])

    assert (merge.added, merge.updated) == ((), (("crab", "1.0.0"),))
    assert merge.catalog.entry(("crab", "1.0.0")) == entry(title="New")
    assert merge.catalog.entry(("eel", "1.0.0")) == entry("eel")


def test_the_same_entry_again_is_nothing() -> None:
    catalog = Catalog.parse(stored(entry(title="Crab")))

    merge = catalog.with_entries([dict(reversed(list(entry(title="Crab").items())))])

    assert not merge.changed
    assert written(merge.catalog) == written(catalog)


def test_a_merge_into_nothing_adds_all() -> None:
    merge = Catalog.empty().with_entries([entry("eel"), entry("crab")])

    assert merge.changed == {("crab", "1.0.0"), ("eel", "1.0.0")}
    assert [one["name"] for one in inside(written(merge.catalog))] == ["crab", "eel"]


def test_a_merge_leaves_the_catalog_it_came_from() -> None:
    catalog = Catalog.parse(stored(entry()))

    catalog.with_entries([entry("eel"), entry(title="New")])

    assert said(catalog) == {("crab", "1.0.0"): entry()}


def test_an_entry_without_a_name_is_not_merged() -> None:
    with pytest.raises(CatalogProblemError):
        Catalog.empty().with_entries([{"version": "1.0.0"}])


def test_the_delta_holds_what_came_new_and_what_changed_and_nothing_else() -> None:
    catalog = Catalog.parse(stored(entry("crab"), entry("eel"), entry("squid")))

    merge = catalog.with_entries(
        [entry("whelk"), entry("eel", title="New"), entry("squid"), entry("crab", "0.9.0")]
    )

    delta = json.loads(b"".join(merge.delta_chunks()))
    assert sorted(delta) == ["added", "removed", "updated"]
    assert inside(b"".join(merge.delta_chunks()), "added") == [entry("crab", "0.9.0"), entry("whelk")]
    assert inside(b"".join(merge.delta_chunks()), "updated") == [entry("eel", title="New")]
    assert delta["removed"] == []
