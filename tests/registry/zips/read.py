# ruff: noqa: INP001  # a program of its own
"""Prints one line of JSON for each zip whose path is a line of the input: its entries, or the error.

Every entry comes with the SHA-256 of its bytes. It runs under any Python, without this project's code.
"""

import hashlib
import json
import sys
import zipfile
from pathlib import Path


def entries(path: Path) -> list[tuple[str, str]]:
    """What Python's own reader says."""
    with zipfile.ZipFile(path) as archive:
        return [
            (info.filename, hashlib.sha256(archive.read(info)).hexdigest())
            for info in archive.infolist()
        ]


for line in sys.stdin:
    answer: dict[str, object]
    try:
        answer = {"entries": entries(Path(line.rstrip("\n")))}
    except Exception as error:  # noqa: BLE001  # whatever it is, this Python does not read the zip
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer))
