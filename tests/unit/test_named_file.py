"""What a person names by a path is a plain file of a bounded size, or refused, and never waited for."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from pkgaction.adapters import named_file
from pkgaction.errors import RunnerError, UsageError


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's path is short
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(here)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _folder(path: Path) -> None:
    path.mkdir()


def _loop(path: Path) -> None:
    path.symlink_to(path)


def _missing(path: Path) -> None:
    del path


KINDS = [
    pytest.param(_pipe, "it is a named pipe, not a file", id="pipe"),
    pytest.param(_socket, "it is a socket, not a file", id="socket"),
    pytest.param(_device, "it is a device, not a file", id="device"),
    pytest.param(_folder, "it is a folder, not a file", id="folder"),
    pytest.param(_loop, "there is no such file", id="loop"),
    pytest.param(_missing, "there is no such file", id="missing"),
]


@pytest.mark.parametrize(("make", "says"), KINDS)
def test_what_is_not_a_plain_file_is_refused_by_its_kind(
    tmp_path: Path, make: Callable[[Path], None], says: str
) -> None:
    path = tmp_path / "x"
    make(path)

    with pytest.raises(UsageError) as required:
        named_file.require(path, fix="name a zip")
    with pytest.raises(UsageError) as read:
        named_file.read(path, limit=10, fix="name a zip")

    assert str(required.value) == str(read.value) == f"{path}: {says} (name a zip)"


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"0123456789")
    link = tmp_path / "link"
    link.symlink_to(path)

    assert named_file.read(link, limit=10, fix="") == b"0123456789"
    with pytest.raises(UsageError, match="--keys: it has more than 9 bytes, the most that is read"):
        named_file.read(path, limit=9, fix="", where="--keys")


@pytest.mark.parametrize("name", ["a\0b", "x" * 300], ids=["NUL", "too long"])
def test_what_is_not_a_path_is_refused_in_words(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="it can't be read: "):
        named_file.require(tmp_path / name, fix="")


def test_a_machine_without_open_files_is_not_the_files_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x"
    path.touch()

    def full(*_: object, **__: object) -> int:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(os, "open", full)

    with pytest.raises(RunnerError, match="too many open files"):
        named_file.require(path, fix="")
