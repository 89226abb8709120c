"""A release that dies at any of its writes is finished by running the job again."""

from pathlib import Path

import pytest

from pkgaction import pipeline
from pkgaction.model import layout
from pkgaction.model.outcome import Ledger, Status
from pkgaction.ports import ObjectStore
from tests.fakes import release
from tests.fakes.release import FakeClock, FakeSigner, keys_of, listed, signature_of
from tests.fakes.store import Crashing, Killed, MemoryStore, Watching
from tests.unit.test_index_stage import Follower, cursor

NAMES = ("crab", "eel")
LATER = 600.0  # seconds until somebody runs the job again


class Buckets:
    """The public one and the index one, after a release of another package."""

    def __init__(self, folder: Path) -> None:
        self.artifacts, self.index = MemoryStore(), MemoryStore()
        self.clock = FakeClock()
        self._folder = folder
        self.run(names=("barnacle",))

    def run(
        self,
        artifacts: ObjectStore | None = None,
        index: ObjectStore | None = None,
        names: tuple[str, ...] = NAMES,
    ) -> Ledger:
        """The job, from the candidates on."""
        scratch = self._folder / f"scratch-{len(list(self._folder.iterdir()))}"
        scratch.mkdir()
        world = release.world(
            scratch,
            artifacts=artifacts or self.artifacts,
            index=index or self.index,
            signer=FakeSigner(),
            clock=self.clock,
        )
        ledger = Ledger(dry_run=False)
        candidates = [release.candidate(name) for name in names]
        pipeline.release(candidates, release.job(), world, ledger, dry=False)
        return ledger

    @property
    def writes(self) -> int:
        """How many there were, to both."""
        return len(self.artifacts.writes) + len(self.index.writes)

    @property
    def served(self) -> bytes:
        """What the registry reads."""
        return self.index.data(layout.full_index_name(cursor(self.index)))


def watched(buckets: Buckets) -> tuple[Watching, Watching]:
    """Both buckets, with a reader who looks after each write that everything it finds is there."""
    return Watching(buckets.artifacts, after=lambda _: look(buckets)), Watching(
        buckets.index, after=lambda _: look(buckets)
    )


def look(buckets: Buckets) -> None:
    """Every entry's zip, signature and files are there; a zip's are, too."""
    there = buckets.artifacts.dump()
    zips = {f"artifacts/packages/{n}-{v}.zip" for n, v in keys_of(listed(buckets.served))}
    assert zips <= set(there)
    for name in (name for name in there if name.endswith(".zip")):
        assert there[f"{name}.sig"][0] == signature_of(there[name][0])
        package = name.removeprefix("artifacts/packages/").removesuffix(".zip").rpartition("-")[0]
        folder = name.replace("/packages/", "/static/").removesuffix(".zip")
        for path, data in release.files(package).items():
            assert there[f"{folder}/{path}"][0] == data


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Buckets:
    buckets = Buckets(tmp_path_factory.mktemp("undisturbed"))
    buckets.run()
    return buckets


def _count(folder: Path) -> int:
    buckets = Buckets(folder)
    before = buckets.writes
    buckets.run()
    return buckets.writes - before


@pytest.mark.parametrize("acting", [False, True], ids=["before the write", "after the write"])
def test_e45_a_run_after_a_crash_at_any_write_ends_as_one_that_was_never_disturbed(
    tmp_path: Path, undisturbed: Buckets, *, acting: bool
) -> None:
    (tmp_path / "count").mkdir()
    for number in range(_count(tmp_path / "count")):
        folder = tmp_path / str(number)
        folder.mkdir()
        buckets = Buckets(folder)
        follower = Follower(buckets.index)
        follower.look()
        artifacts, index = watched(buckets)
        dying = Crashing(artifacts, after=number, acting=acting)
        with pytest.raises(Killed):
            buckets.run(dying, dying.beside(index))
        look(buckets)
        follower.look()
        buckets.clock.sleep(LATER)

        ledger = buckets.run(*watched(buckets))

        assert ledger.exit_status == 0, number
        assert buckets.artifacts.dump() == undisturbed.artifacts.dump(), number
        assert buckets.served == undisturbed.served, number
        assert follower.look() == keys_of(listed(undisturbed.served)), number
        assert all(outcome.status.ok for outcome in ledger.sorted())


def test_the_number_of_writes_is_the_one_that_crashes_are_tried_at(tmp_path: Path) -> None:
    per_version = len(release.files()) + 2

    assert _count(tmp_path) == 2 * per_version + 3  # and full list, delta, cursor


def test_no_reader_ever_finds_an_entry_whose_objects_are_missing(tmp_path: Path) -> None:
    buckets = Buckets(tmp_path)

    ledger = buckets.run(*watched(buckets))

    assert {outcome.status for outcome in ledger.sorted()} == {Status.PUBLISHED}
    assert [name for name, _ in keys_of(listed(buckets.served))] == ["barnacle", "crab", "eel"]


def test_the_same_job_again_writes_nothing(tmp_path: Path) -> None:
    buckets = Buckets(tmp_path)
    buckets.run()
    before = buckets.writes
    buckets.clock.sleep(LATER)

    ledger = buckets.run()

    assert buckets.writes == before
    assert {outcome.status for outcome in ledger.sorted()} == {Status.ALREADY_PUBLISHED}


def test_a_version_that_a_dead_run_left_out_of_the_index_is_completed(tmp_path: Path) -> None:
    buckets = Buckets(tmp_path)
    with pytest.raises(Killed):
        buckets.run(index=Crashing(buckets.index, after=0))

    ledger = buckets.run()

    assert {outcome.status for outcome in ledger.sorted()} == {Status.COMPLETED}
    assert [name for name, _ in keys_of(listed(buckets.served))] == ["barnacle", "crab", "eel"]
