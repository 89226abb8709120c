"""A list of the index as an object: packed where that is worth it, read in either form.

A reader that asks over HTTP unpacks by itself what says `Content-Encoding: gzip`; a small list stays
text that a person can read.
"""

import io
from collections.abc import Iterable
from typing import BinaryIO, cast

from zlib_ng import zlib_ng
from zlib_ng.gzip_ng import GzipNGFile

from pkgaction import served
from pkgaction.entry.catalog import CatalogProblemError
from pkgaction.model import layout
from pkgaction.model.tree import Bytes, Content
from pkgaction.ports import Headers, ObjectStore, StoredObject

WORTH_PACKING = 1 << 20  # bytes
_LARGEST = 1 << 29  # bytes, unpacked: five times what the largest public registry has
_SURE = 1 << 27  # bytes: as large as any list may be unpacked, however well it packs
_PACKS = 64  # times: larger ones pack 22 times, and 48 times if all is versions of one package
_LEVEL = 6
_MAGIC = b"\x1f\x8b"  # how gzip begins, and JSON never does
_GZIP = "gzip"
_CHUNK = 1 << 20
_DAMAGED = (OSError, EOFError, cast("type[Exception]", zlib_ng.error))


def packed(chunks: Iterable[bytes]) -> tuple[Content, Headers]:
    """A list ready to be written. It is never whole in memory, unless it is small.

    Raises:
        CatalogProblemError: it is larger than is read again.
    """
    small = io.BytesIO()
    pieces = iter(chunks)
    for piece in pieces:
        small.write(piece)
        if small.tell() > WORTH_PACKING:
            data, size = _gzip(small.getvalue(), pieces)
            if size > (most := _most(len(data))):
                raise CatalogProblemError(f"the new list would have over {most} bytes")
            return Bytes(data), _headers(_GZIP)
    return Bytes(small.getvalue()), _headers("")


def read(stored: StoredObject, store: ObjectStore, *, most: int = _LARGEST) -> bytearray:
    """What an object of the index says, whether it is packed or not.

    Args:
        stored: the object.
        store: where it lies.
        most: bytes that it may have, unpacked.

    Raises:
        CatalogProblemError: it is damaged, or too large.
        GenerationMismatchError: it is gone, or another one by now.
    """
    with store.open(stored.name, generation=stored.generation) as stream:
        start = stream.read(len(_MAGIC))
        stream.seek(0)
        if start != _MAGIC:
            return _whole(stream, min(most, _LARGEST))
        try:
            with GzipNGFile(mode="rb", fileobj=stream) as unpacker:
                return _whole(cast("BinaryIO", unpacker), min(most, _most(stored.size)))
        except _DAMAGED as error:
            raise CatalogProblemError(f"the list can't be unpacked: {error}") from error


def problem(stored: StoredObject, data: bytes | bytearray) -> str:
    """Why readers over HTTP can't read an object of the index, as a sentence; empty where they can.

    Args:
        stored: the object, with the headers that readers get.
        data: what it says, unpacked.
    """
    is_packed, encoding = stored.size != len(data), stored.headers.content_encoding[:60]
    if is_packed and encoding.lower() != _GZIP:
        return f"{stored.name} is packed, and kept without Content-Encoding gzip"
    if not is_packed and not served.is_plain(stored.headers):
        return f"{stored.name} is not packed, and kept with Content-Encoding {encoding!r}"
    return ""


def _headers(encoding: str) -> Headers:
    return Headers(
        content_type=layout.JSON_TYPE, cache_control=layout.IMMUTABLE, content_encoding=encoding
    )


def _most(packed: int) -> int:
    """How many bytes a list of so many packed ones may have: it may not be one to fill a memory."""
    return min(_LARGEST, max(_SURE, _PACKS * packed))


def _gzip(start: bytes, rest: Iterable[bytes]) -> tuple[bytes, int]:
    """The pieces in one gzip member, and how many bytes they had. It has neither a name nor a time: the
    same are the same bytes.
    """
    size = len(start)
    target = io.BytesIO()
    with GzipNGFile(filename="", mode="wb", fileobj=target, compresslevel=_LEVEL, mtime=0) as packer:
        packer.write(start)
        for piece in rest:
            packer.write(piece)
            size += len(piece)
    return target.getvalue(), size


def _whole(stream: BinaryIO, most: int) -> bytearray:
    """All bytes, piece by piece: read at once they would be in memory twice."""
    whole = bytearray()
    while chunk := stream.read(_CHUNK):
        whole += chunk
        if len(whole) > most:
            raise CatalogProblemError(f"the list has over {most} bytes")
    return whole
