"""What a `.link` file stands for: `TARGET SHA256` on its first line, checked.

Source: elastic/package-spec, internal/linkedfiles.
"""

import hashlib
import posixpath

from pkgaction.model.tree import Kind, PackageSource, TreeFile

SUFFIX = ".link"
_LONGEST = 64 * 1024  # bytes of a link; a path and a checksum are far less
_FIELDS = 2


class LinkProblemError(ValueError):
    """The link names nothing that it could stand for."""


def target(link: TreeFile, source: PackageSource, known: dict[str, str]) -> TreeFile:
    """The file that a link names, from the link's own folder; its content is what the link says.

    `known` keeps the SHA-256 of targets by path: many links may name one large file.

    Raises:
        LinkProblemError: the link is malformed, its target missing, or another than the checksum's.
    """
    path, checksum = _fields(link)
    here = posixpath.dirname(posixpath.join(source.folder, link.path))
    found = source.repository.find(posixpath.normpath(posixpath.join(here, path)))
    if found is None or found.kind is not Kind.FILE:
        raise LinkProblemError(f"the link's target {path[:200]!r} is no file of the repository")
    if found.path not in known:
        known[found.path] = _sha256(found)
    if known[found.path] != checksum:
        message = f"the link is not up to date: write {known[found.path]} as the target's SHA-256"
        raise LinkProblemError(message)
    return found


def _fields(link: TreeFile) -> tuple[str, str]:
    if link.content.size > _LONGEST:
        raise LinkProblemError("the link has more than a path and a checksum")
    with link.content.open() as stream:
        line = stream.read().split(b"\n", 1)[0]
    try:
        fields = line.decode().split()
    except UnicodeDecodeError as error:
        raise LinkProblemError("the link is no UTF-8 text") from error
    if len(fields) != _FIELDS or not fields[0].isprintable():
        raise LinkProblemError("a link's first line must be a path and its SHA-256")
    return fields[0], fields[1]


def _sha256(file: TreeFile) -> str:
    with file.content.open() as stream:
        digest = hashlib.sha256()
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
