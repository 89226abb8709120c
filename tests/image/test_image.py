"""The built image, started as GitHub's runner starts it. `make image-test` builds it first."""

import json
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.fakes import keys
from tests.fakes.github import LoopbackGitHub, Pull
from tests.fakes.workplace import REPOSITORY, REPOSITORY_ID, Payload, Workplace, objects, read_outputs

IMAGE = "pkgaction:test"
TOKEN = "ghs_token_of_the_job"
_RUNNER_UID = 1001
_DOCKER_RUN = ("docker", "run", "--workdir=/github/workspace", "--rm", "--network=host")
_WAITS = """
import sys, time
sys.path.insert(0, "/opt/pkgaction")
from pkgaction import ending
ending.on_termination()
print("up", flush=True)
time.sleep(60)
"""
_INSIDE = {
    "clone": "/github/workspace",
    "home": "/github/home",
    "workflow": "/github/workflow",
    "commands": "/github/file_commands",
    "runner_temp": "/github/runner_temp",
    "storage": "/storage",
}

pytestmark = pytest.mark.skipif(
    subprocess.run(["docker", "image", "inspect", IMAGE], capture_output=True, check=False).returncode
    != 0
    if shutil.which("docker")
    else True,
    reason=f"the image {IMAGE} is not there: make image",
)


@dataclass(frozen=True, slots=True)
class Host:
    """The runner's folders, owned by its user."""

    folder: Path
    place: Workplace

    def path(self, name: str) -> Path:
        return self.folder / name

    def run(
        self, event: str, payload: Payload, sha: str, inputs: dict[str, str], api: str
    ) -> tuple[int, str, dict[str, str]]:
        """Start the container with the runner's command; status, log and outputs."""
        for name in _INSIDE:
            self.path(name).mkdir(exist_ok=True)
        (self.path("workflow") / "event.json").write_text(json.dumps(payload))
        for name in ("output", "summary", "env", "path"):
            (self.path("commands") / name).touch()
        owned = [self.path(name) for name in _INSIDE]
        subprocess.run(["chown", "-R", str(_RUNNER_UID), *owned], check=True)
        env = {
            "HOME": "/github/home",
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": api,
            "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": "/github/workflow/event.json",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_REF": "refs/heads/main",
            "GITHUB_SHA": sha,
            "GITHUB_WORKSPACE": "/github/workspace",
            "GITHUB_OUTPUT": "/github/file_commands/output",
            "GITHUB_STEP_SUMMARY": "/github/file_commands/summary",
            "GITHUB_ENV": "/github/file_commands/env",
            "GITHUB_PATH": "/github/file_commands/path",
            "PYTHONPATH": "/github/workspace",
            **{f"INPUT_{name.upper()}": text for name, text in inputs.items()},
        }
        mounts = [f"-v={self.path(name)}:{inside}" for name, inside in _INSIDE.items()]
        origin = f"-v={self.place.origin}:{self.place.origin}"
        names = [part for name in env for part in ("-e", name)]
        done = subprocess.run(
            [*_DOCKER_RUN, *names, *mounts, origin, IMAGE],
            env={"PATH": os.environ["PATH"], **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )
        outputs = read_outputs((self.path("commands") / "output").read_text())
        return done.returncode, done.stdout, outputs


@pytest.fixture
def host() -> Iterator[Host]:
    if os.geteuid() != 0:
        pytest.skip("only root can give the folders to the runner's user")
    folder = Path(tempfile.mkdtemp(prefix="runner-", dir="/tmp"))
    folder.chmod(0o755)
    yield Host(folder, Workplace(folder))
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def key() -> keys.Key:
    return keys.make()


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
        status, log, outputs = host.run("push", event, merge.after, inputs, github.url)
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
    assert owners == {_RUNNER_UID}
    assert (host.path("commands") / "env").read_text() == ""
    assert (host.path("commands") / "path").read_text() == ""
    assert list(host.path("runner_temp").iterdir()) == []


def test_the_checksum_of_objects_is_the_fast_one() -> None:
    code = "import google_crc32c; print(google_crc32c.implementation)"

    assert _python(code) == "c"


def test_the_image_has_no_pip_and_imports_nothing_of_its_working_directory() -> None:
    code = "import importlib.util as u, sys; print(u.find_spec('pip'), '' in sys.path)"

    assert _python(code) == "None False"


def test_the_image_fetches_by_http(host: Host) -> None:
    place = Workplace.make(host.folder)
    place.git("update-server-info", cwd=place.origin)
    handler = partial(SimpleHTTPRequestHandler, directory=str(host.folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/origin.git"

        listed = _docker("run", "--rm", "--network=host", "--entrypoint=git", IMAGE, "ls-remote", url)

        server.shutdown()
    assert "refs/heads/main" in listed


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


def test_docker_stop_ends_it_at_once() -> None:
    python = ("--entrypoint", "/opt/venv/bin/python", IMAGE, "-I", "-u", "-c", _WAITS)
    container = _docker("run", "-d", "--rm", *python).strip()
    while "up" not in _docker("logs", container):
        pass

    waiting = subprocess.Popen(["docker", "wait", container], stdout=subprocess.PIPE, text=True)
    _docker("kill", "--signal=TERM", container)

    assert waiting.communicate(timeout=60)[0].strip() == "143"


def _python(code: str) -> str:
    return _docker(
        "run", "--rm", "--entrypoint", "/opt/venv/bin/python", IMAGE, "-I", "-c", code
    ).strip()


def _docker(*arguments: str) -> str:
    done = subprocess.run(
        ["docker", *arguments], capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout
