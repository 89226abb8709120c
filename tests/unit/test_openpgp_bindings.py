"""What a key says of itself: what readers refuse, though gpg signs with it."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from pkgaction.adapters.openpgp_bindings import refusal

NOW = datetime(2026, 5, 1, tzinfo=UTC)
DAY = 86_400
FINGERPRINT = "0123456789ABCDEF0123456789ABCDEF01234567"
ED25519 = b"\x04\0\0\0\0\x16"
RSA = b"\x04\0\0\0\0\x01"
SIGN, CERTIFY = b"\x03", b"\x01"
SHA1, RIPEMD160, SHA512 = 2, 3, 10


def packet(tag: int, body: bytes) -> bytes:
    return bytes([0xC0 | tag, 255]) + len(body).to_bytes(4) + body


def sub(kind: int, body: bytes) -> bytes:
    return b"\xff" + (len(body) + 1).to_bytes(4) + bytes([kind]) + body


def signature(
    kind: int = 0x13,
    *,
    flags: bytes = SIGN,
    digest: int = SHA512,
    days: int = -10,
    more: bytes = b"",
    back: bytes = b"",
) -> bytes:
    made = int(NOW.timestamp()) + days * DAY
    hashed = sub(2, made.to_bytes(4)) + (sub(27, flags) if flags else b"") + more
    rest = sub(16, bytes.fromhex(FINGERPRINT[-16:])) + (sub(32, back) if back else b"")
    head = bytes([4, kind, 22, digest]) + len(hashed).to_bytes(2) + hashed
    return head + len(rest).to_bytes(2) + rest + b"\0\0"


def user(*signatures: bytes, name: bytes = b"Coral") -> bytes:
    return packet(13, name) + b"".join(packet(2, one) for one in signatures)


def subkey(*signatures: bytes) -> bytes:
    return packet(14, ED25519) + b"".join(packet(2, one) for one in signatures)


def said(*parts: bytes, key: bytes = ED25519, number: int = 0) -> tuple[str, str]:
    found = refusal(packet(6, key) + b"".join(parts), FINGERPRINT, number, NOW)
    return (found.what, found.fix) if found else ("", "")


BACK = signature(0x19, flags=b"")
GOOD: Sequence[tuple[str, list[bytes], bytes, int]] = [
    ("plain", [user(signature())], ED25519, 0),
    ("RSA by SHA-1", [user(signature(digest=SHA1))], RSA, 0),
    ("a revoked one beside", [user(signature(), signature(0x30)), user(signature())], ED25519, 0),
    ("older one good", [user(signature(days=-20), signature(digest=SHA1))], ED25519, 0),
    ("Latin-1 beside", [user(signature(digest=SHA1), name=b"M\xfcller"), user(signature())], ED25519, 0),
    ("subkey", [user(signature(flags=CERTIFY)), subkey(signature(0x18, back=BACK))], ED25519, 1),
    ("expires later", [user(signature(more=sub(3, (11 * DAY).to_bytes(4))))], ED25519, 0),
]


@pytest.mark.parametrize(("parts", "key", "number"), [g[1:] for g in GOOD], ids=[g[0] for g in GOOD])
def test_what_readers_take_is_taken(parts: list[bytes], key: bytes, number: int) -> None:
    assert said(*parts, key=key, number=number) == ("", "")


REFUSED: Sequence[tuple[str, list[bytes], bytes, str]] = [
    ("no key flags", [user(signature(flags=b""))], ED25519, "quick-add-uid"),
    ("by SHA-1", [user(signature(digest=SHA1))], ED25519, "expire save"),
    ("by RIPEMD-160", [user(signature(digest=RIPEMD160))], RSA, "--cert-digest-algo SHA512"),
    ("from the future, 2026-05-04", [user(signature(days=3))], ED25519, "quick-add-uid"),
    ("has expired", [user(signature(more=sub(3, DAY.to_bytes(4))))], ED25519, "quick-add-uid"),
    ("are revoked", [user(signature(), signature(0x30))], ED25519, "quick-add-uid"),
    (
        "does not say that it may sign",
        [user(signature(), name=b"M\xfcller"), user(signature(flags=CERTIFY))],
        ED25519,
        "quick-add-uid",
    ),
]


@pytest.mark.parametrize(("what", "parts", "key", "fix"), REFUSED, ids=[r[0] for r in REFUSED])
def test_what_readers_refuse_is_told_with_the_command_that_renews(
    what: str, parts: list[bytes], key: bytes, fix: str
) -> None:
    told, command = said(*parts, key=key)

    assert what in told
    assert fix in command
    assert FINGERPRINT in command


@pytest.mark.parametrize(
    ("what", "binding"),
    [
        ("has no back signature", signature(0x18)),
        ("is by SHA-1", signature(0x18, back=signature(0x19, flags=b"", digest=SHA1))),
        ("is from the future", signature(0x18, back=signature(0x19, flags=b"", days=1))),
    ],
)
def test_a_subkey_that_does_not_sign_for_its_key_is_cross_certified(what: str, binding: bytes) -> None:
    told, command = said(user(signature(flags=CERTIFY)), subkey(binding), number=1)

    assert what in told
    assert "cross-certify" in command


@pytest.mark.parametrize("kind", [2, 3])
@pytest.mark.parametrize("time", [b"", b"\0", b"\x03" * 5, b"\x03" * 8, b"\xff" * 200], ids=len)
def test_a_time_that_is_none_makes_its_signature_no_signature(kind: int, time: bytes) -> None:
    damaged = user(signature(more=sub(kind, time)))

    assert "is missing" in said(damaged)[0]
    assert said(damaged, user(signature())) == ("", "")
