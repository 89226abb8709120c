"""The real time, behind the port `Clock`."""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pkgaction.model.skew import Skew


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's clock."""

    skew: Skew = field(default_factory=Skew)

    def now(self) -> datetime:
        """Now, in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


def pauses(retries: int) -> Iterator[float]:
    """Seconds to wait after each failure: twice as long each time, and not in step with others."""
    for failures in range(retries):
        yield 2.0**failures + random.random()  # noqa: S311 - only spreads load
