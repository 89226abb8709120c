"""A detached signature, read as the strictest of its readers does; gpg is more lenient.

What is taken is a list of what GnuPG, Sequoia, OpenPGP.js and Go write by themselves; everything else
is refused, since readers differ in what they make of it.
Sources: RFC 9580, section 5.2; `SignaturePacket` of npm openpgp 5 and 6; `openpgp/packet` of go-crypto.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pkgaction.adapters.openpgp_packets import (
    PacketProblemError,
    long_integers,
    packets,
    subpackets,
)
from pkgaction.adapters.openpgp_text import MAKE
from pkgaction.model.armor import unarmored

_SIGNATURE = 2  # the packet's tag
_VERSION, _BINARY, _TEXT = 4, 0, 1
_FIXED = 6  # bytes before the hashed fields
_DIGESTS = {8: "sha256", 9: "sha384", 10: "sha512"}
_OTHER_DIGESTS = {1: "MD5", 2: "SHA-1", 3: "RIPEMD-160", 11: "SHA-224", 12: "SHA3-256", 14: "SHA3-512"}
_INTEGERS = {1: 1, 19: 2, 22: 2}  # of a signature by RSA, ECDSA, EdDSA
_OTHER_ALGORITHMS = {3: "RSA of the old kind", 16: "Elgamal", 17: "DSA", 27: "Ed25519 of RFC 9580"}
_CREATED, _EXPIRES, _ISSUER, _NOTATION, _POLICY, _USER_ID, _FINGERPRINT = 2, 3, 16, 20, 26, 28, 33
_LENGTHS = {_CREATED: 4, _EXPIRES: 4, _ISSUER: 8, _FINGERPRINT: 21}  # bytes
_TEXTS = {_POLICY, _USER_ID}
_CRITICAL = 0x80
_AHEAD = timedelta(minutes=1)  # that two good clocks may differ, and less than it takes until one reads
_SIGN = "sign again by `gpg --digest-algo SHA512 --armor --detach-sign ZIP`"
_BYTE_ORDER_MARK, _PACKET = b"\xef\xbb\xbf", 0x80  # a packet's first byte has its highest bit set
_NO_FORM = "the signature is not one armored detached one, or there is more in its file"


class SignatureProblemError(Exception):
    """A signature that not every reader takes; `what` and `fix` are for the user."""

    def __init__(self, what: str, fix: str = _SIGN, *, readable: bool = True) -> None:
        super().__init__(what)
        self.what, self.fix, self.is_readable = what, fix, readable


@dataclass(frozen=True, slots=True, kw_only=True)
class DetachedSignature:
    """What a signature says of itself; nothing of it is verified."""

    created: datetime
    issuers: frozenset[str]  # key id and fingerprint, in upper case
    digest: str  # hashlib's name
    hashed: bytes  # what is signed beside the file
    start: bytes  # of the digest, which is not signed, and which gpg does not look at

    def is_by(self, fingerprint: str) -> bool:
        """Whether readers look for the key with this fingerprint, and for no other."""
        return self.issuers <= {fingerprint, fingerprint[-16:]}

    def begins_as(self, path: Path) -> bool:
        """Whether the start of the digest is that of this file: Kibana and Go refuse others."""
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, self.digest)
        digest.update(self.hashed + b"\x04\xff" + len(self.hashed).to_bytes(4))
        return digest.digest().startswith(self.start)


def read(armored: bytes, now: datetime) -> DetachedSignature:
    """The one signature in a file.

    Raises:
        SignatureProblemError: it is none, or one that not every reader takes at that time.
    """
    data = unarmored(armored)
    if data is None:
        raise SignatureProblemError(_no_form(armored), readable=False)
    try:
        signature = _signature(_only_packet(data))
    except (ValueError, IndexError):
        raise SignatureProblemError("the signature is damaged", readable=False) from None
    if signature.created > now + _AHEAD:
        when = f"{signature.created:%Y-%m-%d %H:%M:%S} UTC, and now it is {now:%Y-%m-%d %H:%M:%S} UTC"
        raise SignatureProblemError(
            f"the signature is dated in the future: {when}",
            "correct the clock of the machine that signs, and sign again",
        )
    return signature


def _no_form(data: bytes) -> str:
    if data.startswith(_BYTE_ORDER_MARK):
        return f"{_NO_FORM}: it begins with a byte order mark"
    if data and data[0] & _PACKET:
        return f"{_NO_FORM}: it is binary"
    return _NO_FORM


def _only_packet(data: bytes) -> bytes:
    there = list(packets(data, whole=True))
    signatures = sum(tag == _SIGNATURE for tag, _ in there)
    if len(there) > 1:
        also = f"{signatures} signatures" if signatures == len(there) else "more than a signature"
        what = f"its file holds {also}, and readers differ in which they look at"
        raise SignatureProblemError(what, "sign it once, by one key")
    if not signatures:
        raise SignatureProblemError(_NO_FORM, readable=False)
    return there[0][1]


def _signature(body: bytes) -> DetachedSignature:
    if body[0] != _VERSION:
        what = f"the signature is of version {body[0]}, and not all readers know these"
        raise SignatureProblemError(
            f"{what}: version {_VERSION} is needed", f"{_SIGN}, with a key of it"
        )
    kind, algorithm, digest = body[1:4]
    _check_head(kind, algorithm, digest)
    end = _FIXED + int.from_bytes(body[4:_FIXED], "big")
    unhashed = end + 2 + int.from_bytes(body[end : end + 2], "big")
    start = body[unhashed : unhashed + 2]
    if len(start) != 2 or long_integers(body[unhashed + 2 :]) != _INTEGERS[algorithm]:  # noqa: PLR2004
        raise PacketProblemError
    fields = _fields(body[_FIXED:end], {*_LENGTHS, *_TEXTS, _NOTATION})
    others = _fields(body[end + 2 : unhashed], {_ISSUER, _FINGERPRINT})
    return DetachedSignature(
        created=_created(dict(fields)),
        issuers=_issuers([*fields, *others]),
        digest=_DIGESTS[digest],
        hashed=body[:end],
        start=start,
    )


def _check_head(kind: int, algorithm: int, digest: int) -> None:
    if kind != _BINARY:
        of = "of a text, whose line ends readers change" if kind == _TEXT else "not one of a file"
        what = f"the signature is {of} (class 0x{kind:02x}): class 0x00 is needed"
        raise SignatureProblemError(what, f"{_SIGN}, without --textmode")
    if digest not in _DIGESTS:
        name = _OTHER_DIGESTS.get(digest, f"digest {digest}")
        what = f"the signature is by {name}, which Kibana refuses or not every reader knows"
        raise SignatureProblemError(what)
    if algorithm not in _INTEGERS:
        name = _OTHER_ALGORITHMS.get(algorithm, f"algorithm {algorithm}")
        raise SignatureProblemError(f"Kibana refuses the signature: its key is one of {name}", MAKE)


def _fields(area: bytes, known: set[int]) -> list[tuple[int, bytes]]:
    """Number and value of each field, all of which readers know and read alike."""
    fields: list[tuple[int, bytes]] = []
    for marked, value in subpackets(area):
        number, is_critical = marked & ~_CRITICAL, bool(marked & _CRITICAL)
        if number not in known or (is_critical and number not in _LENGTHS):
            kind = "critical field" if is_critical else "field"
            what = f"the signature has a {kind} (subpacket {number}) that readers refuse or differ in"
            raise SignatureProblemError(what, f"{_SIGN}, without further options")
        if number in {seen for seen, _ in fields} & {*_LENGTHS, *_TEXTS}:
            raise SignatureProblemError(f"the signature has a field (subpacket {number}) twice")
        _require_form(number, value)
        fields.append((number, value))
    return fields


def _require_form(number: int, value: bytes) -> None:
    if len(value) != _LENGTHS.get(number, len(value)):
        raise PacketProblemError
    if number == _FINGERPRINT and value[0] != _VERSION:
        raise PacketProblemError
    if number == _NOTATION and len(value) != 8 + sum(
        int.from_bytes(value[at : at + 2], "big") for at in (4, 6)
    ):
        raise PacketProblemError
    if number in _TEXTS:
        try:
            value.decode()
        except UnicodeDecodeError:
            raise PacketProblemError from None


def _created(fields: dict[int, bytes]) -> datetime:
    if _CREATED not in fields:
        raise SignatureProblemError("the signature has no date")
    created = datetime.fromtimestamp(int.from_bytes(fields[_CREATED], "big"), UTC)
    if seconds := int.from_bytes(fields.get(_EXPIRES, b""), "big"):
        end = created.timestamp() + seconds
        what = f"the signature has an end, {datetime.fromtimestamp(end, UTC):%Y-%m-%d %H:%M:%S} UTC"
        fix = f"{_SIGN}, without --default-sig-expire: what is published stays"
        raise SignatureProblemError(f"{what}, after which all readers refuse it", fix)
    return created


def _issuers(fields: list[tuple[int, bytes]]) -> frozenset[str]:
    issuers = [value[-20:] for number, value in fields if number in {_ISSUER, _FINGERPRINT}]
    if not issuers:
        raise SignatureProblemError("the signature does not say which key made it")
    return frozenset(value.hex().upper() for value in issuers)
