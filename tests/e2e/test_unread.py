"""Whoever stops reading ends no work, and makes no success of a failure."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes import release
from tests.fakes.keys import Key
from tests.fakes.workplace import ROOT


@pytest.fixture
def folder(tmp_path: Path, key: Key) -> Path:
    """A good zip and a broken one, a bucket that is empty, and how a shell calls the command."""
    made = release.signed(tmp_path / "good", "mudskipper", "1.0.0").built.zip
    (tmp_path / "good.zip").write_bytes(made.read_bytes())
    (tmp_path / "bad.zip").write_bytes(b"PK, but no zip")
    (tmp_path / "empty").mkdir()
    (tmp_path / "key").write_text(key.private)
    return tmp_path


def shell(folder: Path, script: str) -> tuple[int, str]:
    """A script of bash; the exit status of the command `pkgaction` in it, whoever reads its output."""
    lines = [
        "set -o pipefail",
        f'pkgaction() {{ "{sys.executable}" -m pkgaction "$@"; echo $? > status; }}',
        f'publish() {{ pkgaction publish --bucket=file://{folder}/bucket --package-spec=none "$@"; }}',
        'export PKGACTION_GPG_PRIVATE_KEY="$(cat key)"',
        script,
    ]
    done = subprocess.run(
        ["bash", "-c", "\n".join(lines)],
        cwd=folder,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    return int((folder / "status").read_text()), done.stderr


def is_published(folder: Path) -> bool:
    return (folder / "bucket/artifacts/packages/mudskipper-1.0.0.zip").exists()


UNREAD = [
    "| true",
    "2>&1 | true",
    "2>&1 | head -1",
    ">&-",
    "2>&-",
    ">&- 2>&-",
    "2>/dev/full",
    "| sleep 0",
]


@pytest.mark.parametrize("unread", UNREAD)
@pytest.mark.parametrize("as_json", ["", "--json"])
def test_what_nobody_reads_is_published_all_the_same(folder: Path, unread: str, as_json: str) -> None:
    status, errors = shell(folder, f"publish {as_json} good.zip {unread}")

    assert status == 0, errors
    assert is_published(folder)
    assert "Traceback" not in errors


@pytest.mark.parametrize("unread", UNREAD)
def test_a_failure_that_nobody_reads_stays_one(folder: Path, unread: str) -> None:
    status, errors = shell(folder, f"publish --json bad.zip good.zip {unread}")

    assert status == 1, errors
    assert is_published(folder)
    assert "Traceback" not in errors
    assert "Exception ignored" not in errors
    assert "bad.zip" in errors or "2>" in unread


@pytest.mark.parametrize("unread", UNREAD)
def test_drift_that_nobody_reads_stays_drift(folder: Path, unread: str) -> None:
    assert shell(folder, "publish good.zip")[0] == 0
    (folder / "bucket/artifacts/packages/mudskipper-1.0.0.zip.sig").unlink()

    status, errors = shell(folder, f"pkgaction audit --all --bucket=file://{folder}/bucket {unread}")

    assert status == 1, errors
    assert "Traceback" not in errors


def test_a_full_disk_behind_the_output_is_told(folder: Path) -> None:
    status, errors = shell(folder, "publish --json good.zip > /dev/full")

    assert status == 3, errors
    assert "no space left" in errors
    assert is_published(folder)
