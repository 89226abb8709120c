"""The steps of a release on the wire, and what can begin to go wrong at one of them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from tests.e2e.endings import MIDDLE, Buckets
from tests.fakes import refusals
from tests.fakes.proxy import Proxy, Refusal, Seen
from tests.fakes.refusals import Maker
from tests.fakes.shown import zip_name

_ZIP = re.escape(zip_name(MIDDLE))
_FILES = re.escape(f"artifacts/static/{MIDDLE[0]}-{MIDDLE[1]}/")


@dataclass(frozen=True, slots=True)
class Request:
    """What tells one kind of request from the others."""

    bucket: str  # public, index
    method: str
    object: str  # a regular expression; of a listing for its prefix
    back: bool = False  # only behind a write of such an object: it is read back


class Step(Enum):
    """Each kind of request that a release makes, those to the public bucket for the middle package."""

    LOOK_FOR_ZIP = Request("public", "GET", _ZIP)
    LOOK_FOR_SIGNATURE = Request("public", "GET", rf"{_ZIP}\.sig")
    CLAIM = Request("public", "POST", rf"{_FILES}manifest\.yml")
    LIST_FILES = Request("public", "GET", _FILES)
    FILE = Request("public", "POST", rf"{_FILES}changelog\.yml")
    LAST_FILE = Request("public", "POST", rf"{_FILES}img/.+")
    SIGNATURE = Request("public", "POST", rf"{_ZIP}\.sig")
    ZIP = Request("public", "POST", _ZIP)
    READ_ZIP_BACK = Request("public", "GET", _ZIP, back=True)
    READ_SIGNATURE_BACK = Request("public", "GET", rf"{_ZIP}\.sig", back=True)
    READ_CURSOR = Request("index", "GET", r".+/cursor\.json")
    READ_LIST = Request("index", "GET", r".+/search-index-all\.json")
    READ_DELTA = Request("index", "GET", r".+/search-index-delta\.json")
    LIST_GENERATIONS = Request("index", "GET", r"v2/metadata/")
    CREATE_LIST = Request("index", "POST", r".+/search-index-all\.json")
    CREATE_DELTA = Request("index", "POST", r".+/search-index-delta\.json")
    MOVE_CURSOR = Request("index", "POST", r".+/cursor\.json")
    READ_LIST_BACK = Request("index", "GET", r".+/search-index-all\.json", back=True)
    READ_DELTA_BACK = Request("index", "GET", r".+/search-index-delta\.json", back=True)
    READ_CURSOR_BACK = Request("index", "GET", r".+/cursor\.json", back=True)

    @property
    def reads(self) -> bool:
        """Whether it asks for something that the run then does not know."""
        return self.value.method == "GET"

    def is_at(self, seen: Seen, earlier: Sequence[Seen], buckets: Buckets) -> bool:
        """Whether a request is of this step, by those that were before it."""
        wanted = self.value
        bucket = getattr(buckets, wanted.bucket).removeprefix("gs://")
        if (seen.method, seen.bucket) != (wanted.method, bucket):
            return False
        if not re.fullmatch(wanted.object, seen.object):
            return False
        written = any(
            one.method == "POST" and one.bucket == bucket and re.fullmatch(wanted.object, one.object)
            for one in earlier
            if one.number < seen.number
        )
        return written or not wanted.back


class Scope(Enum):
    """What is refused from the step on."""

    OBJECT = "the same with the same object"
    RIGHT = "the same with every object of the bucket"
    BUCKET = "everything with the bucket"
    ALL = "everything with both buckets"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why the storage refuses."""

    answer: Maker
    scope: Scope
    status: int  # that the run ends with

    @property
    def is_everybodys(self) -> bool:
        """Whether it is no matter of one package."""
        return self.scope in {Scope.BUCKET, Scope.ALL}


MISSING_BUCKET = Cause(refusals.missing_bucket, Scope.BUCKET, 2)
FORBIDDEN = Cause(refusals.missing_right, Scope.OBJECT, 2)
RIGHT_TAKEN = Cause(refusals.missing_right, Scope.RIGHT, 2)
NO_BILLING = Cause(refusals.no_billing, Scope.BUCKET, 2)
RETAINED = Cause(refusals.retained, Scope.OBJECT, 2)
UNAUTHORIZED = Cause(refusals.unauthorized, Scope.ALL, 2)
PRECONDITION = Cause(refusals.precondition, Scope.OBJECT, 3)
REQUESTER_PAYS = Cause(refusals.requester_pays, Scope.BUCKET, 3)
RATE = Cause(refusals.rate, Scope.OBJECT, 3)
OUTAGE = Cause(refusals.outage, Scope.BUCKET, 3)
CAUSES = {
    "missing bucket": MISSING_BUCKET,
    "forbidden object": FORBIDDEN,
    "right taken": RIGHT_TAKEN,
    "no billing": NO_BILLING,
    "retained": RETAINED,
    "unauthorized": UNAUTHORIZED,
    "precondition": PRECONDITION,
    "requester pays": REQUESTER_PAYS,
    "rate": RATE,
    "outage": OUTAGE,
}


@dataclass(slots=True, kw_only=True)
class Disturbance:
    """From the first request of a step on, requests are refused."""

    wire: Proxy
    buckets: Buckets
    step: Step
    cause: Cause
    acting: bool = False  # what the first one asks for is done, and not confirmed
    first: Seen | None = None

    def begin(self) -> None:
        """Look at every request from now on."""
        self.wire.refuse, self.wire.reply = self._refuse, self._reply

    def _refuse(self, seen: Seen) -> Refusal | None:
        if self.first is None and self.step.is_at(seen, self.wire.seen, self.buckets):
            self.first = seen
        is_let_through = seen is self.first and self.acting
        return self.cause.answer(seen) if self._is_meant(seen) and not is_let_through else None

    def _reply(self, seen: Seen) -> Refusal | None:
        return self.cause.answer(seen) if seen is self.first else None

    def _is_meant(self, seen: Seen) -> bool:
        first, scope = self.first, self.cause.scope
        if first is None:
            return False
        wanted = {
            Scope.OBJECT: (first.bucket, first.method, first.object),
            Scope.RIGHT: (first.bucket, first.method),
            Scope.BUCKET: (first.bucket,),
            Scope.ALL: (),
        }[scope]
        return (seen.bucket, seen.method, seen.object)[: len(wanted)] == wanted
