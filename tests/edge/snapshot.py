"""Everything that is known of a folder, to be compared with itself later."""

import hashlib
from pathlib import Path


def snapshot(folder: Path) -> dict[str, tuple[int, int, int, str]]:
    """Each path below a folder: its mode, owner, time of change, and bytes or target."""
    found = {}
    for path in (folder, *sorted(folder.rglob("*"))):
        state = path.lstat()
        inside = ""
        if path.is_symlink():
            inside = str(path.readlink())
        elif path.is_file():
            inside = hashlib.sha256(path.read_bytes()).hexdigest()
        found[str(path)] = (state.st_mode, state.st_uid, state.st_mtime_ns, inside)
    return found
