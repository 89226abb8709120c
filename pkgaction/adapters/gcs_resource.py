"""An object as the storage's API describes it, in both directions.

Whatever an answer says was read off a wire: one that cannot be right is damaged, and is asked for again.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from pkgaction import integrity
from pkgaction.adapters.gcs_retry import DamagedError
from pkgaction.model.checksum import decoded, decoded_md5, encoded
from pkgaction.model.json import Json, JsonObject, at, text_at
from pkgaction.ports import Headers, StoredObject

MARK = "write-id"  # metadata: which write made this generation
_PAGE = {"kind", "items", "prefixes", "nextPageToken"}  # the keys of a page of a listing
_DIGITS = 19  # of the largest number of 63 bits
FIELDS = (
    "name,generation,size,crc32c,md5Hash,contentType,contentEncoding,cacheControl,metadata,timeCreated"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """An object as it is to be."""

    name: str
    size: int  # bytes
    crc32c: int
    md5: bytes
    headers: Headers

    def described(self, mark: str) -> JsonObject:
        """As an upload describes it. Its name stands in the request's address alone.

        With the checksum in it, the server refuses any other bytes.
        """
        headers = self.headers
        return {
            "contentType": headers.content_type,
            **({"contentEncoding": headers.content_encoding} if headers.content_encoding else {}),
            "cacheControl": headers.cache_control,
            "crc32c": encoded(self.crc32c),
            "metadata": {**headers.metadata, MARK: mark},
        }

    def unlike(self, kept: StoredObject) -> str:
        """How the one in the bucket differs, as a sentence; empty where it does not."""
        if what := integrity.damage(kept, (self.size, self.crc32c)):
            return what
        if kept.md5 not in {None, self.md5}:
            return "it is damaged: it is kept with another MD5 than that of the bytes that were sent"
        headers = self.headers
        if not headers.content_type:  # the server chooses one
            headers = replace(headers, content_type=kept.headers.content_type)
        if (kept.name, kept.headers) != (self.name, headers):
            return "it is damaged: it is kept with other headers or metadata than it was sent with"
        return ""


def parsed(data: bytes) -> Json:
    """The JSON of an answer.

    Raises:
        DamagedError: it is not JSON.
    """
    try:
        found: Json = json.loads(data)
    except (ValueError, RecursionError) as error:
        message = "an answer is not readable"
        raise DamagedError(message) from error
    return found


def stored(resource: Json, prefix: str) -> StoredObject:
    """The object that an answer describes.

    Raises:
        DamagedError: something is missing that every object has, or is not what it must be.
    """
    name, checksum = text_at(resource, "name"), decoded(text_at(resource, "crc32c"))
    generation, size = (_number(resource, key) for key in ("generation", "size"))
    try:
        created = datetime.fromisoformat(text_at(resource, "timeCreated"))
    except ValueError:
        created = None
    hashed = text_at(resource, "md5Hash")  # a composed object has none
    md5 = decoded_md5(hashed) if hashed else None
    if hashed and md5 is None:
        message = "an answer has an MD5 that cannot be one"
        raise DamagedError(message)
    if not name.startswith(prefix) or not generation or size is None or checksum is None or not created:
        message = "an answer describes an object that cannot be"
        raise DamagedError(message)
    return StoredObject(
        name=name.removeprefix(prefix),
        generation=generation,
        size=size,
        crc32c=checksum,
        headers=_headers(resource),
        created=created,
        md5=md5,
    )


def page(answer: Json, prefix: str, asked: str) -> tuple[tuple[StoredObject, ...], str]:
    """A page of a listing, and what the next one is asked for by; empty: this is the last one.

    Args:
        answer: the server's.
        prefix: of the bucket's names that is not ours.
        asked: prefix of the names that were asked for.

    Raises:
        DamagedError: it can't be one.
    """
    items = at(answer, "items") or []
    known = isinstance(answer, Mapping) and answer.keys() <= _PAGE
    found = tuple(stored(item, prefix) for item in items) if isinstance(items, list) else ()
    if not known or not isinstance(items, list) or any(not o.name.startswith(asked) for o in found):
        message = "a listing has what was not asked for"
        raise DamagedError(message)
    return found, text_at(answer, "nextPageToken")


def mark_of(resource: Json) -> str:
    """Which write made it; empty where that was not one of ours."""
    return text_at(resource, "metadata", MARK)


def _headers(resource: Json) -> Headers:
    metadata = at(resource, "metadata")
    pairs = metadata.items() if isinstance(metadata, Mapping) else ()
    return Headers(
        content_type=text_at(resource, "contentType"),
        cache_control=text_at(resource, "cacheControl"),
        content_encoding=text_at(resource, "contentEncoding"),
        metadata={key: text for key, text in pairs if isinstance(text, str) and key != MARK},
    )


def _number(resource: Json, key: str) -> int | None:
    """A 64-bit number, which JSON has as a text."""
    text = text_at(resource, key)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else None
