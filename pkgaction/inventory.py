"""What lies in the public bucket, by version: one listing for all zips, one for all extracted files."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from pkgaction.integrity import certain, damage, is_recorded
from pkgaction.model import layout
from pkgaction.model.manifest import PackageId
from pkgaction.ports import ObjectStore, StoredObject, is_placeholder

_ZIP = ".zip"
_SIGNATURE = ".zip.sig"
_MOST_NON_OBJECTS = 20  # sentences


@dataclass(frozen=True, slots=True, kw_only=True)
class Packages:
    """Zips and signatures, by NAME-VERSION."""

    zips: Mapping[str, StoredObject]
    signatures: Mapping[str, StoredObject]
    foreign: tuple[str, ...]  # names of objects that are neither


@dataclass(frozen=True, slots=True)
class Extracted:
    """The extracted files of a version, by path."""

    files: dict[str, StoredObject] = field(default_factory=dict)
    damaged: dict[str, StoredObject] = field(default_factory=dict)
    doubted: dict[str, StoredObject] = field(default_factory=dict)  # whole, beside a wrong record
    unproven: list[str] = field(default_factory=list)  # no checksum of their own was kept with them


def packages(store: ObjectStore) -> Packages:
    """The zips and signatures in the bucket, by one listing."""
    zips: dict[str, StoredObject] = {}
    signatures: dict[str, StoredObject] = {}
    foreign: list[str] = []
    for listed in _objects(store, layout.PACKAGES):
        found = certain(listed, store)
        file = found.name.removeprefix(layout.PACKAGES)
        kept, ending = (signatures, _SIGNATURE) if file.endswith(_SIGNATURE) else (zips, _ZIP)
        base = file.removesuffix(ending)
        if base != file and identify(base):
            kept[base] = found
        else:
            foreign.append(found.name)
    return Packages(zips=zips, signatures=signatures, foreign=tuple(foreign))


def static(store: ObjectStore, only: Container[str] | None) -> dict[str, Extracted]:
    """The extracted files by NAME-VERSION, by one listing.

    Args:
        store: the public bucket.
        only: the folders to be kept; None: all.
    """
    folders: dict[str, Extracted] = {}
    for listed in _objects(store, layout.STATIC):
        base, _, path = listed.name.removeprefix(layout.STATIC).partition("/")
        base, path = base or layout.STATIC, path or listed.name  # nothing is told by an empty name
        if only is None or base in only:
            found = certain(listed, store)
            folder = folders.setdefault(base, Extracted())
            folder.files[path] = found
            if damage(found):
                folder.damaged[path] = found
            elif not is_recorded(found):
                folder.unproven.append(path)
            elif found.doubt:
                folder.doubted[path] = found
    return folders


def _objects(store: ObjectStore, prefix: str) -> Iterator[StoredObject]:
    return (found for found in store.list(prefix) if not is_placeholder(found))


def non_objects(store: ObjectStore, prefix: str) -> Iterator[str]:
    """What lies in a bucket and no reader gets, as sentences; of very many some."""
    sentences = store.non_objects(prefix)
    yield from (f"{store.url}: {one}" for one in islice(sentences, _MOST_NON_OBJECTS))
    if next(sentences, None):
        yield f"{store.url}: there is more like that"


def identify(base: str) -> PackageId | None:
    """The version that NAME-VERSION stands for; None where it stands for none."""
    name, _, version = base.partition("-")  # a name has no dash
    return layout.identity(name, version)
