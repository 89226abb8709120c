"""A signature that gpg takes and other readers refuse is refused at each door, with the reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.test_accept import trust
from tests.e2e.test_terminal import Desk, desk
from tests.fakes import keys
from tests.fakes.keys import Key
from tests.fakes.workplace import objects

__all__ = ["desk"]  # a fixture


@dataclass(frozen=True, slots=True)
class Weak:
    """How a signature is made that gpg verifies."""

    reason: str
    options: tuple[str, ...] = ()
    at: str = ""
    algorithm: str = "rsa2048"


WEAK: Mapping[str, Weak] = {
    "SHA-1": Weak("by SHA-1", ("--digest-algo", "SHA1")),
    "RIPEMD-160": Weak("by RIPEMD-160", ("--digest-algo", "RIPEMD160")),
    "text": Weak("class 0x01", ("--textmode",)),
    "future": Weak("in the future", at="20990101T000000"),
    "has an end": Weak("has an end", ("--default-sig-expire", "9y")),
    "RSA of 1024 bits": Weak("RSA of 1024 bits", algorithm="rsa1024"),
    "DSA": Weak("one of DSA", algorithm="dsa2048"),
}


@pytest.fixture(scope="module")
def by_algorithm() -> Mapping[str, Key]:
    names = {weak.algorithm for weak in WEAK.values()}
    return {name: keys.make("", algorithm=name, at="20240101T000000") for name in names}


@pytest.mark.parametrize("name", WEAK)
def test_what_readers_refuse_is_neither_accepted_nor_valid(
    desk: Desk, by_algorithm: Mapping[str, Key], name: str
) -> None:
    weak, key = WEAK[name], by_algorithm[WEAK[name].algorithm]
    path = built(desk)
    keys.sign(key, path, at=weak.at, options=weak.options)
    assert keys.verify(key, path.with_name(f"{path.name}.sig"), path)

    accepted = desk.run("accept", path, *trust(desk, key, "*"))
    verified = desk.run("verify", path, key=public(key))

    assert (accepted.status, verified.status) == (1, 1)
    assert weak.reason in accepted.out + accepted.err
    assert "untrusted" in accepted.out + accepted.err
    assert weak.reason in verified.out
    assert not desk.bucket.exists() or not objects(desk.bucket)


def test_two_signatures_are_refused_where_gpg_takes_both(
    desk: Desk, by_algorithm: Mapping[str, Key]
) -> None:
    key, path = by_algorithm["rsa2048"], built(desk)
    good = keys.sign(key, path)
    assert desk.run("verify", path, key=public(key)).status == 0
    good.write_bytes(good.read_bytes() * 2)

    accepted = desk.run("accept", path, *trust(desk, key, "*"))
    verified = desk.run("verify", path, key=public(key))

    assert (accepted.status, verified.status) == (1, 1)
    assert "there is more in its file" in accepted.out + accepted.err
    assert "there is more in its file" in verified.out


def built(desk: Desk) -> Path:
    assert desk.run("build", desk.package("lanternfish"), "--output", desk.folder).status == 0
    (found,) = desk.folder.glob("lanternfish-*.zip")
    return found


def public(key: Key) -> Key:
    """Who verifies has no more."""
    return Key(private=key.public, public=key.public, passphrase="", fingerprint=key.fingerprint)
