"""How far the machine's clock is off, by the dates that servers give with their answers."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pkgaction.errors import UsageError

_WARN = timedelta(minutes=1)
_MOST = timedelta(minutes=15)
# a date outside is the server's fault: before this was written, or beyond any key's end
_EARLIEST, _LATEST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2106, 1, 1, tzinfo=UTC)
_HTTP_DATE = "%a, %d %b %Y %H:%M:%S GMT"  # RFC 9110, section 5.6.7
_LONGEST_AGE = 6  # digits: eleven days in a cache
_WHY = {
    True: "readers refuse a signature from the future, and logins fail",
    False: "its signatures are dated too early, new keys seem to be of the future, and logins fail",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """An answer's date, and what the machine's clock said when it came."""

    server: str
    date: datetime
    here: datetime

    @property
    def ahead(self) -> timedelta:
        """How far the machine's clock is ahead of the server's; negative where it is behind."""
        return self.here - self.date

    @property
    def sentence(self) -> str:
        """What is wrong, and what follows from it."""
        ahead = self.ahead > timedelta()
        off = f"{_span(abs(self.ahead))} {'ahead' if ahead else 'behind'}"
        return (
            f"the clock of this machine is {off}: it says "
            f"{self.here:%Y-%m-%d %H:%M:%S} UTC, {self.server} {self.date:%Y-%m-%d %H:%M:%S} UTC; "
            f"{_WHY[ahead]}"
        )


@dataclass(slots=True)
class Skew:
    """What is known of the machine's clock. The latest answer of each server counts."""

    _by_server: dict[str, Observation] = field(default_factory=dict)
    _is_told: bool = False

    def observe(self, server: str, *, date: str | None, age: str | None, now: datetime) -> None:
        """Note an answer; one that says nothing usable is ignored.

        Args:
            server: who answered.
            date: its header `Date`, when the answer was made.
            age: its header `Age`, seconds that it has been in a cache since.
            now: what the machine's clock says.
        """
        if (made := _parsed(date)) is not None:
            observed = Observation(server=server, date=made + _in_cache(age), here=now)
            self._by_server[server] = observed

    @property
    def nearest(self) -> Observation | None:
        """The observation that speaks best of our clock: one server that is wrong stops nothing."""
        return min(self._by_server.values(), key=lambda one: abs(one.ahead), default=None)

    def require_right(self) -> None:
        """Stop where the clock is so wrong that nothing must be signed.

        Raises:
            UsageError: it is.
        """
        nearest = self.nearest
        if nearest and abs(nearest.ahead) > _MOST:
            fix = "set the clock of the machine (NTP), and run the job again"
            raise UsageError(what=nearest.sentence, fix=fix)

    def warnings(self) -> list[str]:
        """What to say before anything is signed, as sentences; each thing once.

        Raises:
            UsageError: as `require_right`.
        """
        self.require_right()
        nearest = self.nearest
        if nearest is None or self._is_told or abs(nearest.ahead) < _WARN:
            return []
        self._is_told = True
        return [nearest.sentence]


def _span(time: timedelta) -> str:
    """A length of time in its largest unit that has two of it, or more."""
    for unit, length in (("days", timedelta(days=1)), ("hours", timedelta(hours=1))):
        if (number := round(time / length)) > 1:
            return f"{number} {unit}"
    minutes = max(1, round(time / timedelta(minutes=1)))
    return f"{minutes} minutes" if minutes > 1 else "a minute"


def _parsed(date: str | None) -> datetime | None:
    try:
        found = datetime.strptime(date or "", _HTTP_DATE).replace(tzinfo=UTC)
    except ValueError:
        return None
    return found if _EARLIEST <= found <= _LATEST else None


def _in_cache(age: str | None) -> timedelta:
    usable = age is not None and age.isascii() and age.isdecimal() and len(age) <= _LONGEST_AGE
    return timedelta(seconds=int(age or 0) if usable else 0)
