"""A release of three packages that is to end in some way, and the undisturbed one it is held against."""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from pkgaction import main, wiring
from pkgaction.adapters.clock import SystemClock
from tests.e2e.conftest import TOKEN, Scene, opened
from tests.e2e.judge import Said, lies
from tests.fakes import emulator, shown
from tests.fakes.keys import Key
from tests.fakes.proxy import Proxy
from tests.fakes.release import FakeSigner, signature_of
from tests.fakes.shown import Shown, Verify, Version
from tests.fakes.store import MemoryStore
from tests.fakes.workplace import REPOSITORY, ROOT, Merge, Run, read_outputs

OLD: Version = ("saltmarsh", "2.3.0")  # published before, so that there is an index already
FIRST: Version = ("harbour_board", "2.1.0")
MIDDLE: Version = ("lanternfish", "1.3.0")
LAST: Version = ("tidewire", "0.5.0")
THREE = (FIRST, MIDDLE, LAST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Buckets:
    """Where one release goes."""

    public: str
    index: str  # empty: no index is kept
    server: str = ""  # of an emulator, without what may lie before it
    memory: Mapping[str, MemoryStore] = field(default_factory=dict)  # else: by address
    verify: Verify

    def show(self) -> Shown:
        """What lies there now."""
        if self.server:
            return shown.on_server(self.server, self.public, self.index, self.verify)
        return shown.in_memory(self.memory[self.public], self.memory[self.index], self.verify)

    def copy(self, source: "Buckets") -> None:
        """Take over all that lies in others of the same kind."""
        for old, new in ((source.public, self.public), (source.index, self.index)):
            if self.server:
                shown.copy(self.server, old, new)
            else:
                self.memory[new].copy(self.memory[old])


@dataclass(slots=True, kw_only=True)
class Trial:
    """One merge that raises three packages, released as often as is asked for."""

    scene: Scene
    before: Merge  # of the package that is published already
    merge: Merge
    wire: Proxy | None  # before the emulator; None: buckets are in memory
    verify: Verify
    memory: dict[str, MemoryStore] = field(default_factory=dict)  # by address
    _template: Buckets | None = None
    _undisturbed: Shown | None = None
    _count: int = 0

    def buckets(self) -> Buckets:
        """New ones, with an index that has one package."""
        if self._template is None:
            self._template = self._empty()
            said = self.run(self._template, merge=self.before)
            assert said.run.status == 0, said.run.log
        made = self._empty()
        made.copy(self._template)
        if self.wire:
            self.wire.reset()
        return made

    def undisturbed(self) -> Shown:
        """What a release leaves behind that nobody disturbs."""
        if self._undisturbed is None:
            buckets = self.buckets()
            said, found = self.run(buckets), buckets.show()
            assert said.run.status == 0, said.run.log
            assert lies(said, found, THREE) == []
            assert found.served == {OLD, *THREE}
            self._undisturbed = found
        return self._undisturbed

    def environ(
        self, buckets: Buckets, merge: Merge, changes: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """The runner's variables; its files lie in a folder of their own."""
        self._count += 1
        place = self.scene.place
        files = place.folder / f"step-{self._count}"
        files.mkdir()
        (files / "event.json").write_text(json.dumps(place.push_event(merge)))
        for name in ("output", "summary"):
            (files / name).touch()
        self.scene.temporary.mkdir(exist_ok=True)
        given = {**self.scene.inputs, "bucket": buckets.public, "index-bucket": buckets.index}
        given |= {"jobs": "1", "github-token": TOKEN, **(changes or {})}
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(place.folder),
            "TMPDIR": str(self.scene.temporary),
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": "push",
            "GITHUB_EVENT_PATH": str(files / "event.json"),
            "GITHUB_SHA": merge.after,
            "GITHUB_REF": "refs/heads/main",
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_API_URL": self.scene.github.url,
            "GITHUB_WORKSPACE": str(place.clone),
            "GITHUB_RUN_ID": "1001",
            "GITHUB_OUTPUT": str(files / "output"),
            "GITHUB_STEP_SUMMARY": str(files / "summary"),
            **({"STORAGE_EMULATOR_HOST": self.wire.url} if self.wire else {}),
            **place.environ,
            **{f"INPUT_{name.upper()}": text for name, text in given.items()},
        }

    def run(
        self,
        buckets: Buckets,
        changes: Mapping[str, str] | None = None,
        *,
        merge: Merge | None = None,
    ) -> Said:
        """The Action in this process."""
        environ, out = self.environ(buckets, merge or self.merge, changes), io.StringIO()
        self.scene.github.comments.clear()
        held = signal.getsignal(signal.SIGTERM)
        try:
            status = main.main(environ, out)
        finally:
            signal.signal(signal.SIGTERM, held)
        return self.said(environ, status, out.getvalue())

    def start(
        self,
        buckets: Buckets,
        changes: Mapping[str, str] | None = None,
        *,
        within: Sequence[str] = (),
    ) -> "Started":
        """The Action in a process of its own, as the runner starts it; `within` is a command that runs
        its arguments.
        """
        environ = self.environ(buckets, self.merge, changes)
        self.scene.github.comments.clear()
        process = subprocess.Popen(
            [*within, sys.executable, "-I", "-u", str(ROOT / "entrypoint.py")],
            env=environ,
            cwd=self.scene.place.clone,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return Started(trial=self, environ=environ, process=process)

    def said(self, environ: Mapping[str, str], status: int, log: str) -> Said:
        """What a run has left in the runner's files and at GitHub."""
        output, summary = (
            Path(environ[name]).read_text() for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")
        )
        run = Run(status=status, log=log, summary=summary, outputs=read_outputs(output))
        return Said(run=run, comments=[comment.body for comment in self.scene.github.comments])

    def finish(self, buckets: Buckets, before: Shown, *, signed_anew: bool = False) -> list[str]:
        """Run again, undisturbed. It ends as one that never was disturbed, and says what it did; what
        does not hold of that.
        """
        if self.wire:
            self.wire.reset()
        said, after = self.run(buckets), buckets.show()
        found = lies(said, after, THREE)
        if said.run.status:
            found.append(f"it ends with {said.run.status}: {said.results}")
        wanted = {version[0]: _becomes(version, before) for version in THREE}
        if said.statuses != wanted:
            found.append(f"it says {said.statuses}, and did {wanted}")
        wanted_state = self.undisturbed() if buckets.index else replace(self.undisturbed(), index=None)
        one, other = (s.lasting(signed_anew=signed_anew) for s in (after, wanted_state))
        found += [f"{n} is not as it was to be" for n in {*one, *other} if one.get(n) != other.get(n)]
        return [f"the second run: {lie}" for lie in found]

    def _empty(self) -> Buckets:
        if self.wire is None:
            self._count += 1
            urls = [f"file:///{kind}-{self._count}" for kind in ("public", "index")]
            self.memory |= {url: MemoryStore(url) for url in urls}
            return Buckets(public=urls[0], index=urls[1], memory=self.memory, verify=self.verify)
        urls = [emulator.make_bucket(self.wire.upstream) for _ in range(2)]
        server = self.wire.upstream
        return Buckets(public=urls[0], index=urls[1], server=server, verify=self.verify)


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A run in a process of its own."""

    trial: Trial
    environ: Mapping[str, str]
    process: subprocess.Popen[str]

    def end(self, look: Callable[[str], None] = lambda line: None) -> Said:
        """Read its log to the end, every line shown to somebody; what it said."""
        lines = []
        assert self.process.stdout
        with self.process.stdout as log:
            for line in log:
                lines.append(line)
                look(line)
        status = self.process.wait(timeout=60)
        return self.trial.said(self.environ, status, "".join(lines))


@contextmanager
def trial(key: Key | None, wire: Proxy | None, verify: Verify | None = None) -> Iterator[Trial]:
    """A repository with both merges. Without a key it is to be run with the fake signer."""
    with opened(key) as scene:
        before = scene.merge(lambda: scene.place.bump(*OLD))
        merge = scene.merge(lambda: _raise_three(scene))
        made = verify or (lambda data, signature: signature == signature_of(data))
        yield Trial(scene=scene, before=before, merge=merge, wire=wire, verify=made)


@contextmanager
def quick(one: Trial, *, signs: bool = True) -> Iterator[None]:
    """Nobody waits, and the fake signer signs; addresses lead to the buckets of the trial."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SystemClock, "sleep", lambda self, seconds: None)
        if signs:
            patch.setattr(wiring, "signer", lambda *args, **kwargs: FakeSigner())
        if one.wire:
            patch.setenv("STORAGE_EMULATOR_HOST", one.wire.url)
        else:
            patch.setattr(wiring.Cloud, "store", lambda self, url: one.memory[url])
        yield


def _raise_three(scene: Scene) -> None:
    for version in THREE:
        scene.place.bump(*version)


def _becomes(version: Version, before: Shown) -> str:
    """What a second run says of a version, by what the first one left."""
    if not before.is_public(version):
        return "published"
    whole = before.is_whole(version) and before.is_served(version)
    return "already-published" if whole else "completed"
