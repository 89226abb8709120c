"""What readers get of an object in the public bucket is decided by its headers, too.

The storage sends the Content-Type and Content-Encoding that are kept beside the bytes, and a registry
passes them on. Those that we write are right. Objects of other tools and of older versions have others,
which are left alone where readers take the object for what it is all the same. Cache-Control decides how
long an answer is kept, never which one: whatever it says is left alone.
"""

import re
import shlex
from collections.abc import Iterator

from pkgaction.model import layout
from pkgaction.ports import Headers, StoredObject

_NOT_SAID = {"", "application/octet-stream", "binary/octet-stream"}  # readers go by the name
_TEXTS = {
    *("text/plain", "text/markdown", "text/x-markdown", "text/yaml", "text/x-yaml", "text/vnd.yaml"),
    *("application/yaml", "application/x-yaml", "application/json", "text/json"),
    *("application/x-ndjson", "application/ndjson", "application/jsonlines"),
}
_ALIKE = {
    layout.ZIP_TYPE: {"application/x-zip-compressed", "application/x-zip"},
    layout.SIGNATURE_TYPE: _TEXTS,
    "image/jpeg": {"image/jpg"},
}
_ONLY_BY_TYPE = {"image/svg+xml"}  # a browser does not show it as anything else
# what a browser runs in the name of the site that serves it
_ACTIVE = re.compile(r".*(?:html|javascript|ecmascript|wasm).*|.*[/+]xml|multipart/.*|message/.*")
_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
_CHARSET = re.compile(r"charset\s*=\s*\"?([^\s\";]*)", re.IGNORECASE)
_CHARSETS = {"utf-8", "utf8", "us-ascii", "ascii"}
_NO_ENCODING = {"", "identity"}
_SHOWN = 60  # characters of a header


def problem(stored: StoredObject) -> str:
    """Why readers would not get an object of ours as it was published, as a sentence.

    Empty where they would, and for what is not an object of a package version.
    """
    wanted, headers = layout.type_of_object(stored.name), stored.headers
    if wanted is None:
        return ""
    if not is_plain(headers):
        encoding = headers.content_encoding[:_SHOWN]
        return f"it is kept with Content-Encoding {encoding!r}, so readers would get other bytes"
    if not _is_taken(headers.content_type, wanted):
        told = f"it is kept with Content-Type {headers.content_type[:_SHOWN]!r}"
        return f"{told}, so readers would not take it for {wanted or 'a plain file'}"
    return ""


def way_out(url: str, stored: StoredObject, sidecar: str) -> str:
    """How an administrator sets the headers of an object right, which stays.

    Args:
        url: of the bucket.
        stored: the object.
        sidecar: where a folder keeps its headers.
    """
    if url.startswith("gs://"):
        command = " ".join(
            (
                f"gcloud storage objects update {shlex.quote(f'{url}/{stored.name}')}",
                f"--if-generation-match={stored.generation}",
                *_right(stored),
            )
        )
    else:
        command = f"rm {shlex.quote(sidecar)}"
    told = f"keep the object; let an administrator set its headers right by `{command}`"
    return f"{told}, then run this again"


def _right(stored: StoredObject) -> Iterator[str]:
    """The options that set right what is wrong."""
    headers, wanted = stored.headers, layout.type_of_object(stored.name) or ""
    if not _is_taken(headers.content_type, wanted):
        is_text = _media_type(headers.content_type).startswith("text/")
        plain = layout.TEXT_TYPE if is_text else layout.BINARY_TYPE
        yield f"--content-type={shlex.quote(wanted or plain)}"
    if not is_plain(headers):
        yield "--clear-content-encoding"


def is_plain(headers: Headers) -> bool:
    """Whether readers are not told to unpack the bytes."""
    return headers.content_encoding.lower() in _NO_ENCODING


def _is_taken(content_type: str, wanted: str) -> bool:
    """Whether readers take what has this type for what it is."""
    kind, expected = _media_type(content_type), _media_type(wanted)
    if kind == expected and kind:
        return _is_readable(content_type)
    if kind in _NOT_SAID:
        return expected not in _ONLY_BY_TYPE
    if not expected:
        is_alike = bool(_TYPE.fullmatch(kind)) and not _ACTIVE.fullmatch(kind)
    else:
        is_alike = (expected in _TEXTS and kind in _TEXTS) or kind in _ALIKE.get(expected, ())
    return is_alike and _is_readable(content_type)


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _is_readable(content_type: str) -> bool:
    """Whether text is not said to be in an encoding that it is not in."""
    return all(found.lower() in _CHARSETS for found in _CHARSET.findall(content_type))
