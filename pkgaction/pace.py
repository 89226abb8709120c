"""How much one submission may take, and how long the others wait for it."""

from dataclasses import dataclass
from datetime import timedelta

from pkgaction.bounded import OF_PACKAGE, Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The limits of one submission, and of a batch of them."""

    limits: Limits = OF_PACKAGE
    patience: float = 2.0  # seconds after which what comes next need not wait for one
    batch: int = 20  # submissions that are begun
    batch_time: timedelta = timedelta(seconds=60)
    idle: float = 2.0  # seconds in which nothing is decided: what was decided need not wait for more
