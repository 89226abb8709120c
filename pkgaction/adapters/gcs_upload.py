"""Uploads: small ones in one request, large ones in chunks. Each carries its checksum, twice.

After a failure of an upload in chunks the server is asked how far it got, and the rest is sent.

Sources: https://cloud.google.com/storage/docs/performing-resumable-uploads and
https://cloud.google.com/storage/docs/data-validation.
"""

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

import requests
from google.api_core import exceptions

from pkgaction.adapters import gcs_resource
from pkgaction.adapters.gcs_retry import DamagedError, LostSessionError, Tries
from pkgaction.errors import StorageError
from pkgaction.model.checksum import encoded
from pkgaction.model.json import Json, text_at
from pkgaction.model.tree import Bytes, Content
from pkgaction.ports import StoredObject

CHUNK = 4 * 1024 * 1024  # bytes; a multiple of 256 KiB, as the protocol wants
_ONE_REQUEST = 2 * 1024 * 1024  # bytes; larger objects are sent in chunks
_INCOMPLETE = 308
_ENDED = frozenset({400, 404, 410, 416})  # answers after which an open session is of no more use
_RANGE = re.compile(r"bytes=0-([0-9]+)")


@dataclass(slots=True, kw_only=True)
class Upload:
    """One upload of so many bytes."""

    session: requests.Session
    address: str  # with name and precondition, but for the kind of upload
    resource: Mapping[str, Json]  # the object's headers, metadata and checksum
    prefix: str  # of the bucket's names that is not ours
    content: Content
    size: int  # bytes
    checksum: int
    tries: Tries
    timeout: tuple[float, float]  # seconds: to connect, and between two bytes

    def send(self) -> StoredObject:
        """Send everything; the object as the server describes it.

        Raises:
            PreconditionFailed: the object has another generation than was asked for.
            NotFound: there is no such bucket.
            LostSessionError: the server has ended the upload; another one may do better.
            StorageError: it was given up.
        """
        if self.size <= _ONE_REQUEST:
            return self.tries.run(self._at_once)
        url = self.tries.run(self._start)
        with self.content.open() as stream:
            return self._chunks(url, stream)

    @property
    def hashed(self) -> dict[str, str]:
        """The header of the last request of an upload: the server refuses any other bytes."""
        return {"X-Goog-Hash": f"crc32c={encoded(self.checksum)}"}

    def _at_once(self) -> StoredObject:
        with self.content.open() as stream:
            data = _read(stream, self.size + 1)
        self._require_size(len(data))
        boundary = secrets.token_hex(16)
        kind = text_at(self.resource, "contentType") or "application/octet-stream"
        head = (
            f"--{boundary}\r\nContent-Type: application/json\r\n\r\n{json.dumps(self.resource)}\r\n"
            f"--{boundary}\r\nContent-Type: {kind}\r\n\r\n"
        )
        answer = self.session.post(
            f"{self.address}&uploadType=multipart",
            data=head.encode() + data + f"\r\n--{boundary}--\r\n".encode(),
            headers={"Content-Type": f"multipart/related; boundary={boundary}", **self.hashed},
            timeout=self.timeout,
        )
        return self.described(answer)

    def _start(self) -> str:
        answer = self.session.post(
            f"{self.address}&uploadType=resumable",
            json=self.resource,
            headers={
                "X-Upload-Content-Type": text_at(self.resource, "contentType"),
                "X-Upload-Content-Length": str(self.size),
            },
            timeout=self.timeout,
        )
        _raise(answer)
        if not (url := answer.headers.get("Location", "")):
            message = "an upload was begun without an address"
            raise DamagedError(message)
        return url

    def _chunks(self, url: str, stream: BinaryIO) -> StoredObject:
        offset = 0
        while True:
            chunk = _read(stream, CHUNK)
            if not chunk or offset + len(chunk) > self.size:
                self._require_size(offset + len(chunk))
            done = _Chunk(self, url, chunk, offset).send()
            if done is not None:
                return done
            offset += len(chunk)

    def _require_size(self, count: int) -> None:
        if count != self.size:
            what = f"{count} bytes were read where {self.size} are said to be"
            raise StorageError(what=what, where=self.tries.where, fix="run the job again")

    def described(self, answer: requests.Response) -> StoredObject:
        """The object that an upload has made."""
        _raise(answer)
        return gcs_resource.stored(gcs_resource.parsed(answer.content), self.prefix)


@dataclass(slots=True)
class _Chunk:
    """A part of an upload, held in memory until the server has it."""

    upload: Upload
    url: str
    data: bytes
    offset: int
    _asks: bool = False  # the last try failed: ask how far the server got before sending

    def send(self) -> StoredObject | None:
        """Send it, from wherever the server got to; the object if this was the last part."""
        return self.upload.tries.run(self._try)

    def _try(self) -> StoredObject | None:
        if self._asks:
            answer = self._put(b"", f"bytes */{self.upload.size}")
        else:
            self._asks = True
            answer = self._send(0)
        before = -1
        while answer.status_code == _INCOMPLETE:
            skip = _held(answer) - self.offset
            if skip == len(self.data) and not self._is_last:
                return None
            if not 0 <= skip < len(self.data):
                message = f"the server holds {_held(answer)} bytes of an upload in chunks"
                raise LostSessionError(message)
            if skip <= before:
                message = "the server takes no more of an upload in chunks"
                raise DamagedError(message)
            before, answer = skip, self._send(skip)
        return self.upload.described(answer)

    @property
    def _is_last(self) -> bool:
        return self.offset + len(self.data) == self.upload.size

    def _send(self, skip: int) -> requests.Response:
        last = self.offset + len(self.data) - 1
        said = f"bytes {self.offset + skip}-{last}/{self.upload.size}"
        return self._put(self.data[skip:], said, self.upload.hashed if self._is_last else {})

    def _put(
        self, data: bytes, content_range: str, more: Mapping[str, str] | None = None
    ) -> requests.Response:
        headers = {"Content-Range": content_range, **(more or {})}
        upload = self.upload
        answer = upload.session.put(self.url, data=data, headers=headers, timeout=upload.timeout)
        if answer.status_code in _ENDED:
            message = f"the server ended an upload in chunks: {answer.status_code}"
            raise LostSessionError(message)
        return answer


def held(content: Content) -> Content:
    """The same content, in memory where it is small: it is read for its checksum and to be sent."""
    if content.size > _ONE_REQUEST:
        return content
    with content.open() as stream:
        return Bytes(_read(stream, content.size + 1))


def _held(answer: requests.Response) -> int:
    """Bytes that the server has."""
    found = _RANGE.fullmatch(answer.headers.get("Range", ""))
    return int(found[1]) + 1 if found else 0


def _raise(answer: requests.Response) -> None:
    """Raise what the server refused.

    What is refused as a bad request, its checksum among it, was damaged on the way.
    """
    if answer.status_code == requests.codes.bad_request:
        message = f"the storage refuses what it got: {_said(answer)}"
        raise DamagedError(message)
    if answer.status_code >= requests.codes.bad_request:
        raise exceptions.from_http_response(answer)


def _said(answer: requests.Response) -> str:
    try:
        said = gcs_resource.parsed(answer.content)
    except DamagedError:
        said = None
    return (text_at(said, "error", "message") or "400").splitlines()[0][:200]


def _read(stream: BinaryIO, size: int) -> bytes:
    """So many bytes, or what is left: a pipe may give less at a time."""
    parts: list[bytes] = []
    while size and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
