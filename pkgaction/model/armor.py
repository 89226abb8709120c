"""The armor of an OpenPGP signature, and whether it is whole."""

import base64
import binascii
import re

_ARMORED = re.compile(
    rb"-----BEGIN PGP SIGNATURE-----\r?\n(?:[A-Za-z]+: [^\r\n]*\r?\n)*\r?\n"
    rb"((?:[A-Za-z0-9+/]+={0,2}\r?\n)+)(?:=([A-Za-z0-9+/]{4})\r?\n)?-----END PGP SIGNATURE-----\s*"
)
_START, _POLYNOMIAL, _MASK = 0xB704CE, 0x1864CFB, 0xFFFFFF


def is_whole(armored: bytes) -> bool:
    """Whether it is one armored signature whose checksum, where it has one, is right.

    Source: https://www.rfc-editor.org/rfc/rfc9580#section-6.
    """
    found = _ARMORED.fullmatch(armored)
    if not found:
        return False
    try:
        data = base64.b64decode(b"".join(found[1].split()), validate=True)
    except binascii.Error:
        return False
    return found[2] is None or int.from_bytes(base64.b64decode(found[2]), "big") == _crc24(data)


def _crc24(data: bytes) -> int:
    checksum = _START
    for byte in data:
        checksum ^= byte << 16
        for _ in range(8):
            checksum = checksum << 1 ^ (_POLYNOMIAL if checksum & 0x800000 else 0)
    return checksum & _MASK
