"""The report goes out: comment, log, annotations, summary, outputs. Nothing here changes the result."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial

from pkgaction import wiring
from pkgaction.adapters.clock import SystemClock
from pkgaction.adapters.runner import Runner
from pkgaction.adapters.watch import JobLog
from pkgaction.discovery import Discovery
from pkgaction.errors import PkgactionError
from pkgaction.inputs import Inputs
from pkgaction.model.event import Idle, Mode, PullRequest, Relay
from pkgaction.model.json import JsonObject, number_at
from pkgaction.model.outcome import Ledger, Problem
from pkgaction.model.release import Candidate
from pkgaction.ports import PullRequests, Repository
from pkgaction.report import annotations, carried, comment, outputs, summary, text
from pkgaction.report.words import Place

_HURRY = 3.0  # seconds for a comment where the run is being cancelled
_UNKNOWN = "the pull request was not found, so no comment was written"


@dataclass(slots=True)
class Delivery:
    """What a run has to say, and to whom."""

    runner: Runner
    inputs: Inputs
    ledger: Ledger
    payload: JsonObject = field(default_factory=dict)
    discovery: Discovery = field(init=False)
    clock: SystemClock = field(default_factory=SystemClock)
    _client: PullRequests | None = None
    _written: set[str] = field(default_factory=set)  # the parts of the report that are

    def __post_init__(self) -> None:
        place = self._place()
        pages = f"{place.server}/{place.repository}"
        self.discovery = Discovery(ledger=self.ledger, api=self._api, pages=pages)

    def provenance(self, candidate: Candidate) -> dict[str, str]:
        """Where a package of this run comes from, for the metadata of its objects.

        GitHub's API is not asked: it may be slow, and nothing is published before this is known. The
        number is the event's, else what GitHub wrote into the commit's subject.
        """
        number = 0
        with contextlib.suppress(PkgactionError, OSError):  # without the number, all else is true
            number = self.discovery.number(candidate)
        plan = self.ledger.plan
        return wiring.provenance(
            commit=plan.head if plan else "",
            repository=self.runner.get("GITHUB_REPOSITORY"),
            run=self.runner.run_url,
            pull_request=str(number or ""),
        )

    @contextlib.contextmanager
    def while_open(self, repository: Repository, branches: tuple[str, ...]) -> Iterator[None]:
        """The block works on this repository; at its end, who brought what is found out."""
        self.discovery.repository, self.discovery.branches = repository, branches
        try:
            yield
        except Exception:
            self._look_back()
            raise
        else:
            self._look_back()

    def _look_back(self) -> None:
        if self._may_comment() and comment.worth_a_comment(self.ledger):
            self.discover()
        self.discovery.repository = None

    def discover(self) -> None:
        """Find out which pull requests brought the packages; none where GitHub or git fails."""
        if self.inputs.github_token and self.inputs.mode is not Mode.PLAN:
            with self._reported(_UNKNOWN):
                self.discovery.ask()

    def report(self) -> None:
        """Say it everywhere. That a report can't be written is itself reported."""
        place = self._place()
        url = self._comments(place) if self._may_comment() else ""
        self._write(place, url)

    def report_in_a_hurry(self) -> None:
        """The same for a run that is being cancelled: what needs the network comes last, and briefly."""
        place = self._place()
        self._write(place, "")
        if self._may_comment() and self.ledger.published:
            thread = threading.Thread(target=self._comments, args=(place,), daemon=True)
            thread.start()
            thread.join(_HURRY)

    def _write(self, place: Place, url: str) -> None:
        """What needs no network: each part once, also where a cancel comes in between."""
        for part in (self._say, partial(self._sum_up, place), partial(self._set_outputs, url)):
            name = getattr(part, "func", part).__name__
            if name not in self._written:
                part()
                self._written.add(name)
        retold = self.inputs.mode is Mode.COMMENT
        for annotation in annotations.of_run(self.ledger) if retold else annotations.of(self.ledger):
            self.runner.annotate(annotation)

    def _say(self) -> None:
        watch = JobLog(self.runner.out)
        with self._reported("the log is not complete"):
            for line in text.of(self.ledger):
                watch.say(line)

    def _sum_up(self, place: Place) -> None:
        with self._reported("the summary was not written"):
            self.runner.summary(summary.render(self.ledger, place))

    def _set_outputs(self, url: str) -> None:
        """Set them; later steps would take empty ones for a result, so a failure is the run's."""
        try:
            self.runner.output(self._outputs(url))
        except Exception as error:  # noqa: BLE001 - one report must not keep the others from being written
            problem = Problem.of(error)
            what = f"the outputs were not written: {problem.what}"
            self.ledger.problems.append(replace(problem, what=what))

    @contextlib.contextmanager
    def _reported(self, what: str) -> Iterator[None]:
        try:
            yield
        except (PkgactionError, OSError) as error:
            self.ledger.warnings.append(f"{what}: {Problem.of(error)}")
        except Exception as error:  # noqa: BLE001 - one report must not keep the others from being written
            self.ledger.warnings.append(f"{what}: {Problem.of(error).what}")

    def _may_comment(self) -> bool:
        inputs, intent = self.inputs, self.ledger.intent
        wanted = bool(inputs.comment and inputs.github_token) and inputs.mode is not Mode.PLAN
        return wanted and intent is not None and not isinstance(intent, Idle)

    def _comments(self, place: Place) -> str:
        """One comment a pull request, of its own packages; the address of the first."""
        written: list[str] = []
        for pull, ledger in self._audience():
            with self._reported("no comment was written"):
                body = comment.render(ledger, place, self.inputs.bucket)
                marker = body.splitlines()[0]
                written.append(self._api().comment(pull.number, marker=marker, body=body))
        return next(iter(written), "")

    def _audience(self) -> list[tuple[PullRequest, Ledger]]:
        """Who is to be told what, as far as there is anything to tell."""
        ledger = self.ledger
        if not comment.worth_a_comment(ledger):
            return []
        self.discover()
        if brought := ledger.brought_by:
            pulls = sorted({p for found in brought.values() for p in found}, key=lambda p: p.number)
            own = {p: {folder for folder, found in brought.items() if p in found} for p in pulls}
            return [(pull, ledger.only(own[pull])) for pull in pulls]
        everybody: list[PullRequest] = []
        with self._reported(_UNKNOWN):
            everybody += self.discovery.everything()
            if isinstance(ledger.intent, Relay) and not everybody:
                told = "no open pull request has this head any more: no comment was written"
                ledger.notices.append(told)
        return [(pull, ledger) for pull in everybody]

    def _outputs(self, url: str) -> dict[str, str]:
        """Nothing that an untrusted run has said becomes an output."""
        told = Ledger() if isinstance(self.ledger.intent, Relay) else self.ledger
        report = ""
        if self.inputs.mode is not Mode.COMMENT:
            with self._reported("there is no report for other jobs"):
                report = carried.write(self.ledger)
        return outputs.of(told, url, report)

    def _api(self) -> PullRequests:
        if self._client is None:
            from pkgaction.adapters.github_api import GitHubPullRequests  # noqa: PLC0415 - slow to load

            self._client = GitHubPullRequests(
                repository=self.runner.get("GITHUB_REPOSITORY"),
                repository_id=number_at(self.payload, "repository", "id"),
                token=self.inputs.github_token,
                api_url=self.runner.get("GITHUB_API_URL") or "https://api.github.com",
                clock=self.clock,
            )
        return self._client

    def _place(self) -> Place:
        get = self.runner.get
        return Place(
            server=get("GITHUB_SERVER_URL") or "https://github.com",
            repository=get("GITHUB_REPOSITORY"),
            run_url=self.runner.run_url,
        )
