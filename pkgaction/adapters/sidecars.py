"""What a folder's bucket keeps beside an object: headers, size and checksum as given.

A disk may have changed what is read: what cannot be right counts as nothing.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pkgaction.integrity import Measure
from pkgaction.model.json import Json, at
from pkgaction.ports import Headers, StoredObject

_LARGEST = 1 << 63  # no file has as many bytes
_CHECKSUMS = 1 << 32


@dataclass(frozen=True, slots=True)
class Kept:
    """What was kept."""

    headers: Headers
    measure: Measure


def dumped(stored: StoredObject) -> str:
    """The text that is kept."""
    headers = stored.headers
    return json.dumps(
        {
            "size": stored.size,
            "crc32c": stored.crc32c,
            "contentType": headers.content_type,
            "cacheControl": headers.cache_control,
            "contentEncoding": headers.content_encoding,
            "metadata": dict(headers.metadata),
        },
        indent=2,
    )


def loaded(data: bytes) -> Kept | None:
    """What such a text says; None where it cannot be right."""
    try:
        known: Json = json.loads(data)
        headers = Headers(
            content_type=_text(at(known, "contentType")),
            cache_control=_text(at(known, "cacheControl")),
            content_encoding=_text(at(known, "contentEncoding")),
            metadata=_texts(at(known, "metadata")),
        )
        measure = _number(at(known, "size"), _LARGEST), _number(at(known, "crc32c"), _CHECKSUMS)
    except (ValueError, RecursionError):
        return None
    return Kept(headers, measure)


def _number(found: Json, end: int) -> int:
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found < end:
        raise ValueError
    return found


def _text(found: Json) -> str:
    if not isinstance(found, str):
        raise ValueError  # noqa: TRY004 - one kind for all that cannot be right
    found.encode()  # refuses half a character
    return found


def _texts(found: Json) -> dict[str, str]:
    if not isinstance(found, Mapping):
        raise ValueError  # noqa: TRY004 - as above
    return {_text(key): _text(text) for key, text in found.items()}
