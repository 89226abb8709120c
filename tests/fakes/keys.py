"""Throwaway OpenPGP keys, made by gpg itself."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
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
    subkeys: tuple[str, ...] = (),
    at: str = "",
) -> Key:
    """Make a key.

    Args:
        passphrase: protects it; empty: it is not protected.
        expires: as gpg takes it: `0`, `20d`, `seconds=1`, an ISO date.
        usage: of the primary key.
        subkeys: usages of subkeys.
        at: when it is made, as gpg's faked system time (`20200101T000000`); empty: now.
    """
    with home() as folder:
        faked = ["--faked-system-time", at] if at else []
        create = [
            "--quick-generate-key",
            "Deepwater <keys@deepwater.example>",
            "ed25519",
            usage,
            expires,
        ]
        gpg(folder, passphrase, *faked, *create)
        primary = _fingerprints(folder)[0]
        for subkey in subkeys:
            algorithm = "cv25519" if subkey == "encr" else "ed25519"
            gpg(folder, passphrase, *faked, "--quick-add-key", primary, algorithm, subkey, "0")
        private = gpg(folder, passphrase, "--armor", "--export-secret-keys", primary)
        public = gpg(folder, passphrase, "--armor", "--export", primary)
        found = tuple(_fingerprints(folder)[1:])
        return Key(
            private=private, public=public, passphrase=passphrase, fingerprint=primary, subkeys=found
        )


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
        check=False,
    )
    if done.returncode:
        raise AssertionError(done.stderr)
    return done.stdout


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


def _fingerprints(folder: Path) -> list[str]:
    listed = gpg(folder, "", "--with-colons", "--list-keys")
    return [line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr")]
