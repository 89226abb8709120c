"""Content that lies in a file on disk."""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO


@dataclass(frozen=True, slots=True)
class FileOnDisk:
    """A file's bytes, read when they are asked for."""

    path: Path

    @property
    def size(self) -> int:
        """Bytes."""
        return self.path.stat().st_size

    def open(self) -> BinaryIO:
        """A new stream from the start."""
        return self.path.open("rb")
