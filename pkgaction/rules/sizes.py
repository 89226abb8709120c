"""Sizes and counts that publishing can carry. The format's own, lower limits are validation's."""

from collections.abc import Iterator

from pkgaction.model import layout
from pkgaction.model.finding import Finding
from pkgaction.rules.folders import DEEPEST
from pkgaction.rules.package import Package
from pkgaction.rules.told import finding

MOST_FILES = 65_535  # as in the format's limit for one folder
MOST_BYTES = 4 * 1024**3  # of all files
LARGEST_FILE = 2 * 1024**3  # bytes


def counts(package: Package) -> Iterator[Finding]:
    """Not too many files."""
    count = len(package.tree.files)
    if count > MOST_FILES:
        message = f"the package has {count} files, {MOST_FILES} can be published"
        yield finding("too-many-files", "manifest.yml", message)


def bytes_in_all(package: Package) -> Iterator[Finding]:
    """No file too large, and not too much in all."""
    total = 0
    for file in package.tree.files:
        total += file.content.size
        if file.content.size > LARGEST_FILE:
            message = f"the file has {file.content.size} bytes, {LARGEST_FILE} can be published"
            yield finding("file-too-large", file.path, message)
    if total > MOST_BYTES:
        message = f"the files have {total} bytes together, {MOST_BYTES} can be published"
        yield finding("package-too-large", "manifest.yml", message)


def object_names(package: Package) -> Iterator[Finding]:
    """Every extracted file's object name fits beside a bucket's prefix, below 64 folders at most."""
    manifest = package.manifest()
    texts = [found.text if (found := manifest.scalar(k)) else "" for k in ("name", "version")]
    taken = len(f"artifacts/static/{'-'.join(texts)}/".encode())
    most = layout.LONGEST_OBJECT_NAME - taken - 200
    for file in package.tree.files:
        if len(file.path.encode(errors="surrogateescape")) > most:
            message = f"the path has more than {most} bytes, its object's name would be too long"
            yield finding("path-too-long", file.path, message)
        elif file.path.count("/") > DEEPEST:
            message = f"the file lies in more than {DEEPEST} folders: nest it less deeply"
            yield finding("path-too-long", file.path, message)
