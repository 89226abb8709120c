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
    ("name", "code"),
    [
        (f"{_TOP}/C:/x", "path-unsafe"),
        (f"{_TOP}/.git/config", "path-unsafe"),
        (f"{_TOP}/GIT~1/config", "path-unsafe"),
        (f"{_TOP}/docs/nul.md", "path-unsafe"),
        (f"{_TOP}/docs/a\u3164.md", "path-unsafe"),
        (f"{_TOP}/Manifest.yml", "path-collision"),
        (f"{_TOP}/Docs/x.md", "path-collision"),
    ],
)
@pytest.mark.parametrize("with_folder", [False, True])
def test_a_name_that_not_all_can_have_is_an_error_of_the_core_checks(
    name: str, code: str, *, with_folder: bool
) -> None:
    folder: list[Entry] = [(f"{name.rpartition('/')[0]}/", b"")] if with_folder else []

    _, findings, _ = _all_of(_zip([*_GOOD, *folder, (name, b"x")]))

    assert [found.code for found in errors(findings)] == [code]


@pytest.mark.parametrize(
    "name",
    [
        "../escape",
        "../../etc/passwd",
        "/etc/passwd",
        "docs\\..\\escape",
        "a\nb",
        "a\x7fb",
        "./x",
        "manifest.yml;1",
        "x;",
        "a" * 1024,
    ],
)
@pytest.mark.parametrize("end", ["", "/", "/below"])
def test_a_name_that_readers_take_differently_is_refused(name: str, end: str) -> None:
    if ";" in name and end == "/below":
        end = ""  # only the last part loses it
    assert "its name" in str(_refused(_zip([*_GOOD, (f"{_TOP}/{name}{end}", b"")])))


def _linked(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = mode << 16
    return info


@pytest.mark.parametrize("type_", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_what_is_no_plain_file_is_refused(type_: int) -> None:
    _refused(_zip([*_GOOD, (_linked(f"{_TOP}/docs/link", type_ | 0o777), b"/etc/passwd")]))


def test_a_link_in_the_archive_of_a_repository_is_told_and_not_followed(tmp_path: Path) -> None:
    link = _linked(f"{_TOP}/docs/link", stat.S_IFLNK | 0o777)
    path = tmp_path / "a.zip"
    path.write_bytes(_zip([*_GOOD, (f"{_TOP}/empty/", b""), (link, b"/etc/passwd")]))

    with unarchive.opened(path, shared=False) as (_, found):
        kinds = {f.path: f.kind for f in found.files if f.kind is not Kind.FILE}

    assert kinds == {"docs/link": Kind.SYMLINK}


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


def _with_folder(name: str, data: bytes = b"", *, mode: int = 0, dos: int = 0) -> bytes:
    info = zipfile.ZipInfo(f"{_TOP}/{name}")
    info.create_system = 3
    info.external_attr = mode << 16 | dos
    return _zip([*_GOOD, (info, data)])


@pytest.mark.parametrize(
    ("data", "because"),
    [
        pytest.param(_with_folder("more-of-it/"), "without files", id="no files"),
        pytest.param(_with_folder("docs/.git/hooks/"), "without files", id="of git"),
        pytest.param(_with_folder("DOCS/"), "without files", id="another case"),
        pytest.param(_with_folder("docs\u200b/"), "without files", id="invisible letter"),
        pytest.param(_with_folder("manifest.yml/"), "twice", id="named as a file"),
        pytest.param(_with_folder("manifest.yml/x"), "a folder of others", id="below a file"),
        pytest.param(_with_folder("../../out/"), "part that is . or ..", id="upwards"),
        pytest.param(_with_folder("a\\..\\..\\b/"), "a backslash", id="upwards by backslashes"),
        pytest.param(_with_folder("docs//"), "an empty part", id="two slashes"),
        pytest.param(_with_folder("/"), "an empty part", id="two slashes at the top"),
        pytest.param(_with_folder("docs/\x1b/"), "a control", id="control character"),
        pytest.param(_with_folder("docs/", b"bytes"), "has bytes itself", id="with bytes"),
        pytest.param(_with_folder("docs/", mode=stat.S_IFLNK), "by its attributes", id="link"),
        pytest.param(_with_folder("docs/", mode=stat.S_IFREG), "by its attributes", id="file"),
        pytest.param(_with_folder("docs/", mode=0o44755), "sets the user", id="set user"),
        pytest.param(_with_folder("x", mode=stat.S_IFDIR), "by its attributes", id="no folder's name"),
        pytest.param(_with_folder("x", dos=0x10), "by its attributes", id="folder for DOS only"),
        pytest.param(_with_folder("x", mode=stat.S_IFREG, dos=0x10), "by its attr", id="both"),
        pytest.param(_with_folder("x", mode=0o104755), "sets the user", id="file that sets user"),
        pytest.param(_with_folder("x", dos=0x08), "its attributes", id="volume"),
    ],
)
def test_a_folder_is_one_of_files_in_every_way_or_refused(data: bytes, because: str) -> None:
    assert because in str(_refused(data))


@pytest.mark.parametrize("name", ["", "docs/"])
def test_a_folders_entry_is_there_once(name: str) -> None:
    folder = (f"{_TOP}/{name}", b"")

    assert "twice" in str(_refused(_zip([folder, *_GOOD, folder])))


def test_entries_of_folders_with_files_are_taken() -> None:
    top, findings, _ = _all_of(_zip([(f"{_TOP}/", b""), (f"{_TOP}/docs/", b""), *_GOOD]))

    assert (top, errors(findings)) == (_TOP, ())
