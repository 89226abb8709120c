"""Ledgers of runs that never happened, for reports."""

from dataclasses import replace

from pkgaction.model.event import Preview, PullRequest, Release
from pkgaction.model.finding import Finding, Severity
from pkgaction.model.manifest import PackageId
from pkgaction.model.outcome import Ledger, Outcome, Status, Urls
from pkgaction.model.release import Candidate, Change, Plan
from pkgaction.model.version import Version
from pkgaction.report.words import Place
from tests.unit.trees import source

HEAD, BASE = "a" * 40, "b" * 40
PLACE = Place(
    repository="deepwater/packages", run_url="https://github.com/deepwater/packages/actions/runs/1"
)
PLAN = Plan(base=BASE, head=HEAD, compared="compared b with a: 3 changed files")
RELEASE = Release(head=HEAD, base=BASE, branch="main", default_branch="main")
PREVIEW = Preview(head=HEAD, base=BASE, pull_request=PullRequest(number=7))

HOSTILE = (
    "::error::x\n::set-output name=a::b\r\n##[error]y @deepwater/team #1 | a | `b` <!-- c --> "
    "<b>d</b> [e](https://x.example) www.x.example \x1b[31mred\x1b[0m \u202eright <details>"
)


def outcome(name: str = "kelp", status: Status = Status.PUBLISHED, **other: str) -> Outcome:
    """What became of a package."""
    address = f"https://storage.example/{name}-1.2.0.zip"
    made = Outcome(
        name=name,
        folder=f"packages/{name}",
        status=status,
        version="1.2.0",
        previous="1.1.0",
        size=12_345,
        sha256="c" * 64,
        urls=Urls(zip=address, signature=f"{address}.sig", static="https://storage.example/static/"),
        reason="" if status.ok else "the tide was out",
        line=4,
    )
    return replace(made, **other)  # type: ignore[arg-type]


def finding(message: str = "too salty", severity: Severity = Severity.ERROR) -> Finding:
    """What validation says."""
    return Finding(
        code="salt", file="manifest.yml", message=message, line=3, column=2, severity=severity
    )


def candidate(name: str) -> Candidate:
    """A package that should be published."""
    return Candidate(
        id=PackageId(name=name, version=Version.parse("1.2.0")),
        previous=None,
        change=Change.NEW,
        source=source(folder=f"packages/{name}"),
        version_line=4,
    )


def ledger(*outcomes: Outcome, intent: Release | Preview = RELEASE, plan: Plan = PLAN) -> Ledger:
    """A run with these outcomes."""
    made = Ledger(intent=intent, plan=plan)
    for one in outcomes:
        made.settle(one)
    return made
