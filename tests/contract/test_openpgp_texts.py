"""The ways in which people store a key, and what they store in its place, with the real gpg."""

import base64
import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pkgaction.adapters import openpgp
from pkgaction.adapters.openpgp import GpgSigner, opened_for_verifying
from pkgaction.adapters.openpgp_process import Gpg
from pkgaction.errors import OutsideError, PkgactionError, SigningKeyError
from pkgaction.model.secret import Secret
from tests.contract.test_openpgp import opened, refused, scratch, trusting, written, zipped
from tests.fakes import keys
from tests.fakes.keys import Key
from tests.fakes.release import FakeClock

__all__ = ["scratch", "zipped"]  # fixtures

# made by npm openpgp 6 with `v6Keys`, for these tests alone
VERSION_6 = """\
-----BEGIN PGP PRIVATE KEY BLOCK-----

xUsGawzUIhsAAAAg7WGFTEJkU+uok2QPAcqVOzYLU5XsmXBJfsziWBmjPR8A
GBQQfjBadIVm+i3urRLKDqMGimgNvKsew91YKnfWwqnCrQYfGwoAAAA+BYJr
DNQiAwsJBwUVCggODAQWAAIBApsDAh4BIqEGwz7NV5jsqFdRM9TFg704OE3i
gJEZoqwU1dOIuREgLPwAAAAALzEgwfWg8nhRBT6GCgwM3gRMCSHp664Zu8eI
3mSxAGta1xaXxLOnCF42hjfDWttW5KLCkXjN25duIgOqcfWZZLn89nAzIL7c
iJ1LaChxlu6uIXA6pn2i1In61WCeecLac2cAzSJEZWVwd2F0ZXIgPGtleXNA
ZGVlcHdhdGVyLmV4YW1wbGU+wpsGExsKAAAALAWCawzUIgIZASKhBsM+zVeY
7KhXUTPUxYO9ODhN4oCRGaKsFNXTiLkRICz8AAAAAFu8IPqMdWy9V++C1Oy7
sFGErcBkQuGZWKU0HYV3Ckm7PAUOZXq703joP6ubV153juB4rf3Fa4H/tmNQ
rjWsHhBqDzLtckY7GGVaNRob9T8oTf2jDCa+z3MmQu96XVNP1FbXBw==
-----END PGP PRIVATE KEY BLOCK-----
"""


@pytest.fixture(scope="module")
def key() -> Key:
    return keys.make("")


def binary(armored: str) -> bytes:
    with keys.home() as folder:
        (folder / "in").write_text(armored)
        keys.gpg(folder, "", "--output", str(folder / "out"), "--dearmor", str(folder / "in"))
        return (folder / "out").read_bytes()


def armored(data: bytes) -> str:
    kind = "PGP PRIVATE KEY BLOCK-----"
    return f"-----BEGIN {kind}\n\n{base64_of(data)}\n-----END {kind}"


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


# --- taken -------------------------------------------------------------------------------------------

TAKEN: dict[str, Callable[[str], str]] = {
    "text before": lambda text: f"sec ed25519 2026-01-01\nOur key, see wiki.\n\n{text}",
    "text after": lambda text: f"{text}\n-- \nDeepwater",
    "a byte order mark": lambda text: f"\ufeff{text}",
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "CR": lambda text: text.replace("\n", "\r"),
    "indented": lambda text: "".join(f"    {line}\n" for line in text.splitlines()),
    "indented by tabs": lambda text: "".join(f"\t{line}\t\n" for line in text.splitlines()),
    "no blank line": lambda text: text.replace("\n\n", "\n"),
    "blank lines": lambda text: text.replace("\n", "\n\n"),
    "one line": lambda text: " ".join(text.split("\n")),
    "headers": lambda text: text.replace(
        "BLOCK-----\n", "BLOCK-----\nVersion: GnuPG v2\nComment: a key = ours\n", 1
    ),
    "no end of line": str.strip,
    "base64 of the armor": lambda text: base64_of(text.encode()),
    "base64 of the armor with CRLF and mark": lambda text: base64_of(
        b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()
    ),
    "base64 of the armor in UTF-16": lambda text: base64_of(text.encode("utf-16")),
    "base64 in lines": lambda text: base64.encodebytes(text.encode()).decode(),
    "base64 of the binary key": lambda text: base64_of(binary(text)),
    "base64 of the binary key, unpadded": lambda text: base64_of(binary(text)).rstrip("="),
}


@pytest.mark.parametrize("way", TAKEN)
def test_a_key_is_taken_however_it_is_stored(scratch: Path, key: Key, zipped: Path, way: str) -> None:
    with opened(scratch, TAKEN[way](key.private), "") as signer:
        assert list(signer.preflight()) == []
        target = written(signer, zipped)

    assert keys.verify(key, target, zipped)


def test_both_halves_of_a_key_in_one_text_are_one_key(scratch: Path, key: Key) -> None:
    with opened(scratch, f"{key.public}\n{key.private}", "") as signer:
        assert list(signer.preflight()) == []


def test_trusted_keys_may_have_texts_around_them(scratch: Path, key: Key, zipped: Path) -> None:
    other = keys.make("")
    signature = keys.sign(key, zipped).read_bytes()

    text = f"# Deepwater\n{other.public}\n\n# Reef\n{key.public}"
    with trusting(scratch, Secret(text)) as verifier:
        assert verifier.verify(zipped, signature).fingerprint == key.fingerprint
        assert verifier.warnings() == []


def test_a_user_id_that_is_not_utf_8_is_taken_and_its_refusal_by_readers_told(
    scratch: Path, zipped: Path
) -> None:
    old = keys.make("", user_id="J\udcfcrgen <keys@deepwater.example>")

    with opened(scratch, old.private, "") as signer:
        (warning,) = signer.preflight()
        target = written(signer, zipped)

    assert keys.verify(old, target, zipped)
    assert "no user ID in UTF-8" in warning
    assert f"gpg --quick-add-uid {old.fingerprint}" in warning


def test_a_user_id_beyond_ascii_is_nothing_special(scratch: Path) -> None:
    umlaut = keys.make("", user_id="Jürgen: ☃ \\ <keys@deepwater.example>")

    with opened(scratch, umlaut.private, "") as signer:
        assert list(signer.preflight()) == []


# --- told --------------------------------------------------------------------------------------------


def without_line(text: str, number: int) -> str:
    lines = text.splitlines(keepends=True)
    return "".join(lines[:number] + lines[number + 1 :])


TOLD: dict[str, tuple[Callable[[Key], str], str]] = {
    "line breaks as text": (
        lambda key: key.private.replace("\n", "\\n"),
        "line breaks are written as \\n",
    ),
    "without its end": (lambda key: key.private[:200], "cut off: its END line"),
    "without its beginning": (lambda key: key.private[200:], "cut off: its BEGIN line"),
    "without a line": (lambda key: without_line(key.private, 4), "checksum"),
    "binary, cut off": (lambda key: base64_of(binary(key.private)[:-5]), "cut off or damaged"),
    "binary, cut off early": (lambda key: base64_of(binary(key.private)[:1]), "cut off or damaged"),
    "nothing in it": (
        lambda key: "-----BEGIN PGP PRIVATE KEY BLOCK-----\n-----END PGP PRIVATE KEY BLOCK-----",
        "no base64 text",
    ),
    "version 6": (lambda key: VERSION_6, "version 6 (RFC 9580)"),
    "public": (lambda key: key.public, "it is the public one"),
    "a byte order mark alone": (lambda key: "\ufeff", "it is empty"),
    "blanks": (lambda key: " \n", "it is empty"),
    "OpenSSH": (lambda key: "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n", "SSH key"),
    "SSH, public": (lambda key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 me@here", "SSH key"),
    "PEM": (lambda key: "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----", "PEM"),
    "PKCS 8": (lambda key: "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIEow\n", "PEM"),
    "PEM in base64": (lambda key: base64_of(b"-----BEGIN PRIVATE KEY-----\nMC4CAQ\n"), "PEM"),
    "minisign": (lambda key: "untrusted comment: minisign encrypted secret key\nRWRTY0Iy", "minisign"),
    "age": (lambda key: "# created: 2026-01-01\nAGE-SECRET-KEY-1QQ", "age key"),
    "signature": (
        lambda key: "-----BEGIN PGP SIGNATURE-----\n\niHUEABYK\n-----END PGP SIGNATURE-----",
        "PGP signature",
    ),
    "the agent's file": (lambda key: "Created: 20260101T000000\nKey: (private-key (ecc", "gpg's agent"),
    "a service account": (lambda key: '{"type": "service_account"}', "JSON"),
    "a fingerprint": (lambda key: key.fingerprint, "fingerprint, not the key"),
    "a path": (lambda key: "/home/me/key.asc", "not an armored OpenPGP key"),
    "words": (lambda key: "correct horse battery", "not an armored OpenPGP key"),
    "two keys": (lambda key: key.private + keys.make("").private, "it holds 2 keys"),
    "data that is no key": (lambda key: armored(b"\xcb\x03b\x00x"), "OpenPGP data, but no key"),
}


@pytest.mark.parametrize("case", TOLD)
def test_what_cannot_be_used_is_told_in_a_sentence_of_its_own(
    scratch: Path, key: Key, case: str
) -> None:
    text, sentence = TOLD[case]

    said = refused(scratch, text(key), "")

    assert sentence in said
    assert said.startswith("input gpg-private-key: ")
    assert not any(line in said for line in text(key).split() if len(line) > 20 and line in key.private)


def on_a_card(key: Key) -> str:
    """The same export as from a machine whose primary key is on a smartcard.

    Source: doc/DETAILS of GnuPG, "Secret key with a stub", S2K mode 1002.
    """
    data = binary(key.private)
    stub, card = b"GNU\x01", b"GNU\x02\x10" + bytes.fromhex("D2760001240103040006123456780000")
    start = 2 if data[0] == 0x94 else 3  # one or two bytes of length
    size = int.from_bytes(data[1:start], "big")
    body = data[start : start + size].replace(stub, card)
    assert len(body) == size + 17
    return base64_of(b"\x95" + len(body).to_bytes(2, "big") + body + data[start + size :])


def test_a_key_on_a_smartcard_is_told(scratch: Path) -> None:
    key = keys.make("", subkeys=("encr",), export=("--export-secret-subkeys", "{0}!"))

    said = refused(scratch, on_a_card(key), "")

    assert "on a smartcard" in said
    assert key.fingerprint in said


def test_a_subkey_signs_where_the_primary_key_is_on_a_smartcard(scratch: Path, zipped: Path) -> None:
    key = keys.make("", subkeys=("sign",), export=("--export-secret-subkeys", "{0}!"))

    with opened(scratch, on_a_card(key), "") as signer:
        signer.preflight()
        target = written(signer, zipped)

    assert keys.verify(key, target, zipped)


def test_a_key_that_was_made_in_the_future_is_told(scratch: Path) -> None:
    later = datetime.now(UTC) + timedelta(days=400)
    key = keys.make("", at=f"{later:%Y%m%dT%H%M%S}")

    said = refused(scratch, key.private, "")

    assert f"made in the future, at {later:%Y-%m-%d}" in said
    assert "clock" in said


def test_what_is_wrong_with_trusted_keys_names_their_input(scratch: Path) -> None:
    opened = openpgp.opened_for_verifying(
        scratch, dict(os.environ), key=Secret("no keys"), where="trusted-keys"
    )

    with pytest.raises(SigningKeyError, match="input trusted-keys: it is not an armored"), opened:
        pass


def test_a_trusted_key_of_the_future_is_told(scratch: Path) -> None:
    later = datetime.now(UTC) + timedelta(days=400)
    key = keys.make("", at=f"{later:%Y%m%dT%H%M%S}")

    with (
        pytest.raises(SigningKeyError, match=f"made in the future, at {later:%Y-%m-%d}.*clock"),
        trusting(scratch, Secret(key.public)),
    ):
        pass


# --- the outside -------------------------------------------------------------------------------------


def in_environment(scratch: Path, key: Key, **environ: str) -> GpgSigner:
    home = scratch / "gpg"
    home.mkdir(mode=0o700)
    clock = FakeClock(datetime.now(UTC).timestamp())
    gpg = Gpg(home=home, environ=environ)
    return GpgSigner(gpg, home, Secret(key.private), Secret(""), "", clock)


def test_a_missing_gpg_is_told(scratch: Path, key: Key) -> None:
    with pytest.raises(SigningKeyError, match="gpg cannot be started") as caught:
        in_environment(scratch, key, PATH=str(scratch)).preflight()

    assert caught.value.fix == "install gpg and gpg-agent"


def test_a_missing_agent_is_told(scratch: Path, key: Key) -> None:
    signer = in_environment(scratch, key, PATH=os.environ["PATH"])
    (signer.home / "gpg.conf").write_text(f"agent-program {scratch}/nothing\n")

    with pytest.raises(SigningKeyError, match="gpg-agent cannot be started"):
        signer.preflight()


def test_a_full_disk_is_not_the_keys_fault(scratch: Path, key: Key) -> None:
    home = scratch / "gpg"
    home.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k,mode=700", "tmpfs", str(home)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no right to mount a small disk here")
    try:
        (home / "fill").write_bytes(b"\0" * 16384)
        gpg = Gpg(home=home, environ={"PATH": os.environ["PATH"]})
        clock = FakeClock(datetime.now(UTC).timestamp())
        signer = GpgSigner(gpg, home, Secret(key.private), Secret(""), "", clock)
        with pytest.raises(OutsideError, match="no space left on the runner's disk") as caught:
            signer.preflight()
        gpg.stop_agent()
    finally:
        subprocess.run(["umount", "-l", str(home)], check=True)

    assert caught.value.exit_status == 3


# --- any text at all ---------------------------------------------------------------------------------

MUTATIONS = st.one_of(
    st.tuples(st.just("cut"), st.integers(0, 900), st.integers(0, 60)),
    st.tuples(st.just("flip"), st.integers(0, 500), st.integers(1, 255)),
    st.tuples(st.just("text"), st.integers(0, 900), st.integers(0, 0x10FFFF)),
)


def mutated(armored: str, data: bytes, mutations: list[tuple[str, int, int]]) -> str:
    """An armor that is damaged as a text, or around data that are damaged."""
    flipped = bytearray(data)
    for kind, at, value in mutations:
        if kind == "flip":
            flipped[at % len(flipped)] ^= value
    text = armored if flipped == data else base64_of(bytes(flipped))
    for kind, at, value in mutations:
        if kind == "cut":
            text = text[:at] + text[at + value :]
        if kind == "text" and not 0xD800 <= value <= 0xDFFF:
            text = text[:at] + chr(value) + text[at:]
    return text


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mutations=st.lists(MUTATIONS, min_size=1, max_size=3))
def test_no_text_ends_in_a_traceback_or_shows_itself(
    key: Key,
    mutations: list[tuple[str, int, int]],
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whatever is stored as a key: it signs, or is refused, and nothing of it comes out."""
    text = mutated(key.private, binary(key.private), mutations)
    said = ""
    with keys.home() as scratch:
        try:
            with opened(scratch, text, "") as signer:
                signer.preflight()
        except PkgactionError as error:
            said = repr(error.__cause__) + repr(error.__context__) + str(error)

    out, err = capfd.readouterr()
    secret = [line for line in key.private.splitlines() if len(line) > 20 and "-" not in line]
    shown = said + out + err + caplog.text
    assert "Traceback" not in shown
    assert not any(line[:20] in shown for line in [*secret, *text.split()] if len(line) > 20)


def _trusting(scratch: Path, text: str) -> str:
    """What is wrong with several trusted keys."""
    with pytest.raises(SigningKeyError) as caught, opened_for_verifying(scratch, {}, key=Secret(text)):
        pass
    return str(caught.value)


def test_a_trusted_key_that_is_cut_off_behind_another_is_named(scratch: Path) -> None:
    first, second = keys.make(""), keys.make("")
    cut = "\n".join(second.public.splitlines()[:-2])

    assert "block 2 of 2 is cut off" in _trusting(scratch, first.public + cut)
    assert "block 1 of 2 is cut off" in _trusting(scratch, cut + "\n" + first.public)


def test_a_trusted_key_that_gpg_cannot_use_beside_another_is_named(scratch: Path) -> None:
    first, second = keys.make(""), keys.make("")
    lines = second.public.splitlines()
    bare = base64.b64decode("".join(lines[2:-2]))[: 2 + base64.b64decode(lines[2])[1]]  # no user ID
    odd = f"{lines[0]}\n\n{base64.b64encode(bare).decode()}\n{lines[-1]}\n"

    said = _trusting(scratch, first.public + odd)

    assert f"key 2 of 2, {second.fingerprint}" in said


def _one_line(key: str, header: str) -> str:
    return " ".join(key.replace("-----\n", f"-----\n{header}\n", 1).split())


_ODD: dict[str, Callable[[str], str]] = {
    "written-out line break in the text before": lambda key: f"made by printf '%s\\n' KEY\n{key}",
    "a path with one": lambda key: f"C:\\new\\key.asc\n{key}\nC:\\new\n",
    "one in a comment": lambda key: key.replace("-----\n", "-----\nComment: a\\nb\n", 1),
    "one line with a version": lambda key: _one_line(key, "Version: GnuPG v2"),
    "one line with a comment": lambda key: _one_line(key, "Comment: made by me"),
    "base64 of UTF-16 LE": lambda key: base64.b64encode(key.encode("utf-16-le")).decode(),
    "base64 of UTF-16 BE": lambda key: base64.b64encode(key.encode("utf-16-be")).decode(),
    "base64 of UTF-16 BE with a mark": lambda key: base64.b64encode(
        b"\xfe\xff" + key.encode("utf-16-be")
    ).decode(),
}


@pytest.mark.parametrize("form", _ODD)
def test_a_key_in_a_form_that_tools_make_signs(scratch: Path, form: str) -> None:
    key = keys.make("")

    with opened(scratch, _ODD[form](key.private), "") as signer:
        assert list(signer.preflight()) == []
