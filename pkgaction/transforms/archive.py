"""The last step: files → one zip. The same files are the same bytes, on any machine, in any order.

One top folder, `NAME-VERSION/`, without an entry of its own; every folder below has one, before what is
in it; siblings are sorted by the bytes of their names. Source: what `elastic-package build` writes.
"""

import hashlib
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pkgaction.errors import BuildRefusedError
from pkgaction.model.checksum import Digests, Meter, digests
from pkgaction.model.disk import FileOnDisk
from pkgaction.model.release import FileRecord
from pkgaction.model.tree import Tree, TreeFile
from pkgaction.transforms import deflate
from pkgaction.transforms.deflate import BLOCK
from pkgaction.transforms.zipformat import ZipWriter

_MOST_WAITING = 32  # blocks read but not yet written; bounds the memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A zip on disk, and what was measured while it was written."""

    digests: Digests  # of the zip
    files: tuple[FileRecord, ...]
    content_digest: str

    @property
    def sha256(self) -> str:
        """Of the zip, lower-case hex."""
        return self.digests.sha256

    @property
    def size(self) -> int:
        """Of the zip, bytes."""
        return self.digests.size


def write(path: Path, top: str, tree: Tree, *, jobs: int) -> Archive:
    """Write the zip.

    Args:
        path: the zip to be written.
        top: name of the one top folder.
        tree: the files, plain ones only.
        jobs: how many threads compress.

    Raises:
        BuildRefusedError: a file is not as long as it was said to be.
    """
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with unfinished.open("wb") as stream, ThreadPoolExecutor(jobs) as pool:
            writer = ZipWriter(stream)
            files = _Packer(writer, pool, min(2 * jobs + 1, _MOST_WAITING)).pack(top, tree)
            writer.finish()
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return _archive(path, files)


def measured(path: Path, tree: Tree) -> Archive:
    """The same for a zip that is there already, and the files in it."""
    return _archive(path, tuple(measure(file) for file in tree.files))


def _archive(path: Path, files: tuple[FileRecord, ...]) -> Archive:
    return Archive(digests=digests(FileOnDisk(path)), files=files, content_digest=content_digest(files))


def content_digest(files: tuple[FileRecord, ...]) -> str:
    """SHA-256 over the sorted paths and file contents: the same for any compression of them."""
    digest = hashlib.sha256()
    for file in sorted(files, key=lambda f: f.path.encode()):
        digest.update(file.path.encode() + b"\0" + bytes.fromhex(file.sha256))
    return digest.hexdigest()


def ordered(tree: Tree) -> Iterator[tuple[str, TreeFile | None]]:
    """Folders (ending in `/`, with None) and files, in the order of the archive."""
    seen: set[str] = set()
    for file in sorted(tree.files, key=lambda f: [part.encode() for part in f.path.split("/")]):
        parts = file.path.split("/")
        for end in range(1, len(parts)):
            folder = "/".join(parts[:end]) + "/"
            if folder not in seen:
                seen.add(folder)
                yield folder, None
        yield file.path, file


def measure(file: TreeFile) -> FileRecord:
    """Digest a file, block by block."""
    meter = _Meter()
    with file.content.open() as stream:
        while block := stream.read(BLOCK):
            meter.add(block)
    return _checked(file, meter)


class _Meter:
    """Digests what passes."""

    def __init__(self) -> None:
        self._meter = Meter()
        self.crc32 = 0
        self.size = 0

    def add(self, block: bytes) -> None:
        self._meter.add(block)
        self.crc32 = deflate.crc32(block, self.crc32)
        self.size += len(block)

    def record(self, path: str) -> FileRecord:
        made = self._meter.digests
        return FileRecord(
            path=path, size=made.size, sha256=made.sha256, crc32c=made.crc32c, md5=made.md5
        )


class _Packer:
    """Reads in order, compresses in parallel, writes in order."""

    def __init__(self, writer: ZipWriter, pool: ThreadPoolExecutor, most: int) -> None:
        self._writer = writer
        self._pool = pool
        self._most = most
        self._waiting: deque[Callable[[], None]] = deque()
        self._records: list[FileRecord] = []

    def pack(self, top: str, tree: Tree) -> tuple[FileRecord, ...]:
        for path, file in ordered(tree):
            name = f"{top}/{path}"
            if file is None:
                self._then(lambda name=name: self._writer.folder(name))  # type: ignore[misc]
                continue
            with file.content.open() as stream:
                if file.content.size <= BLOCK:
                    self._small(name, file, stream)
                else:
                    self._large(name, file, stream)
        while self._waiting:
            self._waiting.popleft()()
        return tuple(self._records)

    def _then(self, write: Callable[[], None]) -> None:
        self._waiting.append(write)
        while len(self._waiting) > self._most:
            self._waiting.popleft()()

    def _small(self, name: str, file: TreeFile, stream: BinaryIO) -> None:
        data = stream.read(BLOCK + 1)
        packing = self._pool.submit(_pack_small, file, data)

        def write() -> None:
            packed, crc, record = packing.result()
            self._records.append(record)
            self._writer.begin(name, packed.method, len(data))
            self._writer.data(packed.data)
            self._writer.end(crc)

        self._then(write)

    def _large(self, name: str, file: TreeFile, stream: BinaryIO) -> None:
        meter = _Meter()
        before, block = b"", stream.read(BLOCK)
        method = deflate.DEFLATED if deflate.shrinks(block) else deflate.STORED
        self._then(lambda: self._writer.begin(name, method, file.content.size))
        while block:
            meter.add(block)
            following = stream.read(BLOCK)
            self._block(block, before, method=method, last=not following)
            before, block = block, following
        record = _checked(file, meter)
        crc = meter.crc32

        def end() -> None:
            self._records.append(record)
            self._writer.end(crc)

        self._then(end)

    def _block(self, data: bytes, before: bytes, *, method: int, last: bool) -> None:
        if method == deflate.STORED:
            self._then(lambda: self._writer.data(data))
            return
        packing = self._pool.submit(deflate.block, data, before, last=last)
        self._then(lambda: self._writer.data(packing.result()))


def _pack_small(file: TreeFile, data: bytes) -> tuple[deflate.Packed, int, FileRecord]:
    meter = _Meter()
    meter.add(data)
    return deflate.whole(data), meter.crc32, _checked(file, meter)


def _checked(file: TreeFile, meter: _Meter) -> FileRecord:
    if meter.size != file.content.size:
        what = f"{meter.size} bytes were read where {file.content.size} are said to be"
        raise BuildRefusedError(what=what, where=file.path, fix="build it again from a quiet folder")
    return meter.record(file.path)
