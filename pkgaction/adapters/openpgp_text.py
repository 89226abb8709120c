"""Key material as people store it → the binary keys in it, or a sentence that says what it is instead.

Taken: armored keys with any text around, indented, with any line ends; base64 of such a text or of the
binary keys. A sentence never quotes the text: it may be a key all the same.
"""

import base64
import binascii
import codecs
import itertools
import re
from collections.abc import Sequence
from datetime import datetime

from pkgaction.adapters.openpgp_packets import (
    PUBLIC_KEY,
    SECRET_KEY,
    KeyPacket,
    PacketProblemError,
    begins_with_key,
    key_packets,
)

EXPORT = "set it to the output of `gpg --armor --export-secret-keys FINGERPRINT`"
PUBLIC = "set it to the output of `gpg --armor --export FINGERPRINT`"
MAKE = "make a new key: `gpg --quick-generate-key 'NAME <MAIL>' ed25519 sign 2y`"
_FILE = "store the exported file as it is, for example by `gh secret set NAME < key.asc`"
_LARGEST = 4 * 1024 * 1024  # characters; a key ring of hundreds is smaller
_VERSION = 4  # of keys, in RFC 4880: what gpg and Kibana both read
_BLOCK = re.compile(
    r"-----BEGIN PGP (?P<kind>PRIVATE|SECRET|PUBLIC) KEY BLOCK-----"
    r"(?P<body>.*?)-----END PGP (?P=kind) KEY BLOCK-----",
    re.DOTALL,
)
_BEGIN = re.compile(r"-----BEGIN PGP (PRIVATE|SECRET|PUBLIC) KEY BLOCK-----")
_END = re.compile(r"-----END PGP (PRIVATE|SECRET|PUBLIC) KEY BLOCK-----")
_HEADER = re.compile(r"[A-Za-z][A-Za-z-]*:(\s.*)?")
# a header's words end where base64 of a key begins: a line of it is longer than any word
_ONE_LINE = re.compile(r"\s*([A-Za-z][A-Za-z-]*: .*?\s)?(?P<data>[A-Za-z0-9+/=]{60,}(\s.*)?)")
_BASE64 = re.compile(r"(?P<data>[A-Za-z0-9+/]+={0,2})(?P<checksum>=[A-Za-z0-9+/]{4})?")
_CRC_START, _CRC_POLYNOMIAL, _CRC_TOP = 0xB704CE, 0x1864CFB, 0x1000000
_OTHER_THINGS = (
    (r"-----BEGIN PGP SIGNED|-----BEGIN PGP SIGNATURE", "it is a PGP signature, not a key"),
    (r"-----BEGIN PGP MESSAGE", "it is an encrypted PGP message, not a key"),
    (r"-----BEGIN OPENSSH|---- BEGIN SSH2|PuTTY-User-Key-File|^(ssh|ecdsa|sk)-", "it is an SSH key"),
    (r"-----BEGIN ([A-Z0-9 ]*)(KEY|CERTIFICATE)", "it is a PEM key or certificate"),
    (r"^untrusted comment:|^RW[A-Za-z0-9+/]{54}$", "it is a minisign key"),
    (r"^# created:|^AGE-SECRET-KEY-1|^age1", "it is an age key"),
    (r"(?m)^(Key: )?\((\d+:)?(protected-|shadowed-)?private-key", "it is a file of gpg's agent"),
    (r"^\{", "it is JSON"),
    (r"^(0x)?([0-9A-Fa-f]{4} *){4,10}$", "it is a fingerprint, not the key itself"),
)


class KeyProblemError(Exception):
    """Key material cannot be used; `what` and `fix` are for the user."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what)
        self.what, self.fix = what, fix


def read_keys(
    text: str, *, private: bool = False, public: bool = False, now: datetime | None = None
) -> bytes:
    """The binary keys in a text, for gpg to import.

    Args:
        text: a secret or a file, as the user stored it.
        private: whether private keys are needed, to sign.
        public: whether private keys are refused, as others read the text.
        now: refuse keys that are made later, as some versions of gpg do; None: any.

    Raises:
        KeyProblemError: it holds no such keys, or they cannot be used.
    """
    data = _binary(text, nested=False)
    try:
        packets = key_packets(data)
    except PacketProblemError:
        raise KeyProblemError("the key is cut off or damaged", _FILE) from None
    _check(packets, private=private, public=public, now=now)
    return data


def _check(packets: Sequence[KeyPacket], *, private: bool, public: bool, now: datetime | None) -> None:
    keys = [packet for packet in packets if packet.tag in {SECRET_KEY, PUBLIC_KEY}]
    if not keys:
        raise KeyProblemError("it is OpenPGP data, but no key", EXPORT)
    if private and not any(key.tag == SECRET_KEY for key in keys):
        raise KeyProblemError("it holds no private key: it is the public one", EXPORT)
    if public:
        _refuse_private(keys)
    for key in keys:
        if key.version != _VERSION:
            standard = {5: "LibrePGP", 6: "RFC 9580"}.get(key.version, "an old or unknown format")
            what = (
                f"it is a key of version {key.version} ({standard}), and not all readers know these: "
                f"version {_VERSION} is needed"
            )
            raise KeyProblemError(what, MAKE)
        if now and key.created > now:
            what = (
                f"the key was made in the future, at {key.created:%Y-%m-%d %H:%M} UTC (now it is "
                f"{now:%Y-%m-%d %H:%M} UTC)"
            )
            raise KeyProblemError(what, "correct the clock of this machine, or make the key again")


def _refuse_private(keys: Sequence[KeyPacket]) -> None:
    for number, key in enumerate(keys, 1):
        if key.tag == SECRET_KEY:
            named = f"key {number} of {len(keys)}" if len(keys) > 1 else "the key"
            what = f"{named} is a private key: whoever has read it can sign with it"
            fix = "revoke it, make another, and put only `gpg --armor --export FINGERPRINT` here"
            raise KeyProblemError(what, fix)


def _binary(text: str, *, nested: bool) -> bytes:
    text = text.lstrip("\ufeff").strip()
    if not text:
        raise KeyProblemError("it is empty", EXPORT)
    if len(text) > _LARGEST:
        raise KeyProblemError(f"it is too large for a key: {len(text)} characters", EXPORT)
    if any("\\n" in block["body"] and not _in_header(block) for block in _BLOCK.finditer(text)):
        raise KeyProblemError("its line breaks are written as \\n", _FILE)
    if blocks := list(_BLOCK.finditer(text)):
        _require_ends(text)
        return b"".join(_unarmored(block["body"]) for block in blocks)
    if _BEGIN.search(text):
        raise KeyProblemError("the key is cut off: its END line is missing", _FILE)
    if _END.search(text):
        raise KeyProblemError("the key is cut off: its BEGIN line is missing", _FILE)
    _refuse_other_things(text)
    return _unpacked(text, nested=nested)


def _require_ends(text: str) -> None:
    """Of several blocks, none may be cut off: its key would be missed in silence."""
    starts = [begin.start() for begin in _BEGIN.finditer(text)]
    for number, (start, end) in enumerate(itertools.pairwise([*starts, len(text)]), 1):
        if not _BLOCK.match(text, start, end):
            what = f"block {number} of {len(starts)} is cut off: its END line is missing"
            raise KeyProblemError(what, _FILE)


def _refuse_other_things(text: str) -> None:
    for pattern, what in _OTHER_THINGS:
        if re.search(pattern, text):
            raise KeyProblemError(f"{what}: an OpenPGP key is needed", EXPORT)


def _unarmored(body: str) -> bytes:
    """What is between BEGIN and END. The header ends where base64 begins: blank lines get lost."""
    lines = [line.strip() for line in _split_off_headers(body).splitlines()]
    while lines and (not lines[0] or _HEADER.fullmatch(lines[0])):
        lines.pop(0)
    matched = _BASE64.fullmatch("".join("".join(lines).split()))
    if matched is None:
        raise KeyProblemError("the key is damaged: between BEGIN and END is no base64 text", _FILE)
    data = _from_base64(matched["data"])
    checksum = matched["checksum"]
    if data is None or (checksum and base64.b64decode(checksum[1:]) != _crc24(data)):
        raise KeyProblemError("the key is cut off or damaged: its checksum differs", _FILE)
    return data


def _in_header(block: re.Match[str]) -> bool:
    """Whether each written-out line break of a block is part of a comment."""
    lines = block["body"].splitlines()
    return not any("\\n" in line and not _HEADER.fullmatch(line.strip()) for line in lines)


def _split_off_headers(body: str) -> str:
    """The body; where all of it is one line, as forms make it, without the headers at its start."""
    if len(body.split("\n")) > 1:
        return body
    matched = _ONE_LINE.fullmatch(body)
    return matched["data"] if matched else body


def _unpacked(text: str, *, nested: bool) -> bytes:
    """What a text without an armor holds: base64 of a key, armored or binary."""
    data = None if nested else _from_base64("".join(text.split()))
    if data is None:
        raise KeyProblemError("it is not an armored OpenPGP key", EXPORT)
    if begins_with_key(data):
        return data
    return _binary(data.decode(_encoding(data), errors="replace"), nested=True)


def _encoding(data: bytes) -> str:
    """Of a text with or without a mark: in UTF-16, each other byte of an armor is a NUL."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if data[:1] == b"\0":
        return "utf-16-be"
    return "utf-16-le" if data[1:2] == b"\0" else "utf-8"


def _from_base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def _crc24(data: bytes) -> bytes:
    """The armor's checksum. Source: RFC 9580, section 6.1.1."""
    crc = _CRC_START
    for byte in data:
        crc ^= byte << 16
        for _ in range(8):
            crc <<= 1
            if crc & _CRC_TOP:
                crc ^= _CRC_POLYNOMIAL
    return crc.to_bytes(3, "big")
