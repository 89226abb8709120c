"""A Google Cloud Storage bucket behind the port `ObjectStore`.

Every write carries a precondition, so it can be repeated: a try that failed unclearly is settled by
reading the object back and finding our own mark on it, never by "it exists, so it must be ours".
Every upload carries its CRC32C, and what the server says it keeps is compared with what was sent; every
download is checked.
"""

import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, Self, cast
from urllib.parse import quote, urlsplit

import requests
from google.api_core import exceptions
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError
from google.cloud import storage

from pkgaction import integrity
from pkgaction.adapters import gcs_resource
from pkgaction.adapters.deadline import Limit, Pace
from pkgaction.adapters.gcs_resource import Wanted
from pkgaction.adapters.gcs_retry import TIMEOUT, DamagedError, LostSessionError, Tries, given_up
from pkgaction.adapters.gcs_transport import LIMIT, BoundedAdapter, Noting
from pkgaction.adapters.gcs_upload import CHUNK, Upload, held
from pkgaction.errors import LoginError, StorageError
from pkgaction.model.checksum import checksums, encoded, extended
from pkgaction.model.json import Json
from pkgaction.model.tree import Bytes, Content
from pkgaction.ports import (
    AlreadyExistsError,
    Clock,
    GenerationMismatchError,
    Headers,
    StoredObject,
)

_NEVER = 1  # a generation that no object has: they are microseconds since 1970
_MOST = 3  # uploads of an object where the server ends them, and as many where it keeps other bytes
_FIELDS = f"items({gcs_resource.FIELDS}),nextPageToken"


@dataclass(frozen=True, slots=True, kw_only=True)
class GcsStore:
    """A bucket, or the part of one below a prefix."""

    client: storage.Client
    bucket: str
    prefix: str  # empty, or ending in `/`
    clock: Clock
    principal: str = ""  # who asks, as IAM policies name it
    timeout: tuple[float, float] = TIMEOUT  # seconds: to connect, and between two bytes
    limit: Limit = LIMIT  # of each request, and of the speed of a download

    @classmethod
    def connect(
        cls,
        url: str,
        credentials: Credentials,
        clock: Clock,
        *,
        connections: int,
        principal: str = "",
        limit: Limit = LIMIT,
    ) -> Self:
        """Take `gs://NAME[/prefix]`. No request is sent.

        With STORAGE_EMULATOR_HOST set, the library talks to that server.
        """
        name, _, prefix = url.removeprefix("gs://").partition("/")
        client = storage.Client(project="unused", credentials=credentials)
        # for traces of its own it would ask for the bucket in the background: a right we don't have
        client._bucket_metadata_cache = None  # noqa: SLF001
        for scheme in ("https://", "http://"):
            adapter = BoundedAdapter(limit, connections=connections)
            client._http.mount(scheme, adapter)  # noqa: SLF001 - the documented way to widen the pool
        client._http.hooks["response"].append(partial(_note_date, clock))  # noqa: SLF001 - as above
        return cls(
            client=client,
            bucket=name,
            prefix=f"{prefix}/" if prefix else "",
            clock=clock,
            principal=principal,
            limit=limit,
        )

    @property
    def url(self) -> str:
        """How a person names it."""
        return f"gs://{self.bucket}/{self.prefix}".rstrip("/")

    def look(self, name: str, *, create: bool, there: bool = False) -> None:
        """Check that the bucket is there, may be listed and, with `create`, written to.

        Creating is asked for with a generation that no object has: a right that is missing is told
        before the precondition, and with the right the precondition refuses, so nothing is written.
        """
        del there  # a bucket is never made here
        next(self.list(name), None)
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
        found = self._found(name)
        return found[0] if found else None

    def open(self, name: str, *, generation: int) -> BinaryIO:
        """The bytes of exactly this generation, checked before they are given out."""

        def download() -> BinaryIO:
            blob = self._blob(name, generation)  # of this try alone: one that is overdue has its own
            target = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
            try:
                self._download(blob, cast("BinaryIO", target))
                self._check(blob, target)
            except BaseException:
                target.close()
                raise
            target.seek(0)
            return cast("BinaryIO", target)

        try:
            return self._tries(name).ask(download)
        except exceptions.NotFound:
            raise GenerationMismatchError(name) from None

    def _download(self, blob: storage.Blob, target: BinaryIO) -> None:
        """Write its bytes to the file as they come."""
        pace = Pace(self.limit)
        # raw: the checksum is of the bytes that are kept, packed or not
        work = partial(
            blob.download_to_file,
            Noting(target, pace),
            raw_download=True,
            checksum=None,
            timeout=self.timeout,
            retry=None,
        )
        pace.keep(work)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """All objects whose name starts with the prefix, by name."""
        token: str | None = None
        while True:
            tries = self._tries(prefix)
            try:
                found, token = tries.ask(lambda token=token: self._page(prefix, token))  # type: ignore[misc]
            except exceptions.NotFound as error:
                raise tries.translated(error) from error
            yield from found
            if not token:
                return

    def non_objects(self, prefix: str) -> Iterator[str]:
        """Nothing: all that a bucket has is objects."""
        del prefix
        return iter(())

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
        try:
            return self._proven(name, content, headers, generation=generation)
        except OSError as error:  # no answer's: those are told in other words
            what = f"what is to be uploaded cannot be read: {error.strerror or error}"
            fix = "check the disk, then run the job again"
            raise StorageError(what=what, where=f"{self.url}/{name}", fix=fix) from error

    def _proven(self, name: str, content: Content, headers: Headers, *, generation: int) -> StoredObject:
        """Write it until the bucket has exactly that.

        What the server keeps other than it was sent is written over at once, where that is allowed.
        """
        mark, tries, size = secrets.token_hex(8), self._tries(name), content.size
        content = held(content)
        wanted = Wanted(name, size, *checksums(content), headers)
        stored = self._sent(wanted, mark, content, tries, generation)
        for _ in range(_MOST):
            kept = self._kept(stored, wanted, mark)
            if not (what := wanted.unlike(kept)):
                return kept
            try:
                stored = self._sent(wanted, mark, content, tries, kept.generation)
            except LoginError as error:
                raise integrity.damaged(self.url, kept, what) from error
        raise integrity.damaged(self.url, stored, wanted.unlike(stored))

    def _kept(self, stored: StoredObject, wanted: Wanted, mark: str) -> StoredObject:
        """The object that a write of ours made. An answer that says it is another one is not believed.

        Raises:
            PreconditionFailed: another one was written after it.
        """
        if not wanted.unlike(stored):
            return stored
        found, by = self._found(wanted.name) or (stored, "")
        if wanted.unlike(found) and by != mark:
            message = "another one was written after it"
            raise exceptions.PreconditionFailed(message)
        return found

    def _sent(
        self, wanted: Wanted, mark: str, content: Content, tries: Tries, generation: int
    ) -> StoredObject:
        """The object that an upload made; one that the server ends is begun again."""
        for _ in range(_MOST):
            try:
                return self._upload(wanted, mark, content, tries, generation).send()
            except exceptions.PreconditionFailed:
                if tries.unclear and (mine := self._made_by(mark, wanted.name)):
                    return mine
                raise
            except exceptions.NotFound as error:
                raise tries.translated(error) from error
            except LostSessionError:
                tries.unclear = True
                if mine := self._made_by(mark, wanted.name):
                    return mine
        message = f"the server ended the upload in chunks {_MOST} times"
        raise given_up(LostSessionError(message), tries.where)

    def _made_by(self, mark: str, name: str) -> StoredObject | None:
        """The object, if it was this very write that made it."""
        found = self._found(name)
        return found[0] if found and found[1] == mark else None

    def _upload(
        self, wanted: Wanted, mark: str, content: Content, tries: Tries, generation: int
    ) -> Upload:
        endpoint = self.client._connection.API_BASE_URL  # noqa: SLF001 - the emulator's, where there is one
        query = f"name={quote(self.prefix + wanted.name, safe='')}&ifGenerationMatch={generation}"
        return Upload(
            session=cast("requests.Session", self.client._http),  # noqa: SLF001 - with its login
            address=f"{endpoint}/upload/storage/v1/b/{quote(self.bucket, safe='')}/o?{query}",
            resource=wanted.described(mark),
            prefix=self.prefix,
            content=content,
            size=wanted.size,
            checksum=wanted.crc32c,
            tries=tries,
            timeout=self.timeout,
        )

    def _page(self, prefix: str, token: str | None) -> tuple[tuple[StoredObject, ...], str]:
        """A page of a listing, and what the next one is asked for by."""
        query = {"prefix": self.prefix + prefix, "fields": _FIELDS}
        page = self._asked("", {**query, **({"pageToken": token} if token else {})})
        return gcs_resource.page(page, self.prefix, prefix)

    def _asked(self, path: str, query: dict[str, str]) -> Json:
        """One request about objects, one try."""
        try:
            found: Json = self.client._connection.api_request(  # noqa: SLF001
                method="GET",
                path=f"/b/{quote(self.bucket, safe='')}/o{path}",
                query_params=query,
                timeout=self.timeout,
            )
        except GoogleAuthError:
            raise  # some of them are ValueErrors
        except ValueError as error:
            message = "an answer is not readable"
            raise DamagedError(message) from error
        return found

    def _check(self, blob: storage.Blob, target: BinaryIO) -> None:
        """Compare what came with the checksum that came with it."""
        target.seek(0)
        checksum = 0
        while block := target.read(CHUNK):
            checksum = extended(checksum, block)
        if blob.crc32c != encoded(checksum):
            message = "the bytes that came are not those that are kept"
            raise DamagedError(message)

    def _found(self, name: str) -> tuple[StoredObject, str] | None:
        """The object, and the mark of the write that made it; None where there is none."""

        def ask() -> tuple[StoredObject, str]:
            resource = self._asked(f"/{quote(self.prefix + name, safe='')}", {"projection": "noAcl"})
            stored = gcs_resource.stored(resource, self.prefix)
            if stored.name != name:
                message = "an answer describes another object"
                raise DamagedError(message)
            return stored, gcs_resource.mark_of(resource)

        try:
            return self._tries(name).ask(ask)
        except exceptions.NotFound:
            return None

    def _blob(self, name: str, generation: int | None = None) -> storage.Blob:
        return self.client.bucket(self.bucket).blob(self.prefix + name, generation=generation)

    def _tries(self, name: str) -> Tries:
        return Tries(self.clock, f"{self.url}/{name}", self.bucket, self.principal)


def _note_date(clock: Clock, response: requests.Response, **_: object) -> None:
    """What the storage's clock says, with each answer."""
    server, headers = str(urlsplit(response.url).hostname), response.headers
    clock.skew.observe(server, date=headers.get("date"), age=headers.get("age"), now=clock.now())
