"""A list as an object: packed where that is worth it, read in either form."""

import gzip
import json
from collections.abc import Iterator

import pytest

from pkgaction import listfile
from pkgaction.entry.catalog import CatalogProblemError
from pkgaction.model.tree import Bytes
from pkgaction.ports import Headers
from tests.fakes.store import MemoryStore

_PIECE = json.dumps(list(range(5_000))).encode()
_PIECES = listfile.WORTH_PACKING // len(_PIECE) + 1
_PLAIN = Headers(content_type="application/json", cache_control="")


def pieces() -> Iterator[bytes]:
    yield from [_PIECE] * _PIECES


def back(data: bytes, headers: Headers = _PLAIN) -> bytes:
    store = MemoryStore()
    return bytes(listfile.read(store.create("list", Bytes(data), headers), store))


def packed_bytes() -> bytes:
    content, _ = listfile.packed(pieces())
    with content.open() as stream:
        return stream.read()


def test_a_small_list_is_stored_as_it_is() -> None:
    content, headers = listfile.packed([b'{"packages"', b":[]}"])

    with content.open() as stream:
        assert stream.read() == b'{"packages":[]}'
    assert headers.content_encoding == ""


def test_a_large_list_is_packed_and_says_so() -> None:
    content, headers = listfile.packed(pieces())

    assert headers.content_encoding == "gzip"
    assert headers.content_type == "application/json"
    assert gzip.decompress(packed_bytes()) == b"".join(pieces())
    assert content.size < len(_PIECE) * _PIECES / 3


def test_the_same_list_is_the_same_bytes_however_it_is_cut() -> None:
    whole, _ = listfile.packed([b"".join(pieces())])

    with whole.open() as stream:
        assert stream.read() == packed_bytes()


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_a_list_is_read_by_what_it_is_and_not_by_what_its_headers_say(encoding: str) -> None:
    headers = Headers(content_type="application/json", cache_control="", content_encoding=encoding)

    assert back(b'{"a": 1}', headers) == b'{"a": 1}'
    assert back(gzip.compress(b'{"a": 1}'), headers) == b'{"a": 1}'


def test_a_list_that_was_packed_in_parts_is_read_whole() -> None:
    assert back(gzip.compress(b'{"a"') + gzip.compress(b": 1}")) == b'{"a": 1}'


@pytest.mark.parametrize(
    "damage",
    [lambda data: data[:-9], lambda data: data[:40], lambda data: data[:30] + b"\0" * 9 + data[39:],
     lambda data: data + b"more", lambda data: data[:3]],
    ids=["end cut", "half", "middle", "more after the end", "header cut"],
)  # fmt: skip
def test_a_packed_list_that_is_damaged_is_refused(damage: "type[bytes]") -> None:
    data = gzip.compress(json.dumps(list(range(200))).encode())

    with pytest.raises(CatalogProblemError, match="unpacked"):
        back(damage(data))


@pytest.mark.parametrize(
    "data", [gzip.compress(bytes(5000)), b"{" + b" " * 5000 + b"}"], ids=["packed", "plain"]
)
def test_a_list_beyond_all_measure_is_refused(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listfile, "_LARGEST", 4000)

    with pytest.raises(CatalogProblemError, match="the list has over"):
        back(data)
