"""What a run says of the submissions that it ended without: earlier ones may have made them public."""

import contextlib
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import replace

from pkgaction.model.outcome import Outcome, Status
from pkgaction.public_versions import PublicVersions
from pkgaction.reconcile import within
from pkgaction.refusals import undecided, version_of
from pkgaction.settling import IN_THE_BUCKET

_THREADS = 8  # that ask at the same time
_UNSEEN = "whether its zip is in the bucket could not be seen"
_NOT_CONFIRMED = (
    f"{IN_THE_BUCKET}, put there by an earlier run, and no run has confirmed its index entry"
)


def outcomes(sources: Mapping[str, str], public: PublicVersions, seconds: float) -> Iterator[Outcome]:
    """What the buckets show of submissions that were not begun.

    Args:
        sources: the queue's object with its generation, by the submission's name; those that come first
            are asked for first. Empty: a person hands it over, so no run before was at it.
        public: what is asked.
        seconds: for all questions together.
    """
    seen = _made_public(
        {name: source for name, source in sources.items() if source}, public, seconds / 2
    )
    made = [name for name, is_public in seen.items() if is_public]
    indexed = (within(seconds / 2, lambda: _indexed(made, public)) if made else None) or {}
    for name, source in sources.items():
        told = undecided(name)
        if not source or seen.get(name) is False:
            yield told
        elif name not in seen:
            yield replace(told, reason=f"{told.reason}; {_UNSEEN}")
        elif indexed.get(name):
            yield replace(told, status=Status.ALREADY_PUBLISHED, reason="", fix="")
        else:
            yield replace(told, status=Status.NOT_INDEXED, reason=_NOT_CONFIRMED)


def _made_public(sources: Mapping[str, str], public: PublicVersions, seconds: float) -> dict[str, bool]:
    """Whether each one's zip was made public, as far as that was seen in time.

    The threads end with the process: a storage that does not answer keeps nobody.
    """
    todo, seen, until = deque(sources.items()), dict[str, bool](), time.monotonic() + seconds

    def ask() -> None:
        with contextlib.suppress(IndexError):  # nothing is left to do
            while time.monotonic() < until:
                name, source = todo.popleft()
                with contextlib.suppress(BaseException):  # it is not seen
                    seen[name] = _is_made_of(name, source, public)

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(min(_THREADS, len(sources)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0, until - time.monotonic()))
    return seen.copy()


def _is_made_of(name: str, source: str, public: PublicVersions) -> bool:
    version = version_of(name)
    return version is not None and public.is_made_of(version, source)


def _indexed(names: list[str], public: PublicVersions) -> dict[str, bool]:
    public.refresh()
    versions = {name: version_of(name) for name in names}
    return {name: public.is_indexed(version) for name, version in versions.items() if version}
