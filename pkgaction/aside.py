"""What is refused is put to `refused/`, with its reason, unless somebody else has decided it."""

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pkgaction.errors import RunnerError, of_machine
from pkgaction.model import layout
from pkgaction.model.disk import FileOnDisk
from pkgaction.model.submission import Refused
from pkgaction.model.tree import Bytes
from pkgaction.ports import (
    AlreadyExistsError,
    GenerationMismatchError,
    Headers,
    ObjectStore,
    StoredObject,
)
from pkgaction.stages import accept
from pkgaction.stages.accept import Bench, Submission

_LONGEST_NAME = 255  # bytes; no good submission comes near
_REASON = "reason.json"


@dataclass(slots=True)
class Aside:
    """The place for one submission. Killed at any time, the next run does the same again."""

    submission: Submission
    bench: Bench
    is_kept: bool = True  # whether the zip is there
    _made: list[StoredObject] = field(default_factory=list)

    def keep(self, fetched: Path) -> None:
        """Put it there without its reason, so nothing is decided; a zip too large is not kept.

        Raises:
            GenerationMismatchError: it was replaced, or somebody else has decided it; nothing of this
                run is left there.
            StorageError: the storage failed.
        """
        self._require_waiting()
        path = _kept(self.submission, self.bench, fetched)
        self.is_kept = path is not None
        try:
            if path:
                self._create("package.zip", FileOnDisk(path), layout.ZIP_TYPE)
            beside = self.submission.signature
            if beside and beside.size <= layout.LARGEST_SIGNATURE:
                with self.bench.queue.open(beside.name, generation=beside.generation) as stream:
                    signature = Bytes(stream.read())
                self._create("package.zip.sig", signature, layout.SIGNATURE_TYPE)
            self._require_waiting()
        except GenerationMismatchError:
            self._clear()
            raise

    def conclude(self, refused: Refused) -> None:
        """Say why, and take the submission out of the queue."""
        told = {**refused.as_json(), "kept": self.is_kept}
        self._create(_REASON, Bytes(json.dumps(told, indent=2).encode()), layout.JSON_TYPE)
        accept.done(self.submission, self.bench)

    @property
    def _folder(self) -> str:
        owner, slash, file_name = self.submission.name.rpartition("/")
        generation = self.submission.zip.generation
        return f"{accept.REFUSED}{owner}{slash}{_short(file_name)}/{generation}/"

    def _require_waiting(self) -> None:
        there = self.bench.queue.stat(self.submission.zip.name)
        if there is None or there.generation != self.submission.zip.generation:
            raise GenerationMismatchError(self.submission.zip.name)

    def _create(self, name: str, content: Bytes | FileOnDisk, content_type: str) -> None:
        headers = Headers(content_type=content_type, cache_control=layout.NEVER_CACHED)
        with suppress(AlreadyExistsError):  # another run has made it, of the same generation
            self._made.append(self.bench.queue.create(f"{self._folder}{name}", content, headers))

    def _clear(self) -> None:
        """Delete what this run has made, unless another one has refused it, which then needs it."""
        queue: ObjectStore = self.bench.queue
        if queue.stat(f"{self._folder}{_REASON}") is None:
            for made in self._made:
                with suppress(GenerationMismatchError):
                    queue.delete(made.name, generation=made.generation)


def _kept(submission: Submission, bench: Bench, folder: Path) -> Path | None:
    """The bytes to be kept, also of what was refused without a look; None: too many for this machine."""
    if submission.zip.size > accept.LARGEST:
        return None
    try:
        return accept.fetched(submission, bench, folder)
    except (RunnerError, OSError) as error:
        if isinstance(error, OSError) and not of_machine(error):
            raise
        (folder / accept.FETCHED).unlink(missing_ok=True)
        return None


def _short(name: str) -> str:
    """A name that is as long as an object's may be leaves no room for what is put around it."""
    data = name.encode(errors="surrogateescape")
    return name if len(data) <= _LONGEST_NAME else hashlib.sha256(data).hexdigest()
