"""Inputs → the adapters and the job, for the Action and the command line alike."""

import contextlib
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from pkgaction import __version__, materials
from pkgaction.acceptance import Gate
from pkgaction.adapters import openpgp
from pkgaction.adapters.cache import Cache
from pkgaction.adapters.directory import DirectoryStore
from pkgaction.adapters.fetcher import Fetcher
from pkgaction.adapters.lazy_store import LazyStore
from pkgaction.adapters.workload_identity import credentials, principal
from pkgaction.errors import UsageError
from pkgaction.input_reader import GOOGLE
from pkgaction.inputs import Inputs
from pkgaction.job import MOST_UPLOADS, Job, World
from pkgaction.materials import Place
from pkgaction.model import layout, record
from pkgaction.model.manifest import PackageId
from pkgaction.model.outcome import Urls
from pkgaction.model.release import Candidate
from pkgaction.ports import Clock, ObjectStore, PublicSite, Signer, Watch
from pkgaction.stages import accept
from pkgaction.stages.validate import Specification
from pkgaction.transforms.readme import Phrases

if TYPE_CHECKING:
    from google.auth.credentials import Credentials


@dataclass(slots=True)
class Cloud:
    """The buckets of a run. The login happens once, when a `gs://` bucket is first used."""

    inputs: Inputs
    environ: Mapping[str, str]
    clock: Clock
    reads_only: bool = (
        False  # a preview: where there is nothing to log in with, it looks as the public does
    )
    _credentials: "Credentials | None" = None

    def store(self, url: str) -> ObjectStore:
        """The bucket behind an address that the inputs have accepted."""
        if url.startswith("file://"):
            return DirectoryStore(Path(url.removeprefix("file://")))
        return LazyStore(url, lambda: self._connect(url))

    def _connect(self, url: str) -> ObjectStore:
        from pkgaction.adapters.gcs import GcsStore  # noqa: PLC0415 - slow to load

        account = principal(
            provider=self.inputs.workload_identity_provider,
            service_account=self.inputs.service_account,
        )
        connections = MOST_UPLOADS + 1
        return GcsStore.connect(
            url, self._login(), self.clock, connections=connections, principal=account
        )

    def _login(self) -> "Credentials":
        if self._credentials is None:
            self._credentials = self._public() or credentials(
                provider=self.inputs.workload_identity_provider,
                service_account=self.inputs.service_account,
                environ=self.environ,
                clock=self.clock,
            )
        return self._credentials

    def _public(self) -> "Credentials | None":
        """No login at all, for a preview that has nothing to log in with."""
        if not self.reads_only or _named_credentials(self.inputs, self.environ):
            return None
        from google.auth.credentials import AnonymousCredentials  # noqa: PLC0415 - slow to load

        return AnonymousCredentials()


def can_log_in(inputs: Inputs, environ: Mapping[str, str]) -> bool:
    """Whether a run can try to log in, where its buckets need that at all."""
    clouded = any(url.startswith("gs://") for url in (inputs.bucket, inputs.index_bucket))
    return not clouded or _named_credentials(inputs, environ)


def _named_credentials(inputs: Inputs, environ: Mapping[str, str]) -> bool:
    """Whether there is anything to log in with but what a machine has by itself."""
    keyless = bool(inputs.workload_identity_provider) and "ACTIONS_ID_TOKEN_REQUEST_URL" in environ
    return keyless or "GOOGLE_APPLICATION_CREDENTIALS" in environ


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


def gate(cloud: Cloud, place: Place) -> Gate:
    """Who may publish what, and the queue that it waits in.

    Raises:
        UsageError: one of the inputs for it is missing, or the queue's folder is.
    """
    inputs = cloud.inputs
    needed = {
        "queue-bucket": inputs.queue_bucket,
        "trusted-keys": inputs.trusted_keys,
        "owners": inputs.owners.names,
    }
    if missing := [name for name, value in needed.items() if not value]:
        what = f"mode accept needs {', '.join(missing)}"
        raise UsageError(what=what, where=f"input {missing[0]}", fix="set it, or leave mode out")
    verifier, warnings = materials.submitters(inputs, place)
    folder = inputs.queue_bucket.removeprefix("file://")
    if folder != inputs.queue_bucket and not Path(folder).is_dir():
        fix = "name the folder that packages are put into"
        raise UsageError(what=f"there is no folder {folder}", where="input queue-bucket", fix=fix)
    queue = cloud.store(inputs.queue_bucket)
    return Gate(
        queue=queue,
        verifier=verifier,
        owners=inputs.owners,
        warnings=[*warnings, *accept.overlooked(queue, cloud.clock)],
    )


def world(cloud: Cloud, place: Place, *, signer: Signer | None, watch: Watch) -> World:
    """Everything outside that a run may touch."""
    inputs = cloud.inputs
    artifacts = cloud.store(inputs.bucket)
    return World(
        artifacts=artifacts,
        index=cloud.store(inputs.index_bucket) if inputs.index_bucket else None,
        signer=signer,
        clock=cloud.clock,
        watch=watch,
        scratch=place.scratch,
        sources=materials.sources(inputs, place, artifacts),
        specification=specification(inputs, place.cache, cloud.clock),
    )


def specification(
    inputs: Inputs, cache: Path | None, clock: Clock
) -> Callable[[], Specification | None]:
    """What packages are validated by, loaded when it is first asked for. None: core checks only.

    Args:
        inputs: name it.
        cache: folder in which a fetched one is kept; None: it is not.
        clock: for waiting.
    """

    @functools.cache
    def load() -> Specification | None:
        if inputs.package_spec == "none":
            return None
        from pkgaction.adapters import specification as source  # noqa: PLC0415 - slow to load
        from pkgaction.rules.spec import specification as rules  # noqa: PLC0415 - slow to load

        found = source.load(inputs.package_spec, Fetcher(clock), Cache(cache))
        return rules.Specification(found.files, found.name, found.address)

    return load


def public_site(inputs: Inputs, environ: Mapping[str, str]) -> PublicSite | None:
    """Who asks at the public address; None where it is a folder, or a server of tests stands for it."""
    address = inputs.public_url.lower()
    on_test_server = address.startswith(f"{GOOGLE}/") and "STORAGE_EMULATOR_HOST" in environ
    if on_test_server or not address.startswith(("https://", "http://")):
        return None
    from pkgaction.adapters.public_site import PublicSite as Site  # noqa: PLC0415 - slow to load

    return Site()


def job(
    inputs: Inputs,
    *,
    branches: Sequence[str],
    provenance: Callable[[Candidate], Mapping[str, str]],
    committed: bool = False,
) -> Job:
    """What the inputs ask for. `committed` says that the files they name are those of a commit."""
    return Job(
        packages=inputs.package_globs,
        branches=branches,
        dry_run=inputs.dry_run,
        jobs=inputs.jobs,
        urls=lambda candidate: urls(inputs.public_url, candidate.id),
        provenance=provenance,
        phrases=Phrases.ours() if committed else materials.phrases(inputs),
        committed_phrases=inputs.readme_phrases if committed else "",
        keep_index_days=inputs.keep_index_days,
    )


def urls(public_url: str, package: PackageId) -> Urls:
    """Where readers find a version."""
    address = f"{public_url}/{quote(layout.zip_name(package))}"
    static = f"{public_url}/{quote(layout.static_folder(package))}"
    return Urls(zip=address, signature=f"{address}.sig", static=static)


def no_provenance(candidate: Candidate) -> dict[str, str]:
    """At a terminal nothing is known but the tool."""
    del candidate
    return provenance(commit="", repository="", run="", pull_request="")


def provenance(*, commit: str, repository: str, run: str, pull_request: str) -> dict[str, str]:
    """Where a version came from, kept with each of its objects; nothing that changes at a re-run."""
    known = {
        record.COMMIT: commit,
        record.REPOSITORY: repository,
        record.PULL_REQUEST: pull_request,
        record.RUN: run,
        record.TOOL: f"pkgaction/{__version__}",
    }
    return {key: text for key, text in known.items() if text}
