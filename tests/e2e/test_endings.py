"""However the storage ends a release, everything that the run says is what the buckets show."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.e2e.disturbing import (
    FORBIDDEN,
    MISSING_BUCKET,
    NO_BILLING,
    OUTAGE,
    PRECONDITION,
    RATE,
    REQUESTER_PAYS,
    RETAINED,
    RIGHT_TAKEN,
    Cause,
    Disturbance,
    Step,
)
from tests.e2e.endings import FIRST, LAST, MIDDLE, THREE, Buckets, Trial, quick, trial
from tests.e2e.judge import DONE, Said, expect_none, lies
from tests.fakes import proxy, refusals
from tests.fakes.proxy import Refusal, Seen

PUBLIC = [step for step in Step if step.value.bucket == "public"]
ONE_OBJECT = [*PUBLIC, Step.CREATE_LIST, Step.MOVE_CURSOR]
ROWS = [
    *((step, MISSING_BUCKET, "missing bucket") for step in Step),
    *((step, FORBIDDEN, "forbidden object") for step in ONE_OBJECT),
    (Step.CLAIM, RIGHT_TAKEN, "right taken"),
    (Step.READ_ZIP_BACK, RIGHT_TAKEN, "right taken"),
    (Step.CREATE_DELTA, RIGHT_TAKEN, "right taken"),
    (Step.FILE, NO_BILLING, "no billing"),
    (Step.SIGNATURE, RETAINED, "retained"),
    (Step.MOVE_CURSOR, RETAINED, "retained"),
    (Step.ZIP, RATE, "rate"),
    (Step.MOVE_CURSOR, RATE, "rate"),
    (Step.LIST_FILES, OUTAGE, "outage"),
    (Step.ZIP, OUTAGE, "outage"),
    (Step.READ_ZIP_BACK, OUTAGE, "outage"),
    (Step.READ_LIST, OUTAGE, "outage"),
    (Step.CREATE_LIST, OUTAGE, "outage"),
    (Step.READ_CURSOR_BACK, OUTAGE, "outage"),
    (Step.CLAIM, REQUESTER_PAYS, "requester pays"),
    (Step.CLAIM, PRECONDITION, "precondition"),
    (Step.FILE, PRECONDITION, "precondition"),
    (Step.SIGNATURE, PRECONDITION, "precondition"),
    (Step.ZIP, PRECONDITION, "precondition"),
]
UNCONFIRMED = [Step.CLAIM, Step.FILE, Step.SIGNATURE, Step.ZIP, Step.CREATE_LIST, Step.MOVE_CURSOR]


@pytest.fixture(scope="module")
def made() -> Iterator[Trial]:
    with proxy.running() as wire, trial(None, wire) as one, quick(one):
        yield one


def end(one: Trial, step: Step, cause: Cause, *, acting: bool = False) -> Said:
    """End a release, hold what it said against the buckets, and finish it."""
    one.undisturbed()
    buckets = one.buckets()
    assert one.wire
    disturbance = Disturbance(wire=one.wire, buckets=buckets, step=step, cause=cause, acting=acting)
    disturbance.begin()

    said = one.run(buckets)

    assert disturbance.first, "the release has no such step any more"
    blind = acting or step.reads or cause.is_everybodys
    shown = buckets.show()
    told = lies(said, shown, THREE, blind=blind)
    expect_none([*told, *one.finish(buckets, shown)], said)
    assert shown.is_public(FIRST)
    assert said.run.status in _statuses(step, cause)
    assert "Traceback" not in said.run.log
    return said


def _statuses(step: Step, cause: Cause) -> set[int]:
    """Whoever asks for an object may take a missing bucket for a missing object."""
    return {2, 3} if cause is MISSING_BUCKET and step.reads else {cause.status}


@pytest.mark.parametrize(
    ("step", "cause"), [pytest.param(s, c, id=f"{name}, {s.name}") for s, c, name in ROWS]
)
def test_a_refusal_of_the_storage_is_told_as_it_is(made: Trial, step: Step, cause: Cause) -> None:
    said = end(made, step, cause)

    statuses = said.statuses
    if step.value.bucket == "index":
        assert set(statuses.values()) <= {"not-indexed", *DONE}
    elif cause is MISSING_BUCKET:
        assert statuses[LAST[0]] in ({"not-tried", "failed"} if step.reads else {"not-tried"})
        assert statuses[FIRST[0]] == "published"  # the index is another bucket
    elif not cause.is_everybodys and cause is not RIGHT_TAKEN:
        assert {statuses[name] for name, _ in (FIRST, LAST)} == {"published"}
        assert statuses[MIDDLE[0]] not in DONE


@pytest.mark.parametrize("step", UNCONFIRMED, ids=lambda step: step.name)
def test_what_is_not_known_is_not_claimed(made: Trial, step: Step) -> None:
    end(made, step, OUTAGE, acting=True)


@pytest.mark.parametrize("cause", [MISSING_BUCKET, FORBIDDEN], ids=["missing bucket", "forbidden"])
def test_a_release_without_an_index_is_told_as_it_is(made: Trial, cause: Cause) -> None:
    buckets = replace(made.buckets(), index="")
    assert made.wire
    Disturbance(wire=made.wire, buckets=buckets, step=Step.ZIP, cause=cause).begin()

    said = made.run(buckets)

    shown = buckets.show()
    found = lies(said, shown, THREE, blind=cause.is_everybodys)
    expect_none([*found, *made.finish(buckets, shown)], said)
    assert said.statuses[FIRST[0]] == "published"


@pytest.mark.parametrize("bucket", ["public", "index"])
@pytest.mark.parametrize("dry", ["false", "true"], ids=["release", "dry run"])
def test_a_bucket_that_is_missing_is_seen_before_anything_is_uploaded(
    made: Trial, bucket: str, dry: str
) -> None:
    buckets, wire = made.buckets(), made.wire
    assert wire
    name = getattr(buckets, bucket).removeprefix("gs://")
    wire.refuse = lambda seen: refusals.missing_bucket(seen) if seen.bucket == name else None

    said = made.run(buckets, {"dry-run": dry})

    _expect_nothing_tried(said, buckets, "no such bucket")
    assert wire.writes == 0


@pytest.mark.parametrize(("bucket", "right"), [("public", "list"), ("index", "create")])
@pytest.mark.parametrize("dry", ["false", "true"], ids=["release", "dry run"])
def test_a_right_that_is_missing_is_seen_before_anything_is_uploaded(
    made: Trial, bucket: str, right: str, dry: str
) -> None:
    buckets, wire = made.buckets(), made.wire
    assert wire
    name = getattr(buckets, bucket).removeprefix("gs://")

    def refuse(seen: Seen) -> Refusal | None:
        if seen.bucket != name:
            return None
        lists = seen.method == "GET" and "prefix=" in seen.path
        meant = lists if right == "list" else seen.method == "POST"
        return refusals.missing_right(seen) if meant else None

    wire.refuse = refuse

    said = made.run(buckets, {"dry-run": dry})

    _expect_nothing_tried(said, buckets, f"storage.objects.{right}")
    assert wire.writes == 0


def _expect_nothing_tried(said: Said, buckets: Buckets, words: str) -> None:
    expect_none(lies(said, buckets.show(), THREE), said)
    assert set(said.statuses.values()) <= {"not-tried", "failed"}
    assert said.run.status == 2
    for text in said.texts.values():
        assert words in text
        assert "will be published" not in text


def test_every_request_of_a_release_is_of_a_step_that_is_disturbed(made: Trial) -> None:
    buckets = made.buckets()
    made.run(buckets)
    assert made.wire
    others = tuple(f"{version[0]}-" for version in (FIRST, LAST))
    asked = [one for one in made.wire.seen if "probe" not in one.object]  # of the look before it all
    seen = [one for one in asked if not any(other in one.object for other in others)]
    files = [s for s in seen if s.method == "POST" and "/static/" in s.object]
    left = [
        f"{one.method} {one.path}"
        for one in seen
        if one not in files and not any(step.is_at(one, made.wire.seen, buckets) for step in Step)
    ]
    assert left == []
