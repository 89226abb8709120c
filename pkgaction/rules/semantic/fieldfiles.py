"""The fields of a package: of its data streams, its transforms, and of the package itself."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from pkgaction.model.yamltext import Mapping
from pkgaction.rules.package import Package
from pkgaction.rules.semantic.reading import maps, text

_PLACES = ("data_stream/*/fields", "fields", "elasticsearch/transform/*/fields")
_LONGEST = 1024  # characters of a name, far beyond any real one


@dataclass(frozen=True, slots=True)
class Field:
    """One field, or one group of fields."""

    name: str  # in full: the names of its parents and its own
    node: Mapping
    file: str
    owner: str  # the folder of its data stream or transform; empty: the package
    parent: bool  # whether it has fields below it

    @property
    def type(self) -> str:
        """Its type as written."""
        return text(self.node, "type")

    @property
    def external(self) -> str:
        """Where its definition is imported from; empty: it is defined here."""
        return text(self.node, "external")

    @property
    def transform(self) -> bool:
        """Whether a transform has it."""
        return self.owner.startswith("elasticsearch/")


def fields(package: Package) -> Iterator[Field]:
    """Every field, a group before what is in it. Files that can't be read are left out."""
    for file, owner in _files(package):
        for node in maps(package.yaml(file)):
            yield from _field(node, "", file, owner)


def unknown(package: Package) -> frozenset[str]:
    """The owners of which some fields are not known, as a file of theirs can't be read."""
    return frozenset(owner for file, owner in _files(package) if not package.can_read(file))


def _files(package: Package) -> Iterator[tuple[str, str]]:
    for place in _PLACES:
        for folder in package.glob(place):
            for entry in package.entries(folder):
                if not entry.folder:
                    yield entry.path, folder.removesuffix("fields").rstrip("/")


def _field(node: Mapping, parent: str, file: str, owner: str) -> Iterator[Field]:
    own = _short(text(node, "name"))
    name = f"{parent}.{own}" if parent else own
    below = maps(node, "fields")
    yield Field(name, node, file, owner, bool(below))
    for child in below:
        yield from _field(child, _short(name), file, owner)


def _short(name: str) -> str:
    """The name; one beyond all measure is told apart by a digest, as each child repeats it."""
    if len(name) <= _LONGEST:
        return name
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()
    return f"{name[:100]}\u2026{digest[:16]}"
