"""Paths of packages in their repository. A package may be its whole repository: its folder is `.`."""

from collections.abc import Container
from pathlib import PurePosixPath

ROOT = "."  # the repository itself


def join(folder: str, path: str) -> str:
    """A path from a package's folder as one from the repository's root."""
    return path if folder == ROOT else f"{folder}/{path}"


def at_line(place: str, line: int) -> str:
    """A place with its line, counted from 1; 0: no line is known."""
    return f"{place}:{line}" if line else place


def parent(path: str) -> str:
    """The folder that a path lies in."""
    return str(PurePosixPath(path).parent)


def shown(folder: str) -> str:
    """A folder for people."""
    return "the repository's root" if folder == ROOT else folder


def innermost(path: str, folders: Container[str]) -> str | None:
    """The innermost of the folders that a path lies in; None where it lies in none of them."""
    above = (str(folder) for folder in PurePosixPath(path).parents)
    return next((folder for folder in above if folder in folders), None)
