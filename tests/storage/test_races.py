"""Many publishers at the same moment, each a process of its own, on a real storage server."""

import subprocess
import sys

from tests.fakes.proxy import Proxy
from tests.fakes.workplace import ROOT
from tests.storage import reader
from tests.storage.conftest import Storage
from tests.storage.publisher import connect

_PUBLISHERS = 16
_PACKAGES = 10


def start(storage: Storage, packages: list[str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.storage.publisher", storage.bucket, storage.index, *packages]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def ended(publishers: list[subprocess.Popen[str]]) -> list[tuple[int, list[str]]]:
    said = [publisher.communicate(timeout=300)[0].splitlines() for publisher in publishers]
    return [(p.returncode, lines) for p, lines in zip(publishers, said, strict=True)]


def created_twice(wire: Proxy) -> list[str]:
    names = [seen.name for seen in wire.seen if seen.writes and seen.status == 200 and seen.name]
    versions = [name for name in names if name.startswith("artifacts/")]
    return sorted({name for name in versions if versions.count(name) > 1})


def test_sixteen_publishers_lose_nothing(storage: Storage) -> None:
    names = [[f"p{n}_{m}" for m in range(_PACKAGES)] for n in range(_PUBLISHERS)]
    with reader.following(connect(storage.index)) as follower:
        results = ended([start(storage, packages) for packages in names])

    assert [status for status, _ in results] == [0] * _PUBLISHERS, results
    index = connect(storage.index)
    found = reader.entries(index, reader.cursor(index))
    assert set(found) == {(name, "1.0.0") for packages in names for name in packages}
    assert follower.known == found
    assert follower.cursors == sorted(set(follower.cursors))
    assert all(len(cursor) == 10 and cursor.isdigit() for cursor in follower.cursors)
    assert reader.missing_objects(connect(storage.bucket), found) == []
    for cursor in follower.cursors:
        assert reader.entries(index, cursor)


def test_two_publishers_of_the_same_content_are_both_right(storage: Storage) -> None:
    results = ended([start(storage, ["twin@1.0.0=same"]) for _ in range(2)])

    assert [status for status, _ in results] == [0, 0], results
    said = sorted(lines[0].split()[2] for _, lines in results)
    assert said in (["already-published", "published"], ["completed", "published"])
    assert created_twice(storage.wire) == []


def test_of_two_publishers_of_other_content_exactly_one_wins(storage: Storage) -> None:
    for attempt in range(3):
        contents = [f"twin@1.0.{attempt}={content}" for content in ("one", "other")]

        results = ended([start(storage, [content]) for content in contents])

        said = sorted(lines[0].split()[2] for _, lines in results)
        assert said == ["conflict", "published"], results
        assert sorted(status for status, _ in results) == [0, 1]
    stored = [o for o in connect(storage.bucket).list("artifacts/") if "1.0.0" in o.name]
    assert len({o.headers.metadata["content-sha256"] for o in stored}) == 1
