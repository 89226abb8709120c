"""The bytes of a zip's entry: just as many as its headers say, and with their checksum, or a refusal."""

import zlib

from pkgaction.transforms.zipend import AmbiguousZipError
from pkgaction.transforms.ziprecords import STORED, At, Entry

_CHUNK = 256 * 1024  # bytes, read at once
_MOST = 64 * 1024 * 1024  # bytes, unpacked at once


class EntryStream:
    """Reads one entry from its start. The last byte is only given when all of it is as it should be."""

    def __init__(self, read: At, entry: Entry) -> None:
        self._read = read
        self._entry = entry
        self._next = entry.data
        self._end = entry.data + entry.packed
        self._left = entry.size  # bytes that were not unpacked yet
        self._crc = 0
        self._input = b""
        self._output = b""  # unpacked, and not given out yet
        self._at = 0
        self._ended = False
        self._inflate = None if entry.method == STORED else zlib.decompressobj(-zlib.MAX_WBITS)

    def read(self, size: int = -1) -> bytes:
        """So many bytes, or all that are left; fewer only at the end.

        Raises:
            AmbiguousZipError: there are more or fewer than the headers say, or others.
            zlib.error: the deflated bytes are damaged.
        """
        have = len(self._output) - self._at
        wanted = have + self._left if size < 0 else min(size, have + self._left)
        pieces = [self._output[self._at :]] if wanted > have else []
        while have < wanted:
            piece = self._unpack(wanted - have)
            have += len(piece)
            pieces.append(piece)
        if pieces:
            self._output, self._at = b"".join(pieces), 0
        if not self._left and not self._ended:
            self._finish()
        self._at += wanted
        return (
            self._output if wanted == len(self._output) else self._output[self._at - wanted : self._at]
        )

    def _unpack(self, wanted: int) -> bytes:
        """Some of the bytes that are left, at least one."""
        piece = b""
        while not piece:
            if not self._input:
                self._input = self._packed()
            if not self._input:
                raise AmbiguousZipError(f"{self._left} bytes are missing")
            if self._inflate is None:
                piece, self._input = self._input, b""
            else:
                most = min(self._left, max(wanted, _CHUNK), _MOST)
                piece = self._inflate.decompress(self._input, most)
                self._input = self._inflate.unconsumed_tail
                if self._inflate.eof:
                    break
        self._left -= len(piece)
        self._crc = zlib.crc32(piece, self._crc)
        if not piece or (self._left and self._inflate is not None and self._inflate.eof):
            raise AmbiguousZipError(f"{self._left} bytes are missing")
        return piece

    def _packed(self) -> bytes:
        data = self._read(min(_CHUNK, self._end - self._next), self._next)
        self._next += len(data)
        return data

    def _finish(self) -> None:
        """Nothing is left, neither packed nor to be unpacked, and the checksum is right."""
        inflate = self._inflate
        while inflate is not None and not inflate.eof:
            self._input = self._input or self._packed()
            if not self._input or inflate.decompress(self._input, 1):
                raise AmbiguousZipError("its deflated data goes on behind its size, or is cut off")
            self._input = inflate.unconsumed_tail
        behind = self._input or (inflate is not None and inflate.unused_data)
        if behind or self._next != self._end:
            raise AmbiguousZipError("there are bytes behind its deflated data")
        if self._crc != self._entry.crc:
            raise AmbiguousZipError("its bytes do not have the checksum that is said")
        self._ended = True
