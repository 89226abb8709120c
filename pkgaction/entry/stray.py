"""Whether an entry leads readers to its own package version, and nowhere else.

Whoever can write to the index can put in an entry that readers take: of a name that no package may have,
or of one version with the addresses of another one's zip or files. What is left out leads nowhere.
Source: elastic/package-registry, packages/package.go (addresses).
"""

import posixpath
import re
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Raw

from pkgaction.model import layout
from pkgaction.model.names import unsafe

_SHOWN = 80  # characters of an address
# nearly all; what other paths a package may have is asked of the rule for names
_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*")


class _Part(msgspec.Struct, gc=False):
    """A JSON object of an entry, of which nothing but addresses is read."""


class _Image(_Part):
    src: str | None = None
    path: str | None = None


class _Pages(_Part):
    readme: str | None = None
    icons: list[_Image] | None = None
    screenshots: list[_Image] | None = None


class _DataStream(_Part):
    path: str | None = None


class _Entry(_Pages):
    name: str = ""
    version: str = ""
    download: str | None = None
    path: str | None = None
    signature_path: str | None = None
    assets: list[str] | None = None
    policy_templates: list[_Pages] | None = None
    data_streams: list[_DataStream] | None = None


_DECODER = msgspec.json.Decoder(_Entry)


def reason(text: bytes | Raw) -> str:
    """Where an entry that readers can read leads beside its own version; empty where it does not."""
    entry = _DECODER.decode(text)
    package = layout.identity(entry.name, entry.version)
    if package is None:
        return "no package has such a name"
    base = layout.base_name(package)
    own, download = f"/package/{package.name}/{package.version.text}", f"/epr/{package.name}/{base}.zip"
    exact = (
        ("download", entry.download, download),
        ("path", entry.path, own),
        ("signature_path", entry.signature_path, f"{download}.sig"),
    )
    for key, address, wanted in exact:
        if address and address != wanted:
            return f"its {key} is {address[:_SHOWN]!r}"
    below = f"{own}/"
    for key, address in _addresses(entry):
        if address and not (address.startswith(below) and _is_path(address, len(below))):
            return f"its {key} has {address[:_SHOWN]!r}"
    for key, path in _paths(entry):
        if path and not _is_path(path):
            return f"its {key} has {path[:_SHOWN]!r}"
    return ""


def _is_path(address: str, start: int = 0) -> bool:
    """Whether it is, from there on, the path of a file that a package may have, whoever reads it."""
    return bool(_PLAIN.fullmatch(address, start)) or not unsafe(address[start:])


def _addresses(entry: _Entry) -> Iterator[tuple[str, str | None]]:
    """What is an address as it stands."""
    for pages in (entry, *(entry.policy_templates or ())):
        yield "readme", pages.readme
        yield from _of_images("icons", pages.icons)
        yield from _of_images("screenshots", pages.screenshots)
    yield from (("assets", address) for address in entry.assets or ())


def _paths(entry: _Entry) -> Iterator[tuple[str, str | None]]:
    """What readers put behind an address of the version, where there is none or to find files."""
    for pages in (entry, *(entry.policy_templates or ())):
        for image in (*(pages.icons or ()), *(pages.screenshots or ())):
            if image.src:
                yield "src", posixpath.normpath(image.src.lstrip("/"))
    yield from (("data_streams", found.path) for found in entry.data_streams or ())


def _of_images(key: str, images: Iterable[_Image] | None) -> Iterator[tuple[str, str | None]]:
    return ((key, image.path) for image in images or ())
