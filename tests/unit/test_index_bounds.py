"""A list, or a number, that is larger than any of the index is refused or told, and fills no memory."""

import gzip
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pkgaction import deltas, generations, listfile
from pkgaction.adapters.directory import DirectoryStore
from pkgaction.entry import bounds
from pkgaction.entry.catalog import Catalog, CatalogProblemError
from pkgaction.errors import IndexUnsafeError
from pkgaction.model import layout
from pkgaction.model.tree import Bytes
from pkgaction.ports import Headers
from pkgaction.stages import index
from tests.fakes import release
from tests.fakes.release import NOW, FakeClock
from tests.fakes.store import MemoryStore

_ROOT = Path(__file__).parents[2]
_MOST = 450 * 1000 * 1000  # bytes, peak of the whole process
_PLAIN = Headers(content_type="application/json", cache_control="")
_ENTRY = b'{"package_manifest":{"name":"a","version":"1.0.0","format_version":"3.0.0"}}'
_DAY = 24 * 3600


def _list_of(items: bytes) -> bytes:
    return b'{"packages":[' + items + b"]}"


BOMBS = {
    "blanks": (b'{"packages":[', b" ", b"]}"),
    "numbers": (b'{"packages":[', b"0,", b"0]}"),
    "bare objects": (b'{"packages":[', b"{},", b"{}]}"),
    "empty entries": (b'{"packages":[', b'{"package_manifest":0},', b'{"package_manifest":0}]}'),
    "entries": (b'{"packages":[', _ENTRY + b",", _ENTRY + b"]}"),
    "lists beside the packages": (b'{"packages":[],"more":[', b"[],", b"[]]}"),
    "lists in an entry": (b'{"packages":[{"package_manifest":{"x":[', b"[],", b"[]]}}]}"),
    "lists beside an entry": (b'{"packages":[{"package_manifest":{},"x":[', b"[],", b"[]]}]}"),
}


def _bomb(start: bytes, piece: bytes, end: bytes, *, blocks: int) -> bytes:
    """A packed list of so many times 48 MB."""
    block = gzip.compress(piece * ((48 << 20) // len(piece)), 6)
    return gzip.compress(start) + block * blocks + gzip.compress(end)


def look(bucket: str) -> None:
    """Read the index; print the peak of this process's memory, in bytes, and what was said."""
    store = DirectoryStore(Path(bucket))
    said = generations.look(store, FakeClock()).broken
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    print(int(peak.split()[1]) * 1024, said)


@pytest.mark.parametrize("blocks", [2, 24], ids=["100 MB", "1.2 GB"])
@pytest.mark.parametrize("parts", BOMBS.values(), ids=BOMBS.keys())
def test_a_packed_list_that_would_fill_the_memory_is_refused(
    tmp_path: Path, parts: tuple[bytes, bytes, bytes], blocks: int
) -> None:
    data = _bomb(*parts, blocks=blocks)
    assert len(data) < 5_000_000
    store = DirectoryStore(tmp_path)
    store.create(layout.full_index_name("1700000000"), Bytes(data), _PLAIN)
    store.create(layout.CURSOR, Bytes(b'{"current":"1700000000"}'), _PLAIN)
    script = f"from tests.unit.test_index_bounds import look as go; go({os.fspath(tmp_path)!r})"

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=_ROOT, capture_output=True, text=True, check=True
    )

    peak, _, said = done.stdout.partition(" ")
    assert int(peak) < _MOST
    assert said.startswith("the list has over" if blocks > 2 else "the list ")


@pytest.mark.parametrize(
    ("items", "said"),
    [
        pytest.param((_ENTRY + b",") * 4, "it has over 3 entries", id="entries"),
        pytest.param(b'{"package_manifest":0},' * 4, "it has over 3 entries", id="empty entries"),
        pytest.param(b"{}," * 4, "missing required field", id="bare objects"),
        pytest.param(_ENTRY.replace(b"{", b'{"x":"' + b"y" * 200 + b'",', 1) + b",", "an entry has over",
                     id="a wide wrapper"),
        pytest.param(_ENTRY.replace(b'"a"', b'"' + b"a" * 200 + b'"') + b",", "an entry has over",
                     id="a wide entry"),
    ],
)  # fmt: skip
def test_more_than_an_index_has_is_refused_before_it_is_kept(
    items: bytes, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "MOST_ENTRIES", 3)
    monkeypatch.setattr(bounds, "LARGEST_ENTRY", 200)

    with pytest.raises(CatalogProblemError, match=re.escape(said)):
        Catalog.parse(_list_of(items[:-1]))


def test_a_large_list_has_nothing_but_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "LARGEST_ENTRY", 100)
    data = b'{"more":[],' + _list_of(_ENTRY)[1:]

    with pytest.raises(CatalogProblemError, match="other keys beside packages has over 100 bytes"):
        Catalog.parse(data)


def test_nothing_is_written_that_would_not_be_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, clock = MemoryStore(), FakeClock()
    index.add([release.published(tmp_path / "x", "crab")], store, clock)
    before = store.dump()
    monkeypatch.setattr(bounds, "MOST_ENTRIES", 1)

    with pytest.raises(IndexUnsafeError, match="the new list would have over 1 entries"):
        index.add([release.published(tmp_path / "y", "eel")], store, clock)

    assert store.dump() == before


def test_a_list_that_packs_too_well_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listfile, "_SURE", 1000)

    def pieces() -> Iterator[bytes]:
        yield from [b" " * 1_000_000] * 3

    with pytest.raises(CatalogProblemError, match="the new list would have over"):
        listfile.packed(pieces())


def test_a_cursor_of_very_many_bytes_is_not_read_whole() -> None:
    store = MemoryStore()
    stored = store.create(layout.CURSOR, Bytes(b" " * 1_000_000), _PLAIN)

    assert len(generations.contents(store, stored)) < 70_000
    assert generations.look(store, FakeClock()).broken


def test_changes_that_are_larger_than_the_whole_list_are_not_built(tmp_path: Path) -> None:
    store, clock = MemoryStore(), FakeClock()
    index.add([release.published(tmp_path / "x", "crab")], store, clock)
    cursor = index.add([release.published(tmp_path / "y", "eel")], store, clock).cursor
    name = layout.delta_index_name(cursor)
    stored = store.stat(name)
    assert stored
    data = b'{"added":[' + b"[]," * (3 << 20) + b'[]],"updated":[],"removed":[]}'
    store.replace(name, Bytes(data), stored.headers, generation=stored.generation)
    catalog = generations.listed(cursor, store)

    with pytest.raises(IndexUnsafeError, match="has over"):
        deltas.require_fitting(cursor, catalog, store)


def follow(bucket: str) -> None:
    """The same of a list of changes, beside a whole list that is as large as the test's."""
    store, key = DirectoryStore(Path(bucket)), ("a", "1.0.0")
    start = b'{"name":"a","version":"1.0.0","format_version":"3.0.0","x":"'
    entry = b"".join([start, b"y" * (100 << 20), b'"}'])
    said = ""
    try:
        deltas.require_fitting("1700000000", Catalog({key: entry}), store)
    except IndexUnsafeError as error:
        said = error.what
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    print(int(peak.split()[1]) * 1024, said)


_ADDED, _REST = b'{"added":[', b'"updated":[],"removed":['
CHANGES = {
    "lists that are removed": (_ADDED + b"]," + _REST, b"[],", b"[]]}"),
    "nothing that is removed": (_ADDED + b"]," + _REST, b"{},", b"{}]}"),
    "versions that are removed": (_ADDED + b"]," + _REST, b'{"name":"","version":""},', b"{}]}"),
    "lists that are added": (_ADDED, b"[],", b"[]]," + _REST + b"]}"),
    "entries that are added": (_ADDED, b'{"package_manifest":{}},', b"{}]," + _REST + b"]}"),
    "lists in an entry": (_ADDED + b'{"package_manifest":{"x":[', b"[],", b"[]]}}]," + _REST + b"]}"),
    "lists beside the parts": (_ADDED + b"]," + _REST + b'],"more":[', b"[],", b"[]]}"),
    "blanks": (_ADDED, b" ", b"]," + _REST + b"]}"),
}


@pytest.mark.parametrize("parts", CHANGES.values(), ids=CHANGES.keys())
def test_a_list_of_changes_that_would_fill_the_memory_is_refused(
    tmp_path: Path, parts: tuple[bytes, bytes, bytes]
) -> None:
    store = DirectoryStore(tmp_path)
    data = _bomb(*parts, blocks=2)
    store.create(layout.delta_index_name("1700000000"), Bytes(data), _PLAIN)
    script = f"from tests.unit.test_index_bounds import follow as go; go({os.fspath(tmp_path)!r})"

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=_ROOT, capture_output=True, text=True, check=True
    )

    peak, _, said = done.stdout.partition(" ")
    assert int(peak) < _MOST
    assert "the list of changes is not that of the whole list" in said or parts == CHANGES["blanks"]


_WRAPPED = b'{"package_manifest":{"name":"a","version":"1.0.0","format_version":"3.0.0","x":1}}'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(b'{"added":[],"updated":[],"removed":[[]]}', "it cannot be read", id="a bare list"),
        pytest.param(b'{"added":[],"updated":[],"removed":[{}]}', "it cannot be read", id="nobody"),
        pytest.param(b'{"added":[],"updated":[],"removed":[{"name":"a","version":"1.0.0"}]}',
                     "it removes a 1.0.0, which is there", id="who is there"),
        pytest.param(b'{"added":[],"updated":[],"removed":[{"name":"b","version":"1.0.0","Name":"a"}]}',
                     "it cannot be read", id="another spelling"),
        pytest.param(b'{"added":[],"added":[],"updated":[],"removed":[]}', "other parts", id="twice"),
        pytest.param(b'{"added":[],"updated":[],"removed":[],"Added":[]}', "other parts", id="Added"),
        pytest.param(b'{"added":[],"updated":[]}', "it cannot be read", id="two parts"),
        pytest.param(b'{"added":[' + _WRAPPED.replace(b"1}", b"2}") + b'],"updated":[],"removed":[]}',
                     "a 1.0.0 is another one there", id="another entry"),
        pytest.param(b'{"added":[' + _WRAPPED[:-1] + b',"Package_manifest":{}}],' + _REST + b"]}",
                     "some readers take the key", id="beside an entry"),
        pytest.param(b'{"removed" :[],\n"updated":[' + _WRAPPED + b'],"added":[]} ', "",
                     id="another order"),
        pytest.param(b'{"added":null,"updated":null,"removed":null}', "it cannot be read", id="null"),
    ],
)  # fmt: skip
def test_what_a_list_of_changes_says_is_read_as_all_readers_read_it(text: bytes, said: str) -> None:
    store, catalog = MemoryStore(), Catalog.parse(_list_of(_WRAPPED))
    store.create(layout.delta_index_name("1700000000"), Bytes(text), _PLAIN)
    found = ""

    try:
        deltas.require_fitting("1700000000", catalog, store)
    except IndexUnsafeError as error:
        found = error.what

    assert (said in found) if said else not found


# --- numbers ahead of the clock ----------------------------------------------------------------------


def _numbered(store: MemoryStore, cursor: int) -> str:
    name = layout.full_index_name(str(cursor))
    store.create(name, Bytes(_list_of(_ENTRY)), _PLAIN)
    return name


def test_a_generation_that_is_days_ahead_is_told_when_the_numbers_follow_it(tmp_path: Path) -> None:
    store, clock = MemoryStore(), FakeClock()
    index.add([release.published(tmp_path / "x", "crab")], store, clock)
    _numbered(store, NOW + 347 * _DAY)

    moved = index.add([release.published(tmp_path / "y", "eel")], store, clock)
    later = index.add([release.published(tmp_path / "z", "squid")], store, clock)

    (warning,) = moved.warnings
    assert f"v2/metadata/{NOW + 347 * _DAY}/ is numbered 347 days ahead of the clock" in warning
    assert "find out who wrote it" in warning
    assert later.warnings == ()


def test_a_generation_that_is_ahead_is_named_with_what_to_delete_before_it_is_followed() -> None:
    store, clock = MemoryStore(), FakeClock()
    _numbered(store, NOW)
    name = _numbered(store, NOW + 2 * _DAY)

    (told,) = generations.ahead(store, generations.by_folder(store), clock, str(NOW))

    assert f"delete {name}" in told


def test_of_very_many_generations_far_ahead_one_sentence_tells(tmp_path: Path) -> None:
    store, clock = MemoryStore(), FakeClock()
    for number in range(200):
        _numbered(store, 9_999_000_000 + number)

    (warning,) = index.add([release.published(tmp_path / "x", "crab")], store, clock).warnings

    assert warning.startswith(f"200 generations in {store.url} are numbered more than a year ahead")
    assert "v2/metadata/9999000002/ and 197 more" in warning
    assert len(warning) < 400


def test_a_number_within_a_day_is_nobodys_fault() -> None:
    store, clock = MemoryStore(), FakeClock()
    _numbered(store, NOW + _DAY - 60)

    assert generations.ahead(store, generations.by_folder(store), clock, str(NOW)) == []
