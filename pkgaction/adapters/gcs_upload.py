"""Large uploads in chunks: after a failure the server is asked how far it got, and the rest is sent.

Source: https://cloud.google.com/storage/docs/performing-resumable-uploads.
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

import google_crc32c
import requests
from google.api_core import exceptions

from pkgaction.adapters.gcs_retry import DamagedError, Tries
from pkgaction.model.json import Json, text_at
from pkgaction.model.tree import Content

CHUNK = 4 * 1024 * 1024  # bytes; a multiple of 256 KiB, as the protocol wants
_INCOMPLETE = 308
_RANGE = re.compile(r"bytes=0-([0-9]+)")


@dataclass(slots=True)
class ResumableUpload:
    """One upload of so many bytes."""

    session: requests.Session
    start_url: str  # with name and precondition
    resource: Mapping[str, Json]  # the object's headers and metadata
    content: Content
    tries: Tries
    timeout: tuple[float, float]  # seconds: to connect, and between two bytes

    def send(self) -> Json:
        """Send everything; the object as the server describes it.

        Raises:
            PreconditionFailed: the object has another generation than was asked for.
            StorageError: it was given up.
        """
        url = self.tries.run(self._start)
        with self.content.open() as stream:
            return self._chunks(url, stream)

    def _start(self) -> str:
        answer = self.session.post(
            self.start_url,
            json=self.resource,
            headers={
                "X-Upload-Content-Type": text_at(self.resource, "contentType"),
                "X-Upload-Content-Length": str(self.content.size),
            },
            timeout=self.timeout,
        )
        _raise(answer)
        return answer.headers["Location"]

    def _chunks(self, url: str, stream: BinaryIO) -> Json:
        total, offset, checksum = self.content.size, 0, 0
        while True:
            chunk = _read(stream, CHUNK)
            if not chunk or offset + len(chunk) > total:
                raise exceptions.BadRequest(f"{offset + len(chunk)} bytes were read, not {total}")
            checksum = google_crc32c.extend(checksum, chunk)
            done = _Chunk(self.session, url, chunk, offset, total, self.timeout).send(self.tries)
            if done is not None:
                if text_at(done, "crc32c") != encoded(checksum):
                    raise DamagedError
                return done
            offset += len(chunk)


@dataclass(slots=True)
class _Chunk:
    """A part of an upload, held in memory until the server has it."""

    session: requests.Session
    url: str
    data: bytes
    offset: int
    total: int
    timeout: tuple[float, float]
    _asks: bool = False  # the last try failed: ask how far the server got before sending

    def send(self, tries: Tries) -> Json | None:
        """Send it, from wherever the server got to; the object if this was the last part."""
        return tries.run(self._try)

    def _try(self) -> Json | None:
        if self._asks:
            answer = self._put(b"", f"bytes */{self.total}")
            if answer.status_code != _INCOMPLETE:
                return _object(answer)
        else:
            self._asks = True
            answer = self._put(self.data, self._range(0))
        while answer.status_code == _INCOMPLETE:
            skip = _held(answer) - self.offset
            if skip == len(self.data):
                return None
            if not 0 <= skip < len(self.data):
                raise exceptions.BadRequest(f"the server holds {_held(answer)} bytes of the upload")
            answer = self._put(self.data[skip:], self._range(skip))
        return _object(answer)

    def _range(self, skip: int) -> str:
        last = self.offset + len(self.data) - 1
        return f"bytes {self.offset + skip}-{last}/{self.total}"

    def _put(self, data: bytes, content_range: str) -> requests.Response:
        headers = {"Content-Range": content_range}
        return self.session.put(self.url, data=data, headers=headers, timeout=self.timeout)


def encoded(checksum: int) -> str:
    """A CRC32C as the API writes it: base64 of its four bytes."""
    return base64.b64encode(checksum.to_bytes(4, "big")).decode()


def _held(answer: requests.Response) -> int:
    """Bytes that the server has."""
    found = _RANGE.fullmatch(answer.headers.get("Range", ""))
    return int(found[1]) + 1 if found else 0


def _object(answer: requests.Response) -> Json:
    _raise(answer)
    try:
        found: Json = json.loads(answer.content)
    except ValueError as error:
        raise DamagedError from error
    return found


def _raise(answer: requests.Response) -> None:
    if answer.status_code >= requests.codes.bad_request:
        raise exceptions.from_http_response(answer)


def _read(stream: BinaryIO, size: int) -> bytes:
    """So many bytes, or what is left: a pipe may give less at a time."""
    parts: list[bytes] = []
    while size and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
