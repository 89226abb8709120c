"""What a check is, and what checks read: each file at most once at a time, and not without end."""

from collections.abc import Callable, Iterator
from typing import TypeAlias

from pkgaction.entry.checks import goyaml
from pkgaction.entry.fields import Fields
from pkgaction.entry.package import Package
from pkgaction.entry.problem import EntryProblemError
from pkgaction.model import yamltext
from pkgaction.model.manifest import FILE

Check: TypeAlias = Callable[[Package], Iterator[EntryProblemError]]

DATA_STREAMS = "data_stream"
MOST_YAML = 32 * 1024 * 1024  # bytes of all files of a kind that are read, as in the rules


def data_streams(package: Package) -> Iterator[tuple[str, Fields]]:
    """Each data stream's folder, from the package's root, and its manifest.

    Raises:
        EntryProblemError: a manifest cannot be read.
    """
    for folder in stream_folders(package):
        yield folder, Fields.of_file(package.tree, f"{folder}/{FILE}")


def stream_folders(package: Package) -> Iterator[str]:
    """The folder of each data stream, from the package's root."""
    for file in package.tree.files:
        parts = file.path.split("/")
        if len(parts) == 3 and (parts[0], parts[2]) == (DATA_STREAMS, FILE):  # noqa: PLR2004 - as globbed
            yield f"{DATA_STREAMS}/{parts[1]}"


def read(package: Package, path: str, code: str) -> bytes:
    """The bytes of a file.

    Raises:
        EntryProblemError: it is too large.
    """
    data = package.tree.read(path, limit=yamltext.MOST_BYTES)
    if data is None:
        message = package.tree.unread(path, limit=yamltext.MOST_BYTES)
        raise EntryProblemError(message, path, code=code)
    return data


def load_yaml(data: bytes, path: str, code: str) -> yamltext.Node | None:
    """The first document of a YAML file as the registry reads it.

    Raises:
        EntryProblemError: it is not YAML for the registry.
    """
    try:
        goyaml.check(data)
        return yamltext.load(data)
    except yamltext.YamlProblemError as error:
        message = f"the YAML cannot be read: {error.message}"
        raise EntryProblemError(message, path, error.line, code) from error
