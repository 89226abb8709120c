"""One new version in an index of 20,000: what it costs to read, check, merge and write the list anew.

    python -m benchmarks.index

Each way runs in a process of its own, in interleaved rounds; medians. Uploads are counted, not sent.
"""

import gzip
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from zlib_ng import zlib_ng

from pkgaction import listfile
from pkgaction.entry.catalog import Catalog
from pkgaction.entry.shape import key_of
from tests.fakes import indexes

ENTRIES = 20_000
ROUNDS = 3
PART = 256  # entries of one gzip member
NEW = {"name": "pack_0900", "version": "2.0.0", "format_version": "3.0.2", "assets": ["x"] * 100}


def objects(folder: Path) -> int:
    """Every entry becomes objects; the list is plain."""
    entries = {
        (one["package_manifest"]["name"], one["package_manifest"]["version"]): one
        for one in json.loads((folder / "plain").read_bytes())["packages"]
    }
    entries["pack_0900", "2.0.0"] = {"package_manifest": NEW}
    listed = [entries[key] for key in sorted(entries)]
    return len(json.dumps({"packages": listed}, separators=(",", ":")).encode())


def plain(folder: Path) -> int:
    """Entries stay text; the list is plain."""
    merge = Catalog.parse((folder / "plain").read_bytes()).with_entries([NEW])
    return sum(map(len, merge.catalog.chunks()))


def packed(folder: Path) -> int:
    """Entries stay text; the list is one gzip member."""
    data = gzip_read((folder / "packed").read_bytes())
    merge = Catalog.parse(data).with_entries([NEW])
    return listfile.packed(merge.catalog.chunks())[0].size


def fastest(folder: Path) -> int:
    """The same, packed at level 1."""
    listfile._LEVEL = 1  # noqa: SLF001
    return packed(folder)


def smallest(folder: Path) -> int:
    """The same, packed at level 9."""
    listfile._LEVEL = 9  # noqa: SLF001
    return packed(folder)


def members(folder: Path) -> int:
    """Many gzip members; only the one that changes is packed anew."""
    return sum(map(len, _members(folder)))


def composed(folder: Path) -> int:
    """The same as objects that the storage composes; only the one that changes is sent."""
    return len(_members(folder)[ENTRIES // PART // 2])


def _members(folder: Path) -> list[bytes]:
    kept = [path.read_bytes() for path in sorted(folder.glob("part-*"))]
    seen = set()
    for number, part in enumerate(kept):
        lines = gzip_read(part).split(b"\n")[:-1]
        seen |= {key_of(line) for line in lines}
        if number == len(kept) // 2:
            lines.append(json.dumps(NEW).encode())
            kept[number] = gzip.compress(b"\n".join(lines) + b"\n", 6)
    return kept


def gzip_read(data: bytes) -> bytes:
    """Unpack one member."""
    return zlib_ng.decompress(data, 31)


WAYS: tuple[Callable[[Path], int], ...] = (objects, plain, fastest, packed, smallest, members, composed)


def main() -> None:
    """Compare all ways."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _prepare(folder)
        found: dict[str, list[tuple[float, float, int]]] = {way.__name__: [] for way in WAYS}
        for _ in range(ROUNDS):
            for way in WAYS:
                command = [sys.executable, "-m", "benchmarks.index", way.__name__, name]
                said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
                found[way.__name__].append((float(said[0]), float(said[1]), int(said[2])))
        print(f"{'way':<10} {'seconds':>8} {'peak MB':>8} {'uploaded MB':>12}")
        for way in WAYS:
            seconds, peak, uploaded = map(statistics.median, zip(*found[way.__name__], strict=True))
            row = f"{way.__name__:<10} {seconds:>8.2f} {peak:>8.0f} {uploaded / 1e6:>12.2f}"
            print(f"{row}   {(way.__doc__ or '').splitlines()[0]}")


def _prepare(folder: Path) -> None:
    data = b"".join(indexes.plain(ENTRIES))
    (folder / "plain").write_bytes(data)
    with listfile.packed([data])[0].open() as stream:
        (folder / "packed").write_bytes(stream.read())
    texts = [bytes(text) for text in Catalog.parse(data).items()]
    for number, part in enumerate(_parts(texts)):
        (folder / f"part-{number:03}").write_bytes(gzip.compress(b"\n".join(part) + b"\n", 6))


def _parts(texts: list[bytes]) -> Iterator[list[bytes]]:
    for start in range(0, len(texts), PART):
        yield texts[start : start + PART]


def _one(way: str, folder: str) -> None:
    start = time.perf_counter()
    uploaded = next(found for found in WAYS if found.__name__ == way)(Path(folder))
    seconds = time.perf_counter() - start
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    print(seconds, int(peak.split()[1]) / 1000, uploaded)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        _one(*sys.argv[1:])
    else:
        main()
