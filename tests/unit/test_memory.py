"""Building streams: memory does not grow with the package."""

import io
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pkgaction.model.tree import Tree, TreeFile
from pkgaction.transforms import archive

_ROOT = Path(__file__).parents[2]
_MIB = 1 << 20
_FILE = 50 * _MIB  # bytes
_FILES = 12  # the benchmarks build a larger one
_MOST = 200 * 1000 * 1000  # bytes, peak
_NOISE = bytes((n * n * 2_654_435_761 >> 13 ^ n * 40_503) & 0xFF for n in range(_MIB))
_TEXT = (b"the tide comes and goes, and comes again\n" * (_MIB // 40))[:_MIB]


class _Blocks(io.RawIOBase):
    """Blocks that are made when they are read."""

    def __init__(self, size: int, block: bytes) -> None:
        super().__init__()
        self._left = size
        self._block = block

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview[int]") -> int:  # type: ignore[override]
        count = min(len(buffer), self._left, len(self._block))
        buffer[:count] = self._block[:count]
        self._left -= count
        return count


@dataclass(frozen=True, slots=True)
class _Made:
    size: int
    block: bytes

    def open(self) -> BinaryIO:
        return io.BufferedReader(_Blocks(self.size, self.block), _MIB)


def build_a_large_package() -> None:
    """Build it and print the peak of this process's memory, in bytes."""
    files = [
        TreeFile(path=f"{n}.bin", content=_Made(_FILE + n, (_NOISE, _TEXT)[n % 2]))
        for n in range(_FILES)
    ]
    with tempfile.TemporaryDirectory() as folder:
        made = archive.write(Path(folder) / "a.zip", "kelp-1.2.0", Tree(tuple(files)), jobs=4)
    assert sum(f.size for f in made.files) > _FILES * _FILE
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    print(int(peak.split()[1]) * 1024)


def test_a_large_package_is_built_in_little_memory() -> None:
    script = "from tests.unit.test_memory import build_a_large_package as go; go()"

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=_ROOT, capture_output=True, text=True, check=True
    )

    assert int(done.stdout) < _MOST
