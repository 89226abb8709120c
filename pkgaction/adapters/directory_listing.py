"""What lies in a folder's bucket: names of objects, and what cannot be one."""

import os
from collections.abc import Iterator
from pathlib import Path

from pkgaction.adapters import directory_place as place
from pkgaction.adapters.file_kind import kind
from pkgaction.model import layout


def names(folder: Path, prefix: str) -> list[str]:
    """The names of all plain files that start with the prefix, sorted."""
    return sorted(name for name, problem in _entries(folder, prefix) if not problem)


def non_objects(folder: Path, prefix: str) -> Iterator[str]:
    """What lies there under such a name and is no object, as sentences; names are escaped."""
    for name, problem in _entries(folder, prefix):
        if problem:
            yield f"{name!r} {problem}: find out who put it there, and move it out of the bucket"


def _entries(folder: Path, prefix: str) -> Iterator[tuple[str, str]]:
    """Every name that starts with the prefix and is not a folder's, with why it is no object's.

    A folder that can hold no object is named itself, in place of all that is in it.
    """
    waiting = [prefix.rpartition("/")[0]] if _is_there(folder, prefix) else []
    while waiting:
        above = waiting.pop()
        for entry in _entries_of(folder / above):
            name = f"{above}/{entry.name}" if above else entry.name
            if name == layout.RESERVED:
                continue  # our own
            problem = _problem(entry)
            if not problem and entry.is_dir(follow_symlinks=False):
                waiting.append(name)
            elif name.startswith(prefix):
                yield name, problem


def _is_there(folder: Path, prefix: str) -> bool:
    try:
        return place.leads(folder, prefix)
    except (FileNotFoundError, NotADirectoryError):
        return False


def _entries_of(folder: Path) -> list[os.DirEntry[str]]:
    """What is in a folder. One that vanishes while it is listed is empty."""
    try:
        with os.scandir(folder) as found:
            return list(found)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _problem(entry: os.DirEntry[str]) -> str:
    """Why this is neither an object nor a folder of objects; empty where it may be one."""
    if entry.name == layout.RESERVED:
        return "has a name that is reserved for the bucket's own folder"
    if place.is_unfit(entry.name):
        return "has a name that no object can have"
    if entry.is_dir(follow_symlinks=False) or entry.is_file(follow_symlinks=False):
        return ""
    try:
        mode = entry.stat(follow_symlinks=False).st_mode
    except FileNotFoundError:
        return ""  # gone meanwhile
    return f"is {kind(mode)}, and no object"
