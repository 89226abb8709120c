"""Every zip is hostile: it gives a tree that the core checks judge, or a PackageError, never a file."""

import io
import stat
import struct
import tempfile
import warnings
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pkgaction.errors import PackageError
from pkgaction.model.finding import Finding, errors
from pkgaction.model.tree import Kind, PackageSource, Tree, TreeFile
from pkgaction.rules import core
from pkgaction.rules.package import Package
from pkgaction.transforms import archive, unarchive
from tests.unit.trees import GOOD, Around, tree

_TOP = "kelp-1.2.0"
Entry = tuple[str | zipfile.ZipInfo, bytes]
_GOOD: list[Entry] = [(f"{_TOP}/{p}", c.encode() if isinstance(c, str) else c) for p, c in GOOD.items()]


def _zip(entries: list[Entry], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of duplicate names
        with zipfile.ZipFile(stream, "w", method) as made:  # ours makes no bad ones
            for name, data in entries:
                made.writestr(name, data)
    return stream.getvalue()


def _all_of(data: bytes) -> tuple[str, list[Finding], dict[str, bytes]]:
    """Open a zip, check it, read everything in it; nothing may appear beside it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.zip"
        path.write_bytes(data)
        try:
            with unarchive.opened(path) as (top, found):
                source = PackageSource(folder=top, tree=found, repository=Around())
                findings = core.check(Package(source))
                files = [f for f in found.files if f.kind is Kind.FILE]
                contents = {f.path: _read(f) for f in files}
                archive.measured(path, Tree(tuple(files)))
                return top, findings, contents
        finally:
            assert [p.name for p in Path(folder).iterdir()] == ["a.zip"]


def _read(file: TreeFile) -> bytes:
    with file.content.open() as stream:
        return stream.read()


def _refused(data: bytes) -> PackageError:
    with pytest.raises(PackageError) as caught:
        _all_of(data)
    assert caught.value.where == "a.zip"
    return caught.value


def test_a_good_zip_is_its_top_folder_and_its_files() -> None:
    top, findings, contents = _all_of(_zip(_GOOD))

    assert (top, errors(findings)) == (_TOP, ())
    assert contents == {name.split("/", 1)[1]: data for name, data in _GOOD if isinstance(name, str)}


def test_our_own_zip_comes_back(tmp_path: Path) -> None:
    files = tree({**GOOD, "docs/größe.md": "潮", "img/a.png": bytes(range(256)) * 9000})
    archive.write(tmp_path / "a.zip", _TOP, files, jobs=2)

    with unarchive.opened(tmp_path / "a.zip") as (top, found):
        read = {f.path: _read(f) for f in found.files}

    assert top == _TOP
    assert read == {f.path: _read(f) for f in files.files}


@pytest.mark.parametrize(
    "name",
    [
        f"{_TOP}/../escape",
        f"{_TOP}/../../etc/passwd",
        f"{_TOP}//etc/passwd",
        f"{_TOP}/docs\\..\\escape",
        f"{_TOP}/C:/x",
        f"{_TOP}/.git/config",
        f"{_TOP}/a\nb",
        f"{_TOP}/Manifest.yml",
        f"{_TOP}/manifest.yml/x",
    ],
)
def test_a_dangerous_name_is_an_error_of_the_core_checks(name: str) -> None:
    _, findings, _ = _all_of(_zip([*_GOOD, (name, b"x")]))

    assert errors(findings)


def test_a_symbolic_link_is_not_followed_and_is_an_error() -> None:
    link = zipfile.ZipInfo(f"{_TOP}/docs/link")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16

    _, findings, contents = _all_of(_zip([*_GOOD, (link, b"/etc/passwd")]))

    assert "docs/link" not in contents
    assert [f.code for f in errors(findings)] == ["not-a-file"]


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param([], id="empty"),
        pytest.param([*_GOOD, ("reef-1.0.0/x", b"x")], id="two folders"),
        pytest.param([*_GOOD, ("beside", b"x")], id="a file beside"),
        pytest.param([("manifest.yml", b"x")], id="no folder"),
        pytest.param([("kelp/", b"")], id="an empty folder"),
        pytest.param([("../manifest.yml", b"x")], id="the folder above"),
        pytest.param([("/manifest.yml", b"x")], id="the root"),
        pytest.param([("./manifest.yml", b"x")], id="no name"),
        pytest.param([*_GOOD, _GOOD[0]], id="an entry twice"),
    ],
)
def test_a_zip_has_one_folder_at_its_top(entries: list[Entry]) -> None:
    _refused(_zip(entries))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"no zip at all" * 100, id="no zip"),
        pytest.param(_zip(_GOOD)[:-30], id="no end"),
        pytest.param(_zip(_GOOD)[: len(_zip(_GOOD)) // 2], id="half of it"),
        pytest.param(_zip(_GOOD)[10:], id="no start"),
        pytest.param(b"\x1f\x8b" + b"\0" * 100, id="gzip"),
    ],
)
def test_a_damaged_zip_is_refused(data: bytes) -> None:
    _refused(data)


def test_no_file_is_no_zip(tmp_path: Path) -> None:
    with pytest.raises(PackageError), unarchive.opened(tmp_path / "a.zip"):
        pass


def _changed(offset: int, value: bytes, *, local: int | None = None) -> bytes:
    """The good zip with bytes of the first central header, and the local one, overwritten."""
    data = bytearray(_zip(_GOOD))
    start = data.index(b"PK\x01\x02")
    data[start + offset : start + offset + len(value)] = value
    if local is not None:
        data[local : local + len(value)] = value
    return bytes(data)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(_changed(8, struct.pack("<H", 1), local=6), id="encrypted"),
        pytest.param(_changed(8, struct.pack("<H", 1 << 5), local=6), id="patched"),
        pytest.param(_changed(8, struct.pack("<H", 1 << 6), local=6), id="strongly encrypted"),
        pytest.param(_changed(10, struct.pack("<H", 99), local=8), id="unknown compression"),
        pytest.param(_changed(10, struct.pack("<H", zipfile.ZIP_LZMA), local=8), id="lzma"),
        pytest.param(_changed(16, b"\0\0\0\0"), id="other checksum"),
        pytest.param(_changed(24, struct.pack("<I", 5)), id="more bytes than it says"),
        pytest.param(_changed(24, struct.pack("<I", 1 << 30)), id="fewer bytes than it says"),
        pytest.param(_changed(20, struct.pack("<I", 5)), id="less packed than it says"),
        pytest.param(_changed(46, b"other"), id="another name in the two headers"),
    ],
)
def test_an_entry_that_lies_is_refused(data: bytes) -> None:
    _refused(data)


def test_a_name_that_is_no_text_is_refused() -> None:
    marked = _zip([(f"{_TOP}/ä", b"x")])

    _refused(marked.replace("ä".encode(), b"\xff\xfe"))


def test_a_bomb_gives_no_more_bytes_than_it_says() -> None:
    bomb = bytearray(_zip([(f"{_TOP}/zeros", b"\0" * 50_000_000)]))
    start = bomb.index(b"PK\x01\x02")
    bomb[start + 24 : start + 28] = struct.pack("<I", 1000)

    _refused(bytes(bomb))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_damage_gives_another_error(data: st.DataObject) -> None:
    damaged = bytearray(_zip(_GOOD))
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))

    try:
        _all_of(bytes(damaged))
    except PackageError as error:
        assert error.where == "a.zip"  # noqa: PT017 - damage may also do no harm


@pytest.mark.parametrize(
    "folder",
    [(f"{_TOP}/more-of-it/", b""), (f"{_TOP}/../../out/", b""), (f"{_TOP}/docs/", b"bytes")],
    ids=["no files", "upwards", "with bytes"],
)
def test_a_folders_entry_without_files_or_with_bytes_is_refused(folder: Entry) -> None:
    assert "is a folder without files" in str(_refused(_zip([*_GOOD, folder])))


def test_entries_of_folders_with_files_are_taken() -> None:
    top, findings, _ = _all_of(_zip([(f"{_TOP}/", b""), (f"{_TOP}/docs/", b""), *_GOOD]))

    assert (top, errors(findings)) == (_TOP, ())
