"""What a signature says of itself: what not every reader takes is refused, in words."""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pkgaction.adapters.openpgp_signatures import DetachedSignature, SignatureProblemError, read

NOW = datetime(2026, 5, 1, tzinfo=UTC)
FINGERPRINT = "0123456789ABCDEF0123456789ABCDEF01234567"
EDDSA, RSA, DSA, SHA1, SHA512 = 22, 1, 17, 2, 10
INTEGERS = b"\0\7\x7f\0\1\1"
DAY = timedelta(days=1)


def field(number: int, value: bytes) -> bytes:
    return bytes([len(value) + 1, number]) + value


def date(time: datetime) -> bytes:
    return field(2, int(time.timestamp()).to_bytes(4))


ISSUER = field(33, b"\4" + bytes.fromhex(FINGERPRINT))
SHORT = field(16, bytes.fromhex(FINGERPRINT[-16:]))


def body(
    *,
    version: int = 4,
    kind: int = 0,
    algorithm: int = EDDSA,
    digest: int = SHA512,
    made: datetime | None = NOW - DAY,
    hashed: bytes = ISSUER,
    unhashed: bytes = SHORT,
    end: bytes = INTEGERS,
) -> bytes:
    area = (date(made) if made else b"") + hashed
    head = bytes([version, kind, algorithm, digest]) + len(area).to_bytes(2) + area
    return head + len(unhashed).to_bytes(2) + unhashed + b"\xab\xcd" + end


def armored(*packets: bytes, tag: int = 2) -> bytes:
    data = b"".join(bytes([0xC0 | tag, len(one)]) + one for one in packets)
    text = base64.encodebytes(data)
    return b"-----BEGIN PGP SIGNATURE-----\n\n" + text + b"-----END PGP SIGNATURE-----\n"


def refused(text: bytes) -> SignatureProblemError:
    with pytest.raises(SignatureProblemError) as caught:
        read(text, NOW)
    assert caught.value.fix
    return caught.value


def test_a_plain_one_is_read() -> None:
    found = read(armored(body()), NOW)

    assert found.created == NOW - DAY
    assert found.is_by(FINGERPRINT)
    assert not found.is_by(FINGERPRINT[::-1])
    assert (found.digest, found.start) == ("sha512", b"\xab\xcd")


@pytest.mark.parametrize("digest", [8, 9, 10])
@pytest.mark.parametrize(("algorithm", "end"), [(RSA, b"\0\7\x7f"), (19, INTEGERS), (EDDSA, INTEGERS)])
def test_what_readers_take_is_taken(digest: int, algorithm: int, end: bytes) -> None:
    assert read(armored(body(digest=digest, algorithm=algorithm, end=end)), NOW).created < NOW


NOTATION = bytes(5) + b"\1" + b"\0\1ab"
REFUSED: Sequence[tuple[str, bytes]] = [
    ("by MD5", body(digest=1)),
    ("by SHA-1", body(digest=SHA1)),
    ("by RIPEMD-160", body(digest=3)),
    ("by SHA-224", body(digest=11)),
    ("by digest 77", body(digest=77)),
    ("class 0x01", body(kind=1)),
    ("class 0x02", body(kind=2)),
    ("class 0x18", body(kind=0x18)),
    ("one of DSA", body(algorithm=DSA)),
    ("one of Ed25519 of RFC 9580", body(algorithm=27)),
    ("algorithm 99", body(algorithm=99)),
    ("of version 3", body(version=3)),
    ("of version 6", body(version=6)),
    ("has no date", body(made=None)),
    ("(subpacket 2) twice", body(hashed=ISSUER + date(NOW))),
    ("has an end, 2026-05-01", body(hashed=ISSUER + field(3, (86_400).to_bytes(4)))),
    ("has an end, 2027", body(hashed=ISSUER + field(3, (366 * 86_400).to_bytes(4)))),
    ("which key made it", body(hashed=b"", unhashed=b"")),
    ("critical field (subpacket 20)", body(hashed=ISSUER + field(0x80 | 20, NOTATION))),
    ("field (subpacket 101)", body(hashed=ISSUER + field(101, b"x"))),
    ("field (subpacket 12)", body(hashed=ISSUER + field(12, b"\x80" * 22))),
    ("field (subpacket 2)", body(unhashed=SHORT + date(NOW))),
]


@pytest.mark.parametrize(("what", "packet"), REFUSED, ids=[what for what, _ in REFUSED])
def test_what_a_reader_refuses_is_refused_with_its_reason(what: str, packet: bytes) -> None:
    problem = refused(armored(packet))

    assert what in problem.what
    assert problem.is_readable


DAMAGED: Sequence[bytes] = [
    b"",
    b"\4\0\x16",
    body(end=b""),
    body(end=b"\0\7\x7f"),
    body(end=INTEGERS + b"\0\1\1"),
    body(end=INTEGERS + b"\0"),
    body(end=b"\x01\7\x7f"),
    body(algorithm=RSA),
    body(hashed=ISSUER + b"\0"),
    body(hashed=ISSUER + b"\x09\x02"),
    body(hashed=field(33, b"\6" + bytes(20))),
    body(hashed=field(16, bytes(7))),
    body(hashed=ISSUER + field(20, NOTATION + b"x")),
    body(hashed=ISSUER + field(20, b"")),
    body(hashed=ISSUER + field(28, b"J\xfcrgen")),
]


@pytest.mark.parametrize("packet", DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_one_is_not_readable(packet: bytes) -> None:
    assert not refused(armored(packet)).is_readable


def test_beside_a_second_packet_none_counts() -> None:
    twice = refused(armored(body(), body()))
    behind = refused(armored(body()) + armored(body()))

    assert "2 signatures" in twice.what
    assert not behind.is_readable


def test_what_is_another_packet_or_has_no_armor_is_not_readable() -> None:
    assert not refused(armored(body(), tag=11)).is_readable
    assert not refused(b"PK").is_readable
    assert refused(bytes([0xC2, 1, 0])).what.endswith(": it is binary")
    assert refused(b"\xef\xbb\xbf" + armored(body())).what.endswith(": it begins with a byte order mark")
    assert not refused(b"").is_readable


@pytest.mark.parametrize(
    ("ahead", "is_taken"), [(timedelta(minutes=1), True), (timedelta(minutes=2), False)]
)
def test_good_clocks_may_differ_by_a_minute(ahead: timedelta, *, is_taken: bool) -> None:
    text = armored(body(made=NOW + ahead))

    if is_taken:
        assert read(text, NOW).created > NOW
    else:
        problem = refused(text)
        assert "in the future: 2026-05-01 00:02:00 UTC, and now it is 2026-05-01 00:00" in problem.what
        assert "clock" in problem.fix


@pytest.mark.parametrize(
    "issuers", [{FINGERPRINT}, {FINGERPRINT[-16:]}, {FINGERPRINT, FINGERPRINT[-16:]}]
)
def test_an_issuer_that_is_not_its_key_is_told(issuers: set[str]) -> None:
    def signature(issuers: set[str]) -> DetachedSignature:
        return DetachedSignature(
            created=NOW, issuers=frozenset(issuers), digest="sha256", hashed=b"", start=b""
        )

    assert signature(issuers).is_by(FINGERPRINT)
    assert not signature({*issuers, "F" * 16}).is_by(FINGERPRINT)


def test_the_start_of_the_digest_is_that_of_the_file_and_of_what_is_signed_beside_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "a").write_bytes(b"a")
    # sha256 of `a`, `fields`, and the trailer of RFC 9580, section 5.2.4
    start = bytes.fromhex("cc2d")
    good = DetachedSignature(
        created=NOW, issuers=frozenset(), digest="sha256", hashed=b"fields", start=start
    )

    assert good.begins_as(tmp_path / "a")
    (tmp_path / "a").write_bytes(b"b")
    assert not good.begins_as(tmp_path / "a")
