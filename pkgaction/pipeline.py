"""The whole job on one page: plan → validate → build → sign → publish → index.

It knows ports and stages, never adapters. Every step runs over all packages before the next one starts,
and nothing is uploaded until all that will ship is built and signed. A failing package leaves the way,
with its reason in the ledger; the others go on.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import assert_never

from pkgaction import backports, missing, wording
from pkgaction.errors import GitError, UsageError
from pkgaction.foresight import foresee, look, recognise
from pkgaction.job import Job, World
from pkgaction.model import paths
from pkgaction.model.event import (
    Accept,
    Audit,
    Idle,
    Intent,
    Planned,
    Preview,
    Reindex,
    Relay,
    Release,
    Republish,
)
from pkgaction.model.outcome import Ledger, Outcome, Status
from pkgaction.model.release import Built, Candidate, Plan, Unreadable
from pkgaction.ports import Repository
from pkgaction.report import text
from pkgaction.stages import audit, plan, reindex
from pkgaction.steps import Steps


def run(intent: Intent, repository: Repository, job: Job, world: World, ledger: Ledger) -> None:
    """Do what the event asks for."""
    match intent:
        case Preview() | Release() | Republish():
            _ship_planned(intent, repository, job, world, ledger)
        case Audit():
            _audit(intent, repository, job, world, ledger)
        case Reindex():
            _reindex(job, world, ledger)
        case Accept() | Relay() | Idle():
            return  # `acceptance` has the first, `retelling` the second, nobody the last
        case _:
            assert_never(intent)


def _ship_planned(
    intent: Planned, repository: Repository, job: Job, world: World, ledger: Ledger
) -> None:
    made = make_plan(intent, repository, job, world, ledger)
    ledger.candidates = made.candidates
    if job.committed_phrases:
        found = wording.of_commit(job.committed_phrases, repository, made.head)
        job = replace(job, phrases=found)
    ledger.hints = missing.hints(made, intent, repository, job.packages.patterns)
    dry = job.dry_run or isinstance(intent, Preview)
    if made.candidates and not isinstance(intent, Preview):
        _only_what_its_branch_may(intent, made, repository, job, world)
    release(made.candidates, job, world, ledger, dry=dry)
    recognise(made.lower, Steps(job, world, ledger))
    ledger.touched = _touched(made, repository, ledger)


def make_plan(
    intent: Planned,
    repository: Repository,
    job: Job,
    world: World,
    ledger: Ledger,
) -> Plan:
    """Find the version bumps, or the packages that were named."""
    with world.watch.group("Plan"):
        match intent:
            case Republish():
                head = repository.remote(intent.head)
                made = plan.named(repository, head, job.packages, intent.names, intent.version)
            case Preview() | Release():
                made = plan.between(
                    intent,
                    repository,
                    job.packages,
                    today=world.clock.now().date(),
                    notices=ledger.warnings,
                )
            case _:
                assert_never(intent)
        ledger.plan = made
        for broken in made.unreadable:
            ledger.settle(_unreadable(broken))
        for line in text.of_plan(made):
            world.watch.say(line)
        return made


def release(
    candidates: Sequence[Candidate], job: Job, world: World, ledger: Ledger, *, dry: bool
) -> None:
    """Validate, build, sign, publish and index, or foresee what that would do."""
    steps = Steps(job, world, ledger)
    if candidates and not dry:
        steps.look()
        ledger.warnings += steps.signer().preflight()
    validated = steps.validate(candidates)
    built = steps.build(validated)
    ship(built, steps, dry=dry)


def ship(built: Sequence[Built], steps: Steps, *, dry: bool) -> None:
    """Sign, publish and index zips, or foresee it."""
    if dry:
        if built:
            look(steps, preview=isinstance(steps.ledger.intent, Preview))
        foresee(built, steps)
        return
    steps.release(steps.sign(built))


def _touched(made: Plan, repository: Repository, ledger: Ledger) -> Mapping[str, Sequence[range]]:
    """Where findings matter most. That it can't be told is no failure: they are told all the same."""
    files = {paths.join(one.folder, found.file) for one in ledger.sorted() for found in one.findings}
    with suppress(GitError, UsageError):
        return repository.changed_lines(made.base, made.head, files) if made.base and files else {}
    return {}


def _audit(intent: Audit, repository: Repository, job: Job, world: World, ledger: Ledger) -> None:
    """Compare the buckets with the packages of a commit, by listings alone."""
    with world.watch.group("Audit"):
        wanted, told = audit.of_commit(repository, repository.commit(intent.head), job.packages)
        bench = audit.Bench(
            store=world.artifacts, index=world.index, clock=world.clock, watch=world.watch
        )
        ledger.audit = audit.audit(wanted, bench)
        ledger.warnings += [*told, *ledger.audit.warnings]


def _reindex(job: Job, world: World, ledger: Ledger) -> None:
    """Make the index anew."""
    if world.index is None:
        what = "no index bucket is given"
        raise UsageError(what=what, where="input index-bucket", fix="name the bucket of the index")
    with world.watch.group("Reindex"):
        bench = reindex.Bench(
            store=world.artifacts,
            index=world.index,
            clock=world.clock,
            watch=world.watch,
            scratch=world.scratch,
        )
        ledger.rebuilt = reindex.rebuild(bench, dry_run=job.dry_run)
        ledger.cursor = ledger.rebuilt.cursor
        ledger.warnings += ledger.rebuilt.warnings


def _only_what_its_branch_may(
    intent: Release | Republish, made: Plan, repository: Repository, job: Job, world: World
) -> None:
    """The rule that no payload can change: git shows that the commit lies on a publishing branch.

    What the event's branch may publish, a plan of two commits knows already; named packages are held to
    theirs here.
    """
    default = intent.default_branch
    planned = intent.branch if isinstance(intent, Release) else ""
    branch = repository.publishing_branch(made.head, job.branches, prefer=planned or default)
    if branch is None:
        branches = ", ".join(job.branches) or "(none)"
        raise UsageError(
            what=f"the commit {made.head[:12]} lies on no branch that publishes ({branches})",
            where="git",
            fix="merge it first, or name the branch in the input branches",
        )
    if branch in {planned, default}:
        return
    today = world.clock.now().date()
    allowed = backports.limited(made, repository, branch=branch, default_branch=default, today=today)
    if refused := [f"{s.name} {s.version}: {s.reason}" for s in allowed.skipped[len(made.skipped) :]]:
        fix = "name what that branch is for, or another ref"
        raise UsageError(what="; ".join(refused), where="input package", fix=fix)


def _unreadable(broken: Unreadable) -> Outcome:
    return Outcome(
        name=broken.name,
        folder=broken.folder,
        status=Status.FAILED,
        reason="its manifest can't be used",
        fix="mend what the finding names",
        findings=(broken.finding,),
        line=broken.finding.line,
    )
