"""A repository of packages with a remote, and the runner that starts the Action on it.

with tempfile.TemporaryDirectory() as folder:
place = Workplace.make(Path(folder))
merge = place.squash_merge(lambda: place.bump("lanternfish", "1.3.0"))
run = place.run("push", place.push_event(merge), {"bucket": "file:///…"})
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from pkgaction.model.json import Json
from tests.fakes import descriptions, payloads
from tests.fakes.github_json import End, Repository

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ROOT / "examples" / "packages"
REPOSITORY = "deepwater/packages"
REPOSITORY_ID = 4242
_IDENTITY = {
    "GIT_AUTHOR_NAME": "Coral Diver",
    "GIT_AUTHOR_EMAIL": "coral@deepwater.example",
    "GIT_AUTHOR_DATE": "2026-01-05T10:00:00Z",
    "GIT_COMMITTER_NAME": "Coral Diver",
    "GIT_COMMITTER_EMAIL": "coral@deepwater.example",
    "GIT_COMMITTER_DATE": "2026-01-05T10:00:00Z",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
}
HERE = Repository(id=REPOSITORY_ID, name=REPOSITORY)
Payload = dict[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """What a merge left behind."""

    before: str
    after: str
    number: int
    title: str
    branch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How a run of the Action ended, and everything it left."""

    status: int
    log: str
    summary: str
    outputs: Mapping[str, str]

    @property
    def packages(self) -> dict[str, dict[str, object]]:
        """The output `packages`, by name."""
        return {package["name"]: package for package in json.loads(self.outputs["packages"])}

    @property
    def errors(self) -> list[str]:
        """The `::error` lines."""
        return [line for line in self.log.splitlines() if line.startswith("::error")]

    @property
    def warnings(self) -> list[str]:
        """The `::warning` lines."""
        return [line for line in self.log.splitlines() if line.startswith("::warning")]


@dataclass(slots=True)
class Workplace:
    """A bare remote, a clone of it, and the runner's temporary files."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)  # added to every run
    entry: Path = ROOT / "entrypoint.py"
    _number: int = 6
    _runs: int = 0

    @classmethod
    def make(cls, folder: Path, packages: Path = PACKAGES) -> Self:
        """A repository whose main branch holds the example packages."""
        place = cls(folder)
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", place.origin], check=True)
        subprocess.run(["git", "init", "-q", "-b", "main", place.clone], check=True)
        place.git("remote", "add", "origin", str(place.origin))
        shutil.copytree(packages, place.clone / "packages")
        shutil.copy(packages.parent / "LICENSE.txt", place.clone)
        place.commit("Packages")
        place.git("push", "-q", "-u", "origin", "main")
        return place

    @property
    def origin(self) -> Path:
        """The remote."""
        return self.folder / "origin.git"

    @property
    def clone(self) -> Path:
        """The checkout that work is done in."""
        return self.folder / "clone"

    def git(self, *arguments: str, cwd: Path | None = None) -> str:
        """Run git in the clone; what it says."""
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), **_IDENTITY}
        done = subprocess.run(
            ["git", *arguments],
            cwd=cwd or self.clone,
            env=env,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def write(self, path: str, text: str | bytes) -> None:
        """Write a file of the clone."""
        target = self.clone / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode() if isinstance(text, str) else text)

    def commit(self, message: str) -> str:
        """Commit everything; the commit."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def bump(self, name: str, version: str, note: str = "Something better.") -> None:
        """Raise a package's version, with a changelog entry."""
        folder = self.clone / "packages" / name
        manifest = folder / "manifest.yml"
        text = manifest.read_text()
        manifest.write_text(re.sub(r"(?m)^version: .*$", lambda _: f"version: {version}", text, count=1))
        changelog = folder / "changelog.yml"
        entry = (
            f"- version: {version}\n  changes:\n    - description: {note}\n"
            "      type: enhancement\n      link: https://github.com/deepwater/packages/pull/7\n"
        )
        changelog.write_text(entry + changelog.read_text())

    def squash_merge(
        self, work: Callable[[], None], *, title: str = "Raise versions", onto: str = "main"
    ) -> Merge:
        """Do some work in a pull request and merge it by squashing."""
        self._number += 1
        branch = f"work-{self._number}"
        before = self.git("rev-parse", onto)
        self.git("checkout", "-q", "-b", branch, onto)
        work()
        self.commit("Work")
        self.git("checkout", "-q", onto)
        self.git("merge", "-q", "--squash", branch)
        after = self.commit(f"{title} (#{self._number})")
        self.git("push", "-q", "origin", onto)
        return Merge(before=before, after=after, number=self._number, title=title, branch=onto)

    def open_pull_request(self, work: Callable[[], None], *, title: str = "Raise versions") -> Merge:
        """Do some work in a pull request; GitHub's trial merge of it is checked out, unmerged."""
        self._number += 1
        before = self.git("rev-parse", "main")
        self.git("checkout", "-q", "-b", f"work-{self._number}", "main")
        work()
        self.commit("Work")
        self.git("checkout", "-q", "--detach", "main")
        self.git("merge", "-q", "--no-ff", "-m", "Trial merge", f"work-{self._number}")
        after = self.git("rev-parse", "HEAD")
        self.git("push", "-q", "origin", f"{after}:refs/pull/{self._number}/merge")
        return Merge(before=before, after=after, number=self._number, title=title, branch="main")

    def push_event(self, merge: Merge) -> Payload:
        """The payload of the push that a merge made."""
        commits = [(merge.after, f"{merge.title} (#{merge.number})")]
        ref = f"refs/heads/{merge.branch}"
        return checked("push", payloads.push(HERE, ref, merge.before, merge.after, commits))

    def pull_request_event(self, merge: Merge, *, merged: bool, head: End | None = None) -> Payload:
        """The payload of an open, or a merged, pull request; its fork is gone, unless it has a head."""
        about = payloads.pull_request(
            HERE,
            "closed" if merged else "synchronize",
            merge.number,
            title=merge.title,
            merged=merged,
            merge_commit=merge.after,
            head=head or End(ref="work", sha=merge.after, repository=None),
            base=End(ref=merge.branch, sha=merge.before, repository=HERE),
        )
        return checked("pull_request", about)

    def merge_group_event(self, merge: Merge) -> Payload:
        """The payload of the merge queue's check of a merge."""
        return checked("merge_group", payloads.merge_group(HERE, merge.before, merge.after))

    def dispatch_event(self) -> Payload:
        """The payload of a workflow_dispatch."""
        return checked("workflow_dispatch", payloads.workflow_dispatch(HERE))

    def workflow_run_event(self, head: End, *, event: str = "pull_request") -> Payload:
        """The payload of another workflow's end."""
        run = payloads.workflow_run(HERE, head, event=event)
        return checked("workflow_run", run)

    def run(
        self,
        event: str,
        payload: Payload | str | None,
        inputs: Mapping[str, str],
        *,
        sha: str = "",
        ref: str = "refs/heads/main",
        workspace: Path | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Run:
        """Start entrypoint.py as the runner starts it: isolated, everything by the environment."""
        self._runs += 1
        files = self.folder / f"run-{self._runs}"
        files.mkdir()
        if payload is not None:
            text = payload if isinstance(payload, str) else json.dumps(payload)
            (files / "event.json").write_text(text)
        for name in ("output", "summary"):
            (files / name).touch()
        temporary = self.folder / "tmp"
        temporary.mkdir(exist_ok=True)
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "TMPDIR": str(temporary),
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": str(files / "event.json"),
            "GITHUB_SHA": sha or self.git("rev-parse", "HEAD"),
            "GITHUB_REF": ref,
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_WORKSPACE": str(workspace or self.clone),
            "GITHUB_RUN_ID": "1001",
            "GITHUB_OUTPUT": str(files / "output"),
            "GITHUB_STEP_SUMMARY": str(files / "summary"),
            **{f"INPUT_{name.upper()}": text for name, text in inputs.items()},
            **self.environ,
            **(environ or {}),
        }
        done = subprocess.run(
            [sys.executable, "-I", "-u", str(self.entry)],
            env=env,
            cwd=workspace or self.clone,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )
        return Run(
            status=done.returncode,
            log=done.stdout,
            summary=(files / "summary").read_text(),
            outputs=read_outputs((files / "output").read_text()),
        )


def read_outputs(text: str) -> dict[str, str]:
    """Read a GITHUB_OUTPUT file as the runner does."""
    found: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, _, end = line.partition("<<")
        value = []
        for inner in lines:
            if inner == end:
                break
            value.append(inner)
        found[name] = "\n".join(value)
    return found


def objects(bucket: Path) -> dict[str, bytes]:
    """Every object of a `file://` bucket: what a reader sees."""
    return {
        path.relative_to(bucket).as_posix(): path.read_bytes()
        for path in sorted(bucket.rglob("*"))
        if path.is_file() and ".pkgaction" not in path.parts
    }


def checked(name: str, payload: Payload) -> Payload:
    """An event that GitHub itself would write, as far as its schemas are there to tell."""
    lies = list(descriptions.event_lies(name, payload))
    assert not lies, "\n".join(lies)
    return payload
