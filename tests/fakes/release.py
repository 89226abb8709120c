"""An invented little package on its way through the real stages, with a signer and a clock that tell
the same story each time.
"""

import contextlib
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from pkgaction.job import Job, World
from pkgaction.model.globs import PackageGlobs
from pkgaction.model.json import Json
from pkgaction.model.manifest import PackageId
from pkgaction.model.outcome import Urls
from pkgaction.model.release import Built, Candidate, Published, Signature, Signed, Stored, Validated
from pkgaction.model.skew import Skew
from pkgaction.model.tree import NOWHERE, Bytes, PackageSource, Tree, TreeFile
from pkgaction.model.version import Version
from pkgaction.ports import Clock, ObjectStore, Signer, Verdict
from pkgaction.stages import build, sign
from tests.fakes.sources import BENCH, MemorySources

T = TypeVar("T")

NOW = 1_770_000_000  # seconds
MANIFEST = """\
format_version: 3.3.0
name: {name}
title: Mudskipper
version: {version}
description: Walks on land.
type: input
conditions:
  kibana:
    version: ^8.15.0
policy_templates:
  - name: {name}
    type: logs
    title: Mudskipper
    description: Collect footprints.
    input: udp
    template_path: input.yml.hbs
owner:
  github: deepwater
  type: community
"""
CHANGELOG = """\
- version: {version}
  changes:
    - description: Walk on land.
      type: enhancement
      link: https://github.com/deepwater/packages/pull/9
"""


@dataclass(slots=True)
class FakeClock:
    """A clock that moves only when somebody sleeps."""

    seconds: float = NOW
    skew: Skew = field(default_factory=Skew)

    def now(self) -> datetime:
        """The time it has come to."""
        return datetime.fromtimestamp(self.seconds, UTC)

    def sleep(self, seconds: float) -> None:
        """Move on at once."""
        self.seconds += seconds

    def ahead(self, delta: timedelta) -> "FakeClock":
        """Another clock, this much ahead."""
        return FakeClock(self.seconds + delta.total_seconds())


@dataclass(slots=True)
class FakeSigner:
    """Its signatures say which bytes they are of."""

    signed: list[str] = field(default_factory=list)  # SHA-256 of what was signed, hex

    def preflight(self) -> Sequence[str]:
        """Nothing to say."""
        return []

    def sign(self, path: Path) -> Signature:
        """Sign a file."""
        self.signed.append(hashlib.sha256(path.read_bytes()).hexdigest())
        return Signature(armored=signature_of(path.read_bytes()), fingerprint="A" * 40)

    def verifies(self, path: Path, signature: bytes) -> Verdict:
        """Whether it is what `sign` makes of the file."""
        if signature == signature_of(path.read_bytes()):
            return Verdict(fingerprint="A" * 40, signer="A" * 40)
        return Verdict(problem="the signature is not of these bytes")


class Silent:
    """A watch that says nothing."""

    @contextlib.contextmanager
    def group(self, title: str) -> Iterator[None]:
        """No group."""
        yield

    def each(self, label: str, items: Sequence[T]) -> Iterator[T]:
        """The items one by one."""
        return iter(items)

    def say(self, text: str) -> None:
        """Nothing."""


def signature_of(data: bytes) -> bytes:
    """What `FakeSigner` makes of these bytes."""
    return f"signature of {hashlib.sha256(data).hexdigest()}\n".encode()


def files(
    name: str = "mudskipper", version: str = "1.0.0", extra: Mapping[str, bytes] | None = None
) -> dict[str, bytes]:
    """The package's files; an extra one may stand in the place of one of them."""
    return {
        "manifest.yml": MANIFEST.format(name=name, version=version).encode(),
        "changelog.yml": CHANGELOG.format(version=version).encode(),
        "docs/README.md": b"# Mudskipper\n",
        "img/foot print [1].svg": b"<svg/>\n",
        "agent/input/input.yml.hbs": b"host: {{ host }}\n",
        **(extra or {}),
    }


def candidate(
    name: str = "mudskipper", version: str = "1.0.0", extra: Mapping[str, bytes] | None = None
) -> Candidate:
    """The package as the plan would find it."""
    contents = files(name, version, extra).items()
    tree = Tree(tuple(TreeFile(path=path, content=Bytes(data)) for path, data in contents))
    return Candidate(
        id=PackageId(name=name, version=Version.parse(version)),
        previous=None,
        change=None,
        source=PackageSource(folder=f"packages/{name}", tree=tree, repository=NOWHERE),
        version_line=4,
    )


def built(
    folder: Path,
    name: str = "mudskipper",
    version: str = "1.0.0",
    extra: Mapping[str, bytes] | None = None,
) -> Built:
    """The package's zip, made by the real stage."""
    folder.mkdir(parents=True, exist_ok=True)
    one = candidate(name, version, extra)
    done = build.built(Validated(one, ()), build.make(one, folder, BENCH))
    assert isinstance(done, Built), done
    return done


def signed(
    folder: Path,
    name: str = "mudskipper",
    version: str = "1.0.0",
    extra: Mapping[str, bytes] | None = None,
) -> Signed:
    """The same with a signature."""
    return sign.sign(built(folder, name, version, extra), FakeSigner())


def published(
    folder: Path,
    name: str = "mudskipper",
    version: str = "1.0.0",
    extra: Mapping[str, bytes] | None = None,
) -> Published:
    """The same as if it had been published."""
    made = built(folder, name, version, extra)
    return Published(built=made, stored=Stored.CREATED, zip_sha256=made.sha256, zip_size=made.size)


def job() -> Job:
    """What a merge asks for."""
    return Job(
        packages=PackageGlobs(patterns=("packages/*",)),
        branches=("main",),
        dry_run=False,
        jobs=1,
        urls=lambda one: Urls(zip=f"https://x.example/{one.id}", signature="", static=""),
        provenance=lambda _: {"commit": "c" * 40, "run": "https://ci.example/1"},
    )


def world(
    scratch: Path,
    *,
    artifacts: ObjectStore,
    index: ObjectStore | None = None,
    signer: Signer | None = None,
    clock: Clock | None = None,
) -> World:
    """What a run touches: these, and nothing else that is outside."""
    return World(
        artifacts=artifacts,
        index=index,
        signer=signer,
        clock=clock or FakeClock(),
        watch=Silent(),
        scratch=scratch,
        sources=MemorySources(),
        specification=lambda: None,
    )


def keys_of(entries: Iterable[Json]) -> list[tuple[str, str]]:
    """Name and version of wrapped entries."""
    found = []
    for entry in entries:
        assert isinstance(entry, dict)
        inner = entry["package_manifest"]
        assert isinstance(inner, dict)
        found.append((str(inner["name"]), str(inner["version"])))
    return found


def listed(data: bytes, key: str = "packages") -> list[Json]:
    """A list in an index file."""
    document: Json = json.loads(data)
    assert isinstance(document, dict)
    found = document[key]
    assert isinstance(found, list)
    return found
