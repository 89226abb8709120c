"""The armor of an OpenPGP signature, and whether it is whole."""

import base64
import binascii
import re

_ARMORED = re.compile(
    rb"-----BEGIN PGP SIGNATURE-----\r?\n(?:[A-Za-z]+: [^\r\n]{1,1000}\r?\n)*\r?\n"
    rb"((?:[A-Za-z0-9+/]{1,96}={0,2}\r?\n)+)(?:=([A-Za-z0-9+/]{4})\r?\n)?"
    rb"-----END PGP SIGNATURE-----\s*"
)
_START, _POLYNOMIAL, _MASK = 0xB704CE, 0x1864CFB, 0xFFFFFF


def is_whole(armored: bytes) -> bool:
    """Whether it is one armored signature whose checksum, where it has one, is right."""
    return unarmored(armored) is not None


def unarmored(armored: bytes) -> bytes | None:
    """The bytes in one armored signature; None where it is damaged, or there is more than it.

    Lines are as long as the strictest reader takes them (Go's: 96 characters).
    Source: https://www.rfc-editor.org/rfc/rfc9580#section-6.
    """
    match = _ARMORED.fullmatch(armored)
    if not match:
        return None
    try:
        data = base64.b64decode(b"".join(match[1].split()), validate=True)
    except binascii.Error:
        return None
    if match[2] and int.from_bytes(base64.b64decode(match[2]), "big") != _crc24(data):
        return None
    return data


def _crc24(data: bytes) -> int:
    checksum = _START
    for byte in data:
        checksum ^= byte << 16
        for _ in range(8):
            checksum = checksum << 1 ^ (_POLYNOMIAL if checksum & 0x800000 else 0)
    return checksum & _MASK
