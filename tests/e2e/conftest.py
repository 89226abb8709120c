"""What one run of the Action needs: a repository with its remote, a loopback GitHub, two buckets."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pkgaction.model.json import Json, JsonObject, at, text_at
from tests.fakes import keys
from tests.fakes.github import Answer, LoopbackGitHub, Pull
from tests.fakes.keys import Key
from tests.fakes.workplace import REPOSITORY, REPOSITORY_ID, Merge, Payload, Run, Workplace

TOKEN = "ghs_Qm4vTz81kXwPfR0s"
NOTHING: Mapping[str, str | None] = {}


class RecordingGitHub(LoopbackGitHub):
    """GitHub on the loopback, which keeps what it was sent."""

    def __init__(self) -> None:
        super().__init__(token=TOKEN, repository=REPOSITORY, repository_id=REPOSITORY_ID)
        self.bodies: list[bytes] = []

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self.bodies.append(body)
        return super().answer(method, target, headers, body)


@dataclass(slots=True, kw_only=True)
class Scene:
    """Everything around a run. Inputs are the usual ones; `changes` replaces some, None takes away."""

    place: Workplace
    github: RecordingGitHub
    inputs: dict[str, str] = field(repr=False)

    @property
    def bucket(self) -> Path:
        """The public bucket."""
        return self.place.folder / "bucket"

    @property
    def index(self) -> Path:
        """The bucket with the search index."""
        return self.place.folder / "index"

    @property
    def temporary(self) -> Path:
        """The runner's folder for temporary files."""
        return self.place.folder / "tmp"

    def merge(self, work: Callable[[], None], *, title: str = "Raise versions") -> Merge:
        """Merge a pull request, which GitHub knows."""
        merge = self.place.squash_merge(work, title=title)
        self._known(merge, merged=True)
        return merge

    def propose(self, work: Callable[[], None], *, title: str = "Raise versions") -> Merge:
        """Open a pull request, which GitHub knows."""
        merge = self.place.open_pull_request(work, title=title)
        self._known(merge, merged=False)
        return merge

    def run(
        self,
        event: str,
        payload: Payload | str | None,
        changes: Mapping[str, str | None] = NOTHING,
        *,
        sha: str = "",
        ref: str = "refs/heads/main",
        workspace: Path | None = None,
    ) -> Run:
        """Start the Action."""
        given = {**self.inputs, **changes}
        inputs = {name: text for name, text in given.items() if text is not None}
        environ = {"GITHUB_API_URL": self.github.url}
        return self.place.run(
            event, payload, inputs, sha=sha, ref=ref, workspace=workspace, environ=environ
        )

    def push(
        self,
        merge: Merge,
        changes: Mapping[str, str | None] = NOTHING,
        *,
        workspace: Path | None = None,
    ) -> Run:
        """Start the Action on the push that a merge made."""
        event = self.place.push_event(merge)
        return self.run("push", event, changes, sha=merge.after, workspace=workspace)

    def preview(
        self,
        merge: Merge,
        changes: Mapping[str, str | None] = NOTHING,
        *,
        workspace: Path | None = None,
    ) -> Run:
        """Start the Action on an open pull request."""
        event = self.place.pull_request_event(merge, merged=False)
        ref = f"refs/pull/{merge.number}/merge"
        return self.run("pull_request", event, changes, sha=merge.after, ref=ref, workspace=workspace)

    def republish(self, names: str, changes: Mapping[str, str | None] = NOTHING) -> Run:
        """Start the Action by workflow_dispatch."""
        event = self.place.dispatch_event()
        return self.run("workflow_dispatch", event, {"package": names, **changes})

    def _known(self, merge: Merge, *, merged: bool) -> None:
        self.github.pulls.append(
            Pull(
                number=merge.number,
                title=merge.title,
                merged=merged,
                merge_commit=merge.after,
                commits=(merge.after,),
            )
        )


@contextmanager
def workplace() -> Iterator[Workplace]:
    """A workplace on a short path: gpg's sockets lie below it."""
    folder = Path(tempfile.mkdtemp(prefix="w-", dir="/tmp"))
    try:
        yield Workplace.make(folder)
    finally:
        shutil.rmtree(folder)


@contextmanager
def opened(key: Key | None = None) -> Iterator[Scene]:
    """A scene; without a key it has no secret at all."""
    with workplace() as place, RecordingGitHub() as github:
        yield Scene(place=place, github=github, inputs=usual_inputs(place.folder, key))


def usual_inputs(folder: Path, key: Key | None) -> dict[str, str]:
    """What a workflow would say; with a key also its secrets."""
    inputs = {
        "bucket": f"file://{folder}/bucket",
        "index-bucket": f"file://{folder}/index",
        "ecs-url": f"file://{folder}/outside/ecs",
        "registry-url": f"file://{folder}/outside",
        "elastic-package-url": f"file://{folder}/outside",
        "package-spec": "none",
    }
    return {**inputs, **secrets(key), "github-token": TOKEN} if key else inputs


def secrets(key: Key) -> dict[str, str]:
    """The inputs that a key is passed by."""
    return {
        "gpg-private-key": key.private,
        "gpg-passphrase": key.passphrase,
        "gpg-fingerprint": key.fingerprint,
    }


def entries(index: Path) -> dict[tuple[str, str], JsonObject]:
    """The search index by name and version, read as the registry does: by the cursor."""
    listed = at(_read(_generation(index) / "search-index-all.json"), "packages")
    assert isinstance(listed, list)
    found = [entry for item in listed if isinstance(entry := at(item, "package_manifest"), Mapping)]
    assert len(found) == len(listed)
    return {(text_at(entry, "name"), text_at(entry, "version")): entry for entry in found}


def delta(index: Path) -> JsonObject:
    """What the current generation of the search index changed."""
    found = _read(_generation(index) / "search-index-delta.json")
    assert isinstance(found, Mapping)
    return found


def _generation(index: Path) -> Path:
    root = index / "v2" / "metadata"
    return root / text_at(_read(root / "cursor.json"), "current")


def _read(path: Path) -> Json:
    document: Json = json.loads(path.read_bytes())
    return document


@pytest.fixture(scope="session")
def key() -> Key:
    """A key that no passphrase protects: gpg takes a second longer for one that is."""
    return keys.make("")


@pytest.fixture(scope="session")
def protected_key() -> Key:
    """A key as most have it, with a passphrase."""
    return keys.make("Zq7-vermilion obelisk-Xk2")


@pytest.fixture(scope="session")
def other_key() -> Key:
    """Somebody else's key."""
    return keys.make("")


@pytest.fixture
def place() -> Iterator[Workplace]:
    """A repository whose main branch holds the example packages."""
    with workplace() as made:
        yield made


@pytest.fixture
def github() -> Iterator[RecordingGitHub]:
    """GitHub on the loopback."""
    with RecordingGitHub() as server:
        yield server


@pytest.fixture
def inputs(place: Workplace, key: Key) -> dict[str, str]:
    """The usual inputs, with all secrets."""
    return usual_inputs(place.folder, key)


@pytest.fixture
def scene(place: Workplace, github: RecordingGitHub, inputs: dict[str, str]) -> Scene:
    """All of it."""
    return Scene(place=place, github=github, inputs=inputs)
