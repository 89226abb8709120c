"""Names that building leaves out of a package, wherever below its root they stand.

Source: what `elastic-package build` leaves out.
"""

from fnmatch import fnmatchcase

RESULTS = "build/"  # at a package's root: what builds have left there, and nothing is made of
FOLDERS = frozenset({"_dev", "build", ".git"})
FILES = (".DS_Store", ".*.swp", "*.link")


def excluded_folder(path: str) -> str:
    """The outermost folder on the way to a file that is left out with all below it; empty: none is."""
    *folders, _ = path.split("/")
    end = next((place for place, name in enumerate(folders, 1) if name in FOLDERS), 0)
    return "/".join(folders[:end])


def is_excluded(path: str) -> bool:
    """Whether a file is left out: for its folder, or for its own name."""
    name = path.rpartition("/")[2]
    return bool(excluded_folder(path)) or any(fnmatchcase(name, pattern) for pattern in FILES)
