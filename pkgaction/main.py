"""The Action: wires environment, inputs and adapters; always reports; returns the exit status."""

import contextlib
import signal
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn, TextIO

from pkgaction import inputs as inputs_module
from pkgaction import pipeline, wiring
from pkgaction.adapters.clock import SystemClock
from pkgaction.adapters.git import GitRepository
from pkgaction.adapters.runner import Runner
from pkgaction.adapters.watch import JobLog
from pkgaction.errors import GitHubError, PkgactionError, UsageError
from pkgaction.inputs import Inputs
from pkgaction.model.event import Idle, Intent, Mode, Preview, PullRequest, Release
from pkgaction.model.json import JsonObject, number_at
from pkgaction.model.outcome import Ledger, Problem
from pkgaction.ports import PullRequests
from pkgaction.report import annotations, comment, outputs, summary, text
from pkgaction.report.words import Place
from pkgaction.stages import event
from pkgaction.stages.validate import CHECKS

_TERMINATED = 128 + signal.SIGTERM


def main(environ: Mapping[str, str], out: TextIO) -> int:
    """Run the Action as the runner starts it; the exit status."""
    on_termination()
    runner, ledger = Runner(environ, out), Ledger()
    given = inputs_module.from_environment(environ)
    inputs, problems = Inputs.parse(given, bucket_required=True)
    problems += inputs_module.misspelt(environ)
    for secret in (inputs.gpg_private_key, inputs.gpg_passphrase, inputs.github_token):
        runner.mask(secret)
    with tempfile.TemporaryDirectory(prefix="pkgaction-") as scratch:
        run = _Run(runner, inputs, ledger, Path(scratch))
        try:
            run.go(problems)
        except PkgactionError as error:
            ledger.problems.append(Problem.of(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, the report is written
            _our_fault(error, runner, ledger)
        run.report()
    return ledger.exit_status


@dataclass(slots=True)
class _Run:
    runner: Runner
    inputs: Inputs
    ledger: Ledger
    scratch: Path
    payload: JsonObject | None = None

    def go(self, problems: list[Problem]) -> None:
        """Understand the event, then do what it asks for."""
        intent = self._understand(problems)
        if problems or intent is None:
            self._try_key(problems)
            self.ledger.problems += problems
            return
        self.ledger.intent = intent
        self.ledger.dry_run = self.inputs.dry_run
        if not isinstance(intent, Idle):
            with self._repository() as repository:
                self._act(intent, repository)

    def report(self) -> None:
        """Say it everywhere. That a report can't be written never changes the result."""
        place = self._place()
        url = ""
        try:
            url = self._comment(place)
        except GitHubError as error:
            self.ledger.warnings.append(f"no comment was written: {error}")
        watch = JobLog(self.runner.out)
        for line in text.of(self.ledger):
            watch.say(line)
        for annotation in annotations.of(self.ledger):
            self.runner.annotate(annotation)
        with _reported(watch):
            self.runner.summary(summary.render(self.ledger, place))
        with _reported(watch):
            self.runner.output(outputs.of(self.ledger, url))

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
            self.payload = self.runner.event()
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

    def _act(self, intent: Intent, repository: GitRepository) -> None:
        inputs, watch = self.inputs, JobLog(self.runner.out)
        job = wiring.job(
            inputs,
            branches=event.publishing_branches(self.payload or {}, inputs.branches),
            provenance=self._provenance(intent),
        )
        clock = SystemClock()
        with contextlib.ExitStack() as stack:
            signer = wiring.signer(inputs, self.scratch, self.runner.environ, clock, stack)
            world = wiring.world(inputs, signer=signer, clock=clock, watch=watch, scratch=self.scratch)
            if inputs.mode is Mode.PLAN and not isinstance(intent, Idle):
                pipeline.make_plan(intent, repository, job, world, self.ledger)
                return
            pipeline.run(intent, repository, job, world, self.ledger)

    def _try_key(self, problems: list[Problem]) -> None:
        """Something is wrong already: say in the same run whether the key is, too."""
        if not self.inputs.gpg_private_key:
            return
        with contextlib.ExitStack() as stack:
            try:
                environ, clock = self.runner.environ, SystemClock()
                signer = wiring.signer(self.inputs, self.scratch, environ, clock, stack)
                if signer:
                    signer.preflight()
            except UsageError as error:
                problems.append(Problem.of(error))

    @contextlib.contextmanager
    def _repository(self) -> Iterator[GitRepository]:
        repository = GitRepository.open(
            self.runner.workspace,
            self.scratch,
            self.runner.environ,
            token=self.inputs.github_token,
            server=self.runner.get("GITHUB_SERVER_URL"),
        )
        with contextlib.closing(repository):
            yield repository

    def _comment(self, place: Place) -> str:
        inputs, ledger = self.inputs, self.ledger
        if not (inputs.comment and inputs.github_token and comment.worth_a_comment(ledger)):
            return ""
        if isinstance(ledger.intent, Idle) or ledger.intent is None:
            return ""
        client = self._pull_requests()
        urls = [self._write(client, pull, place) for pull in self._discussed(client, ledger.intent)]
        return next(iter(urls), "")

    def _write(self, client: PullRequests, pull: PullRequest, place: Place) -> str:
        body = comment.render(self.ledger, place, self.inputs.bucket)
        return client.comment(pull.number, marker=body.splitlines()[0], body=body)

    def _discussed(self, client: PullRequests, intent: Intent) -> tuple[PullRequest, ...]:
        """The pull requests that brought the commit."""
        known = intent.pull_request if isinstance(intent, Release | Preview) else None
        if known is not None:
            return (known,)
        if isinstance(intent, Release):
            return tuple(client.merged_with(intent.head, base=intent.branch))
        return ()

    def _pull_requests(self) -> PullRequests:
        from pkgaction.adapters.github_api import GitHubPullRequests  # noqa: PLC0415 - slow to load

        return GitHubPullRequests(
            repository=self.runner.get("GITHUB_REPOSITORY"),
            repository_id=number_at(self.payload, "repository", "id"),
            token=self.inputs.github_token,
            api_url=self.runner.get("GITHUB_API_URL") or "https://api.github.com",
            clock=SystemClock(),
        )

    def _place(self) -> Place:
        get = self.runner.get
        return Place(
            server=get("GITHUB_SERVER_URL") or "https://github.com",
            repository=get("GITHUB_REPOSITORY"),
            run_url=self.runner.run_url,
            checks=CHECKS,
        )

    def _provenance(self, intent: Intent) -> dict[str, str]:
        pull = intent.pull_request if isinstance(intent, Release) else None
        return wiring.provenance(
            commit="" if isinstance(intent, Idle) else intent.head,
            repository=self.runner.get("GITHUB_REPOSITORY"),
            run=self.runner.run_url,
            pull_request=str(pull.number) if pull else "",
        )


@contextlib.contextmanager
def _reported(watch: JobLog) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        watch.say(f"warning: a report could not be written: {error.strerror}")


def _our_fault(error: Exception, runner: Runner, ledger: Ledger) -> None:
    watch = JobLog(runner.out)
    with watch.group("Traceback"):
        for line in "".join(traceback.format_exception(error)).splitlines():
            watch.say(line)
    what = f"pkgaction itself failed: {type(error).__name__}"
    fix = "report it with the traceback in the log; running the job again is safe"
    ledger.problems.append(Problem(what=what, fix=fix))


def on_termination() -> None:
    """End at once on SIGTERM: as a container's first process, Python would ignore it."""
    signal.signal(signal.SIGTERM, _terminated)


def _terminated(number: int, frame: FrameType | None) -> NoReturn:
    del number, frame
    raise SystemExit(_TERMINATED)
