"""Whether readers will find what a run has published."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest

from pkgaction import readers, wiring
from pkgaction.inputs import Inputs
from pkgaction.model.event import Preview
from pkgaction.model.outcome import Ledger, Status, Urls
from pkgaction.ports import NoAnswerError, PublicAnswer
from tests.unit.ledgers import ledger, outcome

URL = "https://packages.example/artifacts/packages/kelp-1.0.0.zip"
GOOD = PublicAnswer(status=200, size=1000, content_type="application/zip")


@dataclass(slots=True)
class Answers:
    """A site that answers by address; nobody else does."""

    by_url: Mapping[str, PublicAnswer]
    asked: list[str] = field(default_factory=list)

    def head(self, url: str) -> PublicAnswer:
        self.asked.append(url)
        if url not in self.by_url:
            raise NoAnswerError("there was no answer")
        return self.by_url[url]


def published(*statuses: Status) -> Ledger:
    outcomes = []
    for number, status in enumerate(statuses or [Status.PUBLISHED]):
        url = URL.replace("1.0.0", f"1.0.{number}")
        urls = Urls(zip=url, signature=f"{url}.sig", static="https://packages.example/static")
        outcomes.append(replace(outcome("kelp", status), version=f"1.0.{number}", size=1000, urls=urls))
    return ledger(*outcomes)


def told(run: Ledger, answers: Mapping[str, PublicAnswer]) -> list[str]:
    readers.check(run, has_index=True, site=Answers(answers))
    return run.warnings


def test_a_zip_that_is_served_is_no_news() -> None:
    run = published()

    assert told(run, {URL: GOOD}) == []
    assert run.notices == []


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (replace(GOOD, status=403), "403"),
        (replace(GOOD, status=206), "206"),
        (replace(GOOD, size=999), "999 bytes, the zip has 1000"),
        (replace(GOOD, size=None, content_type="text/HTML; charset=x"), "web page"),
        (PublicAnswer(status=302, location="https://login.example/?to=kelp"), "login.example"),
        (PublicAnswer(status=301, location="https://["), ""),
    ],
    ids=["refused", "a part", "another file", "a login page", "elsewhere", "nowhere"],
)
def test_a_zip_that_is_not_served_is_a_warning(answer: PublicAnswer, why: str) -> None:
    (warning,) = told(published(), {URL: answer})

    assert warning.startswith(URL)
    assert why in warning
    assert "public-url" in warning


def test_no_answer_is_a_warning() -> None:
    (warning,) = told(published(), {})

    assert "there was no answer" in warning


def test_a_file_whose_size_is_not_said_is_believed() -> None:
    assert told(published(), {URL: replace(GOOD, size=None)}) == []


def test_a_redirect_within_the_site_is_followed() -> None:
    other = URL.replace("/artifacts", "/shelf/artifacts")

    assert told(published(), {URL: PublicAnswer(status=308, location=other), other: GOOD}) == []


def test_redirects_in_a_circle_end() -> None:
    (warning,) = told(published(), {URL: PublicAnswer(status=301, location=URL)})

    assert "redirects more than" in warning


def test_one_zip_is_asked_for_and_rather_a_new_one() -> None:
    run, site = published(Status.ALREADY_PUBLISHED, Status.PUBLISHED, Status.COMPLETED), Answers({})

    readers.check(run, has_index=True, site=site)

    assert site.asked == [URL.replace("1.0.0", "1.0.1")]


def a_dry_run(run: Ledger) -> Ledger:
    return replace(run, dry_run=True)


def a_preview(run: Ledger) -> Ledger:
    return replace(run, intent=Preview(head="", base=None, pull_request=None))


def test_what_would_be_is_not_asked_for() -> None:
    site = Answers({})
    for run in (
        a_dry_run(published(Status.ALREADY_PUBLISHED)),
        a_preview(published(Status.ALREADY_PUBLISHED)),
        published(Status.FAILED),
        published(Status.CONFLICT),
        Ledger(),
    ):
        readers.check(run, has_index=True, site=site)
        assert run.warnings == []

    assert site.asked == []


@pytest.mark.parametrize("status", [status for status in Status if status.ok])
def test_without_an_index_that_is_told(status: Status) -> None:
    run = published(status)

    readers.check(run, has_index=False, site=None)

    assert run.notices == ["no index is kept: no registry will find these versions"]


def test_where_nothing_was_published_the_index_is_not_spoken_of() -> None:
    for run in (Ledger(), published(Status.FAILED)):
        readers.check(run, has_index=False, site=None)
        assert run.notices == []


@pytest.mark.parametrize(
    ("url", "environ", "asked"),
    [
        ("https://packages.example", {}, True),
        ("https://packages.example", {"STORAGE_EMULATOR_HOST": "http://127.0.0.1:1"}, True),
        ("https://storage.googleapis.com/shelf", {}, True),
        ("https://storage.googleapis.com/shelf", {"STORAGE_EMULATOR_HOST": "http://127.0.0.1:1"}, False),
        ("file:///srv/shelf", {}, False),
    ],
)
def test_the_web_is_asked_and_no_folder_or_test_server(
    url: str, environ: dict[str, str], *, asked: bool
) -> None:
    assert (wiring.public_site(Inputs(public_url=url), environ) is not None) is asked
