"""Which package a maintenance branch is for: by its name, and by the inventory."""

from datetime import date

import pytest

from pkgaction.backports import named_for
from pkgaction.errors import UsageError
from pkgaction.model import backport
from pkgaction.model.version import Version

BRANCH = "backport-kelp-1.2"
_INVENTORY = f"""\
backports:
  - package: reef
    branch: backport-reef-0.1
  - package: kelp
    branch: {BRANCH}
    base_version: "1.2.4"
    base_commit: "0123456"
    maintained_until: "2027-01-15"
    archived: false
"""


@pytest.mark.parametrize(
    ("branch", "package"),
    [
        ("backport-kelp-1.2", "kelp"),
        ("backport-kelp_bed_2-1.x", "kelp_bed_2"),
        ("backport-kelp-v1", "kelp"),
        ("backport/kelp/1.2", "kelp"),
        ("team/backport-kelp-1.2", "kelp"),
        ("backport-kelp", ""),
        ("backport-1.2", ""),
        ("backport-Kelp-1.2", ""),
        ("backport-kelp-", ""),
        ("my-backport-kelp-1.2", ""),
        ("kelp-1.2", ""),
        ("main", ""),
    ],
)
def test_a_branchs_name_may_say_which_package_it_is_for(branch: str, package: str) -> None:
    assert named_for(branch) == package


def test_a_branchs_entry_is_found_by_its_name() -> None:
    assert backport.find(_INVENTORY.encode(), BRANCH) == backport.Backport(
        package="kelp",
        branch=BRANCH,
        base_version=Version.parse("1.2.4"),
        maintained_until=date(2027, 1, 15),
        archived=False,
        line=4,
    )


def test_what_is_left_out_limits_nothing() -> None:
    found = backport.find(_INVENTORY.encode(), "backport-reef-0.1")

    assert found
    assert (found.base_version, found.maintained_until, found.archived) == (None, None, False)
    assert found.ended(date.max) == ""


@pytest.mark.parametrize("data", [b"", b"backports: []\n", b"backports:\n", b"other: 1\n"], ids=repr)
def test_an_inventory_may_be_empty(data: bytes) -> None:
    assert backport.find(data, BRANCH) is None


def test_a_branch_without_an_entry_has_none() -> None:
    assert backport.find(_INVENTORY.encode(), "backport-eel-1.2") is None


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        ("package: kelp", "package:", "package is missing"),
        ("package: kelp", "package: [kelp]", "package is missing"),
        ("branch: backport-reef-0.1", f"branch: {BRANCH}", "is there twice"),
        ("archived: false", "archived: perhaps", "'perhaps', neither true nor false"),
        ('"1.2.4"', '"1.2"', "'1.2', no semantic version"),
        ('"2027-01-15"', "soon", "'soon', no YYYY-MM-DD"),
        ('"2027-01-15"', '"2027-02-30"', "no YYYY-MM-DD"),
        ("  - package: reef\n    branch: backport-reef-0.1", "  - reef", "a map with package"),
    ],
)
def test_a_broken_entry_is_named_by_its_line(before: str, after: str, what: str) -> None:
    text = _INVENTORY.replace(before, after)
    assert text != _INVENTORY

    with pytest.raises(UsageError, match=what) as caught:
        backport.find(text.encode(), BRANCH)

    assert caught.value.where.startswith(".backports.yml:")
    assert "default branch" in caught.value.fix


@pytest.mark.parametrize("data", [b"backports: kelp\n", b"backports: {a: b}\n", b"- a\n", b"a: [\n"])
def test_what_is_no_inventory_is_refused(data: bytes) -> None:
    with pytest.raises(UsageError):
        backport.find(data, BRANCH)


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (date(2027, 1, 15), ""),
        (date(2027, 1, 16), "was maintained until 2027-01-15"),
    ],
)
def test_the_last_day_is_still_one(day: date, why: str) -> None:
    found = backport.find(_INVENTORY.encode(), BRANCH)

    assert found
    assert found.ended(day) == why
