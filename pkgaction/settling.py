"""One step over all packages: a package that fails is settled in the ledger, the others go on."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pkgaction.errors import (
    ContentConflictError,
    OutsideError,
    PackageError,
    PkgactionError,
    SpecificationError,
)
from pkgaction.job import Job, World
from pkgaction.model import outcome
from pkgaction.model.changes import Changes
from pkgaction.model.finding import errors
from pkgaction.model.outcome import Ledger, Status
from pkgaction.model.release import Built, Candidate, Published, Rejected

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Settling:
    """What a run works with, and how it keeps account of each package."""

    job: Job
    world: World
    ledger: Ledger

    def each(
        self,
        title: str,
        items: Sequence[T],
        candidate: Callable[[T], Candidate],
        step: Callable[[T], R],
    ) -> list[R]:
        """One step over all packages. A package's own failure is settled, the others go on."""
        done: list[R] = []
        if not items:
            return done
        with self.world.watch.group(title):
            for item in self.world.watch.each(title, items):
                one = candidate(item)
                try:
                    done.append(step(item))
                    self.world.watch.say(str(one.id))
                except SpecificationError:
                    raise  # without it nothing can be judged, so nothing goes on
                except (PackageError, OutsideError) as error:
                    self.world.watch.say(f"{one.id}: {error}")
                    self._fail(one, error)
                except (RecursionError, MemoryError) as error:
                    self._fail(one, _too_much(error))
        return done

    def passed(self, checked: Sequence[T | Rejected]) -> Iterator[T]:
        """What was not rejected; the rest is settled."""
        for one in checked:
            if isinstance(one, Rejected):
                self._reject(one)
            else:
                yield one

    def settle(
        self,
        built: Built,
        status: Status,
        *,
        reason: str = "",
        fix: str = "",
        stored: Published | None = None,
        changed: Changes | None = None,
    ) -> None:
        """Say what became of a package whose zip is there."""
        self.ledger.settle(
            outcome.of_built(
                built, status, reason=reason, fix=fix, urls=self.job.urls(built.candidate),
                stored=stored, changes=changed,
            )
        )  # fmt: skip

    def _fail(self, candidate: Candidate, error: PkgactionError) -> None:
        conflict = isinstance(error, ContentConflictError)
        status = Status.CONFLICT if conflict else Status.FAILED
        where = f"{error.where}: " if error.where else ""
        settled = outcome.of_candidate(candidate, status, reason=f"{where}{error.what}", fix=error.fix)
        self.ledger.settle(settled, exit_status=error.exit_status)

    def _reject(self, rejected: Rejected) -> None:
        count = len(errors(rejected.findings))
        reason = f"validation found {count} error{'s' if count > 1 else ''}"
        fix = "mend what the findings name"
        for finding in rejected.findings:
            self.world.watch.say(
                f"{rejected.candidate.source.folder}/{finding.place}: {finding.message}"
            )
        self.ledger.settle(
            outcome.of_candidate(
                rejected.candidate,
                Status.FAILED,
                reason=reason,
                fix=fix,
                findings=rejected.findings,
            )
        )


def _too_much(error: BaseException) -> PackageError:
    what = f"the package is too large or too deeply nested to be worked on ({type(error).__name__})"
    return PackageError(what=what, fix="make it smaller; its files hold more than any good one does")
