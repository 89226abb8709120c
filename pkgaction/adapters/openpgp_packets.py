"""The key packets in binary OpenPGP data, as far as gpg says nothing useful about them.

Source: RFC 9580, sections 4.2 (headers) and 5.5.2 (key packets).
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

SECRET_KEY, PUBLIC_KEY, SECRET_SUBKEY, PUBLIC_SUBKEY = 5, 6, 7, 14
_PARTS = frozenset({SECRET_KEY, PUBLIC_KEY, SECRET_SUBKEY, PUBLIC_SUBKEY})
_TO_THE_END = 3  # the bits of a header of the old form that say so
_TIME_AT = slice(1, 5)  # of a key packet's body, after its version


class PacketProblemError(ValueError):
    """The data ends too early, or is not made of packets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPacket:
    """A primary key or a subkey."""

    tag: int
    version: int
    created: datetime
    fingerprint: str  # of a public primary key of version 4; else empty


def key_packets(data: bytes) -> list[KeyPacket]:
    """The keys and subkeys, in order.

    Raises:
        PacketProblemError: the data is cut off or damaged.
    """
    return [_key_packet(tag, body) for tag, body in packets(data) if tag in _PARTS]


def begins_with_key(data: bytes) -> bool:
    """Whether the first packet is a primary key, as far as its first byte says."""
    return bool(data) and data[0] & 0x80 != 0 and _tag(data[0]) in {SECRET_KEY, PUBLIC_KEY}


def has_card_stub(data: bytes) -> bool:
    """Whether the place of a private part is taken by the serial number of the smartcard that has it.

    Source: doc/DETAILS of GnuPG, "GNU extensions to the S2K algorithm", mode 1002.
    """
    return re.search(rb"\x65.GNU\x02", data, re.DOTALL) is not None


def _key_packet(tag: int, body: bytes) -> KeyPacket:
    if len(body) < _TIME_AT.stop:
        raise PacketProblemError
    created = datetime.fromtimestamp(int.from_bytes(body[_TIME_AT], "big"), UTC)
    name = ""
    if tag == PUBLIC_KEY:
        data = b"\x99" + len(body).to_bytes(2) + body if len(body) < 1 << 16 else b""
        name = hashlib.sha1(data, usedforsecurity=False).hexdigest().upper()
    return KeyPacket(tag=tag, version=body[0], created=created, fingerprint=name)


def packets(data: bytes, *, whole: bool = False) -> Iterator[tuple[int, bytes]]:
    """Tag and body of each packet. Those in parts, which keys never are, are refused.

    Args:
        data: packets.
        whole: also refuse one that says no length, and goes on to the end.
    """
    rest = memoryview(data)
    while rest:
        first = rest[0]
        if not first & 0x80 or (whole and first & 0x43 == _TO_THE_END):
            raise PacketProblemError
        size, start = new_length(rest) if first & 0x40 else _old_length(rest)
        if len(rest) < start + size:
            raise PacketProblemError
        yield _tag(first), bytes(rest[start : start + size])
        rest = rest[start + size :]


def _tag(first: int) -> int:
    return first & 0x3F if first & 0x40 else first >> 2 & 0x0F


def new_length(rest: memoryview, *, at: int = 1) -> tuple[int, int]:
    """Bytes of the body, and where it starts. Subpackets begin with their length, at 0.

    Raises:
        PacketProblemError: it is cut off, or in parts.
    """
    one = _number(rest[at : at + 1], 1)
    if one < 192:  # noqa: PLR2004 - the format's own numbers, here and below
        return one, at + 1
    if one < (224 if at else 255):
        return (one - 192 << 8) + _number(rest[at + 1 : at + 2], 1) + 192, at + 2
    if one < 255:  # noqa: PLR2004
        raise PacketProblemError
    return _number(rest[at + 1 : at + 5], 4), at + 5


def subpackets(area: bytes) -> Iterator[tuple[int, bytes]]:
    """Number, with the bit that makes it critical, and value of each field of a signature.

    Raises:
        PacketProblemError: one is cut off or empty.
    """
    rest = memoryview(area)
    while rest:
        size, start = new_length(rest, at=0)
        if not 0 < size <= len(rest) - start:
            raise PacketProblemError
        yield rest[start], bytes(rest[start + 1 : start + size])
        rest = rest[start + size :]


def long_integers(data: bytes) -> int:
    """How many there are in the data, and nothing else.

    Raises:
        PacketProblemError: one is cut off.
    """
    rest, count = memoryview(data), 0
    while rest:
        size = 2 + (_number(rest[:2], 2) + 7) // 8
        if len(rest) < size:
            raise PacketProblemError
        rest, count = rest[size:], count + 1
    return count


def _old_length(rest: memoryview) -> tuple[int, int]:
    """Bytes of the body, and where it starts."""
    width = 1 << (rest[0] & 3)
    if width > 4:  # noqa: PLR2004 - the format's: it goes on to the end
        return len(rest) - 1, 1
    return _number(rest[1 : 1 + width], width), 1 + width


def _number(data: memoryview, width: int) -> int:
    if len(data) < width:
        raise PacketProblemError
    return int.from_bytes(data, "big")
