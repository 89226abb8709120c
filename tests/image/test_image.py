"""The built image, started as GitHub's runner starts it. `make image-test` builds it first."""

import subprocess
from pathlib import Path

import pytest

from tests.fakes import keys
from tests.fakes.github import LoopbackGitHub, Pull
from tests.fakes.workplace import REPOSITORY, REPOSITORY_ID, Workplace, objects
from tests.image.runner import IMAGE, MISSING, TOKEN, UID, Host

pytestmark = pytest.mark.skipif(MISSING, reason="the image is not there: make image")


def release(host: Host, key: keys.Key) -> tuple[int, str, dict[str, str], list[str]]:
    place = Workplace.make(host.folder)
    merge = place.squash_merge(lambda: place.bump("lanternfish", "1.3.0"))
    plant(place.clone)
    inputs = {
        "bucket": "file:///storage/bucket",
        "index-bucket": "file:///storage/index",
        "gpg-private-key": key.private,
        "gpg-passphrase": key.passphrase,
        "github-token": TOKEN,
    }
    with LoopbackGitHub(token=TOKEN, repository=REPOSITORY, repository_id=REPOSITORY_ID) as github:
        github.pulls.append(Pull(number=merge.number, merge_commit=merge.after, commits=(merge.after,)))
        event = place.push_event(merge)
        status, log, outputs = host.run(
            "push", event, merge.after, inputs, {"GITHUB_API_URL": github.url}
        )
        return status, log, outputs, [comment.body for comment in github.comments]


def plant(workspace: Path) -> None:
    """Files that a hostile pull request would leave for a careless interpreter."""
    bomb = "raise SystemExit('a module of the workspace was imported')\n"
    (workspace / "yaml.py").write_text(bomb)
    (workspace / "sitecustomize.py").write_text(bomb)
    (workspace / "pkgaction").mkdir()
    (workspace / "pkgaction" / "__init__.py").write_text(bomb)


def test_a_release_works_as_the_runner_starts_it(host: Host, key: keys.Key) -> None:
    status, log, outputs, comments = release(host, key)

    assert status == 0, log
    assert outputs["published"] == "true"
    assert len(comments) == 1
    found = objects(host.path("storage") / "bucket")
    zip_name = "artifacts/packages/lanternfish-1.3.0.zip"
    assert {zip_name, f"{zip_name}.sig"} <= found.keys()
    stored = host.path("storage") / "bucket" / zip_name
    assert keys.verify(key, stored.with_name(f"{stored.name}.sig"), stored)


def test_a_run_leaves_nothing_in_the_workspace(host: Host, key: keys.Key) -> None:
    release(host, key)

    owners = {path.lstat().st_uid for path in host.place.clone.rglob("*")}
    assert owners == {UID}
    assert (host.path("commands") / "env").read_text() == ""
    assert (host.path("commands") / "path").read_text() == ""
    assert list(host.path("runner_temp").iterdir()) == []
    assert list(host.path("home").iterdir()) == []


def test_a_folder_that_is_lost_with_the_container_is_refused_and_the_workspace_is_not(
    host: Host, key: keys.Key
) -> None:
    place = Workplace.make(host.folder)
    merge = place.squash_merge(lambda: place.bump("lanternfish", "1.3.0"))
    event = place.push_event(merge)
    given = {"gpg-private-key": key.private, "gpg-passphrase": key.passphrase, "package-spec": "none"}

    for lost in ("/var/shelf", "/github/workspace/../shelf", "/dev/shm/shelf"):  # noqa: S108
        inputs = {**given, "bucket": f"file://{lost}"}
        status, log, _ = host.run("push", event, merge.after, inputs, {})
        assert status == 2, log
        assert "file:///github/workspace/" in log
    inputs = {**given, "bucket": "file:///github/workspace/shelf"}
    status, log, _ = host.run("push", event, merge.after, inputs, {})

    assert status == 0, log
    assert "artifacts/packages/lanternfish-1.3.0.zip" in objects(place.clone / "shelf")


def test_bad_input_ends_with_two_in_the_container() -> None:
    done = subprocess.run(
        ["docker", "run", "--rm", "-e", "INPUT_MODE=sideways", IMAGE],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 2
    assert "Traceback" not in done.stdout + done.stderr
    assert done.stdout.count("::error::") == 3
