"""Which keys and which parts of a key sign, with keys of each kind that the real gpg makes."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pkgaction.adapters.openpgp import opened_for_verifying
from pkgaction.adapters.openpgp_verify import GpgVerifier
from pkgaction.model.secret import Secret
from tests.contract.test_openpgp import (
    opened,
    refused,
    scratch,
    signed_by,
    trusting,
    written,
    zipped,
)
from tests.fakes import keys
from tests.fakes.keys import Key, Subkey

__all__ = ["scratch", "zipped"]  # fixtures

TAKEN = ["rsa2048", "rsa3072", "rsa4096", "ed25519", "nistp256", "nistp384", "nistp521"]
REFUSED = {
    "rsa1024": "RSA of 1024 bits",
    "rsa1536": "RSA of 1536 bits",
    "dsa1024": "DSA of 1024 bits",
    "dsa3072": "DSA of 3072 bits",
    "secp256k1": "secp256k1",
    "brainpoolP256r1": "brainpoolP256r1",
    "brainpoolP512r1": "brainpoolP512r1",
}


@pytest.mark.parametrize("algorithm", TAKEN)
def test_a_key_that_readers_take_signs(scratch: Path, zipped: Path, algorithm: str) -> None:
    key = keys.make("", algorithm=algorithm)

    with opened(scratch, key.private, "") as signer:
        warnings = signer.preflight()
        target = written(signer, zipped)

    assert list(warnings) == []
    assert signed_by(key, target, zipped) == key.fingerprint


@pytest.mark.parametrize("algorithm", REFUSED)
def test_a_key_that_readers_refuse_is_refused_with_what_to_make(scratch: Path, algorithm: str) -> None:
    key = keys.make("", algorithm=algorithm)

    said = refused(scratch, key.private, "")

    assert f"Kibana refuses its signatures: it is {REFUSED[algorithm]}" in said
    assert "gpg --quick-generate-key" in said
    assert key.fingerprint in said


def test_a_good_subkey_of_a_primary_key_that_readers_refuse_is_refused(scratch: Path) -> None:
    key = keys.make("", algorithm="rsa1024", subkeys=("sign",))

    assert "RSA of 1024 bits" in refused(scratch, key.private, "")


def test_a_newer_subkey_that_readers_refuse_is_passed_over(scratch: Path, zipped: Path) -> None:
    key = keys.make(
        "", usage="cert", subkeys=("sign", Subkey("sign", "rsa1024"), Subkey("sign", "secp256k1/ecdsa"))
    )

    with opened(scratch, key.private, "") as signer:
        signer.preflight()
        target = written(signer, zipped)

    assert signed_by(key, target, zipped) == key.subkeys[0]


@pytest.mark.parametrize("algorithm", ["rsa1024", "dsa1024", "secp256k1"])
def test_a_trusted_key_that_readers_refuse_is_warned_about_and_its_signatures_are_refused(
    scratch: Path, zipped: Path, algorithm: str
) -> None:
    weak, good = keys.make("", algorithm=algorithm), keys.make("")
    signature = keys.sign(weak, zipped).read_bytes()

    with trusting(scratch, Secret(good.public + weak.public)) as verifier:
        (warning,) = verifier.warnings()
        verdict = verifier.verify(zipped, signature)

    assert not verdict
    assert "Kibana refuses" in verdict.problem
    assert weak.fingerprint in warning
    assert REFUSED[algorithm] in warning


def test_a_trusted_subkey_that_readers_refuse_is_warned_about(scratch: Path) -> None:
    key = keys.make("", usage="cert", subkeys=("sign", Subkey("sign", "rsa1024")))

    with trusting(scratch, Secret(key.public)) as verifier:
        (warning,) = verifier.warnings()

    assert key.subkeys[1] in warning


# --- which part signs, and when it ends --------------------------------------------------------------

LONG_AGO = "20200101T000000"


def days_left(key: Key, scratch: Path, pinned: str = "") -> list[str]:
    with opened(scratch, key.private, "", pinned) as signer:
        return list(signer.preflight())


def test_an_expired_subkey_is_nothing_where_another_one_signs(scratch: Path, zipped: Path) -> None:
    """Also where the expired one is listed last."""
    key = keys.make(
        "",
        usage="cert",
        subkeys=("sign", Subkey("sign", expires="20200901T000000", at=LONG_AGO)),
        at=LONG_AGO,
    )

    with opened(scratch, key.private, "") as signer:
        warnings = signer.preflight()
        target = written(signer, zipped)

    assert list(warnings) == []
    assert signed_by(key, target, zipped) == key.subkeys[0]


def test_the_end_of_the_subkey_that_signs_is_warned_of(scratch: Path) -> None:
    key = keys.make("", usage="cert", expires="2y", subkeys=(Subkey("sign", expires="5d"), "encr"))

    (warning,) = days_left(key, scratch)

    assert key.subkeys[0] in warning
    assert "in 4 days" in warning or "in 5 days" in warning


def test_the_end_of_the_primary_key_is_warned_of_where_it_is_earlier(scratch: Path) -> None:
    key = keys.make("", usage="cert", expires="5d", subkeys=(Subkey("sign", expires="90d"),))

    (warning,) = days_left(key, scratch)

    assert key.fingerprint in warning
    assert "in 4 days" in warning or "in 5 days" in warning


def test_the_end_of_a_subkey_that_does_not_sign_is_nothing(scratch: Path) -> None:
    key = keys.make(
        "",
        usage="cert",
        subkeys=(
            Subkey("sign", expires="5d", at="20260101T000000"),
            "sign",
            Subkey("encr", "cv25519", "5d"),
        ),
        at="20250101T000000",
    )

    assert days_left(key, scratch) == []


def test_the_newest_subkey_signs_wherever_it_is_listed(scratch: Path, zipped: Path) -> None:
    key = keys.make(
        "",
        usage="cert",
        subkeys=(Subkey("sign", at="20240101T000000"), Subkey("sign", at="20230101T000000")),
        at=LONG_AGO,
    )

    with opened(scratch, key.private, "") as signer:
        signer.preflight()
        target = written(signer, zipped)

    assert signed_by(key, target, zipped) == key.subkeys[0]


def test_the_end_of_a_pinned_subkey_counts_and_no_other(scratch: Path) -> None:
    key = keys.make("", usage="cert", subkeys=(Subkey("sign", expires="5d"), "sign"))

    assert days_left(key, scratch, key.subkeys[0])
    assert days_left(key, scratch, key.subkeys[1]) == []


def test_a_subkey_exported_without_its_primary_key_signs(scratch: Path, zipped: Path) -> None:
    key = keys.make(
        "", usage="cert", subkeys=("sign", "sign"), export=("--export-secret-subkeys", "{0}!")
    )

    with opened(scratch, key.private, "", key.fingerprint) as signer:
        signer.preflight()
        target = written(signer, zipped)

    assert signed_by(key, target, zipped) == key.subkeys[0]
    assert keys.verify(key, target, zipped)


def test_a_subkey_whose_private_part_was_left_out_is_told(scratch: Path) -> None:
    key = keys.make(
        "", usage="cert", subkeys=("sign", "encr"), export=("--export-secret-subkeys", "{1}!")
    )

    said = refused(scratch, key.private, "", key.subkeys[0])

    assert "private part is missing" in said or "not the pinned" in said


def test_a_subkey_that_is_made_in_the_future_does_not_sign(scratch: Path) -> None:
    later = f"{datetime.now(UTC).year + 3}0101T000000"
    key = keys.make("", usage="cert", subkeys=(Subkey("sign", at=later),))

    assert "made in the future" in refused(scratch, key.private, "")


def _made(*steps: tuple[str, ...], options: tuple[str, ...] = ()) -> tuple[str, str]:
    """A private key, and the public one, after some steps of gpg on it."""
    with keys.home() as folder:
        keys.gpg(folder, "", *options, "--quick-generate-key", "Crab", "ed25519", "sign", "0")
        primary = keys.fingerprints(folder)[0]
        for step in steps:
            keys.gpg(folder, "", *[word.format(primary) for word in step])
        private = keys.gpg(folder, "", "--armor", "--export-secret-keys", primary)
        return private, keys.gpg(folder, "", "--armor", "--export", primary)


def test_a_self_signature_that_readers_find_too_weak_is_refused_and_warned_of(scratch: Path) -> None:
    private, public = _made(options=("--cert-digest-algo", "SHA1"))

    said = refused(scratch, private, "")
    with opened_for_verifying(scratch, {}, key=Secret(public)) as gpg:
        warned = GpgVerifier(gpg, pinned="").warnings()

    assert "is by SHA-1" in said
    assert "--cert-digest-algo SHA512" in said
    assert any("is by SHA-1" in one for one in warned)


def test_trusted_keys_without_a_readable_user_id_are_warned_of(scratch: Path) -> None:
    key = keys.make("", user_id="M\udcfcller")

    with opened_for_verifying(scratch, {}, key=Secret(key.public)) as gpg:
        assert any("no user ID in UTF-8" in one for one in GpgVerifier(gpg, pinned="").warnings())


@pytest.mark.parametrize("user_id", ["山田\u3000太郎", "A\u00a0B", "\U0001f468\u200d\U0001f469"])
def test_a_user_id_that_cannot_be_printed_is_text_all_the_same(scratch: Path, user_id: str) -> None:
    key = keys.make("", user_id=user_id)

    with opened(scratch, key.private, "") as signer:
        assert list(signer.preflight()) == []
