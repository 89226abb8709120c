"""One flipped bit in each body of a release, one at a time: nothing damaged is ever called whole.

Whether it is whole says gpg, and the bytes in the bucket beside those that were built: never we.
"""

import json
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import google_crc32c
import pytest
import requests

from pkgaction import pipeline
from pkgaction.adapters import openpgp
from pkgaction.adapters.clock import SystemClock
from pkgaction.adapters.gcs import GcsStore
from pkgaction.errors import PkgactionError
from pkgaction.model.outcome import Ledger, Problem, Status
from pkgaction.model.release import Candidate
from pkgaction.model.secret import Secret
from pkgaction.ports import Signer
from pkgaction.stages import audit
from tests.fakes import emulator, keys, release
from tests.fakes.corruption import Checking, CreatesOnly, Flipping, Trusting
from tests.fakes.keys import Key
from tests.fakes.proxy import Between, Proxy
from tests.fakes.release import FakeClock, Silent
from tests.storage import publisher

_BASE = "dunlin-1.0.0"
_ZIP = f"artifacts/packages/{_BASE}.zip"
_CURSOR = "v2/metadata/cursor.json"
_LARGE = 4_500_000  # bytes that can't be compressed: their file and the zip go in two chunks
_PLACES = (0.1, 0.5, 0.97)  # in a body: in its head, in the middle, near its end
_ANSWERS = (0.3, 0.8)
_WHOLE = {Status.PUBLISHED, Status.COMPLETED, Status.ALREADY_PUBLISHED}
_DELETE = re.compile(r"gcloud storage rm '?gs://([^/]+)/([^#]+)#([0-9]+)")


@pytest.fixture(scope="module")
def key() -> Key:
    return keys.make("")


@pytest.fixture(scope="module")
def signer(key: Key) -> Iterator[Signer]:
    with tempfile.TemporaryDirectory(prefix="s-") as folder:
        private = Secret(key.private)
        with openpgp.opened(
            Path(folder),
            {"PATH": "/usr/bin:/bin"},
            SystemClock(),  # as gpg's: a signature of the future counts for nothing
            key=private,
            passphrase=Secret(""),
            fingerprint="",
        ) as opened:
            yield opened


@pytest.fixture(scope="module")
def candidate() -> Candidate:
    block = b"".join(google_crc32c.value(b"%d" % n).to_bytes(4, "big") for n in range(_LARGE // 4))
    return release.candidate("dunlin", "1.0.0", {"img/large.png": block})


@dataclass(frozen=True, slots=True)
class Shore:
    """Two new buckets behind the proxy, and who publishes there."""

    wire: Proxy
    artifacts: str
    index: str
    signer: Signer
    key: Key
    candidate: Candidate

    @classmethod
    def new(cls, wire: Proxy, signer: Signer, key: Key, candidate: Candidate) -> "Shore":
        artifacts, index = (emulator.make_bucket(wire.upstream) for _ in range(2))
        return cls(wire, artifacts, index, signer, key, candidate)

    def publish(self, *between: Between) -> Ledger:
        """One release, through the proxy and those between."""
        self.wire.reset()
        self.wire.between = between
        ledger = Ledger()
        with tempfile.TemporaryDirectory() as scratch:
            artifacts, index = (connect(url) for url in (self.artifacts, self.index))
            world = release.world(Path(scratch), artifacts=artifacts, index=index, signer=self.signer)
            try:
                pipeline.release(
                    [self.candidate], replace(release.job(), jobs=1), world, ledger, dry=False
                )
            except PkgactionError as error:
                ledger.problems.append(Problem.of(error))
        self.wire.between = ()
        return ledger

    def audited(self) -> bool:
        """What a plain audit says; one that stops at a broken index says that not all is well."""
        bench = audit.Bench(
            store=connect(self.artifacts),
            index=connect(self.index),
            clock=FakeClock(time.time()),
            watch=Silent(),
        )
        try:
            return audit.audit([self.candidate.id], bench).ok
        except PkgactionError:
            return False

    def objects(self) -> dict[str, bytes]:
        """The bytes of the public bucket, read past the proxy."""
        return {name: self._read(self.artifacts, name) for name in self._names(self.artifacts)}

    def described(self) -> dict[str, object]:
        """Each public object without what differs from run to run."""
        return {
            str(one["name"]): (
                one["contentType"],
                one["cacheControl"],
                {k: v for k, v in one["metadata"].items() if k not in {"write-id", *_own(one["name"])}},
            )
            for one in self._listed(self.artifacts)
        }

    def listed(self) -> bool:
        """Whether readers of the index find the version."""
        if _CURSOR not in self._names(self.index):
            return False
        cursor = json.loads(self._read(self.index, _CURSOR))["current"]
        found = json.loads(self._read(self.index, f"v2/metadata/{cursor}/search-index-all.json"))
        return release.keys_of(found["packages"]) == [("dunlin", "1.0.0")]

    def verified(self) -> bool:
        """What gpg says of what is public."""
        public = self.objects()
        if not {_ZIP, f"{_ZIP}.sig"} <= public.keys():
            return False
        with tempfile.TemporaryDirectory() as folder:
            signed, signature = Path(folder, "zip"), Path(folder, "sig")
            signed.write_bytes(public[_ZIP])
            signature.write_bytes(public[f"{_ZIP}.sig"])
            return keys.verify(self.key, signature, signed)

    def delete(self, command: str) -> None:
        """What an administrator does who is told so."""
        found = _DELETE.search(command)
        assert found, command
        where = f"{self.wire.upstream}/storage/v1/b/{found[1]}/o/{quote(found[2], safe='')}"
        there = requests.get(where, timeout=10).json()
        assert there["generation"] == found[3]
        requests.delete(where, timeout=10).raise_for_status()

    def _listed(self, bucket: str) -> list[dict[str, dict[str, str]]]:
        where = f"{self.wire.upstream}/storage/v1/b/{bucket.removeprefix('gs://')}/o"
        found: list[dict[str, dict[str, str]]] = requests.get(where, timeout=10).json().get("items", [])
        return found

    def _names(self, bucket: str) -> set[str]:
        return {str(one["name"]) for one in self._listed(bucket)}

    def _read(self, bucket: str, name: str) -> bytes:
        where = f"{self.wire.upstream}/storage/v1/b/{bucket.removeprefix('gs://')}/o"
        return requests.get(f"{where}/{quote(name, safe='')}?alt=media", timeout=10).content


def _own(name: object) -> Sequence[str]:
    """Checksums of a signature, which has the second in it in which it was made."""
    return ("crc32c", "headers-crc32c") if str(name).endswith(".sig") else ()


def connect(url: str) -> GcsStore:
    return replace(publisher.connect(url), clock=FakeClock())


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """How a release ends that nobody disturbs."""

    requests: int
    objects: dict[str, bytes]
    described: dict[str, object]

    def assert_whole(self, shore: Shore) -> None:
        """Every public object is the one that was built, and signed."""
        public = shore.objects()
        assert {n: d for n, d in public.items() if not n.endswith(".sig")} == {
            n: d for n, d in self.objects.items() if not n.endswith(".sig")
        }
        assert public.keys() == self.objects.keys()
        assert shore.verified()
        assert shore.listed()


@pytest.fixture(scope="module")
def shores(
    wire: Proxy, signer: Signer, key: Key, candidate: Candidate
) -> Iterator[tuple[Shore, Undisturbed]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STORAGE_EMULATOR_HOST", wire.url)
        shore = Shore.new(wire, signer, key, candidate)
        assert shore.publish().exit_status == 0
        yield shore, Undisturbed(len(wire.seen), shore.objects(), shore.described())


SERVERS: Mapping[str, Callable[[str], tuple[Between, ...]]] = {
    "checks": lambda _: (Checking(),),
    "trusts": lambda _: (Trusting(),),
    "creates only": lambda bucket: (CreatesOnly((bucket,)), Trusting()),
}


def _ended_well(shore: Shore, good: Undisturbed, ledger: Ledger, told: str) -> bool:
    """Hold a run's words against the bucket; whether it said that all is whole."""
    said = {outcome.status for outcome in ledger.sorted()}
    whole = bool(said) and said <= _WHOLE and ledger.exit_status == 0
    if said & _WHOLE:
        assert shore.verified(), told
        public = shore.objects()
        same = {n for n, d in public.items() if good.objects.get(n) == d or n.endswith(".sig")}
        assert same == good.objects.keys(), told
    if whole:
        good.assert_whole(shore)
    elif ledger.exit_status == 0:
        pytest.fail(f"{told}: neither whole nor an error")
    return whole


@pytest.mark.parametrize("place", _PLACES)
@pytest.mark.parametrize("server", SERVERS)
def test_a_bit_that_flips_on_the_way_into_the_bucket_is_never_called_whole(
    shores: tuple[Shore, Undisturbed], server: str, place: float
) -> None:
    first, good = shores
    told, flipped = [], 0
    for number in range(1, good.requests + 1):
        shore = Shore.new(first.wire, first.signer, first.key, first.candidate)
        others = SERVERS[server](shore.artifacts.removeprefix("gs://"))
        flip = Flipping(number, place)

        once = shore.publish(flip, *others)

        flipped += flip.flipped
        where = f"{server}, request {number} at {place}"
        whole = _ended_well(shore, good, once, where)
        if shore.audited():
            assert shore.verified(), where

        again = shore.publish(*others)
        if not _ended_well(shore, good, again, where):
            (outcome,) = again.sorted()
            assert not whole
            assert not shore.audited(), where
            if outcome.status is Status.NOT_INDEXED:  # the cursor is damaged, and its write's own mark
                assert "reindex" in outcome.fix, (where, outcome)
                continue
            told.append(where)
            assert outcome.status is Status.CONFLICT, (where, outcome)
            shore.delete(outcome.fix)
            again = shore.publish(*others)
            assert _ended_well(shore, good, again, where), again.sorted()
        if server == "creates only":  # nobody may write over a record; bytes that are whole stay
            assert shore.audited() or any("record is wrong" in w for w in again.warnings), where
            continue
        assert shore.described() == good.described, where
        assert shore.audited(), where
    assert flipped > 10
    assert bool(told) == (server == "creates only")


@pytest.mark.parametrize("place", _ANSWERS)
def test_a_bit_that_flips_in_an_answer_is_never_called_whole(
    shores: tuple[Shore, Undisturbed], place: float
) -> None:
    first, good = shores
    for number in range(1, good.requests + 1):
        shore = Shore.new(first.wire, first.signer, first.key, first.candidate)

        once = shore.publish(Flipping(number, place, answers=True))

        where = f"answer {number} at {place}"
        _ended_well(shore, good, once, where)
        assert _ended_well(shore, good, shore.publish(), where)
        assert shore.described() == good.described, where


@pytest.mark.parametrize("place", _ANSWERS)
def test_a_bit_that_flips_in_an_answer_about_a_published_version_writes_nothing(
    shores: tuple[Shore, Undisturbed], place: float
) -> None:
    shore, good = shores
    shore.publish()
    for number in range(1, len(shore.wire.seen) + 1):
        once = shore.publish(Flipping(number, place, answers=True))

        _ended_well(shore, good, once, f"answer {number} at {place}")
        good.assert_whole(shore)


def test_each_upload_carries_its_checksum_at_its_start_and_with_its_last_request(
    shores: tuple[Shore, Undisturbed],
) -> None:
    first, good = shores
    shore, server = Shore.new(first.wire, first.signer, first.key, first.candidate), Checking()

    assert shore.publish(server).exit_status == 0

    uploads = len(good.objects) + 3 + 2  # the lists, and the cursor; a look at each bucket
    assert (server.declared, server.hashed, server.refused) == (uploads, uploads, 0)
