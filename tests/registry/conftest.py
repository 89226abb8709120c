"""A storage server, the real Package Registry on it, and releases made by the real Action."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from pkgaction.adapters.gcs import GcsStore
from pkgaction.model.json import Json
from tests.e2e.conftest import Scene, opened
from tests.fakes import emulator, keys
from tests.fakes.keys import Key

ROOT = Path(__file__).parents[2]
PROGRAMS = ROOT / ".venv" / "gobin"
REGISTRY = PROGRAMS / "package-registry"
MODES = {"memory": "-feature-storage-indexer", "sql": "-feature-sql-storage-indexer"}
_SECONDS = 60  # that a test waits for the registry before it gives up
_LOOKS = re.compile(r"cursor is up-to-date|cursor will be updated")


def needs_registry() -> None:
    """Skip, by name, where there is no Go to build the registry with."""
    if not REGISTRY.exists():
        pytest.skip("the Package Registry is not built: install Go 1.26, then make registry-test")


@dataclass(slots=True, kw_only=True)
class Registry:
    """A Package Registry that serves the buckets, and looks at the cursor every second."""

    url: str
    log_file: Path
    process: "subprocess.Popen[bytes]" = field(repr=False)

    def get(self, path: str) -> requests.Response:
        """Ask it."""
        return requests.get(self.url + path, timeout=30)

    def json(self, path: str) -> Json:
        """The same for an answer that must be there."""
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.text)
        document: Json = answer.json()
        return document

    def versions(self) -> list[str]:
        """All that it serves, as NAME-VERSION."""
        found = self.json("/search?all=true&prerelease=true")
        assert isinstance(found, list)
        return sorted(f"{one['name']}-{one['version']}" for one in found if isinstance(one, dict))

    def log(self) -> str:
        """What it has logged so far."""
        return self.log_file.read_text(errors="replace")

    def errors(self) -> list[str]:
        """The lines of its log that tell of an error."""
        lines = self.log().splitlines()
        return [line for line in lines if re.search(r'"log.level":"(error|fatal)"|panic', line)]

    def wait_for(self, what: Callable[[], bool]) -> bool:
        """Whether it comes true; asked again and again for a minute."""
        until = time.monotonic() + _SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            if what():
                return True
            time.sleep(0.1)
        return what()

    def look_again(self) -> None:
        """Wait until it has looked at the cursor twice: the second look began after this call."""
        before = len(_LOOKS.findall(self.log()))
        assert self.wait_for(lambda: len(_LOOKS.findall(self.log())) >= before + 2), self.log()[-2000:]


@contextmanager
def started(server: str, artifacts: str, index: str, folder: Path, mode: str) -> Iterator[Registry]:
    """A registry on these buckets (`gs://…`), as its own documentation starts it."""
    arguments = [
        *("-storage-indexer-bucket-internal", index),
        *("-storage-endpoint", f"{server}/{artifacts.removeprefix('gs://')}/"),
        *("-storage-indexer-watch-interval", "1s"),
        MODES[mode],
    ]
    environ = {
        "STORAGE_EMULATOR_HOST": server.removeprefix("http://"),
        "EPR_SQL_INDEXER_DATABASE_FOLDER_PATH": str(folder),
    }
    with _running(folder, arguments, environ, paths=[]) as registry:
        yield registry


@contextmanager
def on_folders(folder: Path, paths: Sequence[Path]) -> Iterator[Registry]:
    """A registry that makes its own entries, of package folders (NAME/VERSION) or zips."""
    with _running(folder, ["-require-package-signatures=false"], {}, paths=paths) as registry:
        yield registry


@contextmanager
def _running(
    folder: Path, arguments: Sequence[str], environ: Mapping[str, str], *, paths: Sequence[Path]
) -> Iterator[Registry]:
    folder.mkdir(parents=True)
    config, log, port = folder / "epr.yml", folder / "log", emulator.free_port()
    config.write_text(json.dumps({"package_paths": [str(path) for path in paths]}))  # JSON is YAML
    where = ("-config", config, "-address", f"127.0.0.1:{port}")
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [REGISTRY, *where, *arguments],
            env={**environ, "HOME": str(folder)},
            cwd=folder,
            stdout=stream,
            stderr=stream,
        )
    registry = Registry(url=f"http://127.0.0.1:{port}", log_file=log, process=process)
    try:
        assert registry.wait_for(lambda: _healthy(registry)), registry.log()
        yield registry
    finally:
        process.kill()
        process.wait()


def _healthy(registry: Registry) -> bool:
    try:
        return registry.get("/health").status_code == 200
    except requests.ConnectionError:
        return False


@pytest.fixture(scope="session")
def key() -> Key:
    """The key that signs."""
    return keys.make("")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A storage server."""
    needs_registry()
    with emulator.running() as address:
        yield address


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """A repository whose Action publishes to two new buckets."""

    scene: Scene
    server: str

    @property
    def artifacts(self) -> GcsStore:
        """The public bucket."""
        return emulator.connect(self.scene.inputs["bucket"])

    @property
    def index(self) -> GcsStore:
        """The bucket of the index."""
        return emulator.connect(self.scene.inputs["index-bucket"])

    def release(self, **versions: str) -> None:
        """Merge a pull request that raises these versions; the Action publishes them."""

        def work() -> None:
            for name, version in versions.items():
                self.scene.place.bump(name, version)

        run = self.scene.push(self.scene.merge(work))
        assert run.status == 0, run.log

    @contextmanager
    def registry(self, folder: Path, mode: str) -> Iterator[Registry]:
        """A registry that serves what was published."""
        inputs = self.scene.inputs
        bucket, index = inputs["bucket"], inputs["index-bucket"]
        with started(self.server, bucket, index, folder / mode, mode) as registry:
            yield registry


@contextmanager
def cloud(server: str, key: Key) -> Iterator[Cloud]:
    """A new repository with two new buckets."""
    with opened(key) as scene, pytest.MonkeyPatch.context() as patch:
        patch.setenv("STORAGE_EMULATOR_HOST", server)
        scene.place.environ["STORAGE_EMULATOR_HOST"] = server
        scene.inputs["bucket"] = emulator.make_bucket(server)
        scene.inputs["index-bucket"] = emulator.make_bucket(server)
        yield Cloud(scene=scene, server=server)


def tool(name: str, why: str) -> Path:
    """A program that make registry-test builds; skipped by name where it is missing."""
    found = PROGRAMS / name
    if not found.exists():
        pytest.skip(f"{name} is not built: {why}")
    return found


def node() -> str:
    """Node, with the libraries that make registry-test installs."""
    found = shutil.which("node")
    if found is None or not (ROOT / ".venv" / "kibana" / "node_modules").is_dir():
        pytest.skip("Node's openpgp is not installed: install Node 18, then make registry-test")
    return found
