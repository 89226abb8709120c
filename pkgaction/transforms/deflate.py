"""Compression that gives the same bytes for the same content, with any number of threads.

A file up to one block is compressed in one piece. A larger one is cut into blocks that are compressed
at the same time, each with the end of the one before as its dictionary, and joined into one stream.
What does not shrink is stored.
"""

from dataclasses import dataclass

from zlib_ng import zlib_ng

BLOCK = 1 << 20  # bytes
_LEVEL = 6
_WINDOW = 32 * 1024  # bytes; what deflate looks back
_WORTH_IT = 0.97  # of the size; a first block that stays above isn't worth the time of all readers

STORED, DEFLATED = 0, 8  # compression methods; source: PKWARE's APPNOTE, 4.4.5


@dataclass(frozen=True, slots=True)
class Packed:
    """Content as it goes into the zip."""

    method: int
    data: bytes


def whole(data: bytes) -> Packed:
    """Compress the whole of a small file."""
    packed = block(data, b"", last=True)
    return Packed(DEFLATED, packed) if len(packed) < len(data) else Packed(STORED, data)


def block(data: bytes, before: bytes, *, last: bool) -> bytes:
    """Compress one block of a larger file, which follows on `before`."""
    settings = (_LEVEL, zlib_ng.DEFLATED, -zlib_ng.MAX_WBITS)
    packer = (
        zlib_ng.compressobj(*settings, zdict=before[-_WINDOW:])
        if before
        else zlib_ng.compressobj(*settings)
    )
    flush = zlib_ng.Z_FINISH if last else zlib_ng.Z_SYNC_FLUSH
    return packer.compress(data) + packer.flush(flush)


def shrinks(data: bytes) -> bool:
    """Whether a file that starts like this is worth compressing."""
    return len(block(data, b"", last=True)) < len(data) * _WORTH_IT


def crc32(data: bytes, before: int = 0) -> int:
    """The checksum that a zip keeps of each file."""
    return zlib_ng.crc32(data, before)
