"""The signing key, with the real gpg."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pkgaction.adapters import openpgp, openpgp_process
from pkgaction.adapters.openpgp import GpgSigner
from pkgaction.adapters.openpgp_verify import GpgVerifier
from pkgaction.errors import OutsideError, SigningKeyError
from pkgaction.model.secret import Secret
from tests.fakes import keys
from tests.fakes.keys import Key
from tests.fakes.release import FakeClock
from tests.fakes.workplace import ROOT

PASSPHRASE = "correct horse battery"
ENVIRON = {"PATH": os.environ["PATH"]}


@pytest.fixture(scope="session")
def key() -> Key:
    return keys.make(PASSPHRASE)


@pytest.fixture(scope="session")
def other() -> Key:
    return keys.make("another")


@pytest.fixture(scope="session")
def with_subkeys() -> Key:
    """Two subkeys that sign, and one that encrypts."""
    return keys.make(subkeys=("sign", "sign", "encr"))


@pytest.fixture(scope="session")
def expiring() -> Key:
    return keys.make(expires="60d")


@pytest.fixture
def scratch() -> Iterator[Path]:
    """On a short path: gpg's sockets lie below it."""
    folder = tempfile.mkdtemp(prefix="g-", dir="/tmp")
    yield Path(folder)
    shutil.rmtree(folder)


@pytest.fixture
def zipped(tmp_path: Path) -> Path:
    path = tmp_path / "crab-1.0.0.zip"
    path.write_bytes(b"PK\3\4 not really")
    return path


def opened(
    scratch: Path,
    private: str,
    passphrase: str = PASSPHRASE,
    fingerprint: str = "",
    *,
    at: datetime | None = None,
) -> AbstractContextManager[GpgSigner]:
    return openpgp.opened(
        scratch,
        ENVIRON,
        FakeClock((at or datetime.now(UTC)).timestamp()),
        key=Secret(private),
        passphrase=Secret(passphrase),
        fingerprint=fingerprint,
    )


@contextmanager
def trusting(scratch: Path, key: Secret, *, since_expired: bool = True) -> Iterator[GpgVerifier]:
    with openpgp.opened_for_verifying(scratch, ENVIRON, key=key) as gpg:
        yield GpgVerifier(gpg, "", since_expired)


def refused(scratch: Path, private: str, passphrase: str = PASSPHRASE, fingerprint: str = "") -> str:
    """Why the key is refused."""
    with opened(scratch, private, passphrase, fingerprint) as signer:
        with pytest.raises(SigningKeyError) as caught:
            signer.preflight()
        assert caught.value.exit_status == 2
        assert caught.value.fix
        return str(caught.value)


def signed_by(key: Key, signature: Path, signed: Path) -> str:
    """The fingerprint of the very key or subkey that made a signature, as gpg says."""
    with keys.home() as folder:
        (folder / "key.asc").write_text(key.public)
        keys.gpg(folder, "", "--import", str(folder / "key.asc"))
        said = keys.gpg(folder, "", "--status-fd", "1", "--verify", str(signature), str(signed))
    (line,) = [line for line in said.splitlines() if "VALIDSIG" in line]
    return line.split()[2]


def written(signer: GpgSigner, path: Path) -> Path:
    """Sign; the signature's file."""
    target = path.with_name(f"{path.name}.sig")
    target.write_bytes(signer.sign(path).armored)
    return target


# --- signing -----------------------------------------------------------------------------------------


def test_a_signature_verifies_with_plain_gpg(scratch: Path, key: Key, zipped: Path) -> None:
    with opened(scratch, key.private) as signer:
        assert list(signer.preflight()) == []
        signature = signer.sign(zipped)

    target = zipped.with_name("signature.asc")
    target.write_bytes(signature.armored)
    assert keys.verify(key, target, zipped)
    assert signature.fingerprint == key.fingerprint
    assert signature.armored.startswith(b"-----BEGIN PGP SIGNATURE-----\n")
    assert b"Version:" not in signature.armored
    assert b"Comment:" not in signature.armored


def test_a_signature_is_of_these_bytes_alone(scratch: Path, key: Key, zipped: Path) -> None:
    with opened(scratch, key.private) as signer:
        target = written(signer, zipped)

    zipped.write_bytes(zipped.read_bytes() + b"\0")

    assert not keys.verify(key, target, zipped)


def test_a_key_without_a_passphrase_signs(scratch: Path, zipped: Path) -> None:
    bare = keys.make("")

    with opened(scratch, bare.private, "") as signer:
        signer.preflight()
        target = written(signer, zipped)

    assert keys.verify(bare, target, zipped)


def test_a_file_larger_than_any_buffer_is_signed(scratch: Path, key: Key, tmp_path: Path) -> None:
    large = tmp_path / "large.zip"
    with large.open("wb") as stream:
        stream.truncate(64 * 1024 * 1024)
        stream.seek(0, os.SEEK_END)
        stream.write(b"end")

    with opened(scratch, key.private) as signer:
        target = written(signer, large)

    assert keys.verify(key, target, large)


def test_a_signer_tells_its_own_signatures_of_a_file_from_all_others(
    scratch: Path, key: Key, other: Key, zipped: Path, tmp_path: Path
) -> None:
    more = tmp_path / "more.zip"
    more.write_bytes(b"PK another one")
    with opened(scratch, other.private, "another") as signer:
        foreign = signer.sign(zipped).armored

    with opened(scratch, key.private) as signer:
        mine = signer.sign(zipped).armored
        middle = len(mine) // 2
        flipped = mine[:middle] + bytes([mine[middle] ^ 1]) + mine[middle + 1 :]

        assert signer.verifies(zipped, mine)
        wrong = [(more, mine), (zipped, flipped), (zipped, foreign), (zipped, mine[:60]), (zipped, b"")]
        verdicts = [signer.verifies(*pair) for pair in wrong]
        assert not any(verdicts)
        assert all(verdict.problem for verdict in verdicts)
        assert [v.is_of_unknown_key for v in verdicts] == [pair[1] == foreign for pair in wrong]


def test_one_signer_signs_file_after_file(scratch: Path, key: Key, tmp_path: Path) -> None:
    paths = [tmp_path / f"{number} [a] ü.zip" for number in range(3)]
    with opened(scratch, key.private) as signer:
        for path in paths:
            path.write_bytes(path.name.encode())
            written(signer, path)

    assert all(keys.verify(key, path.with_name(f"{path.name}.sig"), path) for path in paths)


# --- which key ---------------------------------------------------------------------------------------


def test_the_pinned_primary_key_signs(scratch: Path, key: Key, zipped: Path) -> None:
    with opened(scratch, key.private, fingerprint=key.fingerprint) as signer:
        signer.preflight()

        assert signer.sign(zipped).fingerprint == key.fingerprint


@pytest.mark.parametrize("number", [0, 1], ids=["first", "second"])
def test_exactly_the_pinned_subkey_signs(
    scratch: Path, with_subkeys: Key, zipped: Path, number: int
) -> None:
    pinned = with_subkeys.subkeys[number]

    with opened(scratch, with_subkeys.private, fingerprint=pinned) as signer:
        signer.preflight()
        target = written(signer, zipped)

    assert signed_by(with_subkeys, target, zipped) == pinned
    assert keys.verify(with_subkeys, target, zipped)


def test_the_pinned_one_of_two_keys_signs(scratch: Path, key: Key, other: Key, zipped: Path) -> None:
    both = key.private + other.private

    with opened(scratch, both, other.passphrase, other.fingerprint) as signer:
        signer.preflight()
        target = written(signer, zipped)

    assert keys.verify(other, target, zipped)
    assert not keys.verify(key, target, zipped)


def test_two_keys_of_which_none_is_pinned_are_refused(scratch: Path, key: Key, other: Key) -> None:
    said = refused(scratch, key.private + other.private)

    assert "2 keys" in said
    assert "gpg-fingerprint" in said


def test_another_fingerprint_than_the_pinned_one_is_refused(scratch: Path, key: Key, other: Key) -> None:
    said = refused(scratch, key.private, fingerprint=other.fingerprint)

    assert key.fingerprint in said
    assert other.fingerprint in said


def test_a_pinned_subkey_that_only_encrypts_is_refused(scratch: Path, with_subkeys: Key) -> None:
    said = refused(scratch, with_subkeys.private, fingerprint=with_subkeys.subkeys[2])

    assert "not made for signing" in said
    assert with_subkeys.subkeys[2] in said


# --- keys that can't sign ----------------------------------------------------------------------------


def test_a_wrong_passphrase_is_named_and_not_shown(scratch: Path, key: Key) -> None:
    said = refused(scratch, key.private, "wrong horse battery")

    assert "gpg-passphrase: it is wrong" in said
    assert "horse" not in said


def test_a_missing_passphrase_is_named(scratch: Path, key: Key) -> None:
    said = refused(scratch, key.private, "")

    assert "gpg-passphrase" in said
    assert "missing" in said


def test_a_public_key_is_named_as_such(scratch: Path, key: Key) -> None:
    assert "public" in refused(scratch, key.public)


@pytest.mark.parametrize("cut", ["garbage", "", "cut off"])
def test_what_is_no_key_is_refused_and_not_shown(scratch: Path, key: Key, cut: str) -> None:
    lines = key.private.splitlines()
    private = "\n".join(lines[:3]) if cut == "cut off" else cut or "-----BEGIN"

    said = refused(scratch, private)

    assert "not an armored OpenPGP key" in said or "is empty" in said or "is cut off" in said
    assert not any(line in said for line in lines if len(line) > 20)
    assert "garbage" not in said


def test_an_expired_key_is_refused_with_its_date(scratch: Path) -> None:
    expired = keys.make(expires="20200201T000000", at="20200101T000000")

    said = refused(scratch, expired.private)

    assert "expired on 2020-0" in said
    assert expired.fingerprint in said


def test_a_key_whose_clock_ran_out_for_us_is_refused(scratch: Path, expiring: Key) -> None:
    with (
        opened(scratch, expiring.private, at=datetime.now(UTC) + timedelta(days=61)) as signer,
        pytest.raises(SigningKeyError, match="expired on"),
    ):
        signer.preflight()


def test_a_revoked_key_is_refused(scratch: Path) -> None:
    with keys.home() as folder:
        base = ["--quick-generate-key", "Deepwater <keys@deepwater.example>", "ed25519", "sign", "0"]
        keys.gpg(folder, "pass", *base)
        (revocation,) = (folder / "openpgp-revocs.d").iterdir()
        text = revocation.read_text().replace(":-----BEGIN", "-----BEGIN")
        (folder / "revocation.asc").write_text(text)
        keys.gpg(folder, "pass", "--import", str(folder / "revocation.asc"))
        private = keys.gpg(folder, "pass", "--armor", "--export-secret-keys")

    assert "revoked" in refused(scratch, private, "pass")


def test_a_key_that_only_certifies_and_encrypts_is_refused(scratch: Path) -> None:
    silent = keys.make(usage="cert", subkeys=("encr",))

    assert "not made for signing" in refused(scratch, silent.private)


# --- expiry ahead ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "warns"), [(0, False), (28, False), (31, True), (58, True)], ids=str)
def test_a_key_that_expires_within_thirty_days_is_warned_about(
    scratch: Path, expiring: Key, days: int, *, warns: bool
) -> None:
    with opened(scratch, expiring.private, at=datetime.now(UTC) + timedelta(days=days)) as signer:
        warnings = list(signer.preflight())

    assert bool(warnings) is warns
    assert all(expiring.fingerprint in warning for warning in warnings)


# --- what is left behind -----------------------------------------------------------------------------


def _processes(home: Path) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if str(home).encode() in command:
                found.append(command.decode(errors="replace"))
    return found


def test_the_home_is_private_and_gone_afterwards_with_its_agent(scratch: Path, key: Key) -> None:
    with opened(scratch, key.private) as signer:
        signer.preflight()
        home = signer.home
        mode = home.stat().st_mode & 0o777
        running = _processes(home)

    assert mode == 0o700
    assert running
    assert not home.exists()
    assert list(scratch.iterdir()) == []
    assert _gone(home)


def _gone(home: Path) -> bool:
    """The agent is told to end, and does so in its own time."""
    for _ in range(50):
        if not _processes(home):
            return True
        subprocess.run(["sleep", "0.1"], check=True)
    return False


_KILLED = """
import os, sys
from pathlib import Path
from pkgaction.adapters import openpgp
from pkgaction.adapters.clock import SystemClock
from pkgaction.model.secret import Secret
key = Secret(sys.stdin.read())
one = openpgp.opened(
    Path(sys.argv[1]), os.environ, SystemClock(), key=key, passphrase=Secret(""), fingerprint=""
)
with one as signer:
    signer.preflight()
    {forked}
    os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize(
    "forked",
    [
        "",
        """import time; from pkgaction.parallel import over_cores
    all = over_cores(lambda n: n or time.sleep(60), [1, 0], jobs=2); next(all)()""",
    ],
    ids=["alone", "with processes at work"],
)
def test_neither_key_nor_agent_outlives_a_process_that_is_killed(scratch: Path, forked: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _KILLED.format(forked=forked), str(scratch)],
        cwd=ROOT,
        input=keys.make("").private,
        text=True,
        check=False,
    )

    assert done.returncode == -9
    assert _gone(scratch / "gpg")
    assert list(scratch.iterdir()) == []


def test_nothing_waits_for_an_end_that_has_come(scratch: Path, key: Key) -> None:
    with opened(scratch, key.private) as signer:
        signer.preflight()
        waiting = _waiting(signer.home)

    assert len(waiting) == 1
    assert _waiting(scratch / "gpg") == []


def _waiting(home: Path) -> list[str]:
    """The processes that are to clean up after this one, each a shell."""
    return [command for command in _processes(home) if command.startswith("/bin/sh")]


def test_the_home_is_gone_after_a_failure_too(scratch: Path, key: Key) -> None:
    refused(scratch, key.private, "wrong")

    assert list(scratch.iterdir()) == []


def test_neither_key_nor_passphrase_shows_in_arguments_or_files_or_logs(
    scratch: Path, key: Key, zipped: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = scratch / "arguments"
    shim = scratch / "bin"
    shim.mkdir()
    real = shutil.which("gpg")
    (shim / "gpg").write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" >> {log}\nenv >> {log}\nexec {real} "$@"\n'
    )
    (shim / "gpg").chmod(0o755)
    environ = {"PATH": f"{shim}:{ENVIRON['PATH']}", "GPG_PASSPHRASE": key.passphrase}
    with (
        caplog.at_level("DEBUG"),
        openpgp.opened(
            scratch,
            environ,
            FakeClock(datetime.now(UTC).timestamp()),
            key=Secret(key.private),
            passphrase=Secret(key.passphrase),
            fingerprint="",
        ) as signer,
    ):
        signer.preflight()
        signer.sign(zipped)
        files = [path for path in signer.home.rglob("*") if path.is_file()]
        on_disk = b"".join(path.read_bytes() for path in files)

    secret_lines = [line for line in key.private.splitlines() if len(line) > 20 and "-" not in line]
    seen = log.read_text() if log.exists() else ""
    assert key.passphrase not in seen + caplog.text
    assert key.passphrase.encode() not in on_disk
    assert not any(line in seen + caplog.text for line in secret_lines)
    assert not any(line.encode() in on_disk for line in secret_lines)
    assert key.passphrase not in repr(signer)


def test_a_path_too_long_for_the_agents_sockets_is_refused(scratch: Path, key: Key) -> None:
    deep = scratch / ("d" * 80)
    deep.mkdir()

    with pytest.raises(SigningKeyError, match="too long"), opened(deep, key.private):
        pass

    assert list(deep.iterdir()) == []


def test_a_gpg_that_hangs_is_ended(
    scratch: Path, key: Key, zipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shim = scratch / "bin"
    shim.mkdir()
    real = shutil.which("gpg")
    hang = 'case " $* " in *" --verify "*) exec sleep 60;; esac'
    (shim / "gpg").write_text(f'#!/bin/sh\n{hang}\nexec {real} "$@"\n')
    (shim / "gpg").chmod(0o755)
    monkeypatch.setattr(openpgp_process, "LONGEST", 2.0)
    with (
        openpgp.opened(
            scratch,
            {"PATH": f"{shim}:{ENVIRON['PATH']}"},
            FakeClock(datetime.now(UTC).timestamp()),
            key=Secret(key.private),
            passphrase=Secret(key.passphrase),
            fingerprint="",
        ) as signer,
        pytest.raises(OutsideError, match="no answer in 2 seconds"),
    ):
        signer.sign(zipped)


# --- verifying ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("half", ["public", "private"])
def test_a_signature_is_verified_with_the_one_key_given(
    scratch: Path, key: Key, zipped: Path, half: str
) -> None:
    with opened(scratch, key.private) as signer:
        target = written(signer, zipped)
    given = Secret(key.public if half == "public" else key.private)

    with trusting(scratch, given) as verifier:
        good = verifier.verify(zipped, target.read_bytes())
        zipped.write_bytes(b"other")
        bad = verifier.verify(zipped, target.read_bytes())

    assert (good.fingerprint, bad.fingerprint) == (key.fingerprint, "")
    assert bad.problem == "the signature is not of these bytes"


def test_a_signature_of_another_key_is_not_valid(
    scratch: Path, key: Key, other: Key, zipped: Path
) -> None:
    with opened(scratch, key.private) as signer:
        target = written(signer, zipped)

    with trusting(scratch, Secret(other.public)) as verifier:
        verdict = verifier.verify(zipped, target.read_bytes())

    assert not verdict
    assert "not trusted here" in verdict.problem


def test_a_signature_stays_valid_after_its_key_has_expired(scratch: Path, zipped: Path) -> None:
    """As readers see it; who decides about something new does not take it."""
    old = keys.make("", expires="20210101T000000", at="20200101T000000")
    signature = keys.sign(old, zipped, at="20200601T000000").read_bytes()

    with trusting(scratch, Secret(old.public)) as verifier:
        assert verifier.verify(zipped, signature).fingerprint == old.fingerprint
        zipped.write_bytes(b"other")
        assert not verifier.verify(zipped, signature)


def test_a_key_that_has_expired_is_not_trusted_for_something_new(scratch: Path, zipped: Path) -> None:
    old = keys.make("", expires="20210101T000000", at="20200101T000000")
    signature = keys.sign(old, zipped, at="20200601T000000").read_bytes()

    with trusting(scratch, Secret(old.public), since_expired=False) as verifier:
        verdict = verifier.verify(zipped, signature)

    assert not verdict
    assert "has expired" in verdict.problem


def test_a_signature_that_was_made_after_its_key_expired_is_not_valid(
    scratch: Path, zipped: Path
) -> None:
    """Made while the key had a longer life, which the reader's public key does not say."""
    with keys.home() as folder:
        at = ["--faked-system-time", "20200101T000000"]
        made = ["--quick-generate-key", "Deepwater <keys@deepwater.example>", "ed25519", "sign"]
        keys.gpg(folder, "", *at, *made, "20210101T000000")
        public = keys.gpg(folder, "", *at, "--armor", "--export")
        (fingerprint,) = keys.fingerprints(folder)
        keys.gpg(folder, "", *at, "--quick-set-expire", fingerprint, "0")
        later = ["--faked-system-time", "20220101T000000", "--armor", "--output", "-", "--detach-sign"]
        signature = keys.gpg(folder, "", *later, str(zipped)).encode()

    with trusting(scratch, Secret(public)) as verifier:
        assert not verifier.verify(zipped, signature)
