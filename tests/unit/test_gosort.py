"""Rows of one name are left in the order in which Go leaves them, which only its algorithm gives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkgaction.transforms.readme import gosort

_NAMES = [f"k{number:02d}" for number in range(14)]

# what a Go program (1.26) prints that sorts these by `<=` with sort.Slice: the places they had before
_BY_GO = [
    pytest.param(["a"] * 12, "11 10 9 8 7 6 5 4 3 2 1 0", id="few"),
    pytest.param(["a"] * 13, "11 10 9 8 7 0 5 4 3 2 1 12 6", id="one more"),
    pytest.param(
        ["a"] * 60,
        "13 52 29 17 4 57 9 41 1 39 19 55 24 15 56 11 31 7 47 3 23 59 46 54 51 20 22 53 18 44 38 34 14 "
        "48 12 32 10 42 36 30 6 50 5 28 2 40 0 58 27 49 45 37 21 43 8 33 26 35 16 25",
        id="one name, so often that the heap is asked",
    ),
    pytest.param(
        [*_NAMES, *_NAMES[::2]],
        "0 14 1 15 2 3 16 4 5 17 6 7 18 8 9 19 10 11 20 12 13",
        id="two files",
    ),
    pytest.param(
        ["abc"[number * 7 % 3] for number in range(40)],
        "15 0 9 36 18 33 30 21 3 39 24 27 6 12 25 1 28 22 4 37 19 7 31 16 34 13 10 38 5 8 35 11 26 32 "
        "17 20 29 23 2 14",
        id="three names",
    ),
    pytest.param(
        [f"k{number // 2:02d}" for number in range(80)],
        "0 1 3 2 5 4 7 6 9 8 11 10 13 12 15 14 17 16 19 18 21 20 22 23 25 24 27 26 29 28 31 30 33 32 "
        "35 34 37 36 39 38 40 41 42 43 45 44 47 46 49 48 51 50 53 52 55 54 57 56 59 58 61 60 62 63 65 "
        "64 67 66 69 68 71 70 73 72 75 74 77 76 79 78",
        id="rising pairs",
    ),
    pytest.param(
        [f"k{number // 2:02d}" for number in range(80, 0, -1)],
        "79 78 77 75 76 73 74 71 72 70 69 67 68 65 66 63 64 61 62 60 59 58 57 55 56 53 54 51 52 49 50 "
        "47 48 45 46 43 44 41 42 39 40 38 37 35 36 33 34 31 32 29 30 27 28 25 26 23 24 21 22 19 20 18 "
        "17 15 16 13 14 11 12 9 10 7 8 5 6 3 4 1 2 0",
        id="falling pairs",
    ),
]


@pytest.mark.parametrize(("names", "places"), _BY_GO)
def test_rows_of_one_name_come_as_go_sorts_them(names: list[str], places: str) -> None:
    rows = [(name, place) for place, name in enumerate(names)]

    gosort.sort(rows, lambda one, other: one[0] <= other[0])

    assert " ".join(str(place) for _, place in rows) == places


@given(st.lists(st.integers(0, 40), max_size=300))
def test_whatever_comes_is_sorted_and_all_of_it_is_there(numbers: list[int]) -> None:
    rows = [(number, place) for place, number in enumerate(numbers)]

    gosort.sort(rows, lambda one, other: one[0] <= other[0])

    assert [number for number, _ in rows] == sorted(numbers)
    assert sorted(place for _, place in rows) == list(range(len(numbers)))
