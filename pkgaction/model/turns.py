"""Who waits takes turns: nobody's many things delay another's one."""

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

T = TypeVar("T")


def in_turns(items: Sequence[T], lane: Callable[[T], Hashable]) -> list[T]:
    """The items in rounds, each with one of every lane that is left; within both their order stays."""
    counts: Counter[Hashable] = Counter()
    placed: list[tuple[int, int]] = []  # round, place
    for place, item in enumerate(items):
        key = lane(item)
        placed.append((counts[key], place))
        counts[key] += 1
    return [items[place] for _, place in sorted(placed)]
