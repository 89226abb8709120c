"""The summary of the run says the same as the comment, with more room."""

from pkgaction.model.event import Idle
from pkgaction.model.outcome import Ledger, Status
from pkgaction.report import comment, summary
from tests.unit.ledgers import PLACE, ledger, outcome


def test_the_summary_says_what_the_comment_says() -> None:
    run = ledger(outcome("kelp"), outcome("reef", Status.FAILED))

    shown = summary.render(run, PLACE)

    assert shown.startswith("## 1 package published, 1 not\n")
    assert shown.splitlines()[2:] == comment.render(run, PLACE, "b").splitlines()[4:]


def test_an_event_that_asks_for_nothing_is_explained() -> None:
    shown = summary.render(Ledger(intent=Idle("the branch <b>x</b> does not publish")), PLACE)

    assert "the branch &#60;b&#62;x&#60;/b&#62; does not publish" in shown


def test_a_summary_of_many_thousands_stays_below_githubs_limit() -> None:
    run = ledger(*[outcome(f"kelp_{n}", Status.FAILED, reason="🦀" * 300) for n in range(5000)])

    shown = summary.render(run, PLACE)

    assert len(shown.encode()) < 1024 * 1024
    assert "More than fits" in shown
