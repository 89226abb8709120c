"""A consumer's repository with the example workflows in it, run by act as GitHub would run them.

What the examples use is answered by folders: `OWNER/pkgaction` by this repository, whose image is built
already, and the actions that hand artifacts on by two that copy them within the workspace. GitHub and
Google Cloud answer on the loopback. The workflows are run as they are, but for the placeholder of the
Action's release, which becomes a tag, as most would write it.
"""

import json
import os
import shutil
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.fakes import keys
from tests.fakes.github import LoopbackGitHub, Pull
from tests.fakes.github_json import End, Repository
from tests.fakes.google import Google
from tests.fakes.identity import ACCOUNT, PROVIDER
from tests.fakes.workplace import HERE, REPOSITORY, REPOSITORY_ID, ROOT, Merge, Payload, Workplace
from tests.image.runner import IMAGE, TOKEN

ACT = ROOT / ".venv" / "bin" / "act"
EXAMPLES = ROOT / "examples" / "workflows"
BUCKET, INDEX = "my-packages", "my-packages-index"
_MACHINE = "debian:trixie-slim"
_PLACEHOLDER = "OWNER/pkgaction@0000000000000000000000000000000000000000 # v0.1.0"
_ACTION = "OWNER/pkgaction@v1"
_TAG = "act-owner-pkgaction-v1-dockeraction:latest"  # what act calls the image of it
_UPLOAD = """
name: Upload
inputs: { name: {}, path: {}, retention-days: {} }
runs:
  using: composite
  steps:
    - run: mkdir -p ".artifacts/$NAME" && cp "$WHAT" ".artifacts/$NAME/"
      shell: bash
      env: { NAME: "${{ inputs.name }}", WHAT: "${{ inputs.path }}" }
"""
_DOWNLOAD = """
name: Download
inputs: { name: {}, pattern: {}, path: {}, run-id: {}, github-token: {} }
runs:
  using: composite
  steps:
    - run: mkdir -p "$WHERE" && cp -R .artifacts/${NAME:+$NAME/}${PATTERN:-*} "$WHERE/"
      shell: bash
      env: { NAME: "${{ inputs.name }}", PATTERN: "${{ inputs.pattern }}", WHERE: "${{ inputs.path }}" }
"""


@dataclass(frozen=True, slots=True)
class Told:
    """How a workflow ended, and all that act said of it."""

    status: int
    lines: Sequence[Mapping[str, object]] = field(repr=False)

    def output(self, name: str) -> object:
        """The last value of an output of that name."""
        found = [x["arg"] for x in self.lines if x.get("command") == "set-output" and x["name"] == name]
        return found[-1] if found else None

    @property
    def results(self) -> dict[str, object]:
        """How each job ended, by its name; a matrix numbers its jobs."""
        ended = [line for line in self.lines if "jobResult" in line]
        return {str(line["job"]).partition("/")[2].strip(): line["jobResult"] for line in ended}

    @property
    def log(self) -> str:
        """What a person would read."""
        return "\n".join(str(line.get("msg", "")) for line in self.lines)


@dataclass(slots=True)
class Stage:
    """Everything around a workflow."""

    place: Workplace
    github: LoopbackGitHub
    google: Google
    key: keys.Key

    def merge(self, *names: str) -> Merge:
        """Merge a pull request that raises versions to 3.0.0."""
        merge = self.place.squash_merge(lambda: self._raise(names))
        made = (merge.after,)
        self.github.pulls.append(Pull(number=merge.number, merge_commit=merge.after, commits=made))
        return merge

    def propose(self, *names: str, head: Repository = HERE) -> tuple[Merge, End]:
        """Open a pull request that would raise versions to 3.0.0; its trial merge, and its head."""
        merge = self.place.open_pull_request(lambda: self._raise(names))
        tip = self.place.git("rev-parse", f"{merge.after}^2")
        pull = Pull(number=merge.number, merged=False, commits=(tip,), head="work", head_repository=head)
        self.github.pulls.append(pull)
        return merge, End(ref="work", sha=tip, repository=head)

    def act(self, event: str, payload: Payload, workflow: str) -> Told:
        """Run an example."""
        files = self.place.folder
        self._lay_out()
        (files / "event.json").write_text(json.dumps(payload))
        with served(self.place) as url:
            self.place.git("remote", "set-url", "origin", url)
            chosen = f"--workflows={self.place.clone}/.github/workflows/{workflow}"
            done = subprocess.run(
                [ACT, event, chosen, f"--eventpath={files}/event.json", *self._options()],
                cwd=self.place.clone,
                env={"PATH": os.environ["PATH"], "HOME": str(files / "home")},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
                timeout=300,
            )
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        told = Told(done.returncode, lines)
        hidden = (TOKEN, self.key.passphrase, *self.google.identity.secrets)
        assert not [secret for secret in hidden if secret in told.log], "a secret is in the log"
        return told

    def _raise(self, names: Sequence[str]) -> None:
        for name in names:
            self.place.bump(name, "3.0.0")

    def _lay_out(self) -> None:
        """The repository's workflows, and the actions that they use."""
        files, workflows = self.place.folder, self.place.clone / ".github" / "workflows"
        workflows.mkdir(parents=True, exist_ok=True)
        for example in EXAMPLES.glob("*.yml"):
            (workflows / example.name).write_text(example.read_text().replace(_PLACEHOLDER, _ACTION))
        for name, text in (("upload", _UPLOAD), ("download", _DOWNLOAD)):
            (files / name).mkdir(exist_ok=True)
            (files / name / "action.yml").write_text(text)
        (files / "home").mkdir(exist_ok=True)
        (self.place.clone / ".git" / "google.pem").write_text(self.google.certificate)
        (files / "secrets.yml").write_text(
            json.dumps(
                {
                    "GITHUB_TOKEN": TOKEN,
                    "PACKAGE_SIGNING_KEY": self.key.private,
                    "PACKAGE_SIGNING_PASSPHRASE": self.key.passphrase,
                }
            )
        )

    def _options(self) -> list[str]:
        files = self.place.folder
        environ = {
            **self.google.environ(f"{self.place.clone}/.git/google.pem"),
            "GITHUB_API_URL": self.github.url,
            "GITHUB_REF": "refs/heads/main",
            "GITHUB_REPOSITORY": REPOSITORY,
        }
        variables = {
            "WORKLOAD_IDENTITY_PROVIDER": PROVIDER,
            "PACKAGE_PUBLISHER": ACCOUNT,
            "PACKAGE_SIGNING_FINGERPRINT": self.key.fingerprint,
        }
        answered = {_ACTION: ROOT, **_artifacts(files)}
        return [
            *(f"--local-repository={uses}={folder}" for uses, folder in answered.items()),
            *(f"--env={name}={text}" for name, text in environ.items()),
            *(f"--var={name}={text}" for name, text in variables.items()),
            *(f"--secret-file={files}/secrets.yml", f"--platform=ubuntu-latest={_MACHINE}"),
            *("--pull=false", "--rebuild=false", "--no-cache-server", "--rm", "--json", "--bind"),
        ]


@contextmanager
def opened(key: keys.Key) -> Iterator[Stage]:
    """A repository of packages, GitHub and Google Cloud."""
    subprocess.run(["docker", "tag", IMAGE, _TAG], check=True)
    folder = Path(tempfile.mkdtemp(prefix="act-", dir="/tmp"))
    try:
        with (
            LoopbackGitHub(token=TOKEN, repository=REPOSITORY, repository_id=REPOSITORY_ID) as github,
            Google.running(BUCKET, INDEX) as google,
        ):
            yield Stage(Workplace.make(folder), github, google, key)
    finally:
        shutil.rmtree(folder)


@contextmanager
def served(place: Workplace, context: ssl.SSLContext | None = None) -> Iterator[str]:
    """The remote by http, or by https, as containers reach it."""
    place.git("update-server-info", cwd=place.origin)
    handler = partial(_Quiet, directory=str(place.folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http{'s' if context else ''}://127.0.0.1:{server.server_port}/origin.git"
        server.shutdown()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


def _artifacts(files: Path) -> dict[str, Path]:
    """The two actions that hand artifacts on, by the versions that the examples use."""
    text = "".join(example.read_text() for example in EXAMPLES.glob("*.yml"))
    used = {line.split("uses: ")[1].split()[0] for line in text.splitlines() if "uses: actions/" in line}
    kinds = {"actions/upload-artifact": "upload", "actions/download-artifact": "download"}
    return {one: files / kinds[name] for one in used if (name := one.partition("@")[0]) in kinds}
