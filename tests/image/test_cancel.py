"""A job that is cancelled: it ends at once, and the next run goes on where it stopped."""

import subprocess
from dataclasses import dataclass, field

import pytest
import requests

from tests.fakes import emulator, keys, proxy
from tests.fakes.workplace import Merge, Workplace
from tests.image.runner import IMAGE, MISSING, Host, docker

_WAITS = """
import sys, time
sys.path.insert(0, "/opt/pkgaction")
from pkgaction import ending
ending.on_termination(once=True)
print("up", flush=True)
time.sleep(60)
"""
pytestmark = pytest.mark.skipif(MISSING, reason="the image is not there: make image")


@dataclass(slots=True)
class Release:
    """A merge, published in the container to buckets on a server."""

    host: Host
    key: keys.Key
    wire: proxy.Proxy
    place: Workplace = field(init=False)
    merge: Merge = field(init=False)

    def __post_init__(self) -> None:
        self.place = Workplace.make(self.host.folder)
        self.merge = self.place.squash_merge(lambda: self.place.bump("lanternfish", "1.3.0"))

    def run(
        self, bucket: str, index: str, *, cancel_at: int = 0, signal: str = "TERM"
    ) -> tuple[int, str]:
        """Status and log; cancelled while the write of that number is under way, if one is named."""

        def cancel(write: int) -> None:
            if write == cancel_at:
                docker("kill", f"--signal={signal}", self.host.container)

        self.wire.reset()
        self.wire.after_write = cancel
        inputs = {
            "bucket": bucket,
            "index-bucket": index,
            "gpg-private-key": self.key.private,
            "gpg-passphrase": self.key.passphrase,
        }
        environ = {"STORAGE_EMULATOR_HOST": self.wire.url}
        event = self.place.push_event(self.merge)
        status, log, _ = self.host.run("push", event, self.merge.after, inputs, environ)
        return status, log


def contents(wire: proxy.Proxy, url: str) -> dict[str, str]:
    """The digest of every object of a bucket; none for signatures, which name their time."""
    where = f"{wire.upstream}/storage/v1/b/{url.removeprefix('gs://')}/o"
    listed = requests.get(where, timeout=10).json().get("items", ())
    return {x["name"]: "" if x["name"].endswith(".sig") else x["crc32c"] for x in listed}


def index_of(wire: proxy.Proxy, url: str) -> set[str]:
    """The digests of the index's files; the names of their folders are times."""
    return {d for name, d in contents(wire, url).items() if name.endswith("index-all.json")}


def test_a_release_that_is_cancelled_is_completed_by_the_next_run(host: Host, key: keys.Key) -> None:
    with proxy.running() as wire:
        release = Release(host, key, wire)
        bucket, index = emulator.make_bucket(wire.url), emulator.make_bucket(wire.url)
        status, log = release.run(bucket, index)
        assert status == 0, log
        wanted, writes = contents(wire, bucket), wire.writes

        # the runner sends INT, then TERM, then KILL
        cancels = ((1, "TERM", 143), (writes // 2, "INT", 143), (writes - 1, "KILL", 137))
        for number, signal, ended in cancels:
            again, again_index = emulator.make_bucket(wire.url), emulator.make_bucket(wire.url)
            status, log = release.run(again, again_index, cancel_at=number, signal=signal)
            assert status == ended, log
            assert ("the job was cancelled" in log) == (signal != "KILL")
            assert wire.writes < writes
            status, log = release.run(again, again_index)
            assert status == 0, log
            assert contents(wire, again) == wanted
            assert index_of(wire, again_index) >= index_of(wire, index)


def test_docker_stop_ends_it_at_once() -> None:
    waits = ("--entrypoint", "/opt/venv/bin/python", IMAGE, "-I", "-u", "-c", _WAITS)
    container = docker("run", "-d", "--rm", *waits).strip()
    while "up" not in docker("logs", container):
        pass

    waiting = subprocess.Popen(["docker", "wait", container], stdout=subprocess.PIPE, text=True)
    docker("kill", "--signal=TERM", container)

    assert waiting.communicate(timeout=60)[0].strip() == "143"
