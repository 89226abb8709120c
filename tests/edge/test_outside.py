"""What a run leaves alone: the workspace, a person's own files, the network where it needs none."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.e2e.conftest import Scene
from tests.edge.conftest import push
from tests.edge.snapshot import snapshot
from tests.fakes.workplace import ROOT, Workplace

NO_TOKEN: Mapping[str, str | None] = {"github-token": None}
# refuses every socket, then runs the Action, then says what it has imported
_WATCHED = """
import json, os, sys
def refuse(event, arguments):
    if event in {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"}:
        raise ConnectionRefusedError(event)
sys.addaudithook(refuse)
sys.path.insert(0, os.environ["ROOT"])
from pkgaction.main import main
status = main(os.environ, sys.stderr)
print(json.dumps({"status": status, "modules": sorted(sys.modules)}))
"""


@pytest.mark.parametrize("change", ["outside of any package", "in a package", "a removed package"])
def test_a_push_without_a_bump_needs_no_network_and_no_client(
    place: Workplace, tmp_path: Path, change: str
) -> None:
    """Neither git nor Python may open a connection: the remote is nowhere, sockets are refused."""
    if change == "outside of any package":
        place.write("README.md", "# Packages\n")
    elif change == "in a package":
        place.write("packages/tidewire/docs/README.md", "# Changed\n")
    else:
        place.git("rm", "-rq", "packages/tidewire")
    before = place.git("rev-parse", "HEAD")
    after = place.commit("Work")
    place.git("remote", "set-url", "origin", "https://127.0.0.1:9/deepwater/packages")
    (tmp_path / "event.json").write_text(json.dumps(push(before, after)))
    environ = {
        "PATH": os.environ["PATH"],
        "ROOT": str(ROOT),
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
        "GITHUB_SHA": after,
        "GITHUB_WORKSPACE": str(place.clone),
        "GITHUB_API_URL": "https://127.0.0.1:9",
        "INPUT_BUCKET": "gs://shelf",
        "INPUT_INDEX-BUCKET": "gs://shelf-index",
    }

    done = subprocess.run(
        [sys.executable, "-I", "-c", _WATCHED],
        env=environ,
        cwd=place.clone,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    told = json.loads(done.stdout)
    assert told["status"] == 0, done.stderr
    assert "compared" in done.stderr
    roots = ("google", "github", "requests", "urllib3", "httplib2")
    assert [name for name in told["modules"] if name.split(".")[0] in roots] == []


RUNS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "publish": ("push", {}),
    "dry run": ("push", {"dry-run": "true"}),
    "plan": ("push", {"mode": "plan"}),
    "republish": ("workflow_dispatch", {"package": "lanternfish"}),
    "audit": ("schedule", {}),
    "reindex": ("workflow_dispatch", {"mode": "reindex"}),
    "refused": ("workflow_dispatch", {"mode": "pubish"}),
}


def test_nothing_but_buckets_and_the_runners_files_is_written(scene: Scene) -> None:
    """No run of any kind touches the workspace, its .git, HOME, GITHUB_ENV or GITHUB_PATH."""
    place = scene.place
    home = place.folder / "home"
    home.mkdir()
    (home / ".gitconfig").write_text("[user]\n  name = Coral\n")
    kept = {name: place.folder / name.lower() for name in ("GITHUB_ENV", "GITHUB_PATH")}
    for path in kept.values():
        path.touch()
    place.environ |= {"HOME": str(home), **{name: str(path) for name, path in kept.items()}}
    merge = scene.merge(lambda: place.bump("lanternfish", "1.3.0"))
    shallow = place.folder / "runner"
    place.git("clone", "-q", "--depth=1", f"file://{place.origin}", str(shallow), cwd=place.folder)
    watched = (shallow, home, place.origin, *kept.values())
    before = [snapshot(path) for path in watched]
    ended = {}

    for kind, (event, changes) in RUNS.items():
        payload = place.push_event(merge)
        run = scene.run(event, payload, {**NO_TOKEN, **changes}, sha=merge.after, workspace=shallow)
        ended[kind] = run.status
        assert [snapshot(path) for path in watched] == before, kind

    assert ended == {kind: {"audit": 1, "refused": 2}.get(kind, 0) for kind in RUNS}
    assert list(scene.temporary.iterdir()) == []
