"""The list of a package's files, each of which the registry must be able to serve."""

from pkgaction.entry.package import Package
from pkgaction.entry.problem import EntryProblemError
from pkgaction.model.json import Json
from pkgaction.model.tree import Kind

_NEVER_LISTED = ".DS_Store"  # source: package-registry, LoadAssets


def assets(package: Package) -> list[Json]:
    """All files: those at the top, then one level down, and so on; within a level as in the zip."""
    paths = [file.path for file in package.tree.files if file.kind is Kind.FILE]
    listed = sorted((path for path in paths if _NEVER_LISTED not in path), key=_order)
    return [f"{package.base}/{path}" for path in listed]


def _order(path: str) -> tuple[int, list[bytes]]:
    try:
        parts = [part.encode() for part in path.split("/")]
    except UnicodeEncodeError as error:
        message = "the name is no UTF-8 text"
        raise EntryProblemError(message, ascii(path)) from error
    return len(parts), parts
