"""Data streams: what their manifests and folders must be."""

from collections.abc import Iterator

from pkgaction.entry.checks import check
from pkgaction.entry.package import Package
from pkgaction.entry.problem import EntryProblemError
from pkgaction.model.manifest import FILE

CODE = "registry-data-stream"
TYPES = ("logs", "metrics", "synthetics", "traces")
_DEPTH = 3  # parts of the path of a data stream's manifest
_PATTERNS = frozenset("*?[]\\")


def type_is_known(package: Package) -> Iterator[EntryProblemError]:
    """A data stream's type is logs, metrics, synthetics or traces."""
    for _, manifest in check.data_streams(package):
        type_ = manifest.text("type")
        if type_ and type_ not in TYPES:
            message = f"a registry does not know the type {type_[:80]!r}: use one of {', '.join(TYPES)}"
            yield _because(message, manifest.problem(message, "type"))


def dataset_is_an_index(package: Package) -> Iterator[EntryProblemError]:
    """A dataset has no dash: one divides the parts of an index's name."""
    for folder, manifest in check.data_streams(package):
        written = manifest.text("dataset")
        name = folder.rpartition("/")[2]
        dataset = written or f"{package.name}.{name}"
        if "-" in dataset:
            fix = "use _ or . for it" if written else "rename the folder, or write a dataset without one"
            message = (
                f"the dataset {dataset[:200]!r} has a dash, so it cannot be in an index's name: {fix}"
            )
            yield _because(message, manifest.problem(message, "dataset"))


def folder_is_not_a_pattern(package: Package) -> Iterator[EntryProblemError]:
    r"""A data stream's folder has no `*`, `?`, `[`, `]` or `\`, which stand for other names."""
    for folder in check.stream_folders(package):
        if _PATTERNS & set(folder):
            message = "the folder's name has one of * ? [ ] \\, which stand for other names: rename it"
            yield EntryProblemError(message, f"{folder}/{FILE}", code=CODE)


def manifests_are_files(package: Package) -> Iterator[EntryProblemError]:
    """What is called manifest.yml in a data stream's folder is a file."""
    for file in package.tree.files:
        parts = file.path.split("/")
        if len(parts) > _DEPTH and (parts[0], parts[2]) == (check.DATA_STREAMS, FILE):
            message = f"a folder is called {FILE}: rename it"
            yield EntryProblemError(message, file.path, code=CODE)


def streams_are_of_one_kind(package: Package) -> Iterator[EntryProblemError]:
    """A stream has either an input or a package."""
    for _, manifest in check.data_streams(package):
        for stream in manifest.children("streams"):
            if bool(stream.text("input")) == bool(stream.text("package")):
                message = "a stream needs either an input or a package, and not both: write one of them"
                yield _because(message, stream.problem(message))


def _because(message: str, place: EntryProblemError) -> EntryProblemError:
    return EntryProblemError(message, place.file, place.line, CODE)
