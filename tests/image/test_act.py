"""The example workflows, run by act as a consumer's repository would run them."""

import json
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.fakes import keys
from tests.fakes.github import LoopbackGitHub, Pull
from tests.fakes.workplace import REPOSITORY, REPOSITORY_ID, ROOT, Merge, Payload, Workplace, objects
from tests.image.test_image import IMAGE, TOKEN

_ACT = ROOT / ".venv" / "bin" / "act"
_MACHINE = "debian:trixie-slim"
_USES = "OWNER/pkgaction@0000000000000000000000000000000000000000"
_TAG = "act-owner-pkgaction-0000000000000000000000000000000000000000-dockeraction:latest"

pytestmark = pytest.mark.skipif(not _ACT.exists(), reason="act is not there: make image-test")


@pytest.fixture
def place() -> Iterator[Workplace]:
    folder = Path(tempfile.mkdtemp(prefix="act-", dir="/tmp"))
    yield Workplace.make(folder)
    shutil.rmtree(folder)


@contextmanager
def served(place: Workplace) -> Iterator[str]:
    """The remote by http, as containers reach it."""
    place.git("update-server-info", cwd=place.origin)
    handler = partial(SimpleHTTPRequestHandler, directory=str(place.folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/origin.git"
        server.shutdown()


def act(
    place: Workplace, event: str, payload: Payload, workflow: str, secrets: Mapping[str, str], api: str
) -> tuple[int, list[dict[str, object]]]:
    """Run an example workflow; the status and what act says, line by line."""
    example = _here(place, (ROOT / "examples" / "workflows" / workflow).read_text())
    folder = place.clone / ".github" / "workflows"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / workflow).write_text(example)
    (place.folder / "event.json").write_text(json.dumps(payload))
    (place.folder / "secrets.yml").write_text(json.dumps({"GITHUB_TOKEN": TOKEN, **secrets}))
    home = place.folder / "home"
    home.mkdir(exist_ok=True)
    subprocess.run(["docker", "tag", IMAGE, _TAG], check=True)
    with served(place) as url:
        place.git("remote", "set-url", "origin", url)
        command = [
            *(str(_ACT), event, "--eventpath", str(place.folder / "event.json")),
            *("--workflows", str(folder / workflow), "--platform", f"ubuntu-latest={_MACHINE}"),
            *(
                "--secret-file",
                str(place.folder / "secrets.yml"),
                "--local-repository",
                f"{_USES}={ROOT}",
            ),
            *("--env", f"GITHUB_API_URL={api}", "--env", "GITHUB_REF=refs/heads/main"),
            *("--env", f"GITHUB_REPOSITORY={REPOSITORY}"),
            *("--pull=false", "--rebuild=false", "--no-cache-server", "--rm", "--json", "--bind"),
        ]
        done = subprocess.run(
            command,
            cwd=place.clone,
            env={"PATH": os.environ["PATH"], "HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )
    said = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return done.returncode, said


def _here(place: Workplace, example: str) -> str:
    """The example with buckets of this machine, which need no login."""
    lines = example.replace("gs://my-packages", f"file://{place.clone}/storage").splitlines()
    login = ("workload-identity-provider:", "service-account:")
    return "\n".join(line for line in lines if not line.strip().startswith(login)) + "\n"


def output(said: list[dict[str, object]], name: str) -> object:
    found = [
        line["arg"] for line in said if line.get("command") == "set-output" and line["name"] == name
    ]
    return found[-1] if found else None


def released(place: Workplace) -> Merge:
    return place.squash_merge(lambda: place.bump("lanternfish", "1.3.0"))


def test_the_publishing_workflow_publishes_a_merge(place: Workplace) -> None:
    merge, key = released(place), keys.make()
    secrets = {"PACKAGE_SIGNING_KEY": key.private, "PACKAGE_SIGNING_PASSPHRASE": key.passphrase}
    with LoopbackGitHub(token=TOKEN, repository=REPOSITORY, repository_id=REPOSITORY_ID) as github:
        github.pulls.append(Pull(number=merge.number, merge_commit=merge.after, commits=(merge.after,)))

        status, said = act(place, "push", place.push_event(merge), "publish.yml", secrets, github.url)

        assert status == 0, said
        assert output(said, "published") == "true"
        assert len(github.comments) == 1
    assert "artifacts/packages/lanternfish-1.3.0.zip" in objects(place.clone / "storage")


def test_the_preview_workflow_writes_to_no_bucket(place: Workplace) -> None:
    merge = place.open_pull_request(lambda: place.bump("lanternfish", "1.3.0"))
    event = place.pull_request_event(merge, merged=False)
    with LoopbackGitHub(token=TOKEN, repository=REPOSITORY, repository_id=REPOSITORY_ID) as github:
        github.pulls.append(Pull(number=merge.number, merged=False))

        status, said = act(place, "pull_request", event, "preview.yml", {}, github.url)

        assert status == 0, said
        assert output(said, "published") == "false"
        assert "This publishes 1 package" in github.comments[0].body
    assert not (place.clone / "storage").exists()
