"""Icons and screenshots."""

import posixpath

from pkgaction.entry.fields import Fields, kept
from pkgaction.model.json import Json


def images(owner: Fields, key: str, base: str) -> list[Json]:
    """The images at a key; `base` is the address below which the registry serves the package."""
    return [_image(found, base) for found in owner.children(key)]


def _image(found: Fields, base: str) -> Json:
    src = found.required("src")
    return {
        "src": src,
        "path": posixpath.normpath(f"{base}/{src}"),  # with and without a leading /: the same
        **kept({key: found.text(key) for key in ("title", "size", "type")}),
    }
