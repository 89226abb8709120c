"""With `--json` each path has its line on standard output, and what ends a command has one, too."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from pkgaction.model.json import JsonObject
from tests.e2e.test_terminal import Desk, Done, desk
from tests.fakes.keys import Key
from tests.fakes.workplace import ROOT

__all__ = ["desk"]


def rows(done: Done) -> list[JsonObject]:
    """Each line of standard output, which is JSON."""
    found: list[JsonObject] = [json.loads(line) for line in done.out.splitlines()]
    return found


def _nowhere(path: Path) -> None:
    del path


def _without_manifest(path: Path) -> None:
    path.mkdir()


def _broken(path: Path) -> None:
    path.mkdir()
    (path / "manifest.yml").write_text("name: [\n")


def _large(path: Path) -> None:
    path.mkdir()
    (path / "manifest.yml").write_text("a" * (5 * 1024 * 1024 + 1))


def _linked(path: Path) -> None:
    path.mkdir()
    (path / "manifest.yml").symlink_to("elsewhere.yml")


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _no_zip(path: Path) -> None:
    path.write_bytes(b"not a zip")


BAD = [_nowhere, _without_manifest, _broken, _large, _linked, _pipe, _no_zip]
COMMANDS = [
    ("validate",),
    ("build", "--output", "out"),
    ("entry",),
    ("publish", "--bucket", "file:///nowhere", "--dry-run"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
@pytest.mark.parametrize("bad", BAD)
def test_a_path_that_is_not_a_package_is_a_row(
    desk: Desk, command: Sequence[str], bad: Callable[[Path], None]
) -> None:
    bad(desk.folder / "bad")

    done = desk.run(*command, "--json", "bad", cwd=desk.folder)

    (row,) = rows(done)
    assert done.status in {1, 2}
    if command == ("validate",) and (desk.folder / "bad").is_dir():
        assert row["valid"] is False
        assert row["errors"]
        return
    assert row["exit-status"] == done.status
    assert row["problem"]
    assert row["fix"]
    assert row["where"] or row["errors"]
    assert str(row["problem"]) in done.err or row.get("errors")
    assert row["path"] == "bad"


def test_a_package_with_errors_has_a_row_beside_the_good_one(desk: Desk) -> None:
    desk.package()
    bad = desk.package(to="bad")
    (bad / "changelog.yml").unlink()

    done = desk.run("build", "--json", "--output", "out", "bad", "lanternfish", cwd=desk.folder)

    refused, built = rows(done)
    assert done.status == 1
    assert (refused["path"], refused["exit-status"]) == ("bad", 1)
    assert "changelog" in json.dumps(refused["errors"])
    assert built["zip"]


@pytest.mark.parametrize("command", ["verify", "sign"])
@pytest.mark.parametrize("bad", [_nowhere, _pipe, _without_manifest])
def test_a_path_that_is_not_a_zip_is_a_row(
    desk: Desk, key: Key, command: str, bad: Callable[[Path], None]
) -> None:
    bad(desk.folder / "x.zip")

    done = desk.run(command, "--json", "x.zip", cwd=desk.folder, key=key)

    (row,) = rows(done)
    assert (done.status, row["exit-status"], row["path"]) == (2, 2, "x.zip")


@pytest.mark.parametrize("bad", [_nowhere, _pipe, _without_manifest])
def test_a_missing_signature_is_told_as_that_of_the_zip(
    desk: Desk, key: Key, bad: Callable[[Path], None]
) -> None:
    (desk.folder / "x.zip").write_bytes(b"a zip")
    bad(desk.folder / "x.zip.sig")

    done = desk.run("verify", "--json", "x.zip", cwd=desk.folder, key=key)

    (row,) = rows(done)
    assert (done.status, row["where"]) == (2, "x.zip.sig")
    assert row["fix"] == "sign the zip, or put its signature there"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["audit"], ["no bucket is given"], id="input"),
        pytest.param(
            ["publish", "x", "--bucket", "gs://X", "--jobs", "0"],
            ["no bucket", "no number"],
            id="inputs",
        ),
        pytest.param(["validate"], ["required: PATH"], id="argument"),
        pytest.param(["plan", "--repository", "nowhere"], ["no such folder"], id="repository"),
        pytest.param(["accept", "x.zip", "--owners", "."], ["it is a folder"], id="owners"),
        pytest.param(["validate", "x", "--registry-public-keys", "/dev/zero"], ["a device"], id="keys"),
        pytest.param(["validate", "x", "--readme-phrases", "large"], ["5242880 bytes"], id="phrases"),
        pytest.param(["build", "x", "--output", "/proc/x"], ["no such file or folder"], id="output"),
        pytest.param(["build", "x", "--output", "large"], ["something else is there"], id="file"),
        pytest.param(["rollback", "--to", "5"], ["no index bucket"], id="rollback"),
        pytest.param(["sign", "x.zip"], ["no signing key"], id="key"),
    ],
)
def test_what_ends_a_command_is_a_row(desk: Desk, arguments: list[str], says: list[str]) -> None:
    (desk.folder / "large").write_bytes(b"a" * (30 << 20))

    done = desk.run(*arguments, "--json", cwd=desk.folder)

    found = rows(done)
    assert [row["exit-status"] for row in found] == [done.status] * len(says) == [2] * len(says)
    for row, words in zip(found, says, strict=True):
        assert words in str(row["problem"])
        assert str(row["problem"]) in done.err
    assert "Errno" not in done.out + done.err
    assert "line 0" not in done.err


def test_a_log_for_code_scanning_stays_the_only_document(desk: Desk) -> None:
    done = desk.run("validate", "--json", "--format", "sarif", "nowhere", cwd=desk.folder)

    assert done.status == 2
    log = json.loads(done.out)
    assert log["version"] == "2.1.0"
    (told,) = log["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert "nowhere: there is no such file" in told["message"]["text"]


@pytest.mark.parametrize(
    ("arguments", "status"),
    [("bogus --json", 2), ("validate nowhere --json --no-such-option", 2), ("sign x.zip --json", 2)],
)
def test_where_no_row_can_be_written_the_status_is_the_problems(arguments: str, status: int) -> None:
    command = [sys.executable, "-m", "pkgaction", *arguments.split()]

    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, cwd=ROOT
        )

    assert done.returncode == status
    assert "Traceback" not in done.stderr
