"""The cache gives back what was put into it, or nothing."""

import os
from pathlib import Path

import pytest

from pkgaction.adapters.cache import Cache, user_folder

_KEY = "https://kelp.example/1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "cache"


@pytest.fixture
def cache(folder: Path) -> Cache:
    return Cache(folder)


def _entry(folder: Path) -> Path:
    (entry,) = folder.iterdir()
    return entry


def test_what_was_put_is_there(cache: Cache) -> None:
    cache.put(_KEY, b"green")
    cache.put("another", b"")

    assert cache.get(_KEY) == b"green"
    assert cache.get("another") == b""
    assert cache.get("third") is None


def test_an_entry_is_private_and_nothing_else_is_left(cache: Cache, folder: Path) -> None:
    cache.put(_KEY, b"green")
    cache.put(_KEY, b"brown")

    assert cache.get(_KEY) == b"brown"
    assert _entry(folder).stat().st_mode & 0o077 == 0
    assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("cut", [0, 1, 50, -1])
def test_a_half_written_entry_is_none(cache: Cache, folder: Path, cut: int) -> None:
    cache.put(_KEY, b"green")
    entry = _entry(folder)
    entry.write_bytes(entry.read_bytes()[:cut])

    assert cache.get(_KEY) is None


def test_a_changed_entry_is_none(cache: Cache, folder: Path) -> None:
    cache.put(_KEY, b"green")
    entry = _entry(folder)
    entry.write_bytes(entry.read_bytes().replace(b"green", b"brown"))

    assert cache.get(_KEY) is None


def test_an_entry_of_another_key_is_none(cache: Cache, folder: Path) -> None:
    cache.put(_KEY, b"green")
    mine = _entry(folder)
    cache.put("another", b"brown")
    (other,) = set(folder.iterdir()) - {mine}
    mine.write_bytes(other.read_bytes())

    assert cache.get(_KEY) is None


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_an_entry_that_others_may_write_is_none(cache: Cache, folder: Path, mode: int) -> None:
    cache.put(_KEY, b"green")
    _entry(folder).chmod(mode)

    assert cache.get(_KEY) is None


def test_a_link_a_folder_and_a_pipe_are_none(cache: Cache, folder: Path) -> None:
    cache.put(_KEY, b"green")
    entry = _entry(folder)
    moved = entry.rename(folder / "moved")

    entry.symlink_to(moved)
    assert cache.get(_KEY) is None

    entry.unlink()
    entry.mkdir()
    assert cache.get(_KEY) is None

    entry.rmdir()
    os.mkfifo(entry, 0o600)
    assert cache.get(_KEY) is None


def test_a_folder_that_cant_be_written_to_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")

    Cache(tmp_path / "file" / "cache").put(_KEY, b"green")
    Cache(None).put(_KEY, b"green")

    assert Cache(None).get(_KEY) is None


def test_a_warm_cache_is_read_and_never_written_to(cache: Cache, folder: Path, tmp_path: Path) -> None:
    cache.put(_KEY, b"green")
    second = Cache(tmp_path / "second", warm=(tmp_path / "missing", folder))

    assert second.get(_KEY) == b"green"
    second.put("another", b"brown")
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({"XDG_CACHE_HOME": "/c", "HOME": "/h"}, "/c/pkgaction"),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/h"}, "/h/.cache/pkgaction"),
        ({"HOME": "/h"}, "/h/.cache/pkgaction"),
        ({"HOME": ""}, None),
        ({}, None),
    ],
)
def test_a_persons_cache_lies_where_the_others_are(environ: dict[str, str], found: str | None) -> None:
    assert user_folder(environ) == (Path(found) if found else None)
