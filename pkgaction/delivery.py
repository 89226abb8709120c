"""The report goes out: comment, log, annotations, summary, outputs. Nothing here changes the result."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from pkgaction import wiring
from pkgaction.adapters.clock import SystemClock
from pkgaction.adapters.runner import Runner
from pkgaction.adapters.watch import JobLog
from pkgaction.errors import GitHubError
from pkgaction.inputs import Inputs
from pkgaction.model.event import Idle, Mode, Preview, PullRequest, Release
from pkgaction.model.json import JsonObject, number_at
from pkgaction.model.outcome import Ledger
from pkgaction.ports import PullRequests
from pkgaction.report import annotations, comment, outputs, summary, text
from pkgaction.report.words import Place
from pkgaction.stages.validate import CHECKS


@dataclass(slots=True)
class Delivery:
    """What a run has to say, and to whom."""

    runner: Runner
    inputs: Inputs
    ledger: Ledger
    payload: JsonObject = field(default_factory=dict)
    _client: PullRequests | None = None
    _pull_requests: tuple[PullRequest, ...] | None = None

    def provenance(self) -> dict[str, str]:
        """Where the packages of this run come from, for the metadata of their objects."""
        numbers = [str(pull.number) for pull in self.pull_requests()]
        plan = self.ledger.plan
        return wiring.provenance(
            commit=plan.head if plan else "",
            repository=self.runner.get("GITHUB_REPOSITORY"),
            run=self.runner.run_url,
            pull_request=",".join(numbers),
        )

    def pull_requests(self) -> tuple[PullRequest, ...]:
        """The pull requests that brought the commit; asked for once, none where GitHub fails."""
        if self._pull_requests is None:
            self._pull_requests = ()
            with self._reported("the pull request was not found, so no comment was written"):
                self._pull_requests = self._find()
        return self._pull_requests

    def report(self, *, comments: bool = True) -> None:
        """Say it everywhere. That a report can't be written is itself reported."""
        place, url = self._place(), ""
        if comments and self.inputs.mode is not Mode.PLAN:
            with self._reported("no comment was written"):
                url = self._comment(place)
        watch = JobLog(self.runner.out)
        for line in text.of(self.ledger):
            watch.say(line)
        with self._reported("the summary was not written"):
            self.runner.summary(summary.render(self.ledger, place))
        with self._reported("the outputs were not written"):
            self.runner.output(outputs.of(self.ledger, url))
        for annotation in annotations.of(self.ledger):
            self.runner.annotate(annotation)

    @contextlib.contextmanager
    def _reported(self, what: str) -> Iterator[None]:
        try:
            yield
        except (GitHubError, OSError) as error:
            self.ledger.warnings.append(f"{what}: {error}")
        except Exception as error:  # noqa: BLE001 - one report must not keep the others from being written
            self.ledger.warnings.append(f"{what}: pkgaction itself failed: {type(error).__name__}")

    def _find(self) -> tuple[PullRequest, ...]:
        intent = self.ledger.intent
        known = intent.pull_request if isinstance(intent, Release | Preview) else None
        if known is not None:
            return (known,)
        if isinstance(intent, Release) and self.inputs.github_token:
            return tuple(self._api().merged_with(intent.head, base=intent.branch))
        return ()

    def _comment(self, place: Place) -> str:
        inputs, ledger = self.inputs, self.ledger
        if not (inputs.comment and inputs.github_token and comment.worth_a_comment(ledger)):
            return ""
        if ledger.intent is None or isinstance(ledger.intent, Idle):
            return ""
        body = comment.render(ledger, place, inputs.bucket)
        marker = body.splitlines()[0]
        written = [self._api().comment(p.number, marker=marker, body=body) for p in self.pull_requests()]
        return written[0] if written else ""

    def _api(self) -> PullRequests:
        if self._client is None:
            from pkgaction.adapters.github_api import GitHubPullRequests  # noqa: PLC0415 - slow to load

            self._client = GitHubPullRequests(
                repository=self.runner.get("GITHUB_REPOSITORY"),
                repository_id=number_at(self.payload, "repository", "id"),
                token=self.inputs.github_token,
                api_url=self.runner.get("GITHUB_API_URL") or "https://api.github.com",
                clock=SystemClock(),
            )
        return self._client

    def _place(self) -> Place:
        get = self.runner.get
        return Place(
            server=get("GITHUB_SERVER_URL") or "https://github.com",
            repository=get("GITHUB_REPOSITORY"),
            run_url=self.runner.run_url,
            checks=CHECKS,
        )
