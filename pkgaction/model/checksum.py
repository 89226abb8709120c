"""The checksums that Google Cloud Storage keeps: CRC32C of each object, MD5 of all but composed ones.

Source: https://cloud.google.com/storage/docs/data-validation.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass

import google_crc32c

from pkgaction.model.tree import Content

_BLOCK = 1 << 20
_BYTES = 4
_MD5_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Digests:
    """What tells whether an object's bytes are these ones."""

    size: int  # bytes
    crc32c: int
    md5: bytes
    sha256: str  # lower-case hex


def digests(content: Content) -> Digests:
    """The digests of a content's bytes, read once from the start."""
    meter = Meter()
    with content.open() as stream:
        while block := stream.read(_BLOCK):
            meter.add(block)
    return meter.digests


class Meter:
    """Digests the bytes that pass."""

    def __init__(self) -> None:
        self._sha256, self._md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
        self._crc32c = 0
        self._size = 0

    def add(self, block: bytes) -> None:
        """The next bytes."""
        self._sha256.update(block)
        self._md5.update(block)
        self._crc32c = extended(self._crc32c, block)
        self._size += len(block)

    @property
    def digests(self) -> Digests:
        """Of all bytes so far."""
        return Digests(
            size=self._size,
            crc32c=self._crc32c,
            md5=self._md5.digest(),
            sha256=self._sha256.hexdigest(),
        )


def checksums(content: Content) -> tuple[int, bytes]:
    """CRC32C and MD5 of a content's bytes, as a server keeps them; read once from the start."""
    checksum, md5 = 0, hashlib.md5(usedforsecurity=False)
    with content.open() as stream:
        while block := stream.read(_BLOCK):
            checksum = extended(checksum, block)
            md5.update(block)
    return checksum, md5.digest()


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


def decoded_md5(text: str) -> bytes | None:
    """The MD5 in such a text, base64 of its sixteen bytes; None where the text is not one."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if len(data) == _MD5_BYTES else None
