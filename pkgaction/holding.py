"""The submissions that a run is at, their folders, and what the queue is told of them."""

import contextlib
import shutil
import tempfile
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pkgaction.errors import RunnerError
from pkgaction.inhand import Hand, Key
from pkgaction.stages.accept import Submission

_HURRY = 1.5  # seconds after a cancel: a runner kills what goes on for ten, and a report is due


@dataclass(frozen=True, slots=True)
class HeldSubmission:
    """A submission that was begun."""

    submission: Submission
    folder: Path  # that it is fetched into
    since: datetime


@dataclass(slots=True)
class Holding:
    """What is in hand, from when it is begun until it is decided."""

    hand: Hand
    scratch: Path
    interrupted: list[Key] = field(default_factory=list)  # whose looks were ended by other causes
    _by_name: dict[str, HeldSubmission] = field(default_factory=dict)

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        """The block serves. What is in hand when it is cancelled is told to the next run, and when the
        machine is out of something: it may have asked for too much.
        """
        try:
            yield
        except RunnerError:
            self._tell_the_end()
            raise
        except Exception:
            self._close()
            raise
        except BaseException:
            thread = threading.Thread(target=self._tell_the_end, daemon=True)
            thread.start()
            thread.join(_HURRY)
            raise
        self._close()

    def __getitem__(self, name: str) -> HeldSubmission:
        return self._by_name[name]

    def __iter__(self) -> Iterator[HeldSubmission]:
        return iter(self._by_name.values())

    def take(self, submission: Submission, since: datetime) -> Path:
        """Take it in hand; the folder for it."""
        folder = Path(tempfile.mkdtemp(dir=self.scratch))
        self._by_name[submission.name] = HeldSubmission(submission, folder, since)
        return folder

    def put_down(self, submission: Submission) -> None:
        """It is decided, or stays in the queue: its folder goes."""
        if held := self._by_name.pop(submission.name, None):
            shutil.rmtree(held.folder, ignore_errors=True)

    def tell(self, begin: Iterable[Submission]) -> None:
        """Tell the queue what is in hand, with what is begun now."""
        self.hand.hold([*self.interrupted, *self._keys(), *(one.key for one in begin)])

    def _tell_the_end(self) -> None:
        with contextlib.suppress(BaseException):  # the next run then takes it for what was in hand
            self.interrupted += self._keys()
            self._close()

    def _close(self) -> None:
        if self.interrupted:
            self.hand.hold(self.interrupted, ended=True)
        else:
            self.hand.release()

    def _keys(self) -> list[Key]:
        return [held.submission.key for held in self]
