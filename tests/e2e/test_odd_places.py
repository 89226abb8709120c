"""At odd places a command ends in one line that names what is wrong as it was typed, with its status."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pkgaction import cli, commands
from tests.e2e.test_terminal import Desk, desk, one_line
from tests.fakes.keys import Key
from tests.fakes.workplace import ROOT

__all__ = ["desk"]


def test_an_empty_path_is_not_the_current_folder(desk: Desk) -> None:
    done = desk.run("validate", "", cwd=desk.package())

    assert done.status == 2
    assert done.err.splitlines()[-1] == "pkgaction validate: error: argument PATH: it is empty"


def test_a_signature_is_written_in_the_place_of_a_pipe_and_waits_for_nobody(
    desk: Desk, key: Key
) -> None:
    (desk.folder / "a.zip").write_bytes(b"a zip")
    os.mkfifo(desk.folder / "a.zip.sig")

    done = desk.run("sign", "a.zip", key=key, cwd=desk.folder)

    assert done.status == 0, done.err
    assert (desk.folder / "a.zip.sig").read_bytes().startswith(b"-----BEGIN PGP SIGNATURE-----")
    assert not list(desk.folder.glob(".pkgaction-*"))


def test_a_folder_in_the_place_of_the_zip_is_named(desk: Desk) -> None:
    target = desk.folder / "out" / "lanternfish-1.2.0.zip"
    target.mkdir(parents=True)
    package = desk.package()

    done = desk.run("build", package, "--output", target.parent)

    one_line(done, f"{package}: {target}: it is a folder, not a file")


def test_where_there_is_no_git_it_is_to_be_installed(desk: Desk) -> None:
    done = desk.run("plan", "--repository", desk.folder, environ={"PATH": "/nowhere"})

    one_line(done, "git can't be started", "(install git)")


def test_a_folder_that_is_gone_is_said_to_be(desk: Desk) -> None:
    gone = desk.folder / "gone"
    script = f"mkdir {gone}; cd {gone}; rmdir {gone}; exec {sys.executable} -m pkgaction build x"
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TMPDIR": str(desk.folder)}
    done = subprocess.run(["sh", "-c", script], env=env, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert done.stderr == (
        "pkgaction build: the folder that this runs in is gone (change into a folder that is there)\n"
    )


def test_an_output_that_takes_no_more_is_the_machines_fault_and_nothing_is_left(desk: Desk) -> None:
    package, output = desk.package(), desk.folder / "out"
    script = f"ulimit -f 4; exec {sys.executable} -m pkgaction build --json {package} --output {output}"
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TMPDIR": str(desk.folder)}
    command = ["sh", "-c", f"{script} --package-spec none"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)

    assert done.returncode == 3
    assert json.loads(done.stdout)["exit-status"] == 3
    assert "a file is larger than the runner allows" in done.stderr
    assert list(output.iterdir()) == []


def test_a_bug_has_its_row_and_its_traceback(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(name: str, context: object) -> int:
        raise KeyError(name, context)

    monkeypatch.setattr(commands, "run", broken)

    with pytest.raises(KeyError):
        cli.main(["entry", "--json", str(desk.folder)], {})

    row = json.loads(capsys.readouterr().out)
    assert row["problem"] == "pkgaction itself failed: KeyError"
    assert row["exit-status"] == 1


def _accept(desk: Desk) -> list[str | Path]:
    (desk.folder / "keys.asc").write_text("no key")
    (desk.folder / "owners.yml").write_text(f"{'0123456789' * 4}: [a]\n")
    files = ("--trusted-keys", desk.folder / "keys.asc", "--owners", desk.folder / "owners.yml")
    return ["accept", "x.zip", *desk.to_bucket, *files]


def test_for_trusted_keys_nobody_is_told_to_export_a_secret_one(desk: Desk) -> None:
    done = desk.run(*_accept(desk))

    one_line(done, "pkgaction accept: --trusted-keys: ", "`gpg --armor --export FINGERPRINT`")
    assert "secret" not in done.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["publish", "x", "--bucket", "nowhere"], "publish: --bucket: 'nowhere' is no bucket"),
        (["build", "x", "--jobs", "0"], "build: --jobs: '0' is no number"),
        (["audit"], "audit: --bucket: no bucket is given"),
        (
            ["validate", "x", "--package-spec", "/nowhere"],
            "(name another archive or folder in --package-spec, or none)",
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_an_input_is_named_as_the_option_that_was_typed(
    desk: Desk, arguments: list[str], says: str
) -> None:
    one_line(desk.run(*arguments), says, statuses=(2, 3))


def test_a_secret_is_named_by_its_variable(desk: Desk) -> None:
    (desk.folder / "a.zip").write_bytes(b"a zip")

    done = desk.run("sign", desk.folder / "a.zip", environ={"PKGACTION_GPG_PRIVATE_KEY": "no key"})

    one_line(done, "pkgaction sign: PKGACTION_GPG_PRIVATE_KEY: it is not an armored OpenPGP key")


def test_a_link_that_leads_in_a_circle_is_nothing_that_is_there(desk: Desk) -> None:
    (desk.folder / "circle").symlink_to("circle")

    for path in ("circle", "circle/below"):
        done = desk.run("build", path, "--package-spec", "none", cwd=desk.folder)
        one_line(done, f"{path}: there is no such folder")

    done = desk.run("build", desk.package(), "--output", "circle", cwd=desk.folder)
    one_line(done, "--output", "circle", "something else is there already")
