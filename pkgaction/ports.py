"""What the stages need from the world. Adapters and fakes implement these; stages know only these."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol, TypeVar

from pkgaction.model.ecs import EcsSchema
from pkgaction.model.event import Landed, PullRequest
from pkgaction.model.release import Signature
from pkgaction.model.skew import Skew
from pkgaction.model.tree import Content, RepositoryFiles, Tree, TreeFile

T = TypeVar("T")


# --- git ---------------------------------------------------------------------------------------------


class Repository(Protocol):
    """A git repository, read from its object store only."""

    def commit(self, revision: str) -> str:
        """The full id of a commit, fetched if it isn't in the clone.

        Raises:
            CommitMissingError: it is not there and can't be fetched.
        """
        ...

    def remote(self, name: str) -> str:
        """The full id of the commit that a branch or tag of the remote points to, fetched.

        Raises:
            CommitMissingError: there is no such branch, tag or commit.
        """
        ...

    def first_parent(self, commit: str) -> str | None:
        """The commit's first parent, fetched if it isn't in the clone; None for a root commit."""
        ...

    def before_merge(self, merge: str, pull: PullRequest) -> str | None:
        """The commit that the branch had before a pull request was merged; None for a root commit.

        Raises:
            CommitMissingError: the pull request's own commits are needed and can't be fetched.
        """
        ...

    def merge_base(self, commit: str, branch: str) -> str | None:
        """Where the commit left the remote's branch; None if they have nothing in common."""
        ...

    def changed_paths(self, base: str, head: str) -> Sequence[str]:
        """Paths whose content or kind differs between two commits' trees, no renames followed."""
        ...

    def changed_lines(self, base: str, head: str, paths: Iterable[str]) -> Mapping[str, Sequence[range]]:
        """The lines, from 1, of these files that are new or other in the second commit, by path.

        Large files, and those that are no text, have none.
        """
        ...

    def messages(self, base: str, head: str, count: int) -> Mapping[str, str]:
        """The messages of the newest commits from `head` back, along all parents, by commit; at most
        `count`, and none that `base` has as far as the history at hand says so.

        Raises:
            CommitMissingError: the head is not in the clone and can't be fetched.
        """
        ...

    def landed(self, base: str, head: str, branch: str) -> Sequence[Landed]:
        """The way of a branch from `base`, exclusive, to `head`, the newest commit first.

        A merge is one commit, with all that it brought. Where history is missing and can't be fetched
        cheaply, or `base` is empty, the head alone, its paths not known.
        """
        ...

    def entries(self, commit: str, paths: Iterable[str]) -> Mapping[str, TreeFile]:
        """Those of the paths that stand in the commit's tree and are no folder, by path."""
        ...

    def folders(self, commit: str) -> Sequence[str]:
        """Every folder in the commit's tree."""
        ...

    def paths_named(self, commit: str, name: str) -> Sequence[str]:
        """Every path in the commit's tree, of no folder, whose last part is this name."""
        ...

    def tree(self, commit: str, folder: str) -> Tree:
        """The files below a folder of the commit's tree; `.` is its root."""
        ...

    def files(self, commit: str) -> RepositoryFiles:
        """The commit's files by path."""
        ...

    def publishing_branch(self, commit: str, branches: Sequence[str], *, prefer: str = "") -> str | None:
        """The remote's branch that the commit lies on, out of those that match a glob.

        Of several it is one that ends there, then the preferred one.
        The remote is asked: what a payload or the local clone says does not count.
        """
        ...


# --- storage -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Headers:
    """What is kept beside an object's bytes."""

    content_type: str
    cache_control: str
    content_encoding: str = ""  # `gzip`: the bytes that are kept are packed
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """An object as it lies in a bucket."""

    name: str
    generation: int  # another number at each write; it says nothing else, and any number may be one
    size: int  # bytes
    crc32c: int
    headers: Headers
    created: datetime  # when this generation was written, by the storage's own clock
    md5: bytes | None = None  # the server's own, never from metadata; None: it keeps none of this object
    doubt: str = (
        ""  # what is wrong with what is kept beside its bytes, which prove themselves; a sentence
    )


def is_placeholder(stored: StoredObject) -> bool:
    """Whether it only stands for a folder, as tools put it there that show a bucket as one."""
    return stored.size == 0 and stored.name.endswith("/")


class AlreadyExistsError(Exception):
    """A create found an object of that name."""


class GenerationMismatchError(Exception):
    """A replace or delete found another generation than the one it was told."""


class ObjectStore(Protocol):
    """A bucket, or the part of one below a prefix. Names are relative to it.

    Every method raises StorageError when the outside fails after retries.
    """

    @property
    def url(self) -> str:
        """How a person names it: `gs://…` or `file://…`."""
        ...

    def look(self, name: str, *, create: bool, there: bool = False) -> None:
        """Check that the bucket can be used as a run needs it. Nothing is written.

        Args:
            name: of an object that may be missing; it stands for those of a run.
            create: whether creating it must be allowed, beside seeing whether it is there.
            there: whether a folder must be there already; else the first object makes it.

        Raises:
            BucketMissingError: there is no such bucket.
            AccessDeniedError: listing, or creating, is not allowed.
            LoginError: the login is refused.
        """
        ...

    def create(self, name: str, content: Content, headers: Headers) -> StoredObject:
        """Write a new object. Readers see all of it or nothing.

        Raises:
            AlreadyExistsError: there is one of that name.
        """
        ...

    def replace(self, name: str, content: Content, headers: Headers, *, generation: int) -> StoredObject:
        """Write over exactly this generation.

        Raises:
            GenerationMismatchError: the object has another generation, or is gone.
        """
        ...

    def stat(self, name: str) -> StoredObject | None:
        """What is known of an object without its bytes; None where there is none."""
        ...

    def open(self, name: str, *, generation: int) -> BinaryIO:
        """The bytes of exactly this generation, as they are kept: nothing is unpacked.

        Raises:
            GenerationMismatchError: the object has another generation, or is gone.
        """
        ...

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """All objects whose name starts with the prefix, by name."""
        ...

    def non_objects(self, prefix: str) -> Iterator[str]:
        """What lies under such a name and cannot be an object, as sentences; a server has nothing
        like that, a folder may.
        """
        ...

    def delete(self, name: str, *, generation: int) -> None:
        """Remove exactly this generation.

        Raises:
            GenerationMismatchError: the object has another generation, or is gone.
        """
        ...


# --- building ----------------------------------------------------------------------------------------


class Sources(Protocol):
    """What building needs from outside: ECS schemas, required input packages, upstream's texts.

    Every method raises SourceMissingError, which names what could not be had and from where.
    """

    def ecs(self, reference: str) -> EcsSchema:
        """The schema that a build.yml refers to, `git@REF`; the same value for the whole run."""
        ...

    def input_package(self, name: str, version: str) -> Tree:
        """The verified files of an input package, below its root."""
        ...

    def dynamic_mappings(self) -> bytes:
        """Upstream's ecs_mappings.yaml."""
        ...

    def input_documentation(self, name: str) -> bytes | None:
        """Upstream's file about an input; None for an input that upstream does not describe."""
        ...


# --- readers -----------------------------------------------------------------------------------------


class NoAnswerError(Exception):
    """A public address did not answer, and why (no sentence)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicAnswer:
    """What a web server says of a file, without sending it."""

    status: int
    location: str = ""  # where it redirects to; empty: nowhere
    size: int | None = None  # bytes; None: not said
    content_type: str = ""


class PublicSite(Protocol):
    """Where the public bucket is served."""

    def head(self, url: str) -> PublicAnswer:
        """The answer at an address, without credentials; redirects are not followed.

        Raises:
            NoAnswerError: there is none in time.
        """
        ...


# --- the rest ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a signature is worth. It is true where a trusted key made it, and every reader takes it."""

    fingerprint: str = ""  # of that key, the primary one; empty: the signature does not count
    signer: str = ""  # fingerprint of the primary key that made it, whether it counts or not
    problem: str = ""  # why it does not count; no sentence, empty where it does
    fix: str = ""  # what to do about that
    is_readable: bool = True  # whether it is a signature at all
    is_of_unknown_key: bool = False  # so that it may well be good: nobody here can tell

    def __bool__(self) -> bool:
        return bool(self.fingerprint)


class Signer(Protocol):
    """The key that signs."""

    def preflight(self) -> Sequence[str]:
        """Try the key out before anything is built; warnings, as sentences.

        Raises:
            SigningKeyError: it can't sign, or isn't the pinned one.
        """
        ...

    def sign(self, path: Path) -> Signature:
        """Sign a file and verify the signature.

        Raises:
            SigningKeyError: as `preflight`.
        """
        ...

    def verifies(self, path: Path, signature: bytes) -> Verdict:
        """Whether it is a valid signature of the file by this key.

        Raises:
            SigningKeyError: as `preflight`.
        """
        ...


class Verifier(Protocol):
    """The keys that published versions must be signed by."""

    def verify(self, zip: Path, signature: bytes) -> Verdict:  # noqa: A002 - what it is of
        """Whether a trusted key has signed exactly this zip, in a way that every reader takes."""
        ...


class PullRequests(Protocol):
    """The pull requests of this repository. Every method raises GitHubError when it gives up."""

    def merged_with(self, commit: str, *, base: str) -> Sequence[PullRequest]:
        """Those of this repository that were merged into the branch `base` with the commit."""
        ...

    def merged(self, number: int, *, base: str, commits: Container[str] | None) -> PullRequest | None:
        """The pull request of that number, if it was merged into the branch `base` of this repository,
        as one of the commits; None: as any.
        """
        ...

    def open_at(
        self, head: str, *, repository_id: int, owner: str, branch: str
    ) -> Sequence[PullRequest]:
        """The open pull requests into this repository whose head is exactly this commit, in the
        repository of that id. Owner and branch say where to look, no more.
        """
        ...

    def comment(self, number: int, *, marker: str, body: str) -> str:
        """Write the one comment with this marker, or edit it; its address.

        The marker is the body's first line. Same body: nothing is written.
        """
        ...


class Clock(Protocol):
    """The time, and how far it is from that of the servers that answer."""

    @property
    def skew(self) -> Skew:
        """What the clients of servers have observed."""
        ...

    def now(self) -> datetime:
        """Now, in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class Watch(Protocol):
    """Whoever watches the run: a job log or a terminal."""

    def group(self, title: str) -> AbstractContextManager[None]:
        """A folded part of the log."""
        ...

    def each(self, label: str, items: Sequence[T]) -> Iterator[T]:
        """The items one by one, showing how far it is."""
        ...

    def say(self, text: str) -> None:
        """A line. The text may be hostile."""
        ...
