"""GitHub's runner, as far as a container action meets it: its command, its folders and their owner.

Source: https://github.com/actions/runner, ContainerActionHandler and DockerCommandManager.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.workplace import REPOSITORY, Payload, Workplace, read_outputs

IMAGE = "pkgaction:test"
TOKEN = "ghs_token_of_the_job"
UID = 1001  # of the runner's user, whose the folders are
MISSING = (
    not shutil.which("docker")
    or subprocess.run(["docker", "image", "inspect", IMAGE], capture_output=True, check=False).returncode
    != 0
)
_DOCKER_RUN = ("docker", "run", "--workdir=/github/workspace", "--rm", "--network=host")
_INSIDE = {
    "clone": "/github/workspace",
    "home": "/github/home",
    "workflow": "/github/workflow",
    "commands": "/github/file_commands",
    "runner_temp": "/github/runner_temp",
    "storage": "/storage",
}


@dataclass(frozen=True, slots=True)
class Host:
    """The runner's folders, owned by its user."""

    folder: Path
    place: Workplace

    def path(self, name: str) -> Path:
        return self.folder / name

    @property
    def container(self) -> str:
        """The name of the container that runs."""
        return f"pkgaction-{self.folder.name}"

    def run(
        self,
        event: str,
        payload: Payload,
        sha: str,
        inputs: Mapping[str, str],
        environ: Mapping[str, str],
    ) -> tuple[int, str, dict[str, str]]:
        """Start the container with the runner's command; status, log and outputs."""
        for name in _INSIDE:
            self.path(name).mkdir(exist_ok=True)
        shutil.rmtree(self.path("commands"))
        self.path("commands").mkdir()
        (self.path("workflow") / "event.json").write_text(json.dumps(payload))
        for name in ("output", "summary", "env", "path"):
            (self.path("commands") / name).touch()
        owned = [self.path(name) for name in _INSIDE]
        subprocess.run(["chown", "-R", str(UID), *owned], check=True)
        env = {
            "HOME": "/github/home",
            "GITHUB_ACTIONS": "true",
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
            **environ,
        }
        mounts = [f"-v={self.path(name)}:{inside}" for name, inside in _INSIDE.items()]
        mounts.append("-v=/var/run/docker.sock:/var/run/docker.sock")
        origin = f"-v={self.place.origin}:{self.place.origin}"
        names = [part for name in env for part in ("-e", name)]
        done = subprocess.run(
            [*_DOCKER_RUN, f"--name={self.container}", *names, *mounts, origin, IMAGE],
            env={"PATH": os.environ["PATH"], **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )
        outputs = read_outputs((self.path("commands") / "output").read_text())
        return done.returncode, done.stdout, outputs


def docker(*arguments: str) -> str:
    """What a docker command says."""
    done = subprocess.run(
        ["docker", *arguments], capture_output=True, text=True, check=True, timeout=300
    )
    return done.stdout


def python(code: str) -> str:
    """What some code says in the image's Python."""
    return docker("run", "--rm", "--entrypoint", "/opt/venv/bin/python", IMAGE, "-I", "-c", code).strip()
