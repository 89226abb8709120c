"""Who waits takes turns: nobody's many things delay another's one."""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
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


def least_served(
    items: Sequence[T], lane: Callable[[T], Hashable], seconds: Mapping[Hashable, float], slack: float
) -> list[T]:
    """The items of those lanes that had as little time as any other one, in their order.

    Args:
        items: all that waits.
        lane: whose an item is.
        seconds: that each lane had; one that is missing had none.
        slack: how many seconds more than another one do not count.
    """
    had = {key: seconds.get(key, 0) for key in map(lane, items)}
    most = min(had.values(), default=0) + slack
    return [item for item in items if had[lane(item)] <= most]
