"""Throwaway OpenPGP keys, made by gpg itself."""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A private key as a user would export it."""

    private: str  # armored
    public: str  # armored
    passphrase: str
    fingerprint: str
    subkeys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Subkey:
    """A subkey to be made."""

    usage: str
    algorithm: str = "ed25519"
    expires: str = "0"  # as gpg takes it
    at: str = ""  # when it is made, as gpg's faked system time; empty: as the key


@contextmanager
def home() -> Iterator[Path]:
    """A GnuPG home of its own, gone with its agent at the end."""
    with tempfile.TemporaryDirectory(prefix="k-", ignore_cleanup_errors=True) as folder:
        (Path(folder) / "gpg-agent.conf").write_text("s2k-count 65536\n")  # else it measures
        try:
            yield Path(folder)
        finally:
            subprocess.run(["gpgconf", "--homedir", folder, "--kill", "all"], check=False)


def make(
    passphrase: str = "correct horse battery",  # noqa: S107 - it protects a key of a minute
    *,
    expires: str = "0",
    usage: str = "sign",
    subkeys: tuple[str | Subkey, ...] = (),
    at: str = "",
    algorithm: str = "ed25519",
    user_id: str = "Deepwater <keys@deepwater.example>",
    more_user_ids: tuple[str, ...] = (),
    export: tuple[str, ...] = ("--export-secret-keys",),
) -> Key:
    """Make a key.

    Args:
        passphrase: protects it; empty: it is not protected.
        expires: as gpg takes it: `0`, `20d`, `seconds=1`, an ISO date.
        usage: of the primary key.
        subkeys: subkeys, or their usages.
        at: when it is made, as gpg's faked system time (`20200101T000000`); empty: now.
        algorithm: of the primary key, as gpg names it.
        user_id: taken byte for byte, so it need not be UTF-8 (as surrogates).
        more_user_ids: beside the first one.
        export: the command that exports the private key; `{0}` is the first subkey.
    """
    with home() as folder:
        faked = ["--faked-system-time", at] if at else []
        create = ["--utf8-strings", "--quick-generate-key", user_id, algorithm, usage, expires]
        gpg(folder, passphrase, *faked, *create)
        primary = fingerprints(folder)[0]
        for another in more_user_ids:
            gpg(folder, passphrase, *faked, "--quick-add-uid", primary, another)
        for subkey in subkeys:
            _add(folder, passphrase, primary, subkey, faked)
        found = tuple(fingerprints(folder)[1:])
        command = [word.format(*found) for word in export]
        selected = [] if len(command) > 1 else [primary]
        private = gpg(folder, passphrase, *faked, "--armor", *command, *selected)
        public = gpg(folder, passphrase, *faked, "--armor", "--export", primary)
        return Key(
            private=private, public=public, passphrase=passphrase, fingerprint=primary, subkeys=found
        )


def _add(
    folder: Path, passphrase: str, primary: str, subkey: str | Subkey, faked: Sequence[str]
) -> None:
    if isinstance(subkey, str):
        subkey = Subkey(subkey, "cv25519" if subkey == "encr" else "ed25519")
    at = ["--faked-system-time", subkey.at] if subkey.at else faked
    made = (primary, subkey.algorithm, subkey.usage, subkey.expires)
    gpg(folder, passphrase, *at, "--quick-add-key", *made)


def gpg(folder: Path, passphrase: str, *arguments: str) -> str:
    """Run gpg on a home, with a passphrase."""
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    fixed = ["--batch", "--yes", "--pinentry-mode", "loopback", "--passphrase-fd", "0"]
    done = subprocess.run(
        ["gpg", "--homedir", str(folder), *fixed, *arguments],
        env=env,
        input=f"{passphrase}\n",
        capture_output=True,
        text=True,
        errors="surrogateescape",
        check=False,
    )
    if done.returncode:
        raise AssertionError(done.stderr)
    return done.stdout


def sign(key: Key, path: Path, *, at: str = "", options: tuple[str, ...] = ()) -> Path:
    """Sign a file with plain gpg, whatever readers think of the key; the signature's file."""
    target = path.with_name(f"{path.name}.sig")
    with home() as folder:
        (folder / "key.asc").write_text(key.private)
        gpg(folder, key.passphrase, "--import", str(folder / "key.asc"))
        faked = ("--faked-system-time", at) if at else ()
        how = (*faked, "--digest-algo", "SHA512", *options, "--armor", "--output", str(target))
        gpg(folder, key.passphrase, *how, "--detach-sign", str(path))
    return target


def verify(key: Key, signature: Path, signed: Path) -> bool:
    """What plain `gpg --verify` says, with the public key alone."""
    with home() as folder:
        (folder / "key.asc").write_text(key.public)
        env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        base = ["gpg", "--homedir", str(folder), "--batch"]
        subprocess.run(
            [*base, "--import", str(folder / "key.asc")], env=env, check=True, capture_output=True
        )
        command = [*base, "--verify", str(signature), str(signed)]
        return subprocess.run(command, env=env, check=False, capture_output=True).returncode == 0


def fingerprints(folder: Path) -> list[str]:
    """Of all keys and subkeys on a home."""
    listed = gpg(folder, "", "--with-colons", "--list-keys")
    return [line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr")]
