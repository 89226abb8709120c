"""An armored signature is whole, or it is not: by the checksum that gpg puts at its end."""

import base64
import binascii
from pathlib import Path

import pytest

from pkgaction.model.armor import is_whole
from tests.fakes import keys


@pytest.fixture(scope="module")
def armored(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder: Path = tmp_path_factory.mktemp("signed")
    (folder / "a").write_bytes(b"a")
    with keys.home() as home:
        keys.gpg(
            home, "", "--quick-generate-key", "Kelp <kelp@deepwater.example>", "ed25519", "sign", "0"
        )
        keys.gpg(home, "", "--armor", "--detach-sign", "-o", str(folder / "a.asc"), str(folder / "a"))
    return (folder / "a.asc").read_bytes()


def test_what_gpg_makes_is_whole(armored: bytes) -> None:
    assert is_whole(armored)
    assert is_whole(armored.replace(b"\n", b"\r\n"))


def test_one_without_a_checksum_is_taken_as_it_is(armored: bytes) -> None:
    lines = [line for line in armored.splitlines(keepends=True) if not line.startswith(b"=")]

    assert is_whole(b"".join(lines))


def _says_other(data: bytes, armored: bytes) -> bool:
    """Whether a flip changes more than blanks, or bits that the last sign before `=` does not use."""
    return _said(data) != _said(armored)


def _said(armored: bytes) -> object:
    *lines, checksum = armored.split()[3:-3]
    try:
        return base64.b64decode(b"".join(lines), validate=True), checksum
    except binascii.Error:
        return lines, checksum


def test_no_flipped_bit_goes_unseen(armored: bytes) -> None:
    start, end = armored.index(b"\n\n") + 2, armored.index(b"\n-----END")
    for at in range(start, end):
        for bit in range(8):
            data = bytearray(armored)
            data[at] ^= 1 << bit
            if _says_other(bytes(data), armored):
                assert not is_whole(bytes(data)), (at, bit)


@pytest.mark.parametrize("data", [b"", b"no armor", b"-----BEGIN PGP SIGNATURE-----\n"])
def test_what_has_no_armor_is_not_whole(data: bytes) -> None:
    assert not is_whole(data)
