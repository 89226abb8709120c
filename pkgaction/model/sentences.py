"""Parts of sentences for people."""

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def first_of(items: Sequence[T], most: int, shown: Callable[[T], str] = str) -> str:
    """The first of these, so many at most, and how many more there are.

    Args:
        items: names, or what `shown` makes one of.
        most: how many are shown.
        shown: what one looks like.
    """
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return f"{', '.join(map(shown, items[:most]))}{more}"
