"""A Google Cloud Storage bucket behind the port `ObjectStore`.

Every write carries a precondition, so it can be repeated: a try that failed unclearly is settled by
reading the object back and finding our own mark on it, never by "it exists, so it must be ours".
Every upload and download is checked by CRC32C.
"""

import base64
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import BinaryIO, Self, cast
from urllib.parse import quote, urlsplit

import google_crc32c
import requests
from google.api_core import exceptions
from google.auth.credentials import Credentials
from google.cloud import storage
from requests.adapters import HTTPAdapter

from pkgaction.adapters.gcs_retry import TIMEOUT, DamagedError, Tries, given_up
from pkgaction.adapters.gcs_upload import CHUNK, ResumableUpload, encoded
from pkgaction.errors import StorageError
from pkgaction.model.json import Json, JsonObject, at, text_at
from pkgaction.model.tree import Bytes, Content
from pkgaction.ports import (
    AlreadyExistsError,
    Clock,
    GenerationMismatchError,
    Headers,
    StoredObject,
)

_MARK = "write-id"  # metadata: which write made this generation
_NEVER = 1  # a generation that no object has: they are microseconds since 1970
_STARTS = 3  # of one upload: the server may forget one that was interrupted
_ONE_REQUEST = 2 * 1024 * 1024  # bytes; larger objects are sent in chunks
_FIELDS = (
    "items(name,generation,size,crc32c,contentType,contentEncoding,cacheControl,metadata,timeCreated)"
    ",nextPageToken"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GcsStore:
    """A bucket, or the part of one below a prefix."""

    client: storage.Client
    bucket: str
    prefix: str  # empty, or ending in `/`
    clock: Clock
    principal: str = ""  # who asks, as IAM policies name it
    timeout: tuple[float, float] = TIMEOUT  # seconds: to connect, and between two bytes

    @classmethod
    def connect(
        cls, url: str, credentials: Credentials, clock: Clock, *, connections: int, principal: str = ""
    ) -> Self:
        """Take `gs://NAME[/prefix]`. No request is sent.

        With STORAGE_EMULATOR_HOST set, the library talks to that server.
        """
        name, _, prefix = url.removeprefix("gs://").partition("/")
        client = storage.Client(project="unused", credentials=credentials)
        # for traces of its own it would ask for the bucket in the background: a right we don't have
        client._bucket_metadata_cache = None  # noqa: SLF001
        for scheme in ("https://", "http://"):
            adapter = HTTPAdapter(pool_connections=connections, pool_maxsize=connections)
            client._http.mount(scheme, adapter)  # noqa: SLF001 - the documented way to widen the pool
        client._http.hooks["response"].append(partial(_note_date, clock))  # noqa: SLF001 - as above
        return cls(
            client=client,
            bucket=name,
            prefix=f"{prefix}/" if prefix else "",
            clock=clock,
            principal=principal,
        )

    @property
    def url(self) -> str:
        """How a person names it."""
        return f"gs://{self.bucket}/{self.prefix}".rstrip("/")

    def look(self, name: str, *, create: bool) -> None:
        """Check that the bucket is there, may be listed and, with `create`, written to.

        Creating is asked for with a generation that no object has: a right that is missing is told
        before the precondition, and with the right the precondition refuses, so nothing is written.
        """
        self._tries(name).run(lambda: self._page(name, None))
        if not create:
            return
        headers = Headers(content_type="application/octet-stream", cache_control="no-store")
        try:
            written = self._write(name, Bytes(b""), headers, generation=_NEVER)
        except exceptions.PreconditionFailed:
            return
        self.delete(name, generation=written.generation)
        raise StorageError(
            what="the storage ignores preconditions, so a version could be written over",
            where=self.url,
            fix="use Google Cloud Storage, or a server that honours ifGenerationMatch",
        )

    def create(self, name: str, content: Content, headers: Headers) -> StoredObject:
        """Write a new object."""
        try:
            return self._write(name, content, headers, generation=0)
        except exceptions.PreconditionFailed:
            raise AlreadyExistsError(name) from None

    def replace(self, name: str, content: Content, headers: Headers, *, generation: int) -> StoredObject:
        """Write over exactly this generation."""
        try:
            return self._write(name, content, headers, generation=generation)
        except exceptions.PreconditionFailed:
            raise GenerationMismatchError(name) from None

    def stat(self, name: str) -> StoredObject | None:
        """What is known of an object without its bytes."""
        resource = self._resource(name)
        return None if resource is None else self._stored(resource)

    def open(self, name: str, *, generation: int) -> BinaryIO:
        """The bytes of exactly this generation, checked before they are given out."""
        blob = self._blob(name, generation)

        def download() -> BinaryIO:
            target = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
            try:
                # raw: the checksum is of the bytes that are kept, packed or not
                blob.download_to_file(
                    target, raw_download=True, checksum=None, timeout=self.timeout, retry=None
                )
                self._check(blob, target)
            except BaseException:
                target.close()
                raise
            target.seek(0)
            return cast("BinaryIO", target)

        try:
            return self._tries(name).run(download)
        except exceptions.NotFound:
            raise GenerationMismatchError(name) from None

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """All objects whose name starts with the prefix, by name."""
        token: str | None = None
        while True:
            page = self._tries(prefix).run(lambda token=token: self._page(prefix, token))  # type: ignore[misc]
            items = at(page, "items")
            for item in items if isinstance(items, list) else ():
                yield self._stored(item)
            token = text_at(page, "nextPageToken")
            if not token:
                return

    def delete(self, name: str, *, generation: int) -> None:
        """Remove exactly this generation."""
        blob, tries = self._blob(name), self._tries(name)
        found = self.stat(name)
        if found is None or found.generation != generation:
            raise GenerationMismatchError(name)
        try:
            tries.run(
                lambda: blob.delete(if_generation_match=generation, timeout=self.timeout, retry=None)
            )
        except exceptions.NotFound:
            if not tries.unclear:
                raise GenerationMismatchError(name) from None
        except exceptions.PreconditionFailed:
            raise GenerationMismatchError(name) from None

    def _write(self, name: str, content: Content, headers: Headers, *, generation: int) -> StoredObject:
        mark = secrets.token_hex(8)
        marked = replace(headers, metadata={**headers.metadata, _MARK: mark})
        tries = self._tries(name)
        upload = self._at_once if content.size <= _ONE_REQUEST else self._in_chunks
        for _ in range(_STARTS):
            try:
                return self._stored(upload(name, content, marked, generation, tries))
            except exceptions.PreconditionFailed:
                mine = self._made_by(mark, name) if tries.unclear else None
                if mine is None:
                    raise
                return mine
            except exceptions.NotFound as error:  # the bucket, or an upload that the server has ended
                if not tries.unclear:
                    raise tries.translated(error) from error
                if mine := self._made_by(mark, name):
                    return mine
        raise given_up(DamagedError(), tries.where)

    def _made_by(self, mark: str, name: str) -> StoredObject | None:
        """The object, if it was this very write that made it."""
        resource = self._resource(name)
        return self._stored(resource) if text_at(resource, "metadata", _MARK) == mark else None

    def _at_once(
        self, name: str, content: Content, headers: Headers, generation: int, tries: Tries
    ) -> Json:
        """In one request, which holds the checksum, so the server refuses other bytes."""

        def upload() -> Json:
            blob = self._blob(name)
            blob.content_type, blob.cache_control = headers.content_type, headers.cache_control
            blob.content_encoding = headers.content_encoding or None
            blob.metadata = dict(headers.metadata)
            with content.open() as stream:
                blob.upload_from_file(
                    stream,
                    size=content.size,
                    content_type=headers.content_type,
                    if_generation_match=generation,
                    checksum="crc32c",
                    timeout=self.timeout,
                    retry=None,
                )
            resource: Json = blob._properties  # noqa: SLF001 - the resource as the API gives it
            return resource

        return tries.run(upload)

    def _in_chunks(
        self, name: str, content: Content, headers: Headers, generation: int, tries: Tries
    ) -> Json:
        endpoint = self.client._connection.API_BASE_URL  # noqa: SLF001 - the emulator's, where there is one
        object_name = quote(self.prefix + name, safe="")
        query = f"uploadType=resumable&ifGenerationMatch={generation}&name={object_name}"
        upload = ResumableUpload(
            session=cast("requests.Session", self.client._http),  # noqa: SLF001 - with its login
            start_url=f"{endpoint}/upload/storage/v1/b/{quote(self.bucket, safe='')}/o?{query}",
            resource=_described(self.prefix + name, headers),
            content=content,
            tries=tries,
            timeout=self.timeout,
        )
        return upload.send()

    def _page(self, prefix: str, token: str | None) -> Json:
        query = {"prefix": self.prefix + prefix, "fields": _FIELDS}
        path = f"/b/{quote(self.bucket, safe='')}/o"
        try:
            page: Json = self.client._connection.api_request(  # noqa: SLF001 - one page, one try
                method="GET",
                path=path,
                query_params={**query, **({"pageToken": token} if token else {})},
                timeout=self.timeout,
            )
        except exceptions.NotFound as error:
            raise self._tries(prefix).translated(error) from error
        return page

    def _check(self, blob: storage.Blob, target: BinaryIO) -> None:
        """Compare what came with the checksum that came with it."""
        target.seek(0)
        checksum = 0
        while block := target.read(CHUNK):
            checksum = google_crc32c.extend(checksum, block)
        if blob.crc32c != encoded(checksum):
            raise DamagedError

    def _resource(self, name: str) -> Json:
        """The object as the API describes it; None where there is none."""
        blob = self._blob(name)
        try:
            self._tries(name).run(lambda: blob.reload(timeout=self.timeout, retry=None))
        except exceptions.NotFound:
            return None
        resource: Json = blob._properties  # noqa: SLF001 - the resource as the API gives it
        return resource

    def _blob(self, name: str, generation: int | None = None) -> storage.Blob:
        return self.client.bucket(self.bucket).blob(self.prefix + name, generation=generation)

    def _tries(self, name: str) -> Tries:
        return Tries(self.clock, f"{self.url}/{name}", self.bucket, self.principal)

    def _stored(self, resource: Json) -> StoredObject:
        metadata = at(resource, "metadata")
        pairs = metadata.items() if isinstance(metadata, dict) else ()
        return StoredObject(
            name=text_at(resource, "name").removeprefix(self.prefix),
            generation=int(text_at(resource, "generation") or 0),
            size=int(text_at(resource, "size") or 0),
            crc32c=int.from_bytes(base64.b64decode(text_at(resource, "crc32c")), "big"),
            headers=Headers(
                content_type=text_at(resource, "contentType"),
                cache_control=text_at(resource, "cacheControl"),
                content_encoding=text_at(resource, "contentEncoding"),
                metadata={k: v for k, v in pairs if isinstance(v, str) and k != _MARK},
            ),
            created=datetime.fromisoformat(text_at(resource, "timeCreated")),
        )


def _note_date(clock: Clock, response: requests.Response, **_: object) -> None:
    """What the storage's clock says, with each answer."""
    server, headers = str(urlsplit(response.url).hostname), response.headers
    clock.skew.observe(server, date=headers.get("date"), age=headers.get("age"), now=clock.now())


def _described(name: str, headers: Headers) -> JsonObject:
    """The object that an upload in chunks makes, as the API wants it described."""
    return {
        "name": name,
        "contentType": headers.content_type,
        **({"contentEncoding": headers.content_encoding} if headers.content_encoding else {}),
        "cacheControl": headers.cache_control,
        "metadata": dict(headers.metadata),
    }
