"""CRC32C, the checksum that Google Cloud Storage keeps of every object."""

import base64
import binascii

import google_crc32c

from pkgaction.model.tree import Content

_BLOCK = 1 << 20
_BYTES = 4


def crc32c(content: Content) -> int:
    """The checksum of a content's bytes, read once from the start."""
    checksum = 0
    with content.open() as stream:
        while block := stream.read(_BLOCK):
            checksum = extended(checksum, block)
    return checksum


def extended(checksum: int, block: bytes) -> int:
    """The checksum of the bytes so far and of these after them; it starts at 0."""
    return int(google_crc32c.extend(checksum, block))


def encoded(checksum: int) -> str:
    """As Google Cloud Storage writes it: base64 of its four bytes, the highest first."""
    return base64.b64encode(checksum.to_bytes(_BYTES, "big")).decode()


def decoded(text: str) -> int | None:
    """The checksum in such a text; None where the text is not one."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return int.from_bytes(data, "big") if len(data) == _BYTES else None
