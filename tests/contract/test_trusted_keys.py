"""What is wrong with trusted keys is said by their fingerprints, once each, and never by their text."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pkgaction.adapters.openpgp import opened_for_verifying
from pkgaction.errors import SigningKeyError
from pkgaction.model.owners import Owners
from pkgaction.model.secret import Secret
from tests.contract.test_openpgp import scratch, trusting
from tests.fakes import keys
from tests.fakes.keys import Key, Subkey

__all__ = ["scratch"]

LONG_AGO = "20200101T000000"


@pytest.fixture(scope="module")
def good() -> Key:
    """An owner's key, whose primary part only certifies."""
    return keys.make("", usage="cert", subkeys=("sign",))


def _secret(key: Key) -> str:
    return key.private


def _both(key: Key) -> str:
    return f"{key.public}\n{key.private}"


@pytest.mark.parametrize("where", ["trusted-keys", "registry-public-keys"])
@pytest.mark.parametrize("text", [_secret, _both], ids=["alone", "beside a public one"])
def test_a_private_key_among_trusted_keys_is_refused_and_not_quoted(
    scratch: Path, good: Key, text: Callable[[Key], str], where: str
) -> None:
    given = Secret(text(good))

    with (
        pytest.raises(SigningKeyError) as error,
        opened_for_verifying(scratch, {}, key=given, where=where),
    ):
        pass

    said = str(error.value)
    assert said.startswith(f"input {where}: ")
    assert "is a private key: whoever has read it can sign with it" in said
    assert "revoke it, make another" in said
    assert not any(line in said for line in good.private.splitlines() if line)


def _expired() -> tuple[str, str, str]:
    key = keys.make("", expires="20d", at=LONG_AGO)
    return key.fingerprint, key.public, "it expired on 2020-01-21"


def _expired_subkey() -> tuple[str, str, str]:
    key = keys.make("", usage="cert", subkeys=(Subkey("sign", expires="20d"),), at=LONG_AGO)
    return key.fingerprint, key.public, "of its part that signs, it expired on 2020-01-21"


def _revoked() -> tuple[str, str, str]:
    with keys.home() as folder:
        keys.gpg(folder, "", "--quick-generate-key", "Deepwater", "ed25519", "sign", "0")
        (fingerprint,) = keys.fingerprints(folder)
        (revocation,) = (folder / "openpgp-revocs.d").iterdir()
        text = revocation.read_text().replace(":-----BEGIN", "-----BEGIN")
        (folder / "revocation.asc").write_text(text)
        keys.gpg(folder, "", "--import", str(folder / "revocation.asc"))
        return fingerprint, keys.gpg(folder, "", "--armor", "--export"), "it is revoked"


def _cannot_sign() -> tuple[str, str, str]:
    key = keys.make("", usage="cert", subkeys=("encr",))
    return key.fingerprint, key.public, "no part of it is made for signing"


@pytest.mark.parametrize("make", [_expired, _expired_subkey, _revoked, _cannot_sign])
def test_a_trusted_key_that_can_sign_nothing_any_more_is_warned_of(
    scratch: Path, good: Key, make: Callable[[], tuple[str, str, str]]
) -> None:
    fingerprint, public, why = make()

    with trusting(scratch, Secret(f"{good.public}\n{public}\n{public}")) as verifier:
        (warning,) = verifier.warnings()

    assert warning.startswith(f"the trusted key {fingerprint} counts for nothing new: {why}; ")


def test_a_subkey_that_was_followed_by_another_is_not_warned_of(scratch: Path) -> None:
    key = keys.make(
        "", usage="cert", subkeys=(Subkey("sign", expires="20d", at=LONG_AGO), "sign"), at=LONG_AGO
    )

    with trusting(scratch, Secret(key.public)) as verifier:
        assert verifier.warnings() == []


def test_where_keys_and_owner_map_do_not_fit_is_told_by_name(scratch: Path, good: Key) -> None:
    lost, unknown = keys.make(""), "0123456789ABCDEF" * 2 + "01234567"
    owners = Owners.parse(f"{good.subkeys[0]}: a\n'{unknown}': [b]\n")

    with trusting(scratch, Secret(good.public + lost.public)) as verifier:
        subkey, missing, left_out = owners.warnings(verifier.parts())

    assert subkey == (
        f"owners names {good.subkeys[0]}, a subkey: write its primary key {good.fingerprint} instead"
    )
    assert missing.startswith(f"owners names {unknown}, which no trusted key has: ")
    assert left_out.startswith(
        f"the trusted key {lost.fingerprint} is not in owners, so it may publish nothing: "
    )


def test_keys_that_fit_the_owner_map_are_not_warned_of(scratch: Path, good: Key) -> None:
    with trusting(scratch, Secret(good.public)) as verifier:
        assert list(Owners.parse(f"{good.fingerprint}: a").warnings(verifier.parts())) == []
