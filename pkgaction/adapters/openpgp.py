"""The signing key, in a throwaway GnuPG home, behind the port `Signer`.

Key and passphrase go to gpg through pipes: never into argument lists, its environment or a file
outside the home, which is private and removed with its agent.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from pkgaction.adapters.clock import SystemClock
from pkgaction.adapters.openpgp_keys import KeyPart, ListedKey, listed_keys
from pkgaction.adapters.openpgp_packets import has_card_stub, key_packets
from pkgaction.adapters.openpgp_process import Answer, Gpg
from pkgaction.adapters.openpgp_text import EXPORT, PUBLIC, KeyProblemError, read_keys
from pkgaction.adapters.openpgp_verify import GpgVerifier, is_of_unknown_key, refused_by_readers
from pkgaction.errors import SigningKeyError
from pkgaction.model.release import Signature
from pkgaction.model.secret import Secret
from pkgaction.ports import Clock, Verdict

# how often a passphrase is hashed on the way to the key in the throwaway home; not told, the agent takes
# more than a second in every new home to find out what it can do in a tenth of one
_AGENT = "s2k-count 1048576\n"
_LONGEST_HOME = 80  # characters; a socket's path in it may have 107
PRIVATE_KEY = "gpg-private-key"  # the input
_NO_AGENT = ("No agent running", "failed to start agent")
_PASSPHRASE = {11, 177}  # codes of libgpg-error: a bad one, none
_CODE = 0xFFFF  # the part of an error number that says which; the rest is who
_SIGNING = ("--digest-algo", "SHA512", "--no-emit-version", "--no-comments", "--armor")
_LOOPBACK = ("--pinentry-mode", "loopback", "--passphrase-fd", "0")


@dataclass(slots=True)
class GpgSigner:
    """Signs with one key. Use `opened`, which removes what it leaves behind."""

    gpg: Gpg
    home: Path
    key: Secret
    passphrase: Secret
    pinned: str  # fingerprint of the key or of one of its subkeys; empty: the only key there is
    clock: Clock
    _key: ListedKey | None = field(default=None, init=False)
    _new: GpgVerifier | None = field(default=None, init=False)

    def preflight(self) -> Sequence[str]:
        """Try the key out before anything is built; warnings, as sentences."""
        key, _ = self._choose()
        trial = self.home / "trial"
        trial.write_bytes(b"pkgaction tries the signing key\n")
        self.sign(trial)
        return [*key.warnings(self.clock.now()), *self.clock.skew.warnings()]

    def sign(self, path: Path) -> Signature:
        """Sign a file and verify the signature."""
        self.clock.skew.require_right()  # gpg takes the time of the machine: refused where that is wrong
        key, part = self._choose()
        with tempfile.TemporaryDirectory(dir=self.home) as folder:
            output = Path(folder) / "signature.asc"
            exactly = ("--local-user", f"{part.fingerprint}!")  # what the preflight speaks of, no other
            files = ("--output", str(output), "--detach-sign", "--", str(path.absolute()))
            passphrase = f"{self.passphrase.reveal()}\n".encode()
            answer = self.gpg.run(*_LOOPBACK, *exactly, *_SIGNING, *files, data=passphrase)
            if not answer.succeeded or not output.exists():
                raise _not_signed(answer, self.passphrase)
            armored = output.read_bytes()
        if not (verdict := self._verifier(part).verify(path, armored)):
            what = f"the signature that was just made does not verify: {verdict.problem}"
            raise _refused(what, verdict.fix)
        return Signature(armored=armored, fingerprint=key.fingerprint)

    def verifies(self, path: Path, signature: bytes) -> Verdict:
        """Whether it is a valid signature of the file by this key, also one of before it expired."""
        key, _ = self._choose()
        verdict = GpgVerifier(self.gpg, clock=self.clock).verify(path, signature)
        if not verdict:
            return replace(verdict, is_of_unknown_key=is_of_unknown_key(self.gpg, path, signature))
        if verdict.fingerprint == key.fingerprint:
            return verdict
        what = f"the signature is by another key, {verdict.fingerprint}"
        return Verdict(signer=verdict.signer, problem=what, fix="sign by the key that signs here")

    def _verifier(self, part: KeyPart) -> GpgVerifier:
        """Of what this part has just signed; kept, as it asks gpg for each key once."""
        if self._new is None or self._new.pinned != part.fingerprint:
            self._new = GpgVerifier(self.gpg, part.fingerprint, since_expired=False, clock=self.clock)
        return self._new

    def _choose(self) -> tuple[ListedKey, KeyPart]:
        try:
            if self._key is None:
                data = _import(self.gpg, self.key, private=True, now=self.clock.now())
                listed = self.gpg.run("--list-secret-keys")
                key = _pick(listed_keys(listed.lines), self.pinned)
                key = key.on_card() if has_card_stub(data) else key
                _require_readers(self.gpg, key, self.clock.now())
                self._key = key
            return self._key, self._key.signing_part(self.clock.now())
        except KeyProblemError as error:
            raise _refused(error.what, error.fix) from None


@contextlib.contextmanager
def opened(
    scratch: Path,
    environ: Mapping[str, str],
    clock: Clock,
    *,
    key: Secret,
    passphrase: Secret,
    fingerprint: str,
) -> Iterator[GpgSigner]:
    """A signer on a home of its own below the scratch folder, gone at the end.

    Raises:
        SigningKeyError: the scratch folder's path is too long for gpg's agent.
    """
    with _home(scratch, environ) as (home, gpg):
        yield GpgSigner(gpg, home, key, passphrase, fingerprint, clock)


@contextlib.contextmanager
def opened_for_verifying(
    scratch: Path, environ: Mapping[str, str], *, key: Secret, where: str = PRIVATE_KEY
) -> Iterator[Gpg]:
    """GnuPG with these keys alone; without any, with the user's own key ring.

    A private key is refused where the input is for public ones.

    Args:
        scratch: where its home is made.
        environ: of the process.
        key: the keys.
        where: name of the input that they come from.
    """
    if not key:
        yield Gpg(home=None, environ=environ)
        return
    with _home(scratch, environ) as (_, gpg):
        _import(gpg, key, now=SystemClock().now(), where=where)
        yield gpg


def _require_readers(gpg: Gpg, key: ListedKey, now: datetime) -> None:
    part = key.signing_part(now)
    if problem := refused_by_readers(gpg, key, part, now):
        what = f"the key {part.fingerprint} cannot be used: {problem.what}"
        raise KeyProblemError(what, problem.fix)


@contextlib.contextmanager
def _home(scratch: Path, environ: Mapping[str, str]) -> Iterator[tuple[Path, Gpg]]:
    home = scratch / "gpg"
    if len(str(home)) > _LONGEST_HOME:
        fix = "set TMPDIR to a shorter path"
        raise SigningKeyError(what="its path is too long for gpg", where=str(home), fix=fix)
    home.mkdir(mode=0o700)
    gpg = Gpg(home=home, environ=environ)
    with gpg.outlived():
        try:
            (home / "gpg-agent.conf").write_text(_AGENT)
            yield home, gpg
        finally:
            gpg.stop_agent()
            shutil.rmtree(home, ignore_errors=True)


def _import(
    gpg: Gpg, key: Secret, *, now: datetime, private: bool = False, where: str = PRIVATE_KEY
) -> bytes:
    public = where != PRIVATE_KEY
    try:
        data = read_keys(key.reveal(), private=private, public=public, now=now)
    except KeyProblemError as error:
        raise _refused(
            error.what, PUBLIC if public and error.fix == EXPORT else error.fix, where
        ) from None
    answer = gpg.run("--import", data=data)
    if any(text in answer.errors for text in _NO_AGENT):
        fix = "install gpg-agent, beside gpg"
        raise SigningKeyError(what="gpg-agent cannot be started", where="gpg", fix=fix)
    if not answer.status("IMPORT_OK"):
        raise _refused("gpg cannot read it", PUBLIC if public else EXPORT, where)
    if not private:
        _require_all(data, {words[-1] for words in answer.status("IMPORT_OK")}, where)
    return data


def _require_all(data: bytes, imported: set[str], where: str) -> None:
    """A trusted key that gpg leaves out would refuse its owner's packages without a word."""
    there = [key.fingerprint for key in key_packets(data) if key.fingerprint]
    for number, fingerprint in enumerate(there, 1):
        if fingerprint not in imported:
            what = f"gpg cannot use key {number} of {len(there)}, {fingerprint}"
            raise _refused(what, "export it again, or leave it out", where)


def _pick(keys: Sequence[ListedKey], pinned: str) -> ListedKey:
    if not keys:
        raise _refused("gpg finds no private key in it")
    if pinned:
        for key in keys:
            if pinned in key.fingerprints:
                return key.pinned_to(pinned)
        there = ", ".join(key.fingerprint for key in keys)
        what = f"the key's fingerprint is {there}, not the pinned {pinned}"
        fix = "pin the fingerprint of the key that signs, or give the key that is pinned"
        raise SigningKeyError(what=what, where="input gpg-fingerprint", fix=fix)
    if len(keys) > 1:
        raise _refused(f"it holds {len(keys)} keys", "pin one with gpg-fingerprint")
    return keys[0]


def _not_signed(answer: Answer, passphrase: Secret) -> SigningKeyError:
    """Why gpg did not sign, in its own machine-readable words."""
    numbers = [int(words[-1]) & _CODE for words in answer.status("FAILURE") if words[-1].isdecimal()]
    if _PASSPHRASE.isdisjoint(numbers):
        return _refused("gpg cannot sign with it", "try it with `gpg --sign` at a terminal")
    what = "it is wrong for this key" if passphrase else "it is missing, and the key is protected by one"
    fix = "set it to the passphrase of this key, from a secret"
    return SigningKeyError(what=what, where="input gpg-passphrase", fix=fix)


def _refused(what: str, fix: str = EXPORT, where: str = PRIVATE_KEY) -> SigningKeyError:
    return SigningKeyError(what=what, where=f"input {where}", fix=fix)
