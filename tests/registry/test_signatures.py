"""The signature that the registry serves is good in the eyes of everyone who checks it."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes import keys
from tests.fakes.keys import Key
from tests.registry.conftest import ROOT, cloud, node, tool

_SCRIPT = ROOT / ".venv" / "kibana" / "verify.mjs"
KINDS = ["primary", "subkey"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """What a client gets: a zip and its signature. And the keys that it may know."""

    zip: Path
    signature: Path
    key: Key
    signer: str  # fingerprint of the key that signed
    folder: Path

    def public(self, key: Key) -> str:
        """A public key in a file."""
        path = self.folder / f"{key.fingerprint}.asc"
        path.write_text(key.public)
        return str(path)


@pytest.fixture(scope="module", params=KINDS)
def download(
    request: pytest.FixtureRequest, server: str, tmp_path_factory: pytest.TempPathFactory
) -> Download:
    """Through a registry, signed by a primary key, or by a subkey of one that only certifies."""
    folder = tmp_path_factory.mktemp("download")
    with_subkey = request.param == "subkey"
    key = keys.make("", usage="cert", subkeys=("sign",)) if with_subkey else keys.make("")
    with cloud(server, key) as made:
        made.release(lanternfish="1.3.0")
        with made.registry(folder, "memory") as registry:
            for ending in (".zip", ".zip.sig"):
                answer = registry.get(f"/epr/lanternfish/lanternfish-1.3.0{ending}")
                assert answer.status_code == 200
                (folder / f"package{ending}").write_bytes(answer.content)
    return Download(
        zip=folder / "package.zip",
        signature=folder / "package.zip.sig",
        key=key,
        signer=key.subkeys[0] if with_subkey else key.fingerprint,
        folder=folder,
    )


@pytest.fixture(scope="module")
def stranger() -> Key:
    return keys.make("")


def run(*command: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def damaged(download: Download) -> Path:
    path = download.folder / "damaged.zip"
    path.write_bytes(download.zip.read_bytes()[:-1] + b"\0\0")
    return path


def test_gpg_takes_it_and_no_other(download: Download, stranger: Key) -> None:
    assert keys.verify(download.key, download.signature, download.zip)
    assert not keys.verify(download.key, download.signature, damaged(download))
    assert not keys.verify(stranger, download.signature, download.zip)


def test_the_library_of_kibana_takes_it_and_no_other(download: Download, stranger: Key) -> None:
    program, key = node(), download.public(download.key)

    good = run(program, _SCRIPT, key, download.zip, download.signature)
    changed = run(program, _SCRIPT, key, damaged(download), download.signature)
    foreign = run(program, _SCRIPT, download.public(stranger), download.zip, download.signature)

    assert good.returncode == 0, good.stderr
    assert good.stdout.split() == [download.signer[-16:]] * 2
    assert changed.returncode != 0
    assert "digest" in changed.stderr
    assert foreign.returncode != 0
    assert "Could not find signing key" in foreign.stderr


def test_the_library_of_the_registry_and_the_agent_takes_it_and_no_other(
    download: Download, stranger: Key
) -> None:
    program = tool("verify-signature", "install Go, then make registry-test")
    key = download.public(download.key)

    good = run(program, key, download.zip, download.signature)
    changed = run(program, key, damaged(download), download.signature)
    foreign = run(program, download.public(stranger), download.zip, download.signature)

    assert good.stdout.strip() == download.key.fingerprint, good.stderr
    assert changed.returncode == foreign.returncode == 1
