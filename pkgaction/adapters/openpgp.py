"""The signing key, in a throwaway GnuPG home, behind the port `Signer`.

Key and passphrase go to gpg through pipes: never into argument lists, its environment or a file
outside the home, which is private and removed with its agent.
"""

import contextlib
import logging
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import gnupg

from pkgaction.adapters.openpgp_keys import SecretKey, secret_keys
from pkgaction.adapters.openpgp_process import LimitedGpg
from pkgaction.errors import SigningKeyError
from pkgaction.model.release import Signature
from pkgaction.model.secret import Secret
from pkgaction.ports import Clock

_WARN_DAYS = 30
# how often a passphrase is hashed on the way to the key in the throwaway home; not told, the agent takes
# more than a second in every new home to find out what it can do in a tenth of one
_AGENT = "s2k-count 1048576\n"
_LONGEST_HOME = 80  # characters; a socket's path in it may have 107
_WHERE = "input gpg-private-key"
_EXPORT = "set it to the output of `gpg --armor --export-secret-keys FINGERPRINT`"
_RENEW = "give a key that can sign now, or renew this one"
_KEPT = ("PATH", "TMPDIR")

logging.getLogger("gnupg").setLevel(logging.CRITICAL)  # its debug log holds gpg's whole dialogue


@dataclass(slots=True)
class GpgSigner:
    """Signs with one key. Use `opened`, which removes what it leaves behind."""

    gpg: gnupg.GPG
    home: Path
    key: Secret
    passphrase: Secret
    pinned: str  # fingerprint of the key or of one of its subkeys; empty: the only key there is
    clock: Clock
    _chosen: SecretKey | None = field(default=None, init=False)

    def preflight(self) -> Sequence[str]:
        """Try the key out before anything is built; warnings, as sentences."""
        chosen = self._choose()
        trial = self.home / "trial"
        trial.write_bytes(b"pkgaction tries the signing key\n")
        self.sign(trial)
        left = (chosen.expires - self.clock.now()).days if chosen.expires else _WARN_DAYS + 1
        if left <= _WARN_DAYS:
            return [f"the signing key {chosen.fingerprint} expires in {left} days: renew it"]
        return []

    def sign(self, path: Path) -> Signature:
        """Sign a file and verify the signature."""
        chosen = self._choose()
        output = self.home / "signature.asc"
        output.unlink(missing_ok=True)
        with path.open("rb") as stream:
            done = self.gpg.sign_file(
                stream,
                keyid=chosen.selector,
                passphrase=self.passphrase.reveal() or None,
                clearsign=False,
                detach=True,
                output=str(output),
                extra_args=["--digest-algo", "SHA512", "--no-emit-version", "--no-comments"],
            )
        if not done or not output.exists():
            raise _not_signed(done.stderr, self.passphrase)
        fingerprint = verify(self.gpg, path, output)
        if fingerprint not in chosen.fingerprints:
            raise _refused("the signature that was just made does not verify")
        return Signature(armored=output.read_bytes(), fingerprint=fingerprint)

    def _choose(self) -> SecretKey:
        if self._chosen is None:
            imported = self.gpg.import_keys(self.key.reveal())
            if not imported.fingerprints:
                raise _refused("it is no armored OpenPGP private key that gpg can read")
            keys = secret_keys(self.gpg.list_keys(secret=True))
            self._chosen = _pick(keys, self.pinned)
            if problem := self._chosen.problem(self.clock.now()):
                raise _refused(problem, _RENEW)
        return self._chosen


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
        SigningKeyError: gpg is missing, or the scratch folder's path is too long for its agent.
    """
    with _home(scratch, environ) as (home, gpg):
        yield GpgSigner(gpg, home, key, passphrase, fingerprint, clock)


@contextlib.contextmanager
def opened_for_verifying(
    scratch: Path, environ: Mapping[str, str], *, key: Secret
) -> Iterator[gnupg.GPG]:
    """GnuPG with this key alone, private or public; without one, with the user's own key ring."""
    if not key:
        yield _gpg(None, environ)
        return
    with _home(scratch, environ) as (_, gpg):
        if not gpg.import_keys(key.reveal()).fingerprints:
            raise _refused("it is no armored OpenPGP key that gpg can read")
        yield gpg


@dataclass(frozen=True, slots=True)
class GpgVerifier:
    """Says who signed, as far as the key is trusted, behind the port `Verifier`."""

    gpg: gnupg.GPG
    scratch: Path
    pinned: str  # fingerprint of the key or of the subkey that signs; empty: any that gpg knows

    def verify(self, zip: Path, signature: bytes) -> str:  # noqa: A002 - the port's word
        """Fingerprint of the trusted key whose valid signature this is; empty if it is none."""
        with tempfile.NamedTemporaryFile(dir=self.scratch, suffix=".sig") as beside:
            beside.write(signature)
            beside.seek(0)
            found = self.gpg.verify_file(beside, data_filename=str(zip), close_file=False)
        by = (str(found.pubkey_fingerprint or ""), str(found.fingerprint or ""))
        # beside a second signature, good or not, readers differ in which one they look at
        alone = not found.problems and len(found.sig_info) == 1
        return by[0] if found.valid and alone and (not self.pinned or self.pinned in by) else ""


def verify(gpg: gnupg.GPG, path: Path, signature: Path) -> str:
    """Fingerprint of the primary key whose valid signature this is; empty if it isn't valid."""
    return next(iter(verified_by(gpg, path, signature)), "")


def verified_by(gpg: gnupg.GPG, path: Path, signature: Path) -> tuple[str, ...]:
    """Fingerprints of the primary key and of the very key that signed; none if it isn't valid."""
    with signature.open("rb") as stream:
        verified = gpg.verify_file(stream, data_filename=str(path), close_file=False)
    if not verified.valid:
        return ()
    return (str(verified.pubkey_fingerprint or ""), str(verified.fingerprint or ""))


@contextlib.contextmanager
def _home(scratch: Path, environ: Mapping[str, str]) -> Iterator[tuple[Path, gnupg.GPG]]:
    home = scratch / "gpg"
    if len(str(home)) > _LONGEST_HOME:
        fix = "set TMPDIR to a shorter path"
        raise SigningKeyError(what="its path is too long for gpg", where=str(home), fix=fix)
    home.mkdir(mode=0o700)
    (home / "gpg-agent.conf").write_text(_AGENT)
    try:
        yield home, _gpg(home, environ)
    finally:
        _stop_agent(home, environ)
        shutil.rmtree(home, ignore_errors=True)


def _gpg(home: Path | None, environ: Mapping[str, str]) -> gnupg.GPG:
    kept = (*_KEPT, "HOME", "GNUPGHOME") if home is None else _KEPT
    env = {name: environ[name] for name in kept if name in environ}
    options = ["--no-auto-key-retrieve", "--trust-model", "always", "--no-auto-check-trustdb"]
    home_name = str(home) if home else None
    try:
        gpg = LimitedGpg(gnupghome=home_name, options=options, env={**env, "LC_ALL": "C.UTF-8"})
    except (OSError, ValueError) as error:
        fix = "install gpg and gpg-agent"
        raise SigningKeyError(what="gpg can't be started", where="gpg", fix=fix) from error
    gpg.encoding = "utf-8"  # of keys and passphrases
    return gpg


def _stop_agent(home: Path, environ: Mapping[str, str]) -> None:
    command = ["gpgconf", "--homedir", str(home), "--kill", "all"]
    env = {name: environ[name] for name in _KEPT if name in environ}
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(command, env=env, timeout=10, check=False, capture_output=True)


def _pick(keys: Sequence[SecretKey], pinned: str) -> SecretKey:
    if not keys:
        raise _refused("it holds no private key: perhaps it is the public one")
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


def _not_signed(stderr: str, passphrase: Secret) -> SigningKeyError:
    """Why gpg did not sign, in its own machine-readable words."""
    where, fix = "input gpg-passphrase", "set it to the passphrase of this key, from a secret"
    if not passphrase:
        what = "it is missing, and the key is protected by one, or gpg can't use the key"
        return SigningKeyError(what=what, where=where, fix=fix)
    if any(word in stderr for word in ("BAD_PASSPHRASE", "Bad passphrase")):
        return SigningKeyError(what="it is wrong for this key", where=where, fix=fix)
    return _refused("gpg can't sign with it", "try it with `gpg --sign` at a terminal")


def _refused(what: str, fix: str = _EXPORT) -> SigningKeyError:
    return SigningKeyError(what=what, where=_WHERE, fix=fix)
