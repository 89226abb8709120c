"""accept: the queue bucket → zips that a trusted key has signed; what is refused is moved aside.

Owners who may not write to the public bucket put `candidates/NAME-VERSION.zip` and its `.sig` into the
queue, or `candidates/OWNER/NAME-VERSION.zip`: whose folder that is, the bucket's rights say, and owners
take turns. The signature is checked before anything looks into the zip. What was accepted is deleted
from the queue once it is published and indexed; what is refused goes to `refused/`, with its reason.
Everything is done by generation: a candidate that is replaced meanwhile waits for the next run.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from pathlib import Path

from pkgaction.errors import AccessDeniedError
from pkgaction.inhand import IN_HAND
from pkgaction.model import layout
from pkgaction.model.owners import FOLDER
from pkgaction.model.release import Signature
from pkgaction.model.sentences import first_of
from pkgaction.model.submission import Code, Received, Refused
from pkgaction.model.turns import in_turns
from pkgaction.ports import (
    Clock,
    GenerationMismatchError,
    ObjectStore,
    StoredObject,
    Verifier,
    is_placeholder,
)

CANDIDATES, REFUSED = "candidates/", "refused/"
_OURS = (REFUSED, IN_HAND)
_ZIP, _SIGNATURE = ".zip", ".zip.sig"
FETCHED = "submitted.zip"  # in a folder that holds this one zip, never unpacked
LARGEST = layout.LARGEST_ZIP
_PATIENCE = timedelta(hours=1)  # that a zip waits for its signature
_LONE = timedelta(days=1)  # that a signature waits for its zip
_CHUNK = 1 << 20
_SHOWN = 5  # names in one sentence
_MOST_LOOKED_AT = 10_000  # objects of a queue that are looked at for what is overlooked


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What accepting works with."""

    queue: ObjectStore
    verifier: Verifier
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A zip in the queue, with the signature that is beside it."""

    zip: StoredObject
    signature: StoredObject | None

    @property
    def name(self) -> str:
        """What it is called, below its owner's folder where there is one."""
        return self.zip.name.removeprefix(CANDIDATES)

    @property
    def source(self) -> str:
        """The queue's object with its generation."""
        return f"{self.zip.name}#{self.zip.generation}"

    @property
    def owner(self) -> str:
        """The owner's folder; empty where there is none."""
        return self.name.rpartition("/")[0]

    @property
    def key(self) -> tuple[str, int]:
        """What tells it from every other one, also from what has its name later."""
        return self.zip.name, self.zip.generation


def waiting(bench: Bench, *, tidy: bool = True) -> Iterator[Submission]:
    """The submissions that are to be decided now, oldest first; `in_turns` says who is next.

    A zip waits an hour for its signature. A signature that is alone for a day is deleted: it is what a
    killed run has left.
    """
    objects = {found.name: found for found in bench.queue.list(CANDIDATES)}
    zips = [found for name, found in objects.items() if _is_direct(name, _ZIP)]
    for found in sorted(zips, key=lambda one: (one.created, one.name)):
        signature = objects.get(f"{found.name}.sig")
        if signature or found.created + _PATIENCE < bench.clock.now():
            yield Submission(zip=found, signature=signature)
    for name, found in objects.items():
        alone = _is_direct(name, _SIGNATURE) and name.removesuffix(".sig") not in objects
        if tidy and alone and found.created + _LONE < bench.clock.now():
            _delete(bench.queue, found)


def by_turns(submissions: Sequence[Submission]) -> list[Submission]:
    """Owners take turns, each with the oldest one first. Who has no folder is one owner together, within
    which packages take turns.
    """
    fair = in_turns(submissions, lambda one: (one.owner, "" if one.owner else _package(one.name)))
    return in_turns(fair, lambda one: one.owner)


def _package(name: str) -> str:
    return name.partition("-")[0]


def overlooked(queue: ObjectStore, clock: Clock) -> list[str]:
    """What lies in the queue and is not looked at, or not yet, as sentences."""
    try:
        listed = [*islice(queue.list(""), _MOST_LOOKED_AT)]
    except AccessDeniedError:
        return []  # who may list the candidates alone needs no more
    names = {found.name: found for found in listed if not is_placeholder(found)}
    strange = [name for name in names if not name.startswith(_OURS) and not _is_submission(name)]
    alone = [
        name
        for name, found in names.items()
        if _is_submission(name)
        and name.endswith(_ZIP)
        and f"{name}.sig" not in names
        and found.created + _PATIENCE >= clock.now()
    ]
    told = []
    if strange:
        form = (
            f"{CANDIDATES}NAME-VERSION.zip or {CANDIDATES}OWNER/NAME-VERSION.zip, with the signature as "
            "NAME-VERSION.zip.sig beside it"
        )
        told.append(f"the queue has {_some(strange)}, which nobody looks at: put packages to {form}")
    if alone:
        told.append(f"without a signature beside it, and so left to wait: {_some(alone)}")
    told += islice((f"the queue: {one}" for one in queue.non_objects("")), _SHOWN)
    return told


def _is_submission(name: str) -> bool:
    return name.startswith(CANDIDATES) and any(_is_direct(name, end) for end in (_ZIP, _SIGNATURE))


def _some(names: Sequence[str]) -> str:
    return first_of(names, _SHOWN, _printable)


def _printable(name: str) -> str:
    return name if name.isprintable() else name.encode("unicode_escape").decode()


def receive(submission: Submission, bench: Bench, folder: Path) -> Received | Refused:
    """Fetch a submission into a folder, and check its signature.

    Raises:
        GenerationMismatchError: it was replaced, or somebody else has decided it.
        StorageError: the storage failed.
    """
    name, stored, beside = submission.name, submission.zip, submission.signature
    if stored.size > LARGEST:
        what, fix = f"the zip has {stored.size} bytes, {LARGEST} are taken", "submit a smaller package"
        return Refused(name=name, code=Code.TOO_LARGE, what=what, fix=fix)
    if beside is None or beside.size > layout.LARGEST_SIGNATURE:
        fix = f"submit an armored detached signature as {name}.sig"
        what = "there is no signature" if beside is None else "the signature is too large to be one"
        return Refused(name=name, code=Code.UNSIGNED, what=what, fix=fix)
    path = fetched(submission, bench, folder)
    with bench.queue.open(beside.name, generation=beside.generation) as stream:
        armored = stream.read()
    received = trusted(name, path, armored, bench.verifier)
    if isinstance(received, Received):
        return replace(received, source=submission.source)
    return received


def fetched(submission: Submission, bench: Bench, folder: Path) -> Path:
    """A submission's zip in its folder; fetched once.

    Raises:
        GenerationMismatchError, StorageError: as `receive`.
    """
    path, stored = folder / FETCHED, submission.zip
    if not path.exists():
        with (
            bench.queue.open(stored.name, generation=stored.generation) as source,
            path.open("wb") as target,
        ):
            shutil.copyfileobj(source, target, _CHUNK)
    return path


def trusted(name: str, path: Path, armored: bytes, verifier: Verifier) -> Received | Refused:
    """A zip on disk that a trusted key has signed, in a way that every reader takes."""
    verdict = verifier.verify(path, armored)
    if not verdict:
        code = Code.UNTRUSTED if verdict.is_readable else Code.UNSIGNED
        return Refused(name=name, code=code, what=verdict.problem, fix=verdict.fix)
    signature = Signature(armored=armored, fingerprint=verdict.fingerprint)
    return Received(name=name, path=path, signature=signature)


def done(submission: Submission, bench: Bench) -> None:
    """Take an accepted submission out of the queue: the zip first, so that it is never alone."""
    _delete(bench.queue, submission.zip)
    if submission.signature:
        _delete(bench.queue, submission.signature)


def _delete(queue: ObjectStore, stored: StoredObject) -> None:
    try:
        queue.delete(stored.name, generation=stored.generation)
    except GenerationMismatchError:
        return  # replaced: the next run decides it


def _is_direct(name: str, ending: str) -> bool:
    """Whether it lies among the candidates, or in an owner's folder there."""
    owner, slash, file_name = name.removeprefix(CANDIDATES).rpartition("/")
    owned = not slash or FOLDER.fullmatch(owner)
    return bool(owned) and file_name.endswith(ending)
