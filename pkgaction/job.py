"""What a run is asked for, and everything outside that it may touch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pkgaction.model.globs import PackageGlobs
from pkgaction.model.outcome import Urls
from pkgaction.model.release import Candidate
from pkgaction.ports import Clock, ObjectStore, Signer, Sources, Watch
from pkgaction.stages import validate
from pkgaction.transforms.readme import Phrases

MOST_UPLOADS = 16  # at the same time; they wait for the network, not for a core


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything outside that a run may touch."""

    artifacts: ObjectStore
    index: ObjectStore | None
    signer: Signer | None
    clock: Clock
    watch: Watch
    scratch: Path
    sources: Sources
    specification: Callable[[], validate.Specification | None]  # loaded when it is first asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is asked for."""

    packages: PackageGlobs
    branches: Sequence[str]  # globs of the branches that publish
    dry_run: bool
    jobs: int
    urls: Callable[[Candidate], Urls]
    provenance: Callable[[Candidate], Mapping[str, str]]  # metadata of its objects
    phrases: Phrases = field(default_factory=Phrases.ours)  # of rendered documents
    committed_phrases: str = ""  # their path in the commit that is built; empty: they are known already
    keep_index_days: int = 0  # 0: every generation of the index is kept
