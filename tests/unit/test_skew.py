"""What servers' dates say of the machine's clock."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkgaction.errors import UsageError
from pkgaction.model.skew import Skew

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def observed(*ahead: timedelta) -> Skew:
    """The clock, as servers see it that say it is so far ahead."""
    skew = Skew()
    for number, delta in enumerate(ahead):
        date = format_datetime(NOW - delta, usegmt=True)
        skew.observe(f"server-{number}", date=date, age=None, now=NOW)
    return skew


def test_a_clock_that_nobody_spoke_of_is_right() -> None:
    assert Skew().warnings() == []


@pytest.mark.parametrize("seconds", [0, 1, 30, 59, -1, -59])
def test_a_clock_that_is_off_by_seconds_is_right(seconds: int) -> None:
    assert observed(timedelta(seconds=seconds)).warnings() == []


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (1, "a minute ahead"),
        (14, "14 minutes ahead"),
        (15, "15 minutes ahead"),
        (-5, "5 minutes behind"),
    ],
)
def test_a_clock_that_is_off_by_minutes_is_warned_of(minutes: int, words: str) -> None:
    (warning,) = observed(timedelta(minutes=minutes)).warnings()

    assert words in warning
    assert "it says 2026-03-01 12:00:00 UTC" in warning
    assert "server-0" in warning


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(minutes=15, seconds=1), "is 15 minutes ahead"),
        (timedelta(hours=3), "is 3 hours ahead"),
        (timedelta(days=-400), "is 400 days behind"),
    ],
)
def test_a_clock_that_is_off_by_more_than_fifteen_minutes_is_refused(
    ahead: timedelta, words: str
) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        observed(ahead).warnings()

    assert caught.value.exit_status == 2
    assert "NTP" in caught.value.fix


def test_one_server_that_is_wrong_stops_nothing() -> None:
    assert observed(timedelta(hours=3), timedelta(seconds=2), timedelta(hours=-3)).warnings() == []


def test_the_latest_answer_of_a_server_counts() -> None:
    skew = observed(timedelta(hours=3))

    skew.observe("server-0", date=format_datetime(NOW, usegmt=True), age=None, now=NOW)

    assert skew.warnings() == []


def test_what_an_answer_lay_in_a_cache_is_added() -> None:
    skew = Skew()

    skew.observe(
        "cache", date=format_datetime(NOW - timedelta(hours=2), usegmt=True), age="7200", now=NOW
    )

    assert skew.warnings() == []


ABSURD = [
    None,
    "",
    "yesterday",
    "Thu, 01 Jan 1970 00:00:00 GMT",
    "Fri, 31 Dec 9999 23:59:59 GMT",
    "Fri, 31 Dec 9999 23:59:59 -9999",
    "Sun, 99 Mar 2026 12:00:00 GMT",
    "Sun, 01 Mar 2026 09:00:00 GMT, Sun, 01 Mar 2026 09:00:00 GMT x",
]


@pytest.mark.parametrize("date", ABSURD, ids=repr)
def test_an_absurd_date_is_ignored(date: str | None) -> None:
    skew = Skew()

    skew.observe("server", date=date, age=None, now=NOW)

    assert skew.warnings() == []


@pytest.mark.parametrize("age", ["", "-7200", "1e9", "²", "9" * 5000, "soon"])
def test_an_absurd_age_is_none(age: str) -> None:
    skew = Skew()

    skew.observe("server", date=format_datetime(NOW, usegmt=True), age=age, now=NOW)

    assert skew.warnings() == []


@given(date=st.text(), age=st.text())
def test_no_header_ends_in_an_exception(date: str, age: str) -> None:
    Skew().observe("server", date=date, age=age, now=NOW)


@given(ahead=st.timedeltas(timedelta(days=-3000), timedelta(days=700)))
def test_a_clock_is_refused_exactly_beyond_fifteen_minutes(ahead: timedelta) -> None:
    ahead -= timedelta(microseconds=ahead.microseconds)  # a header has seconds
    if NOW - ahead < datetime(2024, 1, 1, tzinfo=UTC):
        return
    try:
        observed(ahead).warnings()
        refused = False
    except UsageError:
        refused = True

    assert refused is (abs(ahead) > timedelta(minutes=15))
