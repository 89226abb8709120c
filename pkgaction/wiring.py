"""Inputs → the adapters and the job, for the Action and the command line alike."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from pkgaction import __version__
from pkgaction.adapters import openpgp
from pkgaction.adapters.directory import DirectoryStore
from pkgaction.inputs import Inputs
from pkgaction.model import layout
from pkgaction.model.outcome import Urls
from pkgaction.model.release import Candidate
from pkgaction.ports import Clock, ObjectStore, Signer, Watch
from pkgaction.steps import Job, World


def store(url: str) -> ObjectStore:
    """The bucket behind an address that the inputs have accepted."""
    return DirectoryStore(Path(url.removeprefix("file://")))


def signer(
    inputs: Inputs,
    scratch: Path,
    environ: Mapping[str, str],
    clock: Clock,
    stack: contextlib.ExitStack,
) -> Signer | None:
    """The signing key, on a home that goes with the stack; None where no key is given."""
    if not inputs.gpg_private_key:
        return None
    return stack.enter_context(
        openpgp.opened(
            scratch,
            environ,
            clock,
            key=inputs.gpg_private_key,
            passphrase=inputs.gpg_passphrase,
            fingerprint=inputs.gpg_fingerprint,
        )
    )


def world(inputs: Inputs, *, signer: Signer | None, clock: Clock, watch: Watch, scratch: Path) -> World:
    """Everything outside that a run may touch."""
    return World(
        artifacts=store(inputs.bucket),
        index=store(inputs.index_bucket) if inputs.index_bucket else None,
        signer=signer,
        clock=clock,
        watch=watch,
        scratch=scratch,
    )


def job(inputs: Inputs, *, branches: Sequence[str], provenance: Callable[[], Mapping[str, str]]) -> Job:
    """What the inputs ask for."""
    return Job(
        packages=inputs.packages,
        branches=branches,
        dry_run=inputs.dry_run,
        jobs=inputs.jobs,
        urls=lambda candidate: urls(inputs.public_url, candidate),
        provenance=provenance,
    )


def urls(public_url: str, candidate: Candidate) -> Urls:
    """Where readers find a version."""
    address = f"{public_url}/{quote(layout.zip_name(candidate.id))}"
    static = f"{public_url}/{quote(layout.static_folder(candidate.id))}"
    return Urls(zip=address, signature=f"{address}.sig", static=static)


def provenance(*, commit: str, repository: str, run: str, pull_request: str) -> dict[str, str]:
    """Where a version came from, kept with each of its objects; nothing that changes at a re-run."""
    known = {
        "commit": commit,
        "repository": repository,
        "pull-request": pull_request,
        "run": run,
        "tool": f"pkgaction/{__version__}",
    }
    return {key: text for key, text in known.items() if text}
