"""Which keys we refuse is what the library of Kibana refuses, in both versions that are in use."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.contract.test_openpgp import opened, refused, scratch
from tests.contract.test_openpgp_kinds import REFUSED, TAKEN
from tests.fakes import keys
from tests.fakes.keys import Key
from tests.registry.conftest import ROOT, node

__all__ = ["scratch"]  # a fixture

_SCRIPT = ROOT / ".venv" / "kibana" / "verify.mjs"
_WHY = r"too weak|not supported|Support for ecdsa keys|eckey-utils"


def verified(key: Key, folder: Path) -> "subprocess.CompletedProcess[str]":
    """What the library says of a signature that plain gpg makes, by our digest."""
    signed, public = folder / "package.zip", folder / "key.asc"
    signed.write_bytes(b"PK\3\4 not really")
    public.write_text(key.public, errors="surrogateescape")
    command = [node(), str(_SCRIPT), str(public), str(signed), str(keys.sign(key, signed))]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("algorithm", TAKEN)
def test_a_key_that_we_take_is_taken(scratch: Path, tmp_path: Path, algorithm: str) -> None:
    key = keys.make("", algorithm=algorithm)

    done = verified(key, tmp_path)

    assert done.returncode == 0, done.stderr
    with opened(scratch, key.private, "") as signer:
        assert list(signer.preflight()) == []


@pytest.mark.parametrize("algorithm", REFUSED)
def test_a_key_that_we_refuse_is_refused(scratch: Path, tmp_path: Path, algorithm: str) -> None:
    key = keys.make("", algorithm=algorithm)

    done = verified(key, tmp_path)

    assert done.returncode == 1
    assert re.search(_WHY, done.stderr), done.stderr
    assert "Kibana refuses" in refused(scratch, key.private, "")


def test_a_key_without_a_user_id_in_utf_8_is_refused_until_it_has_one(
    scratch: Path, tmp_path: Path
) -> None:
    user_id = "J\udcfcrgen <keys@deepwater.example>"
    old = keys.make("", user_id=user_id)
    mended = keys.make("", user_id=user_id, more_user_ids=("Deepwater <keys@deepwater.example>",))

    assert "Could not find valid self-signature" in verified(old, tmp_path).stderr
    assert verified(mended, tmp_path).returncode == 0
    with opened(scratch, mended.private, "") as signer:
        assert list(signer.preflight()) == []
