"""One step over all packages: a package that fails is settled in the ledger, the others go on."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from pkgaction.errors import (
    ContentConflictError,
    OutsideError,
    PackageError,
    PkgactionError,
    is_of_one,
    of_machine,
    of_system,
)
from pkgaction.job import Job, World
from pkgaction.model import outcome
from pkgaction.model.changes import Changes
from pkgaction.model.limited import errors_in_words
from pkgaction.model.outcome import Ledger, Status
from pkgaction.model.release import Built, Candidate, Published, Rejected

T = TypeVar("T")
R = TypeVar("R")
IN_THE_BUCKET = "its zip is in the bucket"


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
        if items:
            with self.world.watch.group(title):
                for item in self.world.watch.each(title, items):
                    done += self.attempt(candidate(item), partial(step, item))
        return done

    def attempt(self, candidate: Candidate, step: Callable[[], R]) -> list[R]:
        """One package's step: its result, or nothing where the package failed, which is settled.

        Raises:
            PkgactionError: the cause is not the package's, so the others need not be tried: wrong
                input, a login that is refused, a missing bucket, a full disk, no specification.
        """
        try:
            result = step()
        except PkgactionError as error:
            if not is_of_one(error):
                raise
            self.world.watch.say(f"{candidate.id}: {error}")
            self._fail(candidate, error)
        except (RecursionError, MemoryError) as error:
            self._fail(candidate, _too_much(error))
        except OSError as error:
            raise of_machine(error) or of_system(error) from error
        else:
            self.world.watch.say(str(candidate.id))
            return [result]
        return []

    def warn(self, text: str) -> None:
        """Warn of it, once."""
        if text not in self.ledger.warnings:
            self.ledger.warnings.append(text)

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
        """Record a package's own failure; a zip that is in the bucket by now stays said to be there."""
        conflict = isinstance(error, ContentConflictError)
        status = Status.CONFLICT if conflict else Status.FAILED
        reason = f"{error.where}: {error.what}" if error.where else error.what
        failed = outcome.of_candidate(candidate, status, reason=reason, fix=error.fix)
        before = self.ledger.outcomes.get(failed.key)
        if before and before.status is Status.NOT_INDEXED and not conflict:
            fix = outcome.and_again(error.fix)
            failed = replace(before, reason=f"{IN_THE_BUCKET}, but {reason}", fix=fix)
        self.ledger.settle(failed, exit_status=error.exit_status)

    def _reject(self, rejected: Rejected) -> None:
        reason = f"validation found {errors_in_words(rejected.findings)}"
        fix = "mend what the findings name"
        for finding in rejected.findings:
            place = rejected.candidate.source.in_repository(finding.place)
            self.world.watch.say(f"{place}: {finding.message}")
        self.ledger.settle(
            outcome.of_candidate(
                rejected.candidate,
                Status.FAILED,
                reason=reason,
                fix=fix,
                findings=rejected.findings,
            )
        )


def _too_much(error: RecursionError | MemoryError) -> PkgactionError:
    """The error for a package that the runner could not work on; others may be smaller."""
    if isinstance(error, MemoryError):
        fix = "use a runner with more memory, lower jobs, or make the package smaller"
        return OutsideError(what="there was not enough memory to work on the package", fix=fix)
    what = "the package is too deeply nested to be worked on"
    return PackageError(what=what, fix="reduce the nesting in its files")
