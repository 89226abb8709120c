"""What stands between a client and the storage: one that flips bits, and two kinds of servers.

`Checking` refuses bytes that are not those of a checksum that came with them, as Google Cloud Storage
does: the resource's `crc32c` at the start of an upload, and `X-Goog-Hash` with its last request. The
emulator alone forgets the first one after a chunk, and never looks at the second one. `Trusting` takes
checksums out of requests, so nobody looks at any. `CreatesOnly` has no right to write over an object or
to delete one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import google_crc32c

from pkgaction.model.checksum import encoded
from tests.fakes.proxy import Refused, Seen

_RANGE = re.compile(r"bytes ([0-9]+)-([0-9]+)/([0-9]+)")
_RESOURCE = re.compile(rb'"crc32c": "([A-Za-z0-9+/=]{8})", "metadata"')
_HASH = re.compile(r"crc32c=([A-Za-z0-9+/=]{8})")


@dataclass(slots=True)
class Flipping:
    """Flips one bit of one body."""

    number: int  # of the request, from 1
    place: float  # in the body, from 0 to 1
    answers: bool = False  # whether it is the answer's body
    flipped: bool = False  # whether there was a bit to flip

    def request(self, seen: Seen, headers: Mapping[str, str], body: bytes) -> tuple[bytes, Refused]:
        """The body on its way to the server."""
        del headers
        return (body if self.answers else self._flip(seen, body)), None

    def answer(self, seen: Seen, status: int, headers: Mapping[str, str], body: bytes) -> bytes:
        """The body on its way back."""
        del status, headers
        return self._flip(seen, body) if self.answers else body

    def _flip(self, seen: Seen, body: bytes) -> bytes:
        if seen.number != self.number or not body or self.flipped:
            return body
        self.flipped = True
        bit = int(self.place * (8 * len(body) - 1))
        data = bytearray(body)
        data[bit // 8] ^= 1 << bit % 8
        return bytes(data)


@dataclass(slots=True)
class _Session:
    declared: str
    checksum: int = 0
    size: int = 0


@dataclass(slots=True)
class Checking:
    """Refuses an upload whose bytes are not those of its checksums."""

    refused: int = 0
    hashed: int = 0  # uploads that ended with X-Goog-Hash
    declared: int = 0  # uploads that began with a checksum
    _sessions: dict[str, _Session] = field(default_factory=dict)
    _begun: dict[int, str] = field(default_factory=dict)  # checksums, by number of the request

    def request(self, seen: Seen, headers: Mapping[str, str], body: bytes) -> tuple[bytes, Refused]:
        """Let an upload through, or not."""
        query = parse_qs(urlsplit(seen.path).query)
        kind, upload = query.get("uploadType", [""])[0], query.get("upload_id", [""])[0]
        said = _HASH.search(headers.get("X-Goog-Hash") or "")
        if kind and not upload:
            found = _RESOURCE.search(body)
            declared = found[1].decode() if found else ""
            self.declared += found is not None
            if kind == "multipart":
                return body, self._ended(google_crc32c.value(_content(body)), said, declared)
            self._begun[seen.number] = declared
        part = _RANGE.fullmatch(headers.get("Content-Range") or "")
        session = self._sessions.get(upload)
        if session is None or part is None:
            return body, None
        if int(part[1]) == session.size:
            session.checksum = google_crc32c.extend(session.checksum, body)
            session.size += len(body)
        if int(part[2]) + 1 < int(part[3]):
            return body, None
        return body, self._ended(session.checksum, said, session.declared)

    def answer(self, seen: Seen, status: int, headers: Mapping[str, str], body: bytes) -> bytes:
        """Remember a session, with the checksum that it began with."""
        started = parse_qs(urlsplit(headers.get("Location") or "").query).get("upload_id", [""])[0]
        if started and status == 200:
            self._sessions[started] = _Session(self._begun.pop(seen.number, ""))
        return body

    def _ended(self, checksum: int, said: re.Match[str] | None, declared: str) -> Refused:
        self.hashed += said is not None
        wrong = {declared, said[1] if said else ""} - {"", encoded(checksum)}
        self.refused += bool(wrong)
        return (400, "Provided CRC32C doesn't match calculated CRC32C.") if wrong else None


@dataclass(slots=True)
class Trusting:
    """Takes the checksums out of requests, as if the server did not know of them."""

    def request(self, seen: Seen, headers: Mapping[str, str], body: bytes) -> tuple[bytes, Refused]:
        """A body without its checksum."""
        del headers
        begins = "uploadType=" in seen.path and "upload_id=" not in seen.path
        return (_RESOURCE.sub(b'"metadata"', body, count=1) if begins else body), None

    def answer(self, seen: Seen, status: int, headers: Mapping[str, str], body: bytes) -> bytes:
        """As it is."""
        del seen, status, headers
        return body


@dataclass(slots=True)
class CreatesOnly:
    """Refuses to write over an object of these buckets, and to delete one."""

    buckets: tuple[str, ...]

    def request(self, seen: Seen, headers: Mapping[str, str], body: bytes) -> tuple[bytes, Refused]:
        """Refuse it, or let it through."""
        del headers
        over = seen.method == "DELETE" or (
            "uploadType=" in seen.path
            and "upload_id=" not in seen.path
            and "ifGenerationMatch=0" not in seen.path
            and not seen.name.endswith("-probe")  # there is no such object to write over
        )
        here = any(f"/b/{bucket}/" in seen.path for bucket in self.buckets)
        said = "x does not have storage.objects.delete access to the Google Cloud Storage object."
        return body, (403, said) if over and here else None

    def answer(self, seen: Seen, status: int, headers: Mapping[str, str], body: bytes) -> bytes:
        """As it is."""
        del seen, status, headers
        return body


def _content(body: bytes) -> bytes:
    """The second part of a multipart body; empty where that can't be told."""
    boundary, _, rest = body.partition(b"\r\n")
    parts = rest.split(b"\r\n" + boundary)
    return parts[1].partition(b"\r\n\r\n")[2] if len(parts) > 1 else b""
