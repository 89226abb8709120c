"""A release in a process of its own that a signal ends at a request, or at a line of its log."""

import signal
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeAlias

from tests.e2e.endings import THREE, Buckets, Started, Trial
from tests.e2e.judge import Said, expect_none, lies
from tests.fakes import keys
from tests.fakes.keys import Key
from tests.fakes.proxy import Refusal, Seen
from tests.fakes.shown import Verify

IsMeant: TypeAlias = Callable[[Seen], bool]  # the request that is under way when the signal comes
ENDED = {
    signal.SIGTERM: {128 + signal.SIGTERM},
    signal.SIGINT: {128 + signal.SIGINT, 128 + signal.SIGTERM},
}
_PATIENCE = 30  # seconds that a held request waits for the process to end


def verifying(key: Key) -> Verify:
    """Plain gpg's verdict, remembered: the same bytes are shown often."""

    @cache
    def verify(data: bytes, signature: bytes) -> bool:
        with tempfile.TemporaryDirectory() as folder:
            signed, detached = Path(folder, "zip"), Path(folder, "sig")
            signed.write_bytes(data)
            detached.write_bytes(signature)
            return keys.verify(key, detached, signed)

    return verify


@dataclass(slots=True)
class Cancel:
    """A signal while a request is under way, which is answered no more."""

    trial: Trial
    number: signal.Signals
    is_meant: IsMeant
    acting: bool  # the server has done what was asked for
    seen: Seen | None = None
    started: Started | None = None

    def run(self, buckets: Buckets) -> Said:
        """Start the release, and cancel it there."""
        wire = self.trial.wire
        assert wire
        wire.refuse, wire.reply = (None, self._hold) if self.acting else (self._hold, None)
        self.started = self.trial.start(buckets)
        return self.started.end()

    def _hold(self, seen: Seen) -> Refusal | None:
        if self.seen or not self.is_meant(seen):
            return None
        self.seen = seen
        assert self.started
        self.started.process.send_signal(self.number)
        self.started.process.wait(_PATIENCE)
        return Refusal(503, b"")  # nobody is there to read it


def judge(one: Trial, buckets: Buckets, said: Said, number: signal.Signals) -> None:
    """Hold what a cancelled run said against the buckets, and finish it."""
    shown = buckets.show()
    planned = THREE if "new package versions" in said.run.log else ()
    found = lies(said, shown, planned, blind=True)
    expect_none([*found, *one.finish(buckets, shown, signed_anew=True)], said)
    assert said.run.status in ENDED[number]
    assert "cancelled" in said.results
    assert "Traceback" not in said.run.log
