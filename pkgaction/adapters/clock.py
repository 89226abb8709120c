"""The real time, behind the port `Clock`."""

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime


class SystemClock:
    """The machine's clock."""

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
