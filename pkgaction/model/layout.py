"""Object names and their headers: what lies where in the buckets.

Readers build the same names themselves, so they never change.
Source: elastic/package-registry, internal/storage (Package Storage v2).
"""

import codecs
import re
from pathlib import PurePosixPath

from pkgaction.model.manifest import PackageId
from pkgaction.model.tree import Content
from pkgaction.model.version import InvalidVersionError, Version

RESERVED = ".pkgaction"  # no object may have this as a part of its name: a folder's bucket keeps its own
CURSOR = "v2/metadata/cursor.json"
INDEX_ROOT = "v2/metadata/"
PACKAGES = "artifacts/packages/"
STATIC = "artifacts/static/"
# names that stand for all others where a bucket is looked at; objects of these names are never written
ARTIFACT_PROBE = f"{PACKAGES}pkgaction-probe"
INDEX_PROBE = f"{INDEX_ROOT}pkgaction-probe"
PACKAGE_NAME = re.compile(r"[a-z0-9_]+")

IMMUTABLE = "public, max-age=31536000, immutable"
NEVER_CACHED = "no-store"

ZIP_TYPE = "application/zip"
SIGNATURE_TYPE = "application/pgp-signature"
JSON_TYPE = "application/json"
TEXT_TYPE = "text/plain; charset=utf-8"
BINARY_TYPE = "application/octet-stream"

LARGEST_ZIP = 4 * 1024**3  # bytes
LARGEST_SIGNATURE = 64 * 1024  # bytes; one of ours has under 2,000

LONGEST_OBJECT_NAME = 1024  # bytes of UTF-8; https://cloud.google.com/storage/docs/objects#naming

_BY_EXTENSION = {
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".md": "text/markdown; charset=utf-8",
    ".yml": "text/yaml; charset=utf-8",
    ".yaml": "text/yaml; charset=utf-8",
    ".json": "application/json",
    ".ndjson": "application/x-ndjson",
}
_FINDERS = ".DS_Store"  # made by looking at a folder: no reader asks for it
_CHUNK = 1 << 16


def identity(name: str, version: str) -> PackageId | None:
    """The package version of that name; None where one of the two is none."""
    if not PACKAGE_NAME.fullmatch(name):
        return None
    try:
        return PackageId(name=name, version=Version.parse(version))
    except InvalidVersionError:
        return None


def base_name(package: PackageId) -> str:
    """`NAME-VERSION`: the zip's name less its ending, and the top folder inside it."""
    return f"{package.name}-{package.version.text}"


def zip_name(package: PackageId) -> str:
    """Name of the zip in the public bucket."""
    return f"{PACKAGES}{base_name(package)}.zip"


def signature_name(package: PackageId) -> str:
    """Name of the armored detached signature in the public bucket."""
    return f"{zip_name(package)}.sig"


def static_folder(package: PackageId) -> str:
    """Prefix of the package's extracted files in the public bucket, with its `/`."""
    return f"{STATIC}{base_name(package)}/"


def static_name(package: PackageId, path: str) -> str:
    """Name of one extracted file in the public bucket."""
    return static_folder(package) + path


def full_index_name(cursor: str) -> str:
    """Name of a generation's whole list in the index bucket."""
    return f"{INDEX_ROOT}{cursor}/search-index-all.json"


def delta_index_name(cursor: str) -> str:
    """Name of a generation's list of changes in the index bucket."""
    return f"{INDEX_ROOT}{cursor}/search-index-delta.json"


def content_type(path: str, content: Content) -> str:
    """The Content-Type of an extracted file: by extension, else whether it is UTF-8 text."""
    return known_type(path) or (TEXT_TYPE if _is_text(content) else BINARY_TYPE)


def type_of_object(name: str) -> str | None:
    """The Content-Type that we write for an object of a package version; empty where its bytes decide.

    None: no version has an object of that name.
    """
    if name.startswith(STATIC):
        return known_type(name)
    if name.startswith(PACKAGES):
        return {".zip": ZIP_TYPE, ".sig": SIGNATURE_TYPE}.get(PurePosixPath(name).suffix)
    return None


def known_type(path: str) -> str:
    """The Content-Type that the extension alone decides; empty where the content does."""
    return _BY_EXTENSION.get(PurePosixPath(path).suffix.lower(), "")


def is_finders(path: str) -> bool:
    """Whether a file beside a package's own is what macOS leaves in each folder."""
    return PurePosixPath(path).name == _FINDERS


def _is_text(content: Content) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with content.open() as stream:
        try:
            while chunk := stream.read(_CHUNK):
                if b"\0" in chunk:
                    return False
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True
