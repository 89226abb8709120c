"""The order in which Go's `sort.Slice` leaves rows, of which several may have one name.

The reference sorts by "not above", which is not a strict order. So which of two rows of one name comes
first depends on each step of the algorithm: pattern-defeating quicksort, without any randomness.
Sources: Go, src/sort (1.19 and later); Orson Peters, https://arxiv.org/abs/2106.05123.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

_SHORT = 12  # rows that are sorted by insertion
_LONG = 50  # rows from which on more is tried
_FEW = 8  # rows from which on a pivot is chosen among several, and patterns are broken
_MOST_SWAPS = 12  # among the candidates for a pivot: they stand in falling order
_MOST_SHIFTS = 5  # of rows that are out of order, before that is given up
_WORD = (1 << 64) - 1


def sort(rows: list[T], before: Callable[[T, T], bool]) -> None:
    """Sort in place, as Go does with the same comparison."""
    _Sorter(rows, before).sort(0, len(rows), len(rows).bit_length())


@dataclass(slots=True)
class _Sorter(Generic[T]):
    rows: list[T]
    before: Callable[[T, T], bool]
    swaps: int = 0  # while a pivot is chosen

    def sort(self, low: int, high: int, patience: int) -> None:
        """Sort the rows from `low` to before `high`; `patience` is how many bad pivots are borne."""
        balanced = partitioned = True
        while high - low > _SHORT:
            if patience == 0:
                self._sort_by_heap(low, high)
                return
            if not balanced:
                self._break_patterns(low, high)
                patience -= 1
            pivot = self._pivot(low, high)
            rising = self.swaps == 0
            if self.swaps == _MOST_SWAPS:
                self.rows[low:high] = self.rows[low:high][::-1]
                pivot, rising = high - 1 - (pivot - low), True
            if balanced and partitioned and rising and self._is_nearly_sorted(low, high):
                return
            if low > 0 and not self._less(low - 1, pivot):
                low = self._behind_equals(low, high, pivot)
                continue
            middle, partitioned = self._partition(low, high, pivot)
            enough = (high - low) // 8
            if middle - low < high - middle:
                balanced = middle - low >= enough
                self.sort(low, middle, patience)
                low = middle + 1
            else:
                balanced = high - middle >= enough
                self.sort(middle + 1, high, patience)
                high = middle
        self._sort_by_insertion(low, high)

    def _less(self, one: int, other: int) -> bool:
        return self.before(self.rows[one], self.rows[other])

    def _swap(self, one: int, other: int) -> None:
        self.rows[one], self.rows[other] = self.rows[other], self.rows[one]

    def _sort_by_insertion(self, low: int, high: int) -> None:
        for place in range(low + 1, high):
            self._sink(place, low)

    def _sink(self, place: int, low: int) -> None:
        while place > low and self._less(place, place - 1):
            self._swap(place, place - 1)
            place -= 1

    def _sort_by_heap(self, low: int, high: int) -> None:
        count = high - low
        for root in range((count - 1) // 2, -1, -1):
            self._sift(root, count, low)
        for end in range(count - 1, -1, -1):
            self._swap(low, low + end)
            self._sift(0, end, low)

    def _sift(self, root: int, count: int, first: int) -> None:
        while (child := 2 * root + 1) < count:
            if child + 1 < count and self._less(first + child, first + child + 1):
                child += 1
            if not self._less(first + root, first + child):
                return
            self._swap(first + root, first + child)
            root = child

    def _break_patterns(self, low: int, high: int) -> None:
        """Swap three rows of the middle with others, which the number of rows decides."""
        count = high - low
        if count < _FEW:
            return
        mask = (1 << count.bit_length()) - 1
        state, middle = count, low + count // 4 * 2
        for place in (middle - 1, middle, middle + 1):
            state ^= state << 13 & _WORD
            state ^= state >> 7
            state ^= state << 17 & _WORD
            other = state & mask
            self._swap(place, low + (other - count if other >= count else other))

    def _pivot(self, low: int, high: int) -> int:
        """A row near the median; `swaps` then tells how the candidates for it stood."""
        self.swaps = 0
        quarter = (high - low) // 4
        places = [low + quarter, low + 2 * quarter, low + 3 * quarter]
        if high - low >= _LONG:
            places = [self._median(place - 1, place, place + 1) for place in places]
        return self._median(*places)

    def _median(self, one: int, two: int, three: int) -> int:
        one, two = self._ordered(one, two)
        two, three = self._ordered(two, three)
        return self._ordered(one, two)[1]

    def _ordered(self, one: int, other: int) -> tuple[int, int]:
        if self._less(other, one):
            self.swaps += 1
            return other, one
        return one, other

    def _is_nearly_sorted(self, low: int, high: int) -> bool:
        """Whether the rows are sorted, after a few were shifted where there are many."""
        place = low + 1
        for _ in range(_MOST_SHIFTS):
            while place < high and not self._less(place, place - 1):
                place += 1
            if place == high:
                return True
            if high - low < _LONG:
                return False
            self._swap(place, place - 1)
            if place - low >= 2:  # noqa: PLR2004 - there is a row before
                self._sink(place - 1, 0)
            if high - place >= 2:  # noqa: PLR2004 - there is a row behind
                self._rise(place + 1, high)
        return False

    def _rise(self, place: int, high: int) -> None:
        while place < high and self._less(place, place - 1):
            self._swap(place, place - 1)
            place += 1

    def _partition(self, low: int, high: int, pivot: int) -> tuple[int, bool]:
        """Where the pivot goes, and whether all stood on their sides of it already."""
        self._swap(low, pivot)
        left, right, moved = low + 1, high - 1, False
        while True:
            while left <= right and self._less(left, low):
                left += 1
            while left <= right and not self._less(right, low):
                right -= 1
            if left > right:
                self._swap(right, low)
                return right, not moved
            self._swap(left, right)
            left, right, moved = left + 1, right - 1, True

    def _behind_equals(self, low: int, high: int, pivot: int) -> int:
        """Move the rows that are not above the pivot to the front; where the others begin."""
        self._swap(low, pivot)
        left, right = low + 1, high - 1
        while True:
            while left <= right and not self._less(low, left):
                left += 1
            while left <= right and self._less(low, right):
                right -= 1
            if left > right:
                return left
            self._swap(left, right)
            left, right = left + 1, right - 1
