"""Seconds that servers cost, counted over processes."""

import math

import pytest

from pkgaction.adapters.account import Account
from pkgaction.parallel import over_cores


@pytest.mark.parametrize(
    ("spans", "seconds"),
    [
        ([], 0.0),
        ([(10.0, 5.0)], 5.0),
        ([(10.0, 5.0), (20.0, 5.0)], 10.0),
        ([(10.0, 5.0), (15.0, 5.0)], 10.0),
        ([(10.0, 5.0), (10.0, 5.0), (11.0, 1.0)], 5.0),
        ([(10.0, 5.0), (12.0, 5.0)], 7.0),
        ([(60.0, 5.0), (0.0, 70.0)], 70.0),
        ([(60.0, 5.0), (0.0, 62.0), (64.0, 2.0)], 66.0),
        ([(10.0, -5.0), (10.0, 0.0)], 0.0),
    ],
)
def test_what_is_waited_for_at_the_same_time_counts_once(
    spans: list[tuple[float, float]], seconds: float
) -> None:
    account = Account()

    for begin, length in spans:
        account.spend("kelp.example", begin, length)

    assert account.spent("kelp.example") == pytest.approx(seconds)
    assert account.spent("crab.example") == 0


def test_what_is_given_up_stays_so() -> None:
    account = Account()

    account.give_up("kelp.example")
    account.spend("kelp.example", 10.0, 5.0)

    assert account.spent("kelp.example") == math.inf


def test_processes_have_one_account() -> None:
    account = Account()

    for result in over_cores(lambda n: account.spend("kelp.example", n * 10, 3), range(2), jobs=2):
        result()
    (told,) = (r() for r in list(over_cores(lambda _: account.spent("kelp.example"), [0], jobs=2)))

    assert told in {3.0, 6.0}  # where both write at the same time, one may be forgotten
