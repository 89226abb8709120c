"""What was fetched once, kept on disk: what never changes at its address, or is named by its digest.

An entry is a file with a digest over key and content in front. It is believed only where it is a plain
file of this user or of root that nobody else may write, and the digest is right; so a half-written,
damaged or planted entry is as good as none. Writing makes a new file and renames it.
"""

import contextlib
import hashlib
import os
import stat
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_MAGIC = b"pkgaction-cache-1 "
_LARGEST = 1 << 30  # bytes


@dataclass(frozen=True, slots=True)
class Cache:
    """Entries by key, in one folder to write to and others that are only read."""

    folder: Path | None  # None: nothing is kept
    warm: Sequence[Path] = ()

    def get(self, key: str) -> bytes | None:
        """The content kept under a key; None where there is none that can be believed."""
        for folder in (*([self.folder] if self.folder else []), *self.warm):
            found = _believed(_place(folder, key), key)
            if found is not None:
                return found
        return None

    def put(self, key: str, content: bytes) -> None:
        """Keep content under a key. A disk that can't be written to is no failure."""
        if self.folder is None:
            return
        with contextlib.suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.folder, prefix=".new-")
            try:
                with os.fdopen(handle, "wb") as stream:
                    stream.write(_head(key, content) + content)
                Path(name).replace(_place(self.folder, key))
            except OSError:
                Path(name).unlink(missing_ok=True)
                raise


def user_folder(environ: Mapping[str, str]) -> Path | None:
    """Where a person's caches lie; None where nothing says so.

    Source: https://specifications.freedesktop.org/basedir-spec/latest/
    """
    given = environ.get("XDG_CACHE_HOME", "")
    home = environ.get("HOME", "")
    if Path(given).is_absolute():
        return Path(given) / "pkgaction"
    return Path(home) / ".cache" / "pkgaction" if Path(home).is_absolute() else None


def _place(folder: Path, key: str) -> Path:
    return folder / hashlib.sha256(key.encode()).hexdigest()


def _head(key: str, content: bytes) -> bytes:
    digest = hashlib.sha256(key.encode() + b"\0" + content).hexdigest()
    return _MAGIC + digest.encode() + b"\n"


def _believed(path: Path, key: str) -> bytes | None:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        data = _read(handle)
    except OSError:
        return None
    finally:
        os.close(handle)
    head, content = data[: len(_head("", b""))], data[len(_head("", b"")) :]
    return content if head == _head(key, content) else None


def _read(handle: int) -> bytes:
    """The bytes of an open file that only we or root may write; none of another."""
    known = os.fstat(handle)
    shared = known.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    ours = known.st_uid in {0, os.geteuid()} and not shared
    if not stat.S_ISREG(known.st_mode) or not ours or known.st_size > _LARGEST:
        return b""
    with os.fdopen(handle, "rb", closefd=False) as stream:
        return stream.read()
