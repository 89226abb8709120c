"""The Action: wires environment, inputs and adapters; always reports; returns the exit status."""

import contextlib
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from pkgaction import acceptance, ending, pipeline, readers, reconcile, wiring
from pkgaction import inputs as inputs_module
from pkgaction.adapters import container
from pkgaction.adapters.clock import SystemClock
from pkgaction.adapters.git import GitRepository
from pkgaction.adapters.git_remote import Server
from pkgaction.adapters.runner import Runner
from pkgaction.adapters.watch import JobLog
from pkgaction.delivery import Delivery
from pkgaction.errors import (
    LoginError,
    PkgactionError,
    SigningKeyError,
    UsageError,
    of_machine,
)
from pkgaction.inputs import Inputs
from pkgaction.materials import Place
from pkgaction.model.event import Accept, Idle, Intent, Mode, Preview, Relay, Release, Republish
from pkgaction.model.json import JsonObject
from pkgaction.model.outcome import Ledger, Problem
from pkgaction.retelling import Retelling
from pkgaction.stages import event

_KEYLESS = {Mode.PLAN, Mode.COMMENT}


def main(environ: Mapping[str, str], out: TextIO) -> int:
    """Run the Action as the runner starts it; the exit status."""
    runner, ledger = Runner(environ, out), Ledger()
    inputs, problems = Inputs.parse(inputs_module.from_environment(environ), bucket_required=True)
    problems += inputs_module.misspelt(environ)
    problems += container.lost_buckets(inputs.buckets, environ)
    for secret in (inputs.gpg_private_key, inputs.gpg_passphrase, inputs.github_token):
        runner.mask(secret)
    delivery = Delivery(runner, inputs, ledger)
    try:
        ending.on_termination(once=True)
        _work(runner, inputs, ledger, delivery, problems)
        ending.check()
        delivery.report()
    except (SystemExit, KeyboardInterrupt) as error:
        ledger.problems.append(Problem.of(error))
        delivery.report_in_a_hurry()
        return ending.TERMINATED
    return ledger.exit_status


def _work(
    runner: Runner, inputs: Inputs, ledger: Ledger, delivery: Delivery, problems: list[Problem]
) -> None:
    """Do what the event asks for. Whatever ends it but a cancel is in the ledger then."""
    try:
        with ending.scratch() as scratch:
            _Run(runner, inputs, ledger, delivery, scratch).go(problems)
    except Exception as error:  # noqa: BLE001 - whatever it is, the report is written
        if not ending.asked():
            ledger.problems.append(_problem(error, runner))


@dataclass(slots=True)
class _Run:
    runner: Runner
    inputs: Inputs
    ledger: Ledger
    delivery: Delivery
    scratch: Path
    payload: JsonObject = field(default_factory=dict)

    def go(self, problems: list[Problem]) -> None:
        """Understand the event, then do what it asks for."""
        intent = self._understand(problems)
        self.ledger.problems += problems
        if problems or intent is None:
            self._try_key()
            return
        self.ledger.intent = self._without_secrets(intent)
        self.ledger.dry_run = self.inputs.dry_run
        if isinstance(self.ledger.intent, Idle):
            return
        if self.inputs.mode is Mode.COMMENT:
            self._retell()
            return
        try:
            self._act(intent)
        except SigningKeyError:
            raise
        except UsageError as error:
            self.ledger.problems.append(Problem.of(error))
            for line in error.claims if isinstance(error, LoginError) else ():
                JobLog(self.runner.out).say(line)
            self._try_key()

    def _without_secrets(self, intent: Intent) -> Intent:
        """A merged pull request from a fork brings no secrets; a push of the same merge has them."""
        inputs = self.inputs
        if not isinstance(intent, Release) or self.runner.get("GITHUB_EVENT_NAME") != "pull_request":
            return intent
        if inputs.dry_run or inputs.mode in _KEYLESS:
            return intent
        pull = intent.pull_request
        if not inputs.gpg_private_key:
            return Idle("this run has no signing key: publish on push, which has the secrets")
        if pull and pull.fork and not wiring.can_log_in(inputs, self.runner.environ):
            return Idle("this run has no login for the bucket: publish on push, which has one")
        return intent

    def _understand(self, problems: list[Problem]) -> Intent | None:
        asked = event.Asked(
            mode=self.inputs.mode,
            branches=self.inputs.branches,
            names=self.inputs.package,
            version=self.inputs.version,
            ref=self.inputs.ref,
        )
        get = self.runner.get
        try:
            self.payload = self.delivery.payload = self.runner.event()
            happening = event.Happening(
                name=get("GITHUB_EVENT_NAME"),
                payload=self.payload,
                sha=get("GITHUB_SHA"),
                ref=get("GITHUB_REF"),
            )
            return event.understand(happening, asked)
        except UsageError as error:
            problems.append(Problem.of(error))
            return None

    def _act(self, intent: Intent) -> None:
        inputs, clock = self.inputs, self.delivery.clock
        branches = event.publishing_branches(self.payload, inputs.branches)
        job = wiring.job(inputs, branches=branches, provenance=self.delivery.provenance, committed=True)
        watch = ending.Attentive(JobLog(self.runner.out))
        with contextlib.ExitStack() as stack:
            repository = stack.enter_context(contextlib.closing(self._repository()))
            stack.enter_context(self.delivery.while_open(repository, branches))
            signer = wiring.signer(inputs, self.scratch, self.runner.environ, clock, stack)
            reads_only = isinstance(intent, Preview)
            cloud = wiring.Cloud(inputs, self.runner.environ, clock, reads_only=reads_only)
            place = Place(
                scratch=self.scratch,
                cache=self.scratch / "cache",
                environ=self.runner.environ,
                clock=clock,
                stack=stack,
            )
            world = wiring.world(cloud, place, signer=signer, watch=watch)
            stack.push(self._ask_as_readers)
            stack.enter_context(reconcile.at_the_end(job, world, self.ledger))
            if isinstance(intent, Accept):
                acceptance.run(wiring.gate(cloud, place), job, world, self.ledger)
            elif inputs.mode is Mode.PLAN and isinstance(intent, Preview | Release | Republish):
                pipeline.make_plan(intent, repository, job, world, self.ledger)
            else:
                pipeline.run(intent, repository, job, world, self.ledger)

    def _ask_as_readers(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        """Whether readers find what is public by now; after a cancel there is no time for it."""
        del kind, trace
        if error is None or isinstance(error, Exception):
            site = wiring.public_site(self.inputs, self.runner.environ)
            readers.check(self.ledger, has_index=bool(self.inputs.index_bucket), site=site)

    def _retell(self) -> None:
        """What other jobs have reported becomes this run's result."""
        inputs = self.inputs
        retelling = Retelling(
            workspace=self.runner.workspace,
            globs=inputs.reports,
            urls=lambda package: wiring.urls(inputs.public_url, package),
        )
        self.ledger.checks = retelling.into(self.ledger)
        if isinstance(self.ledger.intent, Relay):
            return
        branches = event.publishing_branches(self.payload, inputs.branches)
        # without a checkout, the head's pull request brought it all
        with (
            contextlib.suppress(UsageError),
            contextlib.closing(self._repository()) as repository,
            self.delivery.while_open(repository, branches),
        ):
            pass  # it ends with finding out who brought what

    def _try_key(self) -> None:
        """Something is wrong already: say in the same run whether the key is, too."""
        with contextlib.ExitStack() as stack:
            try:
                environ, clock = self.runner.environ, SystemClock()
                signer = wiring.signer(self.inputs, self.scratch, environ, clock, stack)
                if signer:
                    signer.preflight()
            except UsageError as error:
                self.ledger.problems.append(Problem.of(error))

    def _repository(self) -> GitRepository:
        return GitRepository.open(
            self.runner.workspace,
            self.scratch,
            self.runner.environ,
            server=Server(
                url=self.runner.get("GITHUB_SERVER_URL"),
                repository=self.runner.get("GITHUB_REPOSITORY"),
                token=self.inputs.github_token,
            ),
            clock=self.delivery.clock,
        )


def _problem(error: Exception, runner: Runner) -> Problem:
    """What ended the run; a bug of ours with its traceback in the log."""
    problem = Problem.of(error)
    if not (isinstance(error, PkgactionError | OSError) or of_machine(error)):
        watch = JobLog(runner.out)
        with watch.group("Traceback"):
            for line in "".join(traceback.format_exception(error)).splitlines():
                watch.say(line)
    return problem
