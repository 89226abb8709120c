"""The same files are the same zip, whoever builds it, and every reader gets the same files back."""

import hashlib
import os
import random
import shutil
import stat
import subprocess
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import google_crc32c
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pkgaction.adapters import folder
from pkgaction.errors import BuildRefusedError
from pkgaction.model.tree import Tree
from pkgaction.transforms import archive
from tests.unit.trees import GOOD, Said, file, tree

_MIB = 1 << 20
_TOP = "kelp-1.2.0"
_SIZES = (0, 1, 2, _MIB - 1, _MIB, _MIB + 1, 2 * _MIB, 3 * _MIB + 5)


def _random(size: int) -> bytes:
    return random.Random(size).randbytes(size)  # noqa: S311 - bytes that don't compress


def _text(size: int) -> bytes:
    lines = b"".join(b"%d: the tide comes and goes\n" % n for n in range(size // 20 + 1))
    return lines[:size]


def _write(path: Path, files: Tree, jobs: int = 2) -> archive.Archive:
    return archive.write(path, _TOP, files, jobs=jobs)


def _read(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as found:  # another reader than ours
        assert found.testzip() is None
        return {i.filename: found.read(i) for i in found.infolist() if not i.is_dir()}


def _infos(path: Path) -> list[zipfile.ZipInfo]:
    with zipfile.ZipFile(path) as found:  # another reader than ours
        return found.infolist()


_MANY = tree(
    {
        **GOOD,
        **{f"data_stream/bed_{n}/fields/f.yml": f"- name: f{n}\n" * n for n in range(40)},
        "img/noise.png": _random(2 * _MIB + 17),
        "docs/long.md": _text(3 * _MIB + 5),
        "docs/größe/潮.md": "Flut",
        "empty": b"",
    }
)


@pytest.mark.parametrize("jobs", [1, 2, 8])
def test_the_same_files_are_the_same_bytes_with_any_number_of_threads(tmp_path: Path, jobs: int) -> None:
    first = _write(tmp_path / "1.zip", _MANY, jobs=3)

    second = _write(tmp_path / "2.zip", Tree(tuple(reversed(_MANY.files))), jobs)

    assert first == second
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()


def test_another_reader_gets_the_same_files_back(tmp_path: Path) -> None:
    _write(tmp_path / "a.zip", _MANY)

    wanted = {f"{_TOP}/{f.path}": f.content.open().read() for f in _MANY.files}
    assert _read(tmp_path / "a.zip") == wanted


@pytest.mark.skipif(not shutil.which("unzip"), reason="unzip is not installed")
def test_unzip_finds_no_fault(tmp_path: Path) -> None:
    _write(tmp_path / "a.zip", _MANY)

    done = subprocess.run(["unzip", "-tq", tmp_path / "a.zip"], capture_output=True, check=False)

    assert (done.returncode, done.stderr) == (0, b"")


def test_entries_are_sorted_with_folders_before_what_is_in_them(tmp_path: Path) -> None:
    files = tree(
        {"b": "", "a/z": "", "a.yml": "", "a/b/c": "", "a-b/c": "", "B": "", "é": "", "z/\U0001f980": ""}
    )

    _write(tmp_path / "a.zip", files)

    names = [i.filename.removeprefix(f"{_TOP}/") for i in _infos(tmp_path / "a.zip")]
    assert names == [
        "B",
        "a/",
        "a/b/",
        "a/b/c",
        "a/z",
        "a-b/",
        "a-b/c",
        "a.yml",
        "b",
        "z/",
        "z/\U0001f980",
        "é",
    ]


def test_times_modes_and_everything_else_are_fixed(tmp_path: Path) -> None:
    _write(tmp_path / "a.zip", _MANY)

    infos = _infos(tmp_path / "a.zip")
    assert {i.date_time for i in infos} == {(1980, 1, 1, 0, 0, 0)}
    assert {i.create_system for i in infos} == {3}
    assert {(i.extra, i.comment) for i in infos} == {(b"", b"")}
    modes = {(i.is_dir(), i.external_attr >> 16) for i in infos}
    assert modes == {(True, stat.S_IFDIR | 0o755), (False, stat.S_IFREG | 0o644)}
    assert {i.compress_type for i in infos if i.is_dir()} == {zipfile.ZIP_STORED}


@pytest.mark.parametrize("make", [_text, _random], ids=["text", "noise"])
@pytest.mark.parametrize("size", _SIZES)
def test_a_file_of_any_size_comes_back_and_is_measured(
    tmp_path: Path, size: int, make: Callable[[int], bytes]
) -> None:
    data = make(size)

    made = _write(tmp_path / "a.zip", tree({"f": data}))

    assert _read(tmp_path / "a.zip") == {f"{_TOP}/f": data}
    (record,) = made.files
    assert (record.path, record.size) == ("f", size)
    assert record.sha256 == hashlib.sha256(data).hexdigest()
    assert record.crc32c == google_crc32c.value(data)


@pytest.mark.parametrize("size", [10, _MIB, 3 * _MIB + 5])
def test_what_does_not_shrink_is_stored(tmp_path: Path, size: int) -> None:
    _write(tmp_path / "a.zip", tree({"noise": _random(size), "text": _text(max(size, 1000))}))

    methods = {i.filename.split("/")[1]: i.compress_type for i in _infos(tmp_path / "a.zip")}
    assert methods == {"noise": zipfile.ZIP_STORED, "text": zipfile.ZIP_DEFLATED}


@settings(max_examples=25, deadline=None)
@given(
    st.dictionaries(
        st.from_regex(r"[a-z]{1,8}\.[a-z]{1,3}", fullmatch=True),
        st.binary(max_size=3000)
        | st.builds(lambda b, n: b * n, st.binary(max_size=50), st.integers(0, 50_000)),
        max_size=5,
    ),
    st.integers(1, 4),
)
def test_any_content_comes_back(files: dict[str, bytes], jobs: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "a.zip"

        _write(path, tree(files), jobs)

        assert _read(path) == {f"{_TOP}/{p}": data for p, data in files.items()}


def test_the_archive_is_measured_as_it_lies_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"

    made = _write(path, _MANY)

    assert made.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert made.size == path.stat().st_size
    again = archive.measured(path, _MANY)
    assert (again.sha256, again.size, again.content_digest) == (
        made.sha256,
        made.size,
        made.content_digest,
    )
    assert {f.path: f for f in again.files} == {f.path: f for f in made.files}


def test_the_content_digest_is_over_paths_and_contents(tmp_path: Path) -> None:
    digests = [
        _write(tmp_path / "a.zip", files).content_digest
        for files in (tree({"a": "x", "b": "y"}), tree({"a": "y", "b": "x"}), tree({"a": "x", "c": "y"}))
    ]

    assert len(set(digests)) == 3


def test_more_files_than_the_old_format_counts_come_back(tmp_path: Path) -> None:
    files = Tree(tuple(file(f"docs/{n:05}", b"%d" % n) for n in range(65_600)))

    _write(tmp_path / "a.zip", files)

    infos = _infos(tmp_path / "a.zip")
    assert len(infos) == 65_601
    with zipfile.ZipFile(tmp_path / "a.zip") as found:  # another reader than ours
        assert found.read(infos[-1]) == b"65599"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(Said(5, b"1234"), id="shorter"),
        pytest.param(Said(5, b"123456"), id="longer"),
        pytest.param(Said(5, b""), id="empty"),
        pytest.param(Said(0, b"1"), id="not empty"),
        pytest.param(Said(_MIB + 1, b"1" * _MIB), id="a block shorter"),
        pytest.param(Said(_MIB, b"1" * (_MIB + 1)), id="a block longer"),
        pytest.param(Said(3 * _MIB, b""), id="blocks missing"),
        pytest.param(Said(2 * _MIB, b"1" * (3 * _MIB)), id="blocks too many"),
    ],
)
def test_a_file_that_is_not_as_long_as_said_is_refused(tmp_path: Path, content: Said) -> None:
    with pytest.raises(BuildRefusedError, match="are said to be") as caught:
        _write(tmp_path / "a.zip", Tree((file("docs/x", content),)))

    assert caught.value.where == "docs/x"


def test_a_refused_build_leaves_no_zip_behind(tmp_path: Path) -> None:
    with pytest.raises(BuildRefusedError):
        _write(tmp_path / "a.zip", Tree((file("x", Said(5, b"1")),)))

    assert list(tmp_path.iterdir()) == []


def _folder(top: Path, names: list[str], *, umask: int, when: int) -> Tree:
    before = os.umask(umask)
    try:
        for name in names:
            path = top / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_MANY.read(name, limit=10 * _MIB) or b"")
            os.utime(path, (when, when))
    finally:
        os.umask(before)
    return folder.package(top).tree


def test_two_folders_with_other_times_modes_and_order_are_the_same_bytes(tmp_path: Path) -> None:
    names = [f.path for f in _MANY.files]
    one = _folder(tmp_path / "one", names, umask=0o022, when=1)
    other = _folder(tmp_path / "other", names[::-1], umask=0o077, when=1_700_000_001)
    (tmp_path / "other" / "nothing" / "here").mkdir(parents=True)

    made = [_write(tmp_path / "1.zip", one), _write(tmp_path / "2.zip", other, jobs=7)]

    assert made[0] == made[1]
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()
